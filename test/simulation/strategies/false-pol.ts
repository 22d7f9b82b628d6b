import type { Strategy } from "../strategy.ts";

/** Claims for its block a polka in the round before, which there was none of. */
export const falsePol: Strategy = {
  name: "false-pol",
  instead(actor, message) {
    if (!("proposal" in message)) return [message];
    const { proposal, block } = message.proposal;
    const claimed = proposal.round - 1 - (proposal.height % 2);
    return claimed < 0 ? [message] : [{ proposal: actor.propose(block, proposal.round, claimed) }];
  },
};
