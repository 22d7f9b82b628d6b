import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import type { Validator, ValidatorSet } from "../../chain/types/validator.ts";
import { heightKey } from "../../state/collections.ts";
import { operatorText } from "../addresses.ts";
import { stakingParams } from "./params.ts";
import { BONDED_POOL, moveStake, NOT_BONDED_POOL } from "./pools.ts";
import { BOND, bondHeights, candidates, type ValidatorRecord, validatorQueue, validators } from "./store.ts";
import { removable, removeValidator, saveValidator } from "./validators.ts";

function same(a: ValidatorSet, b: ValidatorSet): boolean {
  return (
    a.length === b.length &&
    a.every((validator, i) => {
      const other = b[i];
      return (
        other !== undefined &&
        validator.power === other.power &&
        equalBytes(validator.operator, other.operator) &&
        equalBytes(validator.voteKey, other.voteKey) &&
        equalBytes(validator.identityKey, other.identityKey)
      );
    })
  );
}

function required(ctx: Context, operator: Uint8Array): ValidatorRecord {
  const validator = validators.get(ctx.store, operator);
  if (validator === undefined) throw new Error(`no validator ${toHex(operator)}, though it is or was bonded`);
  return validator;
}

function bond(ctx: Context, operator: Uint8Array): void {
  const validator = required(ctx, operator);
  if (validator.status === BOND.bonded) return;
  if (validator.status === BOND.unbonding) validatorQueue.delete(ctx.store, [validator.unbondingTime, operator]);
  saveValidator(ctx.store, operator, { ...validator, status: BOND.bonded, unbondingHeight: 0, unbondingTime: 0 });
  bondHeights.set(ctx.store, operator, ctx.block.height);
  moveStake(ctx, NOT_BONDED_POOL, BONDED_POOL, validator.tokens);
  ctx.emit("bond_validator", ["validator", operatorText(ctx.block.spec, operator)]);
}

function beginUnbonding(ctx: Context, operator: Uint8Array): void {
  const validator = required(ctx, operator);
  if (validator.status !== BOND.bonded) return;
  const unbondingTime = ctx.block.time + Number(stakingParams.read(ctx.block.params).unbondingTime);
  const unbondingHeight = ctx.block.height;
  saveValidator(ctx.store, operator, { ...validator, status: BOND.unbonding, unbondingHeight, unbondingTime });
  validatorQueue.set(ctx.store, [unbondingTime, operator], true);
  bondHeights.delete(ctx.store, operator);
  moveStake(ctx, BONDED_POOL, NOT_BONDED_POOL, validator.tokens);
  ctx.emit("begin_unbonding_validator", ["validator", operatorText(ctx.block.spec, operator)]);
}

/**
 * The set that votes from the next height on, if it differs from this block's: the candidates with the most power, ties
 * to the lower operator address. Without any candidate the last set stays, jailed or not: a chain without validators
 * could never have some again.
 */
export function updateValidatorSet(ctx: Context): readonly Validator[] | undefined {
  const limit = Number(stakingParams.read(ctx.block.params).maxValidators);
  const next = candidates
    .entries(ctx.store, { limit })
    .map(([[power, operator], { identityKey, voteKey }]) => ({ operator, identityKey, voteKey, power }));
  const current = ctx.block.validators;
  if (next.length === 0 || same(next, current)) return undefined;
  const staying = new Set(next.map(({ operator }) => toHex(operator)));
  for (const { operator } of current) if (!staying.has(toHex(operator))) beginUnbonding(ctx, operator);
  for (const { operator } of next) bond(ctx, operator);
  return next;
}

/** Validators whose unbonding time has passed are unbonded; one that nobody delegates to is forgotten. */
export function completeValidatorUnbondings(ctx: Context): void {
  const due = validatorQueue.entries(ctx.store, { before: heightKey.encode(ctx.block.time + 1) });
  for (const [key] of due) {
    validatorQueue.delete(ctx.store, key);
    const [, operator] = key;
    const unbonded = { ...required(ctx, operator), status: BOND.unbonded };
    if (removable(unbonded)) removeValidator(ctx, operator);
    else saveValidator(ctx.store, operator, unbonded);
  }
}
