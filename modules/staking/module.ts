import type { Module } from "../../chain/module.ts";
import { distributeFees } from "./fees.ts";
import { genesis } from "./genesis.ts";
import { cancelUnbondingDelegationMessage } from "./messages/cancel-unbonding-delegation.ts";
import { createValidatorMessage } from "./messages/create-validator.ts";
import { delegateMessage } from "./messages/delegate.ts";
import { editValidatorMessage } from "./messages/edit-validator.ts";
import { setVoteKeyMessage } from "./messages/set-vote-key.ts";
import { undelegateMessage } from "./messages/undelegate.ts";
import { stakingParams } from "./params.ts";
import { queries } from "./queries.ts";
import { completeUnbondings } from "./unbonding.ts";
import { completeValidatorUnbondings, updateValidatorSet } from "./validator-set.ts";

export const stakingModule: Module = {
  name: "staking",
  params: stakingParams,
  messages: [
    createValidatorMessage,
    editValidatorMessage,
    setVoteKeyMessage,
    delegateMessage,
    undelegateMessage,
    cancelUnbondingDelegationMessage,
  ],
  queries,
  genesis,
  beginBlock: distributeFees,
  endBlock(ctx) {
    const set = updateValidatorSet(ctx);
    completeValidatorUnbondings(ctx);
    completeUnbondings(ctx);
    return set;
  },
};
