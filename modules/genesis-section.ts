import { decodeAddress } from "../chain/crypto/bech32.ts";
import { parseAmount } from "../chain/decode-tx.ts";
import type { Report } from "../chain/module.ts";

/**
 * Readers of a genesis section: each returns the value, or reports what is wrong at its path and returns undefined,
 * so that one pass lists every error. None throws, whatever the JSON.
 */

function describe(value: unknown): string {
  if (value === undefined) return "is missing";
  if (value === null) return "is null";
  return `is ${Array.isArray(value) ? "a list" : `a ${typeof value}`}`;
}

/** Fields not in `known` are reported: a misspelt name must not silently mean the default. */
export function readObject(
  value: unknown,
  path: string,
  report: Report,
  known: readonly string[],
): ReadonlyMap<string, unknown> | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    report(path, `${describe(value)}, an object is expected`);
    return undefined;
  }
  for (const name of Object.keys(value)) {
    if (!known.includes(name))
      report(`${path}.${name.slice(0, 80)}`, `is unknown; known: ${known.join(", ") || "none"}`);
  }
  return new Map(Object.entries(value));
}

/** A missing list is empty. */
export function readList(value: unknown, path: string, report: Report): readonly unknown[] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value;
  report(path, `${describe(value)}, a list is expected`);
  return [];
}

export function readText(value: unknown, path: string, report: Report, maxBytes: number): string | undefined {
  if (typeof value !== "string") report(path, `${describe(value)}, a text is expected`);
  else if (Buffer.byteLength(value) > maxBytes) report(path, `has more than ${maxBytes} bytes`);
  else return value;
  return undefined;
}

/** A positive integer as a decimal text. */
export function readAmount(value: unknown, path: string, report: Report): bigint | undefined {
  const amount = typeof value === "string" ? parseAmount(value) : undefined;
  if (amount !== undefined && amount > 0n) return amount;
  report(path, 'must be a positive integer as a text ("1000000")');
  return undefined;
}

/** Base64 with padding, standard alphabet. */
export function readBytes(value: unknown, path: string, report: Report, length: number): Uint8Array | undefined {
  if (typeof value === "string") {
    const bytes = Buffer.from(value, "base64");
    if (bytes.length === length && bytes.toString("base64") === value) return new Uint8Array(bytes);
  }
  report(path, `must be ${length} bytes in base64`);
  return undefined;
}

/** Base64 of up to so many bytes. */
export function readBase64(value: unknown, path: string, report: Report, maxBytes: number): Uint8Array | undefined {
  if (typeof value === "string") {
    const bytes = Buffer.from(value, "base64");
    if (bytes.length <= maxBytes && bytes.toString("base64") === value) return new Uint8Array(bytes);
  }
  report(path, `must be up to ${maxBytes} bytes in base64`);
  return undefined;
}

/** A whole number of a range, both ends included. */
export function readNumber(
  value: unknown,
  path: string,
  report: Report,
  [min, max]: readonly [number, number],
): number | undefined {
  if (typeof value === "number" && Number.isSafeInteger(value) && value >= min && value <= max) return value;
  report(path, `must be a whole number from ${min} to ${max}`);
  return undefined;
}

export function readAddress(value: unknown, path: string, report: Report, prefix: string): Uint8Array | undefined {
  const address = typeof value === "string" ? decodeAddress(prefix, value) : undefined;
  if (address === undefined) report(path, `must be a ${prefix}1… address of 20 bytes`);
  return address;
}

/** For `init`, which runs on sections that have been validated: a report there is a fault of the caller. */
export const failOnReport: Report = (path, message) => {
  throw new Error(`genesis ${path}: ${message}`);
};
