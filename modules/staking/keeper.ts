import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { burn } from "../bank/keeper.ts";
import { DECIMAL_ONE } from "../decimal.ts";
import { validatorSlashed } from "./hooks.ts";
import { type Paid, slashRedelegations, slashUnbondings } from "./in-flight-slash.ts";
import { poolOf } from "./pools.ts";
import { tokensFor } from "./shares.ts";
import { BOND, bondedTotal, bondHeights, delegations, type ValidatorRecord, validators } from "./store.ts";
import { operatorByConsensusAddress, POWER_REDUCTION, powerOf, saveValidator } from "./validators.ts";

export { answerableStake } from "./answerable.ts";
export type { ValidatorRecord };
export { operatorByConsensusAddress, POWER_REDUCTION, powerOf };

const PPM = 1_000_000n;

export function validatorByOperator(reader: StateReader, operator: Uint8Array): ValidatorRecord | undefined {
  return validators.get(reader, operator);
}

/** Tokens of all bonded validators, in base units. */
export function totalBonded(reader: StateReader): bigint {
  return bondedTotal.get(reader) ?? 0n;
}

/** The tokens a validator is bonded with; zero for one that is not bonded. */
export function bondedTokens(reader: StateReader, operator: Uint8Array): bigint {
  const validator = validators.get(reader, operator);
  return validator?.status === BOND.bonded ? validator.tokens : 0n;
}

/** All bonded validators, by operator: as many as `staking.maxValidators`, at most. */
export function bondedValidators(
  reader: StateReader,
): readonly (ValidatorRecord & { readonly operator: Uint8Array })[] {
  return bondHeights.entries(reader).map(([operator]) => {
    const validator = validators.get(reader, operator);
    if (validator === undefined) throw new Error("a validator is bonded that does not exist");
    return { ...validator, operator };
  });
}

/** The height at whose end a validator was bonded, so that it votes from the next one on. Undefined while it is not bonded. */
export function bondHeight(reader: StateReader, operator: Uint8Array): number | undefined {
  return bondHeights.get(reader, operator);
}

/**
 * What a validator's rewards are shared out by: all its shares, and its operator's commission rate (18 decimals, scaled). Undefined for one
 * that is gone.
 */
export function rewardBasis(reader: StateReader, operator: Uint8Array): { shares: bigint; rate: bigint } | undefined {
  const validator = validators.get(reader, operator);
  return validator && { shares: validator.shares, rate: validator.commission.rate };
}

/** The shares of a delegation; zero for none. */
export function delegatedShares(reader: StateReader, delegator: Uint8Array, operator: Uint8Array): bigint {
  return delegations.get(reader, [delegator, operator]) ?? 0n;
}

export interface Delegation {
  readonly delegator: Uint8Array;
  readonly operator: Uint8Array;
  readonly shares: bigint;
}

/** A delegator's delegations, by operator; everybody's if none is named. PERF: reads each of them. */
export function delegationsOf(reader: StateReader, delegator?: Uint8Array): readonly Delegation[] {
  const entries = delegations.entries(reader, delegator === undefined ? {} : { within: delegator });
  return entries.map(([[from, operator], shares]) => ({ delegator: from, operator, shares }));
}

/** What an operator's own delegation to its validator is worth. */
export function selfDelegation(reader: StateReader, operator: Uint8Array): bigint {
  const validator = validators.get(reader, operator);
  const shares = delegations.get(reader, [operator, operator]) ?? 0n;
  return validator === undefined ? 0n : tokensFor(validator, shares);
}

function atMost(amount: bigint, limit: bigint): bigint {
  if (amount > limit) return limit;
  return amount;
}

/**
 * Burns a fraction of the stake a validator had at the infraction: first of what has begun to unbond or moved to other validators since,
 * the rest of what is still there, whatever the validator's status (a validator that hurries out stays answerable), never more than
 * there is.
 * @param powerAtInfraction voting power at `infractionHeight`.
 * @param fractionPpm at most 1,000,000.
 * @returns the base units burnt.
 */
export function slash(
  ctx: Context,
  operator: Uint8Array,
  infractionHeight: number,
  powerAtInfraction: bigint,
  fractionPpm: bigint,
): bigint {
  return slashBeyond(ctx, operator, { height: infractionHeight, power: powerAtInfraction, fractionPpm }).burnt;
}

/** Base units burnt in all, and those of them that the validator itself lost. */
export interface Slashed {
  readonly burnt: bigint;
  readonly own: bigint;
}

/**
 * As `slash`, where the validator has paid for another fault of the same kind before: what left it since then has paid its part already and
 * the validator itself `paid.own`, so that nothing pays twice and the greater of the two is paid.
 */
export function slashBeyond(
  ctx: Context,
  operator: Uint8Array,
  { height, power, fractionPpm }: { readonly height: number; readonly power: bigint; readonly fractionPpm: bigint },
  paid?: Paid & Pick<Slashed, "own">,
): Slashed {
  if (fractionPpm < 0n || fractionPpm > PPM) throw new Error(`a slash of ${fractionPpm} ppm`);
  if (height > ctx.block.height) throw new Error(`a slash for the future height ${height}`);
  const amount = (power * POWER_REDUCTION * fractionPpm) / PPM - (paid?.own ?? 0n);
  const unbonding = slashUnbondings(ctx, operator, height, fractionPpm, paid);
  const moved = slashRedelegations(ctx, operator, height, fractionPpm, paid);
  const burnt = unbonding.burnt + moved.burnt;
  const rest = amount - unbonding.answered - moved.answered;
  const validator = validators.get(ctx.store, operator);
  if (validator === undefined || rest <= 0n || validator.tokens === 0n) return { burnt, own: 0n };
  const loss = atMost(rest, validator.tokens);
  saveValidator(ctx.store, operator, { ...validator, tokens: validator.tokens - loss });
  burn(ctx, poolOf(validator), [{ denom: ctx.block.spec.denom, amount: loss }]);
  validatorSlashed(ctx, operator, (loss * DECIMAL_ONE + validator.tokens - 1n) / validator.tokens);
  return { burnt: burnt + loss, own: loss };
}

function update(ctx: Context, operator: Uint8Array, change: Partial<ValidatorRecord>): void {
  const validator = validators.get(ctx.store, operator);
  if (validator !== undefined) saveValidator(ctx.store, operator, { ...validator, ...change });
}

/** Takes a validator out of the candidates; it leaves the set at the end of the block. No effect on one that has gone. */
export function jail(ctx: Context, operator: Uint8Array): void {
  update(ctx, operator, { jailed: true });
}

/** The reverse of `jail`. Whether it is due is the caller's to know; a tombstoned validator stays in jail. */
export function unjail(ctx: Context, operator: Uint8Array): void {
  if (validators.get(ctx.store, operator)?.tombstoned === false) update(ctx, operator, { jailed: false });
}

/** Bars a validator for ever. */
export function tombstone(ctx: Context, operator: Uint8Array): void {
  update(ctx, operator, { jailed: true, tombstoned: true });
}
