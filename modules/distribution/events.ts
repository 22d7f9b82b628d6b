import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "rewards",
    attributes: ["amount", "validator"],
    when: "a validator and its delegators earned something; amount has 18 decimals and includes the commission",
  },
  { type: "commission", attributes: ["amount", "validator"], when: "the operator's part of a reward" },
  {
    type: "withdraw_rewards",
    attributes: ["amount", "validator", "delegator"],
    when: "a delegator was paid its rewards, by its message or because its delegation changed",
  },
  { type: "withdraw_commission", attributes: ["amount"], when: "an operator was paid its commission" },
  { type: "set_withdraw_address", attributes: ["withdraw_address"], when: "a delegator named where its rewards go" },
  {
    type: "fund_community_pool",
    attributes: ["amount", "depositor"],
    when: "coins were given to the community pool",
  },
  {
    type: "community_pool_spend",
    attributes: ["amount", "recipient"],
    when: "coins of the community pool were paid out",
  },
];
