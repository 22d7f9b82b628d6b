import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type Bls, blsKeyFromSeed, blsSecretKey, createBls, type SignatureSet } from "../../chain/crypto/bls.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";

const plain = createBls();
const keys = [1, 2, 3].map((byte) => blsSecretKey(blsKeyFromSeed(new Uint8Array(32).fill(byte))));
const messages = [10, 11].map((byte) => new Uint8Array(32).fill(byte));

function setOf(key: number, message: number, signedBy = key): SignatureSet {
  const by = keys[signedBy] as (typeof keys)[0];
  const signed = messages[message] as Uint8Array;
  return { publicKey: (keys[key] as typeof by).publicKey, message: signed, signature: by.sign(signed) };
}

/** The library with its pairings counted. */
function counted() {
  const calls = { pairings: 0 };
  const bls: Bls = {
    ...plain,
    verify(set) {
      calls.pairings++;
      return plain.verify(set);
    },
    verifyBatch(sets) {
      if (sets.length > 0) calls.pairings++;
      return plain.verifyBatch(sets);
    },
    verifyBatchAside(sets) {
      if (sets.length > 0) calls.pairings++;
      return plain.verifyBatchAside(sets);
    },
    verifyAggregate(...args) {
      calls.pairings++;
      return plain.verifyAggregate(...args);
    },
  };
  return { bls: rememberingBls(bls), calls };
}

test("what was verified on another thread is known too, and what is known to be wrong is not asked again", async () => {
  const { bls, calls } = counted();
  expect(await bls.verifyBatchAside([setOf(0, 0), setOf(1, 0)])).toBe(true);
  expect(bls.verify(setOf(1, 0))).toBe(true);
  expect(await bls.verifyBatchAside([setOf(0, 0), setOf(1, 0)])).toBe(true);
  expect(await bls.verifyBatchAside([setOf(0, 0, 2), setOf(2, 0)])).toBe(false);
  expect(calls.pairings).toBe(1);
});

test("what was verified is known, alone, in batches and as part of an aggregate", () => {
  const { bls, calls } = counted();
  const sets = [setOf(0, 0), setOf(1, 0)];
  expect(bls.verifyBatch(sets)).toBe(true);
  expect(calls.pairings).toBe(1);
  expect(sets.every((set) => bls.verify(set))).toBe(true);
  expect(bls.verifyBatch(sets)).toBe(true);
  const signature = bls.aggregate(sets.map((set) => set.signature));
  const publicKeys = sets.map((set) => set.publicKey);
  expect(bls.verifyAggregate(publicKeys, sets[0]?.message ?? new Uint8Array(), signature)).toBe(true);
  expect(calls.pairings).toBe(1);
  expect(bls.verifyBatch([...sets, setOf(2, 0)])).toBe(true);
  expect(calls.pairings).toBe(2);
});

test("an aggregate that was verified in a batch is known, though its parts are not", () => {
  const { bls, calls } = counted();
  const parts = [setOf(0, 0), setOf(1, 0)];
  const publicKeys = parts.map((set) => set.publicKey);
  const message = messages[0] as Uint8Array;
  const publicKey = bls.aggregateKeys(publicKeys) ?? new Uint8Array();
  const signature = plain.aggregate(parts.map((set) => set.signature));
  expect(bls.verifyBatch([{ publicKey, message, signature }, setOf(2, 1)])).toBe(true);
  expect(bls.verifyAggregate(publicKeys, message, signature)).toBe(true);
  expect(calls.pairings).toBe(1);
  expect(parts.map((set) => bls.verify(set))).toEqual([true, true]);
  expect(calls.pairings).toBe(3);
});

test("another signature than the known one is wrong without a pairing, and does not displace it", () => {
  const { bls, calls } = counted();
  bls.trust(setOf(0, 0));
  expect(bls.verify(setOf(0, 0, 1))).toBe(false);
  expect(bls.verifyBatch([setOf(1, 1), setOf(0, 0, 1)])).toBe(false);
  expect(bls.verify(setOf(0, 0))).toBe(true);
  expect(calls.pairings).toBe(0);
});

test("nothing is learnt from a batch with a wrong signature in it", () => {
  const { bls, calls } = counted();
  expect(bls.verifyBatch([setOf(0, 0), setOf(1, 0, 2)])).toBe(false);
  expect(bls.verify(setOf(1, 0, 2))).toBe(false);
  expect(bls.verify(setOf(0, 0))).toBe(true);
  expect(calls.pairings).toBe(3);
});

test("known signatures of keys that cancel out are no aggregate", () => {
  const { bls } = counted();
  const { publicKey, message, signature } = setOf(0, 0);
  const opposite = {
    publicKey: bls12_381.G1.Point.fromBytes(publicKey).negate().toBytes(),
    signature: bls12_381.G2.Point.fromBytes(signature).negate().toBytes(),
    message,
  };
  expect(bls.verifyBatch([{ publicKey, message, signature }, opposite])).toBe(true);
  const infinity = Uint8Array.from([0xc0, ...new Uint8Array(95)]);
  expect(bls.aggregate([signature, opposite.signature])).toEqual(infinity);
  expect(bls.verifyAggregate([publicKey, opposite.publicKey], message, infinity)).toBe(false);
  expect(bls.verifyAggregate([], message, infinity)).toBe(false);
});

test("the oldest are forgotten, and then verified anew", () => {
  const { bls, calls } = counted();
  bls.trust(setOf(0, 0));
  const { publicKey, signature } = setOf(0, 0);
  for (let i = 0; i < 4096; i++) {
    const message = new Uint8Array(32);
    new DataView(message.buffer).setUint32(0, i);
    bls.trust({ publicKey, message, signature });
  }
  expect(bls.verify(setOf(0, 0))).toBe(true);
  expect(calls.pairings).toBe(1);
});

const signer = fc.nat({ max: 2 });
const query = fc.record({ message: fc.nat({ max: 1 }), claims: fc.array(fc.tuple(signer, signer), { maxLength: 3 }) });

test("whatever was asked before, the answers are those of the library", () => {
  fc.assert(
    fc.property(fc.array(query, { maxLength: 6 }), (queries) => {
      const { bls } = counted();
      for (const { message, claims } of queries) {
        const sets = claims.map(([key, by]) => setOf(key, message, by));
        expect(bls.verifyBatch(sets)).toBe(plain.verifyBatch(sets));
        for (const set of sets) expect(bls.verify(set)).toBe(plain.verify(set));
        if (sets.length === 0) continue;
        const args = [
          sets.map(({ publicKey }) => publicKey),
          messages[message] as Uint8Array,
          plain.aggregate(sets.map(({ signature }) => signature)),
        ] as const;
        expect(bls.verifyAggregate(...args)).toBe(plain.verifyAggregate(...args));
      }
    }),
    { numRuns: 30 },
  );
});
