import { sha256 } from "../../../chain/crypto/hash.ts";
import { PRECOMMIT, PREVOTE } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

const AT_ONCE = 12;

/** Votes for many blocks that nobody has seen, in many rounds, to one node at a time. */
export const voteFlood: Strategy = {
  name: "vote-flood",
  act(actor) {
    const to = [actor.random.int(actor.nodes)];
    for (let i = 0; i < AT_ONCE; i++) {
      const round = actor.round + actor.random.int(4);
      const blockId = sha256(Uint8Array.of(i, actor.random.int(256)));
      const vote = actor.vote(i % 2 === 0 ? PREVOTE : PRECOMMIT, { height: actor.height, round, blockId });
      if (vote !== undefined) actor.say({ vote }, to);
    }
  },
};
