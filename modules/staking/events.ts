import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  { type: "create_validator", attributes: ["validator", "amount"], when: "a validator was created" },
  { type: "edit_validator", attributes: ["commission_rate", "min_self_delegation"], when: "a validator was changed" },
  { type: "set_vote_key", attributes: ["validator", "vote_key"], when: "a validator set its BLS key (hex)" },
  {
    type: "delegate",
    attributes: ["validator", "delegator", "amount", "new_shares"],
    when: "stake was delegated, by MsgDelegate or by the creation of a validator",
  },
  {
    type: "unbond",
    attributes: ["validator", "delegator", "amount", "completion_time"],
    when: "stake began to unbond; it is paid back after completion_time",
  },
  {
    type: "cancel_unbonding_delegation",
    attributes: ["amount", "validator", "delegator", "creation_height"],
    when: "unbonding stake was delegated again",
  },
  {
    type: "complete_unbonding",
    attributes: ["amount", "validator", "delegator"],
    when: "an unbonding was paid back (block event)",
  },
  {
    type: "redelegate",
    attributes: ["source_validator", "destination_validator", "delegator", "amount", "completion_time"],
    when: "stake moved to another validator; until completion_time it answers for the one it left",
  },
  {
    type: "complete_redelegation",
    attributes: ["source_validator", "destination_validator", "delegator"],
    when: "moved stake has ceased to answer for the validator it left (block event)",
  },
  { type: "bond_validator", attributes: ["validator"], when: "a validator enters the set with the next block" },
  {
    type: "begin_unbonding_validator",
    attributes: ["validator"],
    when: "a validator leaves the set with the next block",
  },
];
