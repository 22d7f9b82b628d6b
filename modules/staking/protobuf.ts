import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import type {
  DelegationResponse,
  RedelegationResponse,
  UnbondingDelegation,
  Validator,
} from "cosmjs-types/cosmos/staking/v1beta1/staking";
import type { ChainSpec } from "../../chain/module.ts";
import { accountText, operatorText } from "../addresses.ts";
import { protobufTime } from "../timestamps.ts";
import { descriptionText } from "./description.ts";
import type { Route } from "./redelegation.ts";
import { tokensFor } from "./shares.ts";
import type { RedelegationEntry, UnbondingEntry, ValidatorRecord } from "./store.ts";

/** How records look in cosmos.staking.v1beta1. Decimals are scaled integers, as everywhere in protobuf. */

export function validatorMessage(spec: ChainSpec, operator: Uint8Array, record: ValidatorRecord): Validator {
  const { commission } = record;
  return {
    operatorAddress: operatorText(spec, operator),
    consensusPubkey: {
      typeUrl: "/cosmos.crypto.ed25519.PubKey",
      value: PubKey.encode({ key: record.identityKey }).finish(),
    },
    jailed: record.jailed,
    status: record.status,
    tokens: record.tokens.toString(),
    delegatorShares: record.shares.toString(),
    description: descriptionText(record.description),
    unbondingHeight: BigInt(record.unbondingHeight),
    unbondingTime: protobufTime(record.unbondingTime),
    commission: {
      commissionRates: {
        rate: commission.rate.toString(),
        maxRate: commission.maxRate.toString(),
        maxChangeRate: commission.maxChangeRate.toString(),
      },
      updateTime: protobufTime(commission.updateTime),
    },
    minSelfDelegation: record.minSelfDelegation.toString(),
    unbondingOnHoldRefCount: 0n,
    unbondingIds: [],
  };
}

export function delegationMessage(
  spec: ChainSpec,
  delegator: Uint8Array,
  operator: Uint8Array,
  shares: bigint,
  validator: ValidatorRecord,
): DelegationResponse {
  return {
    delegation: {
      delegatorAddress: accountText(spec, delegator),
      validatorAddress: operatorText(spec, operator),
      shares: shares.toString(),
    },
    balance: { denom: spec.denom, amount: tokensFor(validator, shares).toString() },
  };
}

export function unbondingMessage(
  spec: ChainSpec,
  delegator: Uint8Array,
  operator: Uint8Array,
  entries: readonly UnbondingEntry[],
): UnbondingDelegation {
  return {
    delegatorAddress: accountText(spec, delegator),
    validatorAddress: operatorText(spec, operator),
    entries: entries.map((entry) => ({
      creationHeight: BigInt(entry.creationHeight),
      completionTime: protobufTime(entry.completionTime),
      initialBalance: entry.initialBalance.toString(),
      balance: entry.balance.toString(),
      unbondingId: 0n,
      unbondingOnHoldRefCount: 0n,
    })),
  };
}

/** @param destination the validator that was moved to; undefined for one that is gone, where the stake is worth nothing any more. */
export function redelegationMessage(
  spec: ChainSpec,
  { delegator, source, destination: to }: Route,
  entries: readonly RedelegationEntry[],
  destination: ValidatorRecord | undefined,
): RedelegationResponse {
  return {
    redelegation: {
      delegatorAddress: accountText(spec, delegator),
      validatorSrcAddress: operatorText(spec, source),
      validatorDstAddress: operatorText(spec, to),
      entries: [],
    },
    entries: entries.map((entry) => ({
      redelegationEntry: {
        creationHeight: BigInt(entry.creationHeight),
        completionTime: protobufTime(entry.completionTime),
        initialBalance: entry.initialBalance.toString(),
        sharesDst: entry.sharesDst.toString(),
        unbondingId: 0n,
        unbondingOnHoldRefCount: 0n,
      },
      balance: (destination === undefined ? 0n : tokensFor(destination, entry.sharesDst)).toString(),
    })),
  };
}
