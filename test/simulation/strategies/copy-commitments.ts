import type { Strategy } from "../strategy.ts";

/** Commits to what others have committed to, without knowing what that is. */
export const copyCommitments: Strategy = {
  name: "copy-commitments",
  instead: (_, message) => ("commitment" in message ? [] : [message]),
  act(actor) {
    const heard = actor.random.pick([undefined, ...actor.commitments]);
    if (heard !== undefined) actor.say({ commitment: actor.commit(heard.data.entries) });
  },
};
