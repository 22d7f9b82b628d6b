import { MsgMultiSend, MsgSend, MsgSetSendEnabled } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey as Ed25519Key } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { PubKey as Secp256k1Key } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import {
  MsgCommunityPoolSpend,
  MsgDepositValidatorRewardsPool,
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
  MsgCreateVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import {
  type AminoRow,
  aminoRow,
  any,
  bool,
  bytes,
  coin,
  coins,
  decimal,
  list,
  named,
  object,
  optional,
  shortBool,
  shortDecimal,
  shortList,
  shortText,
  text,
  uint64,
} from "./kinds.ts";

const description = object<MsgCreateValidator["description"]>({
  moniker: text,
  identity: text,
  website: text,
  securityContact: text,
  details: text,
});
const payments = list(object({ address: text, coins }));
const delegation = { delegatorAddress: text, validatorAddress: text };

/** A key's value is its bytes in base64 and no object. */
function keyRow(codec: typeof Secp256k1Key | typeof Ed25519Key, aminoType: string): AminoRow {
  const row = aminoRow<{ key: Uint8Array }>(codec, aminoType, { key: bytes });
  return {
    ...row,
    toAmino: (message, scope) => bytes.toJson((message as { key: Uint8Array }).key, scope),
    fromAmino: (json, scope) => ({ key: bytes.fromJson(json, scope) }),
  };
}

/** Keys, which messages carry as `Any`, too. */
export const keyRows: readonly AminoRow[] = [
  keyRow(Secp256k1Key, "tendermint/PubKeySecp256k1"),
  keyRow(Ed25519Key, "tendermint/PubKeyEd25519"),
];

/** Messages of the Cosmos SDK, with the names and shapes that CosmJS's default converters give them. */
export const standardRows: readonly AminoRow[] = [
  aminoRow(MsgSend, "cosmos-sdk/MsgSend", { fromAddress: text, toAddress: text, amount: coins }),
  aminoRow(MsgMultiSend, "cosmos-sdk/MsgMultiSend", { inputs: payments, outputs: payments }),
  aminoRow(MsgSetSendEnabled, "cosmos-sdk/MsgSetSendEnabled", {
    authority: text,
    sendEnabled: shortList(object({ denom: text, enabled: shortBool })),
    useDefaultFor: shortList(text),
  }),
  aminoRow(MsgCreateValidator, "cosmos-sdk/MsgCreateValidator", {
    description,
    commission: object({ rate: decimal, maxRate: decimal, maxChangeRate: decimal }),
    minSelfDelegation: text,
    ...delegation,
    pubkey: optional(any),
    value: coin,
  }),
  aminoRow(MsgEditValidator, "cosmos-sdk/MsgEditValidator", {
    description,
    validatorAddress: text,
    // Empty for "as it is".
    commissionRate: shortDecimal,
    minSelfDelegation: shortText,
  }),
  aminoRow(MsgDelegate, "cosmos-sdk/MsgDelegate", { ...delegation, amount: coin }),
  aminoRow(MsgUndelegate, "cosmos-sdk/MsgUndelegate", { ...delegation, amount: coin }),
  aminoRow(MsgBeginRedelegate, "cosmos-sdk/MsgBeginRedelegate", {
    delegatorAddress: text,
    validatorSrcAddress: text,
    validatorDstAddress: text,
    amount: coin,
  }),
  aminoRow(MsgCancelUnbondingDelegation, "cosmos-sdk/MsgCancelUnbondingDelegation", {
    ...delegation,
    amount: coin,
    creationHeight: uint64,
  }),
  aminoRow(MsgFundCommunityPool, "cosmos-sdk/MsgFundCommunityPool", { amount: coins, depositor: text }),
  aminoRow(MsgSetWithdrawAddress, "cosmos-sdk/MsgModifyWithdrawAddress", {
    delegatorAddress: text,
    withdrawAddress: text,
  }),
  aminoRow(MsgWithdrawDelegatorReward, "cosmos-sdk/MsgWithdrawDelegationReward", delegation),
  aminoRow(MsgWithdrawValidatorCommission, "cosmos-sdk/MsgWithdrawValidatorCommission", { validatorAddress: text }),
  aminoRow(MsgCommunityPoolSpend, "cosmos-sdk/distr/MsgCommunityPoolSpend", {
    authority: text,
    recipient: text,
    amount: coins,
  }),
  aminoRow(MsgDepositValidatorRewardsPool, "cosmos-sdk/distr/MsgDepositValRewards", {
    depositor: text,
    validatorAddress: text,
    amount: coins,
  }),
  aminoRow(MsgUnjail, "cosmos-sdk/MsgUnjail", { validatorAddr: named("address", text) }),
  aminoRow(MsgCreateVestingAccount, "cosmos-sdk/MsgCreateVestingAccount", {
    fromAddress: text,
    toAddress: text,
    amount: coins,
    endTime: uint64,
    delayed: bool,
  }),
  aminoRow(MsgCreatePermanentLockedAccount, "cosmos-sdk/MsgCreatePermLockedAccount", {
    fromAddress: text,
    toAddress: text,
    amount: coins,
  }),
  aminoRow(MsgCreatePeriodicVestingAccount, "cosmos-sdk/MsgCreatePeriodVestAccount", {
    fromAddress: text,
    toAddress: text,
    startTime: uint64,
    vestingPeriods: list(object({ length: uint64, amount: coins })),
  }),
];
