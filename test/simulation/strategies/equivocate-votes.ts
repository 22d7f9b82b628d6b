import { ZERO_32 } from "../../../chain/types/primitives.ts";
import type { VoteType } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Votes for one thing to half of the others, and for another to the rest: nil, or a block that was proposed. */
export const equivocateVotes: Strategy = {
  name: "equivocate-votes",
  instead(actor, message, to) {
    if (!("vote" in message) || to % 2 === 0) return [message];
    const { type, height, round } = message.vote;
    const blocks = [...actor.proposals.map(({ proposal }) => proposal.blockId), ZERO_32];
    const other = blocks.find((blockId) => Buffer.compare(blockId, message.vote.blockId) !== 0) ?? ZERO_32;
    const vote = actor.vote(type as VoteType, { height, round, blockId: other });
    return vote === undefined ? [message] : [{ vote }];
  },
};
