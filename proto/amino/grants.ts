import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { StakeAuthorization, type StakeAuthorization_Validators } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import {
  type AminoRow,
  aminoRow,
  any,
  coin,
  coins,
  duration,
  int,
  list,
  object,
  optional,
  shortList,
  text,
  timestamp,
} from "./kinds.ts";

const STAKE = "cosmos-sdk/StakeAuthorization";
const validatorList = object<StakeAuthorization_Validators>({ address: list(text) });
type Json = Readonly<Record<string, unknown>>;

const stakeFields = aminoRow(StakeAuthorization, STAKE, {
  maxTokens: optional(coin),
  allowList: optional(validatorList),
  denyList: optional(validatorList),
  authorizationType: int,
});

/** Of the two lists one is there at most, which amino names as it names an interface. */
const stakeAuthorization: AminoRow = {
  ...stakeFields,
  toAmino(message, scope) {
    const { allow_list, deny_list, ...rest } = stakeFields.toAmino(message, scope) as Json;
    if (allow_list !== undefined && deny_list !== undefined) throw new Error("both an allow and a deny list");
    if (allow_list !== undefined) return { ...rest, Validators: { type: `${STAKE}/AllowList`, value: { allow_list } } };
    if (deny_list !== undefined) return { ...rest, Validators: { type: `${STAKE}/DenyList`, value: { deny_list } } };
    return rest;
  },
  fromAmino(json, scope) {
    const { Validators, ...rest } = json as Json;
    const { value } = (Validators ?? {}) as { readonly value?: Json };
    return stakeFields.fromAmino({ ...rest, ...value }, scope);
  },
};

const basic = object<BasicAllowance>({ spendLimit: coins, expiration: optional(timestamp) });
const pair = { granter: text, grantee: text };

/** Messages of authz and feegrant, and what they grant; names and shapes as in the Cosmos SDK, for CosmJS has none. */
export const grantRows: readonly AminoRow[] = [
  aminoRow(MsgGrant, "cosmos-sdk/MsgGrant", {
    ...pair,
    grant: object<MsgGrant["grant"]>({ authorization: optional(any), expiration: optional(timestamp) }),
  }),
  aminoRow(MsgRevoke, "cosmos-sdk/MsgRevoke", { ...pair, msgTypeUrl: text }),
  aminoRow(MsgExec, "cosmos-sdk/MsgExec", { grantee: text, msgs: list(any) }),
  aminoRow(GenericAuthorization, "cosmos-sdk/GenericAuthorization", { msg: text }),
  aminoRow(SendAuthorization, "cosmos-sdk/SendAuthorization", { spendLimit: coins, allowList: shortList(text) }),
  stakeAuthorization,
  aminoRow(MsgGrantAllowance, "cosmos-sdk/MsgGrantAllowance", { ...pair, allowance: optional(any) }),
  aminoRow(MsgRevokeAllowance, "cosmos-sdk/MsgRevokeAllowance", pair),
  aminoRow(MsgPruneAllowances, "cosmos-sdk/MsgPruneAllowances", { pruner: text }),
  aminoRow(BasicAllowance, "cosmos-sdk/BasicAllowance", { spendLimit: coins, expiration: optional(timestamp) }),
  aminoRow(PeriodicAllowance, "cosmos-sdk/PeriodicAllowance", {
    basic,
    period: duration,
    periodSpendLimit: coins,
    periodCanSpend: coins,
    periodReset: timestamp,
  }),
  aminoRow(AllowedMsgAllowance, "cosmos-sdk/AllowedMsgAllowance", {
    allowance: optional(any),
    allowedMessages: list(text),
  }),
];
