import { DECIMAL_ONE, decimalFromPpm } from "../decimal.ts";
import type { MintParams } from "./params.ts";

/** A year of 365.25 days, in milliseconds. */
export const YEAR_MS = 31_557_600_000n;
/** What a remainder is counted in: one coin is so many. An inflation is a multiple of 10^-18, a time of one millisecond. */
export const REMAINDER_UNIT = DECIMAL_ONE * YEAR_MS;

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  if (value > most) return most;
  return value < least ? least : value;
}

/** Inflation as it stands at the beginning: half way between the bounds. 18 digits, scaled, as all below. */
export function initialInflation({ inflationMin, inflationMax }: MintParams): bigint {
  return clamp(
    decimalFromPpm(inflationMin + inflationMax) / 2n,
    decimalFromPpm(inflationMin),
    decimalFromPpm(inflationMax),
  );
}

/** The bonded part of the supply, rounded down; zero without a supply. */
export function bondedRatio(bonded: bigint, supply: bigint): bigint {
  return supply === 0n ? 0n : (bonded * DECIMAL_ONE) / supply;
}

/**
 * Inflation after `elapsedMs` with this much bonded: it changes by `(1 - ratio / goal) × rateChange` a year, within its bounds, as
 * x/mint of the Cosmos SDK has it, but by the time between blocks and not by their number.
 */
export function nextInflation(inflation: bigint, ratio: bigint, elapsedMs: bigint, params: MintParams): bigint {
  const { inflationMin, inflationMax, inflationRateChange, goalBonded } = params;
  const goal = decimalFromPpm(goalBonded);
  // One division at the end, so that short blocks lose nothing to rounding but the last digit.
  const change = ((goal - ratio) * decimalFromPpm(inflationRateChange) * elapsedMs) / (goal * YEAR_MS);
  return clamp(inflation + change, decimalFromPpm(inflationMin), decimalFromPpm(inflationMax));
}

/** Whole coins a year, rounded down. */
export function annualProvisions(inflation: bigint, supply: bigint): bigint {
  return (inflation * supply) / DECIMAL_ONE;
}

/**
 * What is owed for a time, with what was left from before: whole coins, and the rest to carry. Nothing is rounded away, so after
 * any number of blocks `coins made × REMAINDER_UNIT + remainder` is the exact sum of what was owed.
 * @param remainder below REMAINDER_UNIT.
 */
export function provision(
  inflation: bigint,
  supply: bigint,
  elapsedMs: bigint,
  remainder: bigint,
): { readonly coins: bigint; readonly remainder: bigint } {
  const owed = inflation * supply * elapsedMs + remainder;
  return { coins: owed / REMAINDER_UNIT, remainder: owed % REMAINDER_UNIT };
}
