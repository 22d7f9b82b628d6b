import { refused, type Verdict } from "./verdict.ts";

/** Bytes of JSON text: a float32 tensor of the largest size, whatever its values. PERF: parsing 5 MB of numbers takes about 0.3 s. */
export const MAX_JSON_BYTES = 8 * 1024 * 1024;
/** Values in all arrays and objects together: somewhat more than a float32 tensor of the largest size has. */
export const MAX_JSON_VALUES = 320 * 1024;
/** The same for int64, where integers beyond doubles are read from their digits. PERF: five times as slow for each. */
export const MAX_EXACT_VALUES = 160 * 1024;
/** An answer of tensors has the object, its outputs, an output, and one level for each axis (at most 8). */
export const MAX_JSON_DEPTH = 16;
/** Of the longest 64-bit integer, with its sign. */
const MAX_INTEGER_DIGITS = 20;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const ZERO = 0x30;
const NINE = 0x39;
/** All integers of fewer digits are safe. */
const LONG_DIGITS = 16;
const OPENING = new Set([0x5b, 0x7b]);
const CLOSING = new Set([0x5d, 0x7d]);

interface Scan {
  readonly values: number;
  /** Whether there are digits in a row that a double may not hold. */
  readonly long: boolean;
}

/** Bounds are checked on the bytes, before anything is built of them. */
function scan(bytes: Uint8Array): Verdict<Scan> {
  if (bytes.length > MAX_JSON_BYTES)
    return refused(`${bytes.length} bytes of JSON, at most ${MAX_JSON_BYTES} are read`);
  let depth = 0;
  let values = 0;
  let digits = 0;
  let long = false;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] as number;
    if (inText) {
      if (byte === BACKSLASH) i++;
      else if (byte === QUOTE) inText = false;
      continue;
    }
    digits = byte >= ZERO && byte <= NINE ? digits + 1 : 0;
    if (digits >= LONG_DIGITS) long = true;
    if (byte === QUOTE) inText = true;
    else if (byte === COMMA) values++;
    else if (OPENING.has(byte)) {
      values++;
      if (++depth > MAX_JSON_DEPTH) return refused(`JSON nested more than ${MAX_JSON_DEPTH} deep`);
    } else if (CLOSING.has(byte)) depth--;
    if (values > MAX_JSON_VALUES) return refused(`more than ${MAX_JSON_VALUES} values in JSON`);
  }
  return { ok: true, value: { values, long } };
}

/** Integers that a double does not hold become bigints, from their digits. */
function exactInteger(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || !Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  const source = context?.source ?? "";
  return source.length <= MAX_INTEGER_DIGITS && /^-?\d+$/.test(source) ? BigInt(source) : value;
}

/**
 * UTF-8 JSON within the bounds above (RFC 8259).
 * @param exactIntegers whether integers beyond 2^53 are wanted exactly, as bigints.
 */
export function parseBoundedJson(bytes: Uint8Array, exactIntegers: boolean): Verdict<unknown> {
  const scanned = scan(bytes);
  if (!scanned.ok) return scanned;
  const exact = exactIntegers && scanned.value.long;
  if (exact && scanned.value.values > MAX_EXACT_VALUES) {
    return refused(`more than ${MAX_EXACT_VALUES} values in JSON beside an integer beyond 2^53`);
  }
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return { ok: true, value: exact ? JSON.parse(text, exactInteger) : JSON.parse(text) };
  } catch (error) {
    return refused(`not JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
