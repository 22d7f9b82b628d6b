import { parseAmount } from "../chain/decode-tx.ts";

/** One, in decimals of 18 digits as the Cosmos SDK writes them. */
export const DECIMAL_ONE = 10n ** 18n;

/** Parts per million as an 18-digit decimal, scaled to an integer. */
export function decimalFromPpm(ppm: bigint): bigint {
  return ppm * 10n ** 12n;
}

/** `0.100000000000000000`, as JSON and events write a decimal. */
export function formatDecimal(scaled: bigint): string {
  const text = scaled.toString().padStart(19, "0");
  return `${text.slice(0, -18)}.${text.slice(-18)}`;
}

/** @returns the scaled integer of `0.1`, with at most 18 decimals, or undefined for any other text. */
export function parseDecimal(text: string): bigint | undefined {
  const match = /^(0|[1-9][0-9]{0,18})(?:\.([0-9]{1,18}))?$/.exec(text);
  if (match === null) return undefined;
  return BigInt(match[1] ?? "0") * DECIMAL_ONE + BigInt((match[2] ?? "").padEnd(18, "0"));
}

/** @returns the scaled integer of protobuf's form (`100000000000000000` for 0.1), or undefined. */
export function parseScaledDecimal(text: string): bigint | undefined {
  return parseAmount(text);
}
