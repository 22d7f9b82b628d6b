import type { Module } from "../../chain/module.ts";
import { storedTypes } from "../../state/collections.ts";
import { genesis } from "./genesis.ts";
import { beginRedelegateMessage } from "./messages/begin-redelegate.ts";
import { cancelUnbondingDelegationMessage } from "./messages/cancel-unbonding-delegation.ts";
import { createValidatorMessage } from "./messages/create-validator.ts";
import { delegateMessage } from "./messages/delegate.ts";
import { editValidatorMessage } from "./messages/edit-validator.ts";
import { setVoteKeyMessage } from "./messages/set-vote-key.ts";
import { undelegateMessage } from "./messages/undelegate.ts";
import { stakingParams } from "./params.ts";
import { queries } from "./queries.ts";
import { completeRedelegations } from "./redelegation.ts";
import * as store from "./store.ts";
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
    beginRedelegateMessage,
    cancelUnbondingDelegationMessage,
  ],
  queries,
  stored: storedTypes(store),
  genesis,
  endBlock(ctx) {
    const set = updateValidatorSet(ctx);
    completeValidatorUnbondings(ctx);
    completeUnbondings(ctx);
    completeRedelegations(ctx);
    return set;
  },
};
