import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "submit_proposal",
    attributes: ["proposal_id", "proposal_proposer", "proposal_messages"],
    when: "a proposal was submitted; a second one with voting_period_start when its vote began with it",
  },
  {
    type: "proposal_deposit",
    attributes: ["depositor", "amount", "proposal_id"],
    when: "a deposit was paid; a second one with voting_period_start when the vote began with it",
  },
  { type: "proposal_vote", attributes: ["voter", "option", "proposal_id"], when: "an account voted, or voted anew" },
  { type: "cancel_proposal", attributes: ["sender", "proposal_id"], when: "the proposer withdrew a proposal" },
  {
    type: "inactive_proposal",
    attributes: ["proposal_id", "proposal_result"],
    when: "a proposal's deposit did not come together: proposal_dropped (block event)",
  },
  {
    type: "active_proposal",
    attributes: ["proposal_id", "proposal_result", "proposal_log"],
    when: "a vote ended: proposal_passed, proposal_rejected, proposal_failed, or expedited_proposal_rejected, which goes on as a normal vote (block event)",
  },
  {
    type: "burn_proposal_deposits",
    attributes: ["proposal_id", "amount"],
    when: "the deposits of a proposal were burnt, all or the part that cancelling costs",
  },
];
