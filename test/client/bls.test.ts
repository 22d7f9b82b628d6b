import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { verifyAggregate } from "../../client/bls.ts";

const bls = createBls();
const keys = [1, 2, 3, 4].map((n) => blsSecretKey(blsKeyFromSeed(new Uint8Array(32).fill(n))));
const message = new Uint8Array(32).fill(9);
const signature = bls.aggregate(keys.map((key) => key.sign(message)));
const publicKeys = keys.map((key) => key.publicKey);
const INFINITY_G1 = Uint8Array.of(0xc0, ...new Uint8Array(47));
const INFINITY_G2 = Uint8Array.of(0xc0, ...new Uint8Array(95));

describe("verifyAggregate", () => {
  test("accepts what the native library aggregated", () => {
    expect(verifyAggregate(publicKeys, message, signature)).toBe(true);
    expect(bls.verifyAggregate(publicKeys, message, signature)).toBe(true);
  });

  test.each<[string, readonly Uint8Array[], Uint8Array, Uint8Array]>([
    ["a signer too few", publicKeys.slice(1), message, signature],
    ["a signer too many", [...publicKeys, ...publicKeys.slice(0, 1)], message, signature],
    ["another message", publicKeys, new Uint8Array(32), signature],
    ["no signers", [], message, signature],
    ["infinity as a key", [INFINITY_G1], message, signature],
    ["infinity as key and signature", [INFINITY_G1], message, INFINITY_G2],
    ["infinity as a signature", publicKeys, message, INFINITY_G2],
    ["a key of the wrong length", [new Uint8Array(47)], message, signature],
    ["a signature of the wrong length", publicKeys, message, new Uint8Array(95)],
  ])("refuses %s, as the native library does", (_, by, over, by96) => {
    expect(verifyAggregate(by, over, by96)).toBe(false);
    expect(bls.verifyAggregate(by, over, by96)).toBe(false);
  });

  test("agrees with the native library on mutated signatures", () => {
    const mutation = fc.tuple(fc.nat(95), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(mutation, ([at, flip]) => {
        const mutated = Uint8Array.from(signature);
        mutated[at] = (mutated[at] ?? 0) ^ flip;
        const native = bls.verifyAggregate(publicKeys, message, mutated);
        expect(native).toBe(false);
        expect(verifyAggregate(publicKeys, message, mutated)).toBe(native);
      }),
      { numRuns: 40 },
    );
  });
});
