import { equalBytes } from "../../chain/bytes.ts";
import { consensusAddress } from "../../chain/crypto/hash.ts";
import type { Context } from "../../chain/module.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { validatorRemoved } from "./hooks.ts";
import {
  BOND,
  bondedTotal,
  candidates,
  identities,
  type ValidatorRecord,
  validators,
  voteKeyRotations,
} from "./store.ts";

/** Base units of stake for one unit of voting power. */
export const POWER_REDUCTION = 1_000_000n;

/** The voting power of an amount of stake. */
export function powerOf(tokens: bigint): bigint {
  return tokens / POWER_REDUCTION;
}

/** The power a validator may be bonded with; undefined while it may not be. */
export function candidatePower(validator: ValidatorRecord): bigint | undefined {
  const power = powerOf(validator.tokens);
  return validator.jailed || validator.voteKey.length === 0 || power === 0n ? undefined : power;
}

function bondedPart(validator: ValidatorRecord | undefined): bigint {
  return validator?.status === BOND.bonded ? validator.tokens : 0n;
}

function reindex(
  writer: StateWriter,
  operator: Uint8Array,
  old: ValidatorRecord | undefined,
  next: ValidatorRecord | undefined,
): void {
  const oldPower = old === undefined ? undefined : candidatePower(old);
  const power = next === undefined ? undefined : candidatePower(next);
  const sameKey = old !== undefined && next !== undefined && equalBytes(old.voteKey, next.voteKey);
  if (oldPower !== power && oldPower !== undefined) candidates.delete(writer, [oldPower, operator]);
  if (next !== undefined && power !== undefined && !(oldPower === power && sameKey)) {
    candidates.set(writer, [power, operator], { identityKey: next.identityKey, voteKey: next.voteKey });
  }
  const change = bondedPart(next) - bondedPart(old);
  if (change !== 0n) bondedTotal.set(writer, (bondedTotal.get(writer) ?? 0n) + change);
}

/** The only way a validator is written: keeps the candidates and the total of bonded tokens in step. */
export function saveValidator(writer: StateWriter, operator: Uint8Array, next: ValidatorRecord): void {
  reindex(writer, operator, validators.get(writer, operator), next);
  validators.set(writer, operator, next);
}

/** Forgets a validator that nobody delegates to. Its keys stay taken, so that old evidence can't meet a new validator. */
export function removeValidator(ctx: Context, operator: Uint8Array): void {
  reindex(ctx.store, operator, validators.get(ctx.store, operator), undefined);
  validators.delete(ctx.store, operator);
  if (voteKeyRotations.has(ctx.store, operator)) voteKeyRotations.delete(ctx.store, operator);
  validatorRemoved(ctx, operator);
}

/** A validator without shares is of no more use once it is unbonded; one that is tombstoned must stay so. */
export function removable(validator: ValidatorRecord): boolean {
  return validator.status === BOND.unbonded && validator.shares === 0n && !validator.tombstoned;
}

/** Whose consensus address (20 bytes) it is, proven by MsgSetVoteKey or at genesis; also of one that has left. */
export function operatorByConsensusAddress(reader: StateReader, address: Uint8Array): Uint8Array | undefined {
  return identities.get(reader, address);
}

/** The operator that has proven to hold an identity key. Naming a key (MsgCreateValidator) proves nothing. */
export function holderOf(reader: StateReader, identityKey: Uint8Array): Uint8Array | undefined {
  return operatorByConsensusAddress(reader, consensusAddress(identityKey));
}

/** After a proof, and only where the key has no other holder. */
export function registerIdentity(writer: StateWriter, identityKey: Uint8Array, operator: Uint8Array): void {
  identities.set(writer, consensusAddress(identityKey), operator);
}
