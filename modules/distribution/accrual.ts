import { DECIMAL_ONE } from "../decimal.ts";
import { EXACT_ONE, readExact, remainderOf, writeExact } from "./exact.ts";
import type { Claim, ValidatorRewards } from "./store.ts";

/**
 * The arithmetic of F1 (Ojha, Goes: F1 Fee Distribution) on shares instead of tokens. A slash takes the same part of every share's
 * worth, so a delegator's part of the shares is its part of the stake before and after: slashes need not be replayed, and what
 * a share has earned since the delegation began is one subtraction. Amounts are exact (exact.ts).
 */

/** A validator's `ValidatorRewards` with plain numbers. */
export interface Accrued {
  readonly cumulative: bigint;
  readonly carry: bigint;
  readonly commission: bigint;
  readonly outstanding: bigint;
  readonly slashes: number;
}

export const NOTHING_ACCRUED: Accrued = { cumulative: 0n, carry: 0n, commission: 0n, outstanding: 0n, slashes: 0 };

export function readAccrued(record: ValidatorRewards): Accrued {
  return {
    cumulative: readExact(record.cumulative),
    carry: readExact(record.carry),
    commission: readExact(record.commission),
    outstanding: readExact(record.outstanding),
    slashes: record.slashes,
  };
}

export function writeAccrued({ cumulative, carry, commission, outstanding, slashes }: Accrued): ValidatorRewards {
  return {
    cumulative: writeExact(cumulative),
    carry: writeExact(carry),
    commission: writeExact(commission),
    outstanding: writeExact(outstanding),
    slashes,
  };
}

/**
 * Adds a reward: the operator's commission, then the same for each share. What is less than one part for each share is carried.
 * @param shares of the validator, more than zero.
 * @param rate 18 decimals, scaled; at most one.
 */
export function accrue(before: Accrued, reward: bigint, shares: bigint, rate: bigint): Accrued {
  const commission = (reward * rate) / DECIMAL_ONE;
  const toShare = reward - commission + before.carry;
  return {
    ...before,
    cumulative: before.cumulative + toShare / shares,
    carry: toShare % shares,
    commission: before.commission + commission,
    outstanding: before.outstanding + reward,
  };
}

/** All that a delegation is owed. */
export function owed({ cumulative }: Pick<Accrued, "cumulative">, claim: Claim, shares: bigint): bigint {
  return shares * (cumulative - readExact(claim.cumulative)) + claim.remainder;
}

/** 2^-32 base units: as much as a division for the most shares can leave. */
const NEARLY_ONE = EXACT_ONE >> 32n;

/**
 * What a delegation is paid now. Who is short of a whole base unit by no more than divisions may have left, has it made up
 * from what they did leave: the only delegator of a validator that earns 900 is paid 900, and not 899 today and 1 some other day.
 * @returns what is owed and what is then carried; their sum is what it was.
 */
export function payable(accrued: Accrued, claim: Claim, shares: bigint): { due: bigint; carry: bigint } {
  const due = owed(accrued, claim, shares);
  const short = EXACT_ONE - remainderOf(due);
  const made = short <= NEARLY_ONE && short <= accrued.carry ? short : 0n;
  return { due: due + made, carry: accrued.carry - made };
}
