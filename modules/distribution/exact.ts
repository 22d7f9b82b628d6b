import { ContainerType, UintBigintType } from "@chainsafe/ssz";
import { UintBn128 } from "../../chain/types/primitives.ts";
import { DECIMAL_ONE } from "../decimal.ts";

/**
 * Rewards are kept exactly: as whole numbers of 2^-256 of a base unit. A division that leaves something keeps it, so that
 * everything that ever came in is somewhere. A validator has at most 2^224 shares (modules/staking/shares.ts): even there a
 * reward per share is cut by less than 2^-32 base units for all of them together, and what is cut is carried to the next one.
 */
const FRACTION_BITS = 256n;

/** One base unit. */
export const EXACT_ONE = 1n << FRACTION_BITS;

/** An exact amount in the state: base units and what is beyond them. Fits whatever the bound of a supply lets come in. */
export const Exact = new ContainerType(
  { whole: UintBn128, fraction: new UintBigintType(32) },
  { typeName: "ExactAmount" },
);

/** @param units base units. */
export function exactly(units: bigint): bigint {
  return units << FRACTION_BITS;
}

/** Base units that can be paid, rounded down. */
export function wholeUnits(exact: bigint): bigint {
  return exact >> FRACTION_BITS;
}

/** What is left of an amount after its whole units are paid: less than one. */
export function remainderOf(exact: bigint): bigint {
  return exact & (EXACT_ONE - 1n);
}

export function readExact({ whole, fraction }: { whole: bigint; fraction: bigint }): bigint {
  return exactly(whole) | fraction;
}

export function writeExact(exact: bigint): { whole: bigint; fraction: bigint } {
  return { whole: wholeUnits(exact), fraction: remainderOf(exact) };
}

/** As protobuf's DecCoin writes an amount: 18 decimals, rounded down, scaled to an integer. */
export function decimalText(exact: bigint): string {
  return wholeUnits(exact * DECIMAL_ONE).toString();
}
