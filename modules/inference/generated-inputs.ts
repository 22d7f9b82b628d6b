import { concatBytes, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { TensorDeclaration } from "./manifest.ts";
import { dataBytes } from "./tensor-check.ts";
import { DTYPES, type Tensor, type Tensors } from "./tensors.ts";

/**
 * What inputs are filled with. Denormals, since arithmetic with them can take a hundred times as long; extremes (greatest and least values, infinities); zeros;
 * values as a model expects them. Of integers the denormals are small numbers, which are valid as indices more often than others; `fit` are those, and floats as in `plain`.
 */
export const PATTERNS = ["denormals", "extremes", "zeros", "plain", "fit"] as const;
export type Pattern = (typeof PATTERNS)[number];

/** sfc32 of PractRand: 32 bits a step, from 128 bits of the seed. */
function words(seed: Uint8Array): () => number {
  const view = new DataView(seed.buffer, seed.byteOffset);
  let [a, b, c, counter] = [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)];
  const next = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let warm = 0; warm < 12; warm++) next();
  return next;
}

/** Bits of doubles' upper halves, and of floats: largest finite, infinity, least normal, one, zero; the sign comes apart. */
const FLOATS = [0x7f7fffff, 0x7f800000, 0x00800000, 0x3f800000, 0] as const;
const DOUBLES = [0x7fefffff, 0x7ff00000, 0x00100000, 0x3ff00000, 0] as const;

/** No arithmetic with floats: their bits are put together, so that every machine gets the same. */
function floatBits(pattern: Pattern, word: number): number {
  const sign = word & 0x80000000;
  if (pattern === "denormals") return sign | (word & 0x007fffff) | 1;
  if (pattern === "extremes") return sign | (FLOATS[word % FLOATS.length] ?? 0);
  // 1/8 to 8, of either sign.
  return sign | ((124 + ((word >>> 23) % 6)) << 23) | (word & 0x007fffff);
}

function doubleBits(pattern: Pattern, word: number, low: number): readonly [high: number, low: number] {
  const sign = word & 0x80000000;
  if (pattern === "denormals") return [sign | (word & 0x000fffff), low | 1];
  if (pattern === "extremes") {
    const high = DOUBLES[word % DOUBLES.length] ?? 0;
    return [sign | high, high === DOUBLES[0] ? 0xffffffff : 0];
  }
  return [sign | ((1020 + ((word >>> 20) % 6)) << 20) | (word & 0x000fffff), low];
}

const SMALL_INTEGERS = 8;

/** Elements of `size` bytes: small, greatest and least, or any. */
function fillIntegers(view: DataView, size: number, pattern: Pattern, next: () => number): void {
  for (let at = 0; at < view.byteLength; at += size) {
    const word = next();
    if (pattern === "denormals" || pattern === "fit") view.setUint8(at, word % SMALL_INTEGERS);
    else if (pattern === "extremes") {
      // 00…00, ff…ff, 00…80 and ff…7f: zero, all ones, and the ends of the signed range.
      const [rest, last] = [[0, 0] as const, [255, 255] as const, [0, 128] as const, [255, 127] as const][word % 4] ?? [
        0, 0,
      ];
      for (let byte = 0; byte < size; byte++) view.setUint8(at + byte, byte === size - 1 ? last : rest);
    } else {
      const high = size === 8 ? next() : 0;
      for (let byte = 0; byte < size; byte++)
        view.setUint8(at + byte, ((byte < 4 ? word : high) >>> (8 * (byte % 4))) & 255);
    }
  }
}

function fill(view: DataView, dtype: number, pattern: Pattern, next: () => number): void {
  if (dtype === DTYPES.float32.code) {
    for (let at = 0; at < view.byteLength; at += 4) view.setUint32(at, floatBits(pattern, next()) >>> 0, true);
  } else if (dtype === DTYPES.float64.code) {
    for (let at = 0; at < view.byteLength; at += 8) {
      const [high, low] = doubleBits(pattern, next(), next());
      view.setUint32(at, low >>> 0, true);
      view.setUint32(at + 4, high >>> 0, true);
    }
  } else if (dtype === DTYPES.bool.code) {
    for (let at = 0; at < view.byteLength; at++) view.setUint8(at, next() & 1);
  } else {
    const size = Object.values(DTYPES).find(({ code }) => code === dtype)?.size ?? 1;
    fillIntegers(view, size, pattern, next);
  }
}

/** Bits that are drawn for an element of `fit` inputs: sign, exponent and mantissa; one of the small integers. */
const FLOAT_BITS = 26;
const DOUBLE_BITS = 55;
const INTEGER_BITS = 3;

/** How many bits of `fit` inputs nobody knows before the seed is there: of so many different ones each is as likely, about. */
export function fitBits(declarations: readonly TensorDeclaration[]): number {
  return declarations.reduce((sum, { dtype, shape }) => {
    const each =
      dtype === DTYPES.float32.code
        ? FLOAT_BITS
        : dtype === DTYPES.float64.code
          ? DOUBLE_BITS
          : dtype === DTYPES.bool.code
            ? 1
            : INTEGER_BITS;
    return sum + each * shape.reduce((count, length) => count * length, 1);
  }, 0);
}

/**
 * Inputs of the declared types and shapes that nobody knew before the seed was there. The same on every machine.
 * @param seed 32 bytes, of a beacon.
 */
export function generateInputs(
  seed: Uint8Array,
  declarations: readonly TensorDeclaration[],
  pattern: Pattern = "plain",
): Tensors {
  return declarations.map(({ dtype, shape }, index): Tensor => {
    const data = new Uint8Array(dataBytes({ dtype, shape }));
    const view = new DataView(data.buffer);
    if (pattern !== "zeros") fill(view, dtype, pattern, words(sha256(concatBytes(seed, utf8(`${pattern} ${index}`)))));
    return { dtype, shape: [...shape], data };
  });
}
