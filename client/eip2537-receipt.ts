import { bls12_381 } from "@noble/curves/bls12-381.js";
import { concatBytes, toHex } from "../chain/bytes.ts";
import { type Receipt, receiptRoot } from "../modules/inference/receipt.ts";
import { DST } from "./bls.ts";
import { encodeG1, encodeG2, hashMessage, negatedGenerator, sumInput } from "./eip2537.ts";
import { type TrustedCommittee, verifyReceipt } from "./verify-receipt.ts";

const { G1, G2 } = bls12_381;

/** The addresses of the precompiles that a receipt takes (EIP-2537, Prague). */
export const PRECOMPILE = {
  G1ADD: "0x000000000000000000000000000000000000000b",
  G1MSM: "0x000000000000000000000000000000000000000c",
  G2ADD: "0x000000000000000000000000000000000000000d",
  PAIRING_CHECK: "0x000000000000000000000000000000000000000f",
  MAP_FP2_TO_G2: "0x0000000000000000000000000000000000000011",
} as const;
export type PrecompileName = keyof typeof PRECOMPILE;

/** One call of a precompile and what it answers. */
export interface PrecompileCall {
  readonly name: PrecompileName;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

/** A receipt in the form that a contract checks with the precompiles of EIP-2537. Points of G1 have 128 bytes, of G2 256. */
export interface Eip2537Receipt {
  /** 32 bytes: what was signed. A contract that relies on the job and its output computes it from them. */
  readonly message: Uint8Array;
  /** The domain-separation tag that the message is hashed with. */
  readonly dst: string;
  /** hash_to_field of the message, 128 bytes each. */
  readonly elements: readonly [Uint8Array, Uint8Array];
  /** The message's point in G2. */
  readonly messagePoint: Uint8Array;
  /** The signers' indexes in the committee, ascending, and their keys in that order. */
  readonly signers: readonly number[];
  readonly keys: readonly Uint8Array[];
  readonly aggregateKey: Uint8Array;
  readonly signature: Uint8Array;
  /** e(aggregate key, message's point) · e(−generator, signature) = 1: two pairs, 768 bytes. */
  readonly pairing: Uint8Array;
  /** All calls in order; each input is made of what came before. */
  readonly calls: readonly PrecompileCall[];
}

/** 32 bytes. */
const ONE: Uint8Array = new Uint8Array(32).fill(1, 31);

/**
 * Puts a receipt into the form of EIP-2537, after checking it.
 * @throws Error for a receipt that does not verify: what a contract refuses is not made.
 * @example
 * const { pairing } = eip2537Receipt(receipt, parseTrustedSet(set));
 * // eth_call to PRECOMPILE.PAIRING_CHECK with `pairing` answers 32 bytes, the last of them 1.
 */
export function eip2537Receipt(receipt: Receipt, trusted: TrustedCommittee): Eip2537Receipt {
  const verdict = verifyReceipt(receipt, trusted);
  if (!verdict.valid) throw new Error(`the receipt does not verify: ${verdict.reason}`);
  const message = receiptRoot(receipt);
  const { elements, mapped, point: messagePoint } = hashMessage(message);
  const signers = trusted.validators.flatMap((_, index) => (receipt.signers.get(index) ? [index] : []));
  const signed = trusted.validators.filter((_, index) => receipt.signers.get(index));
  const points = signed.map(({ voteKey }) => G1.Point.fromBytes(voteKey));
  const keys = points.map(encodeG1);
  const aggregateKey = encodeG1(points.reduce((sum, point) => sum.add(point), G1.Point.ZERO));
  const signature = encodeG2(G2.Point.fromBytes(receipt.signature));
  const pairing = concatBytes(aggregateKey, messagePoint, negatedGenerator(), signature);
  const calls: PrecompileCall[] = [
    { name: "MAP_FP2_TO_G2", input: elements[0], output: mapped[0] },
    { name: "MAP_FP2_TO_G2", input: elements[1], output: mapped[1] },
    { name: "G2ADD", input: concatBytes(...mapped), output: messagePoint },
    { name: "G1MSM", input: sumInput(keys), output: aggregateKey },
    { name: "PAIRING_CHECK", input: pairing, output: ONE },
  ];
  return { message, dst: DST, elements, messagePoint, signers, keys, aggregateKey, signature, pairing, calls };
}

const hex = (bytes: Uint8Array): string => `0x${toHex(bytes)}`;

/** As JSON for Ethereum's tools: bytes as `0x` and hex. */
export function eip2537ToJson(exported: Eip2537Receipt) {
  const { message, dst, elements, messagePoint, signers, keys, aggregateKey, signature, pairing, calls } = exported;
  return {
    message: hex(message),
    dst,
    elements: elements.map(hex),
    messagePoint: hex(messagePoint),
    signers,
    keys: keys.map(hex),
    aggregateKey: hex(aggregateKey),
    signature: hex(signature),
    pairing: hex(pairing),
    calls: calls.map(({ name, input, output }) => ({
      name,
      to: PRECOMPILE[name],
      input: hex(input),
      output: hex(output),
    })),
  };
}
