import { ZERO_32 } from "../../../chain/types/primitives.ts";
import { PRECOMMIT, PREVOTE } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Votes for heights and rounds that are over or have not begun. */
export const untimelyVotes: Strategy = {
  name: "untimely-votes",
  act(actor) {
    const height = Math.max(1, actor.height + actor.random.int(7) - 3);
    const round = Math.max(0, actor.round + actor.random.int(9) - 4);
    const blockId = actor.proposals[0]?.proposal.blockId ?? ZERO_32;
    const vote = actor.vote(actor.random.pick([PREVOTE, PRECOMMIT]), { height, round, blockId });
    if (vote !== undefined) actor.say({ vote });
  },
};
