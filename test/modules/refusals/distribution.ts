import {
  MsgCommunityPoolSpend,
  MsgDepositValidatorRewardsPool,
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { accountText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { accountOf, SPEC, valoperOf } from "../network.ts";
import { BAD_ACCOUNTS, BAD_COINS, BAD_OPERATORS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, type World } from "./world.ts";

const GOV = accountText(SPEC, moduleAddress("gov"));
const UNKNOWN = valoperOf("nobody");
const fixed = (): World => createWorld({ "distribution.withdrawAddressEnabled": 0n });

const address = rowsOf(MsgSetWithdrawAddress, {
  delegatorAddress: accountOf("ann"),
  withdrawAddress: accountOf("ben"),
});
const reward = rowsOf(MsgWithdrawDelegatorReward, {
  delegatorAddress: accountOf("ann"),
  validatorAddress: valoperOf("alice"),
});
const commission = rowsOf(MsgWithdrawValidatorCommission, { validatorAddress: valoperOf("alice") }, { by: "alice" });
const fund = rowsOf(MsgFundCommunityPool, { depositor: accountOf("ann"), amount: [coin(1n)] });
const deposit = rowsOf(MsgDepositValidatorRewardsPool, {
  depositor: accountOf("ann"),
  validatorAddress: valoperOf("alice"),
  amount: [coin(1n)],
});
const spend = rowsOf(
  MsgCommunityPoolSpend,
  { authority: GOV, recipient: accountOf("ann"), amount: [coin(1n)] },
  { by: "governance" },
);

export const distribution: readonly Refusal[] = [
  ...each(BAD_ACCOUNTS, "delegator", (wrong, delegatorAddress) => address(wrong, "sdk/7", { delegatorAddress })),
  ...each(BAD_ACCOUNTS, "withdraw address", (wrong, withdrawAddress) => address(wrong, "sdk/7", { withdrawAddress })),
  address("a module", "sdk/4", { withdrawAddress: GOV }),
  address("withdraw addresses can not be set", "distribution/8", {}, { given: fixed }),

  ...each(BAD_ACCOUNTS, "delegator", (wrong, delegatorAddress) => reward(wrong, "sdk/7", { delegatorAddress })),
  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => reward(wrong, "sdk/7", { validatorAddress })),
  reward("unknown validator", "distribution/12", { validatorAddress: UNKNOWN }),
  reward("no delegation", "distribution/13"),

  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => commission(wrong, "sdk/7", { validatorAddress })),
  commission("unknown validator", "distribution/12", { validatorAddress: valoperOf("ann") }, { by: "ann" }),
  commission("nothing to withdraw", "distribution/7"),

  ...each(BAD_ACCOUNTS, "depositor", (wrong, depositor) => fund(wrong, "sdk/7", { depositor })),
  ...each(BAD_COINS, "amount:", (wrong, amount) => fund(wrong, "sdk/10", { amount })),
  fund("more than the depositor has", "sdk/5", { amount: [coin(FUNDS)] }),

  ...each(BAD_ACCOUNTS, "depositor", (wrong, depositor) => deposit(wrong, "sdk/7", { depositor })),
  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => deposit(wrong, "sdk/7", { validatorAddress })),
  ...each(BAD_COINS, "amount:", (wrong, amount) => deposit(wrong, "sdk/10", { amount })),
  deposit("another denomination", "sdk/10", { amount: [coin(1n, OTHER_DENOM)] }),
  deposit("unknown validator", "distribution/12", { validatorAddress: UNKNOWN }),
  deposit("more than the depositor has", "sdk/5", { amount: [coin(FUNDS)] }),

  spend("not by governance", "sdk/4", { authority: accountOf("ann") }, { by: "ann" }),
  ...each(BAD_ACCOUNTS, "authority", (wrong, authority) => spend(wrong, "sdk/7", { authority })),
  ...each(BAD_ACCOUNTS, "recipient", (wrong, recipient) => spend(wrong, "sdk/7", { recipient })),
  ...each(BAD_COINS, "amount:", (wrong, amount) => spend(wrong, "sdk/10", { amount })),
  spend("the recipient is a module", "sdk/4", { recipient: GOV }),
  spend("more than the pool has", "distribution/9", { amount: [coin(FUNDS)] }),
  spend("a denomination the pool does not have", "distribution/9", { amount: [coin(1n, "unknown")] }),
];
