import { ZERO_32 } from "../../../chain/types/primitives.ts";
import { PRECOMMIT } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Precommits a block in a round that fails, and in the rounds after it votes as if it had not. */
export const breakLocks: Strategy = {
  name: "break-locks",
  instead(actor, message) {
    if (!("vote" in message) || message.vote.type !== PRECOMMIT) return [message];
    const { height, round, blockId } = message.vote;
    if (Buffer.compare(blockId, ZERO_32) !== 0) return [message];
    const proposed = actor.proposals.find(({ proposal }) => proposal.round === round)?.proposal.blockId;
    const vote = proposed && actor.vote(PRECOMMIT, { height, round, blockId: proposed });
    return vote === undefined ? [message] : [{ vote }];
  },
};
