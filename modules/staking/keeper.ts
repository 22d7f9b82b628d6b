import { concatBytes, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { burn } from "../bank/keeper.ts";
import { NOT_BONDED_POOL, poolOf } from "./pools.ts";
import { tokensFor } from "./shares.ts";
import {
  BOND,
  bondedTotal,
  bondHeights,
  delegations,
  unbondings,
  unbondingsByHeight,
  type ValidatorRecord,
  validators,
} from "./store.ts";
import { operatorByConsensusAddress, POWER_REDUCTION, powerOf, saveValidator } from "./validators.ts";

export type { ValidatorRecord };
export { operatorByConsensusAddress, powerOf };

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

/** The height at whose end a validator was bonded, so that it votes from the next one on. Undefined while it is not bonded. */
export function bondHeight(reader: StateReader, operator: Uint8Array): number | undefined {
  return bondHeights.get(reader, operator);
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

/** Who has taken stake out of a validator at or after a height and not got it back yet. */
function unbondingSince(ctx: Context, operator: Uint8Array, height: number): readonly Uint8Array[] {
  const from = concatBytes(operator, heightKey.encode(height));
  const entries = unbondingsByHeight.entries(ctx.store, { within: operator, from });
  return [...new Map(entries.map(([[, [, delegator]]]) => [toHex(delegator), delegator])).values()];
}

/**
 * Slashes unbonding stake that still voted at the infraction: it was taken out in that height or later. Each entry
 * answers with the fraction of what it began with, as far as it has that left.
 * @returns what the entries answer for and what was burnt of them. PERF: reads the entries that were made since the infraction and
 * no others. How many these are is bounded by the gas of the blocks since then, which was paid for them.
 */
function slashUnbondings(ctx: Context, operator: Uint8Array, infractionHeight: number, fractionPpm: bigint) {
  let answered = 0n;
  let burnt = 0n;
  for (const delegator of unbondingSince(ctx, operator, infractionHeight)) {
    const entries = unbondings.get(ctx.store, [delegator, operator]);
    if (entries === undefined) throw new Error(`an unbonding from ${toHex(operator)} is in the index only`);
    let taken = 0n;
    const slashed = entries.map((entry) => {
      if (entry.creationHeight < infractionHeight || entry.completionTime <= ctx.block.time) return entry;
      const share = (entry.initialBalance * fractionPpm) / PPM;
      const loss = atMost(share, entry.balance);
      answered += share;
      taken += loss;
      return { ...entry, balance: entry.balance - loss };
    });
    if (taken > 0n) unbondings.set(ctx.store, [delegator, operator], slashed);
    burnt += taken;
  }
  return { answered, burnt };
}

/**
 * Burns a fraction of the stake a validator had at the infraction: first of what has begun to unbond since, the rest of
 * what is still there, whatever the validator's status (a validator that hurries out stays answerable), never more than
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
  if (fractionPpm < 0n || fractionPpm > PPM) throw new Error(`a slash of ${fractionPpm} ppm`);
  if (infractionHeight > ctx.block.height) throw new Error(`a slash for the future height ${infractionHeight}`);
  const validator = validators.get(ctx.store, operator);
  const amount = (powerAtInfraction * POWER_REDUCTION * fractionPpm) / PPM;
  const unbonding = slashUnbondings(ctx, operator, infractionHeight, fractionPpm);
  const { denom } = ctx.block.spec;
  if (unbonding.burnt > 0n) burn(ctx, NOT_BONDED_POOL, [{ denom, amount: unbonding.burnt }]);
  const rest = amount - unbonding.answered;
  if (validator === undefined || rest <= 0n) return unbonding.burnt;
  const loss = atMost(rest, validator.tokens);
  saveValidator(ctx.store, operator, { ...validator, tokens: validator.tokens - loss });
  burn(ctx, poolOf(validator), [{ denom, amount: loss }]);
  return unbonding.burnt + loss;
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
