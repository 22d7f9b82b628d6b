import { bls12_381 } from "@noble/curves/bls12-381.js";
import { fromHex, toHex } from "../../chain/bytes.ts";
import type { PrecompileName } from "../../client/eip2537-receipt.ts";

/**
 * The precompiles of EIP-2537 as its text describes them, from bytes to bytes. A call that fails takes all its gas in Ethereum: here
 * it throws. Written apart from `client/eip2537.ts`, of which it uses nothing.
 */

const { G1, G2, fields } = bls12_381;
type Point1 = ReturnType<typeof G1.Point.fromBytes>;
type Point2 = ReturnType<typeof G2.Point.fromBytes>;
const P = fields.Fp.ORDER;

function split(input: Uint8Array, size: number): Uint8Array[] {
  if (input.length === 0 || input.length % size !== 0) throw new Error("invalid input length");
  return Array.from({ length: input.length / size }, (_, i) => input.subarray(i * size, (i + 1) * size));
}

function exactly(input: Uint8Array, size: number, count: number): Uint8Array[] {
  if (input.length !== size * count) throw new Error("invalid input length");
  return split(input, size);
}

const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${toHex(bytes)}`);

function fieldElement(bytes: Uint8Array): bigint {
  if (bytes.subarray(0, 16).some((byte) => byte !== 0)) throw new Error("invalid field element top bytes");
  const value = toBigInt(bytes);
  if (value >= P) throw new Error("invalid fp.Element encoding");
  return value;
}

const elements = (bytes: Uint8Array): bigint[] => split(bytes, 64).map(fieldElement);

function checked<T extends { assertValidity(): void; isTorsionFree(): boolean }>(
  isOnCurve: boolean,
  point: T,
  inSubgroup: boolean,
): T {
  if (!isOnCurve) throw new Error("invalid point: not on curve");
  if (inSubgroup && !point.isTorsionFree()) throw new Error("invalid point: subgroup check failed");
  return point;
}

/** y² = x³ + 4. Addition takes points outside the subgroup; everything else does not. */
function point1(bytes: Uint8Array, inSubgroup: boolean): Point1 {
  const [x = 0n, y = 0n] = elements(bytes);
  if (x === 0n && y === 0n) return G1.Point.ZERO;
  const isOnCurve = (y * y - x * x * x - 4n) % P === 0n;
  return checked(isOnCurve, G1.Point.fromAffine({ x, y }), inSubgroup);
}

/** y² = x³ + 4(1 + i). */
function point2(bytes: Uint8Array, inSubgroup: boolean): Point2 {
  const [x0 = 0n, x1 = 0n, y0 = 0n, y1 = 0n] = elements(bytes);
  if (x0 === 0n && x1 === 0n && y0 === 0n && y1 === 0n) return G2.Point.ZERO;
  const { Fp2 } = fields;
  const [x, y] = [Fp2.fromBigTuple([x0, x1]), Fp2.fromBigTuple([y0, y1])];
  const right = Fp2.add(Fp2.mul(Fp2.sqr(x), x), Fp2.fromBigTuple([4n, 4n]));
  return checked(Fp2.eql(Fp2.sqr(y), right), G2.Point.fromAffine({ x, y }), inSubgroup);
}

const fromElements = (values: readonly bigint[]): Uint8Array =>
  fromHex(values.map((value) => value.toString(16).padStart(128, "0")).join(""));

function out1(point: Point1): Uint8Array {
  if (point.is0()) return new Uint8Array(128);
  const { x, y } = point.toAffine();
  return fromElements([x, y]);
}

function out2(point: Point2): Uint8Array {
  if (point.is0()) return new Uint8Array(256);
  const { x, y } = point.toAffine();
  return fromElements([x.c0, x.c1, y.c0, y.c1]);
}

export const precompiles: Readonly<Record<PrecompileName, (input: Uint8Array) => Uint8Array>> = {
  G1ADD(input) {
    const [a, b] = exactly(input, 128, 2).map((bytes) => point1(bytes, false));
    return out1((a ?? G1.Point.ZERO).add(b ?? G1.Point.ZERO));
  },
  G2ADD(input) {
    const [a, b] = exactly(input, 256, 2).map((bytes) => point2(bytes, false));
    return out2((a ?? G2.Point.ZERO).add(b ?? G2.Point.ZERO));
  },
  G1MSM(input) {
    const terms = split(input, 160).map((term) => {
      const scalar = toBigInt(term.subarray(128)) % fields.Fr.ORDER;
      const point = point1(term.subarray(0, 128), true);
      return scalar === 0n ? G1.Point.ZERO : point.multiply(scalar);
    });
    return out1(terms.reduce((sum, term) => sum.add(term), G1.Point.ZERO));
  },
  MAP_FP2_TO_G2(input) {
    const element = exactly(input, 64, 2).map(fieldElement);
    const { x, y } = G2.mapToCurve(element);
    return out2(G2.Point.fromAffine({ x, y }));
  },
  PAIRING_CHECK(input) {
    const pairs = split(input, 384).map((pair) => ({
      g1: point1(pair.subarray(0, 128), true),
      g2: point2(pair.subarray(128), true),
    }));
    const finite = pairs.filter(({ g1, g2 }) => !g1.is0() && !g2.is0());
    const result = finite.length === 0 ? fields.Fp12.ONE : bls12_381.pairingBatch(finite);
    const output = new Uint8Array(32);
    output[31] = fields.Fp12.eql(result, fields.Fp12.ONE) ? 1 : 0;
    return output;
  },
};
