import { PREVOTE } from "../../../chain/types/vote.ts";
import type { Strategy } from "../strategy.ts";

/** Forgets its locks: prevotes for whatever is proposed in the round. */
export const amnesia: Strategy = {
  name: "amnesia",
  instead(actor, message) {
    if (!("vote" in message) || message.vote.type !== PREVOTE) return [message];
    const { height, round, blockId } = message.vote;
    const proposed = actor.proposals.find(({ proposal }) => proposal.round === round)?.proposal.blockId;
    if (proposed === undefined || Buffer.compare(proposed, blockId) === 0) return [message];
    const vote = actor.vote(PREVOTE, { height, round, blockId: proposed });
    return vote === undefined ? [message] : [{ vote }];
  },
};
