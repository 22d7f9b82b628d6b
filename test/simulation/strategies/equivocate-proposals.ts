import type { Strategy } from "../strategy.ts";

/** Proposes one block to half of the others and another to the rest: good ones, that differ by a millisecond. */
export const equivocateProposals: Strategy = {
  name: "equivocate-proposals",
  instead(actor, message, to) {
    if (!("proposal" in message) || to % 2 === 0) return [message];
    const { proposal, block } = message.proposal;
    if (proposal.polRound > 0) return [message];
    const twin = { ...block, header: { ...block.header, time: block.header.time + 1 } };
    return [{ proposal: actor.propose(twin, proposal.round, -1) }];
  },
};
