import { hash_to_field } from "@noble/curves/abstract/hash-to-curve.js";
import { bls12_381 } from "@noble/curves/bls12-381.js";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes } from "../chain/bytes.ts";
import { DST } from "./bls.ts";

/**
 * Points and field elements of BLS12-381 as the precompiles of EIP-2537 take them: 64 big-endian bytes for an element of the field, of which
 * the first 16 are zero; the real part of an element of the extension field comes first; a point is x and then y, and all zeros at infinity.
 */

const { G1, G2, fields } = bls12_381;
const { Fp } = fields;
/** Bytes. */
const FIELD = 64;
export const G1_BYTES = 2 * FIELD;
export const G2_BYTES = 4 * FIELD;
/** Of one term of G1MSM: a point and a scalar. */
const TERM_BYTES = G1_BYTES + 32;

export type G1Point = ReturnType<typeof G1.Point.fromBytes>;
export type G2Point = ReturnType<typeof G2.Point.fromBytes>;

/** 64 bytes. */
function fieldBytes(element: bigint): Uint8Array {
  return concatBytes(new Uint8Array(FIELD - Fp.BYTES), Fp.toBytes(element));
}

/** 128 bytes. */
export function encodeG1(point: G1Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G1_BYTES);
  const { x, y } = point.toAffine();
  return concatBytes(fieldBytes(x), fieldBytes(y));
}

/** 256 bytes. */
export function encodeG2(point: G2Point): Uint8Array {
  if (point.is0()) return new Uint8Array(G2_BYTES);
  const { x, y } = point.toAffine();
  return concatBytes(fieldBytes(x.c0), fieldBytes(x.c1), fieldBytes(y.c0), fieldBytes(y.c1));
}

/** What a message is hashed to, on the way from its bytes to a point of G2 (RFC 9380 §3, hash_to_curve). */
export interface HashedMessage {
  /** hash_to_field: two elements of the extension field, 128 bytes each, the inputs of MAP_FP2_TO_G2. */
  readonly elements: readonly [Uint8Array, Uint8Array];
  /** What MAP_FP2_TO_G2 makes of them, 256 bytes each; cofactors are cleared. */
  readonly mapped: readonly [Uint8Array, Uint8Array];
  /** Their sum, 256 bytes, what G2ADD makes of the two. */
  readonly point: Uint8Array;
}

function mapToG2(element: readonly bigint[]): G2Point {
  // Declared as coordinates, in fact a point; of either, these two are what counts.
  const { x, y } = G2.mapToCurve([...element]);
  return G2.Point.fromAffine({ x, y });
}

/**
 * Hashes a message as its signers did (suite BLS12381G2_XMD:SHA-256_SSWU_RO_). Clearing the cofactor of both points and adding them, as the
 * precompiles do, gives the same as adding them and clearing it once.
 * @param dst the domain-separation tag; that of the chain's signatures if not given.
 * @example
 * const { elements, point } = hashMessage(receiptRoot(receipt));
 */
export function hashMessage(message: Uint8Array, dst: string = DST): HashedMessage {
  const options = { DST: dst, expand: "xmd", hash: sha256, p: Fp.ORDER, m: 2, k: 128 } as const;
  const [first = [], second = []] = hash_to_field(message, 2, options);
  const bytes = (element: readonly bigint[]): Uint8Array => concatBytes(...element.map(fieldBytes));
  const [a, b] = [mapToG2(first), mapToG2(second)];
  return {
    elements: [bytes(first), bytes(second)],
    mapped: [encodeG2(a), encodeG2(b)],
    point: encodeG2(a.add(b)),
  };
}

/** The input of G1MSM for the plain sum of points: each 128 bytes, with the scalar 1. */
export function sumInput(points: readonly Uint8Array[]): Uint8Array {
  const input = new Uint8Array(points.length * TERM_BYTES);
  for (const [index, point] of points.entries()) {
    input.set(point, index * TERM_BYTES);
    input[(index + 1) * TERM_BYTES - 1] = 1;
  }
  return input;
}

/** The negated generator of G1, 128 bytes. */
export function negatedGenerator(): Uint8Array {
  return encodeG1(G1.Point.BASE.negate());
}
