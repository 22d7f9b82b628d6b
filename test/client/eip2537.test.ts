import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { concatBytes, fromHex, toHex, utf8 } from "../../chain/bytes.ts";
import { DST } from "../../client/bls.ts";
import { encodeG1, encodeG2, G1_BYTES, G2_BYTES, hashMessage, sumInput } from "../../client/eip2537.ts";
import { eip2537Receipt, eip2537ToJson, type PrecompileName } from "../../client/eip2537-receipt.ts";
import { parseTrustedSet } from "../../client/verify-receipt.ts";
import { receiptRoot } from "../../modules/inference/receipt.ts";
import rfc9380 from "../fixtures/eip2537/hash-to-curve.json" with { type: "json" };
import published from "../fixtures/eip2537/precompiles.json" with { type: "json" };
import { precompiles } from "./precompiles.ts";
import { bytes, committeeOf, signedReceipt, trustedJson } from "./receipt-fixture.ts";

const { G1, G2 } = bls12_381;
const ONE = `${"00".repeat(31)}01`;
const ZERO = "00".repeat(32);

/** A field element out of a standard's 48 bytes. */
const padded = (hex: string): string => "00".repeat(16) + hex;

describe("the emulated precompiles are those of EIP-2537", () => {
  test.each(published.valid)("$precompile $name", ({ precompile, input, expected }) => {
    expect(toHex(precompiles[precompile as PrecompileName](fromHex(input)))).toBe(expected);
  });
  test.each(published.invalid)("$precompile $name is refused", ({ precompile, input, expectedError }) => {
    expect(() => precompiles[precompile as PrecompileName](fromHex(input))).toThrow(expectedError);
  });
  test("a point outside the subgroup is taken by no pairing", () => {
    // x = 4 is the first on the curve, of another order.
    const y = bls12_381.fields.Fp.sqrt(68n);
    const input = concatBytes(encodeG1(G1.Point.fromAffine({ x: 4n, y })), encodeG2(G2.Point.BASE));
    expect(() => precompiles.PAIRING_CHECK(input)).toThrow("subgroup check failed");
    expect(() => precompiles.G1ADD(concatBytes(input.subarray(0, 128), new Uint8Array(128)))).not.toThrow();
  });
});

describe("hash to curve", () => {
  test.each(rfc9380.vectors)("RFC 9380 J.10.1: $msg", ({ msg, u, P }) => {
    const { elements, mapped, point } = hashMessage(utf8(msg), rfc9380.dst);
    expect(toHex(point)).toBe(P.map(padded).join(""));
    if (u !== undefined) expect(elements.map(toHex).join("")).toBe(u.map(padded).join(""));
    expect(elements.map((element) => toHex(precompiles.MAP_FP2_TO_G2(element)))).toEqual(mapped.map(toHex));
    expect(toHex(precompiles.G2ADD(concatBytes(...mapped)))).toBe(toHex(point));
  });

  test("any message, with the chain's own tag", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (message) => {
        const { point } = hashMessage(message);
        expect(toHex(point)).toBe(toHex(encodeG2(bls12_381.longSignatures.hash(message, DST))));
      }),
      { numRuns: 5 },
    );
    expect(DST).toBe("BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_");
  });
});

test("infinity is all zeros", () => {
  expect(encodeG1(G1.Point.ZERO)).toEqual(new Uint8Array(G1_BYTES));
  expect(encodeG2(G2.Point.ZERO)).toEqual(new Uint8Array(G2_BYTES));
});

describe("a receipt", () => {
  const committee = committeeOf([40n, 30n, 20n, 10n]);
  const trusted = parseTrustedSet(trustedJson(committee));
  const receipt = signedReceipt(committee, [0, 1, 3]);
  const exported = eip2537Receipt(receipt, trusted);
  const { aggregateKey, messagePoint, signature, keys, pairing } = exported;

  /** What a contract does that has the committee's keys, and is sent the bitfield, the signature and the message. */
  function contract(signers: readonly number[], message: Uint8Array, sent: Uint8Array): string {
    const all = eip2537Receipt(signedReceipt(committee, [0, 1, 2, 3]), trusted).keys;
    const key = precompiles.G1MSM(sumInput(signers.map((index) => all[index] ?? new Uint8Array(G1_BYTES))));
    const { elements } = hashMessage(message);
    const point = precompiles.G2ADD(concatBytes(...elements.map(precompiles.MAP_FP2_TO_G2)));
    return toHex(precompiles.PAIRING_CHECK(concatBytes(key, point, pairing.subarray(384, 512), sent)));
  }

  test("passes the pairing check of a contract that takes nothing for granted", () => {
    expect(exported.signers).toEqual([0, 1, 3]);
    expect(toHex(precompiles.PAIRING_CHECK(pairing))).toBe(ONE);
    expect(contract([0, 1, 3], receiptRoot(receipt), signature)).toBe(ONE);
  });

  test("lists each call with what it answers", () => {
    for (const { name, input, output } of exported.calls) expect(toHex(precompiles[name](input))).toBe(toHex(output));
    expect(exported.calls.map(({ input }) => input.length)).toEqual([128, 128, 512, 3 * 160, 768]);
    const added = keys.reduce((sum, key) => precompiles.G1ADD(concatBytes(sum, key)), new Uint8Array(G1_BYTES));
    expect(added).toEqual(aggregateKey);
  });

  test("as JSON holds the same, for Ethereum's tools", () => {
    const json = eip2537ToJson(exported);
    expect(json.pairing).toBe(`0x${toHex(pairing)}`);
    expect(json.calls[4]).toEqual({
      name: "PAIRING_CHECK",
      to: "0x000000000000000000000000000000000000000f",
      input: json.pairing,
      output: `0x${ONE}`,
    });
    expect(JSON.parse(JSON.stringify(json))).toEqual(json);
  });

  test("with another bitfield, message or signature gives 0", () => {
    const message = receiptRoot(receipt);
    expect(contract([0, 1], message, signature)).toBe(ZERO);
    expect(contract([0, 1, 2, 3], message, signature)).toBe(ZERO);
    expect(contract([0, 1, 2], message, signature)).toBe(ZERO);
    const flipped = Uint8Array.from(message);
    flipped[31] = (flipped[31] ?? 0) ^ 1;
    expect(contract([0, 1, 3], flipped, signature)).toBe(ZERO);
    expect(contract([0, 1, 3], message, messagePoint)).toBe(ZERO);
  });

  test("with any flipped bit of the pairing's input gives 0 or is refused", () => {
    fc.assert(
      fc.property(fc.nat(pairing.length - 1), fc.nat(7), (at, bit) => {
        const changed = Uint8Array.from(pairing);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        let answer: string;
        try {
          answer = toHex(precompiles.PAIRING_CHECK(changed));
        } catch (error) {
          answer = (error as Error).message;
        }
        expect(answer).not.toBe(ONE);
        expect(answer).toMatch(/^0+$|^invalid /);
      }),
      { numRuns: 50 },
    );
  });

  test("that does not verify is not exported", () => {
    const refused = (change: Partial<typeof receipt>) => () => eip2537Receipt({ ...receipt, ...change }, trusted);
    expect(refused({ outputRoot: bytes(32, 6) })).toThrow("does not verify: the signature is not the signers'");
    expect(refused({ signers: signedReceipt(committee, [0, 1]).signers })).toThrow("does not verify");
    expect(refused({ committeeRoot: bytes(32, 6) })).toThrow("does not verify: the receipt's committee is");
  });
});
