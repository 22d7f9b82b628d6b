import { bls12_381 } from "@noble/curves/bls12-381.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { blsKeyFromSeed, blsSecretKey, createBls, type SignatureSet } from "../../chain/crypto/bls.ts";

const bls = createBls();
const filled = (byte: number) => new Uint8Array(32).fill(byte);

/** Keys and signatures of the Ethereum consensus tests (bls12-381-tests: sign, fast_aggregate_verify). */
const SECRETS = [
  "263dbd792f5b1be47ed85f8938c0f29586af0d3ac7b977f21c278fe1462040e3",
  "47b8192d77bf871b62e87859d653922725724a5c031afeabc60bcef5ff665138",
  "328388aff0d4a5b7dc9205abd374e7e98f3cd9f3418edb4eafda5fb16473d216",
];
const PUBLIC_KEYS = [
  "a491d1b0ecd9bb917989f0e74f0dea0422eac4a873e5e2644f368dffb9a6e20fd6e10c1b77654d067c0618f6e5a7f79a",
  "b301803f8b5ac4a1133581fc676dfedc60d891dd5fa99028805e5ea5b08d3491af75d0707adab3b70c6a6a580217bf81",
  "b53d21a4cfd562c469cc81514d4ce5a6b577d8403d32a394dc265dd190b47fa9f829fdd7963afdf972e5e77854051f6f",
];
const SIGNATURES: readonly (readonly [number, string])[] = [
  [
    0x00,
    "b6ed936746e01f8ecf281f020953fbf1f01debd5657c4a383940b020b26507f6076334f91e2366c96e9ab279fb5158090352ea1c5b0c9274504f4f0e7053af24802e51e4568d164fe986834f41e55c8e850ce1f98458c0cfc9ab380b55285a55",
  ],
  [
    0x56,
    "882730e5d03f6b42c3abc26d3372625034e1d871b65a8a6b900a56dae22da98abbe1b68f85e49fe7652a55ec3d0591c20767677e33e5cbb1207315c41a9ac03be39c2e7668edc043d6cb1d9fd93033caa8a1c5b0e84bedaeb6c64972503a43eb",
  ],
];
const AGGREGATE_OF_AB =
  "9712c3edd73a209c742b8250759db12549b3eaf43b5ca61376d9f30e2747dbcf842d8b2ac0901d2a093713e20284a7670fcf6954e9ab93de991bb9b313e664785a075fc285806fa5224c82bde146561b446ccfc706a64b8579513cfc4ff1d930";

const secrets = SECRETS.map((hex) => blsSecretKey(fromHex(hex)));
const publicKeys = PUBLIC_KEYS.map(fromHex);
const [first, second] = secrets as [(typeof secrets)[0], (typeof secrets)[0]];

/** On the curve, outside the subgroup of order r. */
const G1_OUTSIDE = fromHex("8123456789abcdef".padEnd(96, "0123456789abcdef"));
const G2_OUTSIDE = fromHex("8123456789abcdef".padEnd(192, "0123456789abcdef"));
const G1_INFINITY = Uint8Array.from([0xc0, ...new Uint8Array(47)]);
const G2_INFINITY = Uint8Array.from([0xc0, ...new Uint8Array(95)]);

test("public keys of known secrets", () => {
  expect(secrets.map((secret) => toHex(secret.publicKey))).toEqual(PUBLIC_KEYS);
});

test.each(SIGNATURES)("known signature over 32 bytes of %d", (byte, signature) => {
  expect(toHex(first.sign(filled(byte)))).toBe(signature);
  const set = { publicKey: first.publicKey, message: filled(byte), signature: fromHex(signature) };
  expect(bls.verify(set)).toBe(true);
  expect(bls.verify({ ...set, message: filled(byte + 1) })).toBe(false);
  expect(bls.verify({ ...set, publicKey: second.publicKey })).toBe(false);
});

test("known aggregate of three keys over one message", () => {
  const message = filled(0xab);
  const aggregate = bls.aggregate(secrets.map((secret) => secret.sign(message)));
  expect(toHex(aggregate)).toBe(AGGREGATE_OF_AB);
  expect(bls.verifyAggregate(publicKeys, message, aggregate)).toBe(true);
  expect(bls.verifyAggregate(publicKeys.slice(1), message, aggregate)).toBe(false);
  expect(bls.verifyAggregate([...publicKeys, first.publicKey], message, aggregate)).toBe(false);
  expect(bls.verifyAggregate(publicKeys, filled(0xac), aggregate)).toBe(false);
});

test("no keys verify nothing, not even the signature at infinity", () => {
  expect(bls.verifyAggregate([], filled(0), G2_INFINITY)).toBe(false);
  expect(bls.verifyAggregate([G1_INFINITY], filled(0), G2_INFINITY)).toBe(false);
  expect(bls.verify({ publicKey: G1_INFINITY, message: filled(0), signature: G2_INFINITY })).toBe(false);
  expect(bls.verify({ publicKey: first.publicKey, message: filled(0), signature: G2_INFINITY })).toBe(false);
});

test("a pair of keys that cancel out signs nothing by silence", () => {
  const negated = bls12_381.G1.Point.fromBytes(first.publicKey).negate().toBytes();
  expect(bls.verifyAggregate([first.publicKey, negated], filled(0), G2_INFINITY)).toBe(false);
});

test("points outside the subgroup are on the curve and refused", () => {
  expect(() => bls12_381.G1.Point.fromBytes(G1_OUTSIDE)).toThrow("not in prime-order subgroup");
  expect(() => bls12_381.G2.Point.fromBytes(G2_OUTSIDE)).toThrow("not in prime-order subgroup");
  const signature = first.sign(filled(0));
  expect(bls.verify({ publicKey: G1_OUTSIDE, message: filled(0), signature })).toBe(false);
  expect(bls.verify({ publicKey: first.publicKey, message: filled(0), signature: G2_OUTSIDE })).toBe(false);
  expect(bls.verifyAggregate([G1_OUTSIDE], filled(0), signature)).toBe(false);
  expect(bls.verifyAggregate([first.publicKey], filled(0), G2_OUTSIDE)).toBe(false);
  expect(bls.verifyBatch([{ publicKey: first.publicKey, message: filled(0), signature: G2_OUTSIDE }])).toBe(false);
});

/**
 * A point of the curve whose order divides the cofactor, so that a pairing does not see it: added to a valid key or
 * signature it gives another one that only the subgroup check can refuse.
 */
function torsion<P extends { add(other: P): P; multiplyUnsafe(scalar: bigint): P }>(outside: P): P {
  const order = bls12_381.fields.Fr.ORDER;
  return outside.multiplyUnsafe(order - 1n).add(outside);
}

/** The compressed form, which noble writes for members of the subgroup only: flags, then x, greatest part first. */
function compress(x: readonly bigint[], y: readonly bigint[]): Uint8Array {
  const { Fp } = bls12_381.fields;
  const bytes = Uint8Array.from(x.flatMap((part) => [...Fp.toBytes(part)]));
  const decisive = y.find((part) => part !== 0n) ?? 0n;
  bytes[0] = (bytes[0] as number) | 0x80 | (decisive > (Fp.ORDER - 1n) / 2n ? 0x20 : 0);
  return bytes;
}

test("the compressed forms made here are those of the libraries", () => {
  const g1 = bls12_381.G1.Point.fromBytes(first.publicKey).toAffine();
  expect(compress([g1.x], [g1.y])).toEqual(first.publicKey);
  const signature = first.sign(filled(1));
  const g2 = bls12_381.G2.Point.fromBytes(signature).toAffine();
  expect(compress([g2.x.c1, g2.x.c0], [g2.y.c1, g2.y.c0])).toEqual(signature);
});

function g1Torsion() {
  const { Fp } = bls12_381.fields;
  const x = Fp.fromBytes(Uint8Array.from(G1_OUTSIDE, (byte, i) => (i === 0 ? byte & 0x1f : byte)));
  const y = Fp.sqrt(Fp.add(Fp.mul(Fp.sqr(x), x), 4n));
  return torsion(bls12_381.G1.Point.fromAffine({ x, y }));
}

function g2Torsion() {
  const { Fp, Fp2 } = bls12_381.fields;
  const c1 = Fp.fromBytes(Uint8Array.from(G2_OUTSIDE.subarray(0, 48), (byte, i) => (i === 0 ? byte & 0x1f : byte)));
  const x = { c0: Fp.fromBytes(G2_OUTSIDE.subarray(48)), c1 };
  const y = Fp2.sqrt(Fp2.add(Fp2.mul(Fp2.sqr(x), x), { c0: 4n, c1: 4n }));
  return torsion(bls12_381.G2.Point.fromAffine({ x, y }));
}

test("a valid key or signature moved out of the subgroup is refused, though its pairing is the same", () => {
  const message = filled(9);
  const signature = first.sign(message);
  const g2 = bls12_381.G2.Point.fromBytes(signature).add(g2Torsion()).toAffine();
  const g1 = bls12_381.G1.Point.fromBytes(first.publicKey).add(g1Torsion()).toAffine();
  const movedSignature = compress([g2.x.c1, g2.x.c0], [g2.y.c1, g2.y.c0]);
  const movedKey = compress([g1.x], [g1.y]);
  expect(movedSignature).not.toEqual(signature);
  expect(movedKey).not.toEqual(first.publicKey);
  expect(bls.verify({ publicKey: first.publicKey, message, signature: movedSignature })).toBe(false);
  expect(bls.verify({ publicKey: movedKey, message, signature })).toBe(false);
  expect(bls.verifyAggregate([first.publicKey], message, movedSignature)).toBe(false);
  expect(bls.verifyAggregate([movedKey], message, signature)).toBe(false);
  expect(bls.verifyBatch([{ publicKey: movedKey, message, signature }])).toBe(false);
  // In company, over the same message and over different ones: batches are checked on other paths than single ones.
  for (const other of [message, filled(10)]) {
    const honest = { publicKey: second.publicKey, message: other, signature: second.sign(other) };
    expect(bls.verifyBatch([honest, { publicKey: first.publicKey, message, signature }])).toBe(true);
    for (const moved of [
      { publicKey: first.publicKey, message, signature: movedSignature },
      { publicKey: movedKey, message, signature },
      { publicKey: G1_INFINITY, message, signature: G2_INFINITY },
      { publicKey: first.publicKey, message, signature: G2_INFINITY },
      { publicKey: first.publicKey, message, signature: honest.signature },
    ]) {
      expect(bls.verifyBatch([honest, moved])).toBe(false);
      expect(bls.verifyBatch([moved, honest])).toBe(false);
    }
  }
});

test.each<[string, Uint8Array]>([
  ["empty", new Uint8Array()],
  ["95 bytes", first.sign(filled(0)).subarray(1)],
  ["97 bytes", Uint8Array.from([...first.sign(filled(0)), 0])],
  ["compression flag off", Uint8Array.from(first.sign(filled(0)), (byte, i) => (i === 0 ? byte & 0x7f : byte))],
  ["other y", Uint8Array.from(first.sign(filled(0)), (byte, i) => (i === 0 ? byte ^ 0x20 : byte))],
  ["infinity with other bits", Uint8Array.from(G2_INFINITY, (byte, i) => (i === 95 ? 1 : byte))],
  ["all ones", new Uint8Array(96).fill(0xff)],
  ["uncompressed", bls12_381.G2.Point.fromBytes(first.sign(filled(0))).toBytes(false)],
])("refused signature: %s", (_, signature) => {
  expect(bls.verify({ publicKey: first.publicKey, message: filled(0), signature })).toBe(false);
  expect(bls.verifyAggregate([first.publicKey], filled(0), signature)).toBe(false);
});

test("uncompressed and damaged keys are refused", () => {
  const message = filled(0);
  const signature = first.sign(message);
  const uncompressed = bls12_381.G1.Point.fromBytes(first.publicKey).toBytes(false);
  const damaged = Uint8Array.from(first.publicKey, (byte, i) => (i === 0 ? byte & 0x7f : byte));
  for (const publicKey of [uncompressed, damaged, new Uint8Array(48), new Uint8Array()]) {
    expect(bls.verify({ publicKey, message, signature })).toBe(false);
  }
});

test("many signatures over one message are verified on another thread with the same verdicts", async () => {
  const message = filled(5);
  const sets = Array.from({ length: 24 }, (_, i) => {
    const secret = blsSecretKey(blsKeyFromSeed(filled(100 + i)));
    return { publicKey: secret.publicKey, message, signature: secret.sign(message) };
  });
  const verdicts = async (...changed: readonly Partial<SignatureSet>[]): Promise<boolean> => {
    const batch = sets.map((set, i) => ({ ...set, ...changed[i] }));
    const aside = await bls.verifyBatchAside(batch);
    expect(aside).toBe(bls.verifyBatch(batch));
    return aside;
  };
  const shift = bls12_381.G2.Point.BASE;
  const shifted = (index: number, by: typeof shift) => ({
    signature: bls12_381.G2.Point.fromBytes(sets[index]?.signature ?? filled(0))
      .add(by)
      .toBytes(),
  });
  expect(await verdicts()).toBe(true);
  expect(await verdicts({}, { message: filled(6) })).toBe(false);
  expect(await verdicts({ signature: new Uint8Array(96) })).toBe(false);
  expect(await verdicts({ publicKey: new Uint8Array(48) })).toBe(false);
  expect(await verdicts(shifted(0, shift), shifted(1, shift.negate()))).toBe(false);
});

test.each([
  ["distinct messages", [0, 1, 2]],
  ["one message", [0, 0, 0]],
  ["a message of two and another", [0, 0, 1]],
  ["a message and another of two", [1, 0, 0]],
])("one wrong signature spoils a batch over %s, and errors that cancel out do not help", (_, bytes) => {
  const sets = secrets.map((secret, i) => {
    const message = filled(bytes[i] as number);
    return { publicKey: secret.publicKey, message, signature: secret.sign(message) };
  });
  expect(bls.verifyBatch([])).toBe(true);
  expect(bls.verifyBatch(sets)).toBe(true);
  const shift = bls12_381.G2.Point.BASE;
  const shifted = (bytes: Uint8Array, by: typeof shift) => bls12_381.G2.Point.fromBytes(bytes).add(by).toBytes();
  const cancelling = sets.map((set, i) => {
    const by = [shift, shift.negate()][i];
    return by === undefined ? set : { ...set, signature: shifted(set.signature, by) };
  });
  expect(bls.verifyBatch(cancelling)).toBe(false);
  expect(bls.verifyBatch(cancelling.slice(1))).toBe(false);
  expect(cancelling.map((set) => bls.verify(set))).toEqual([false, false, true]);
});

test("key generation is deterministic and follows the seed", () => {
  expect(toHex(blsKeyFromSeed(filled(1)))).toBe(toHex(blsKeyFromSeed(filled(1))));
  expect(toHex(blsKeyFromSeed(filled(1)))).not.toBe(toHex(blsKeyFromSeed(filled(2))));
  expect(() => blsSecretKey(filled(0xff))).toThrow();
  expect(() => blsSecretKey(filled(0))).toThrow();
});

const DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";
const noble = bls12_381.longSignatures;

/** The second implementation, as a client uses it: every point from the wire is checked for its subgroup. */
function nobleVerify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean {
  try {
    const key = bls12_381.G1.Point.fromBytes(publicKey);
    const point = bls12_381.G2.Point.fromBytes(signature);
    key.assertValidity();
    point.assertValidity();
    return publicKey.length === 48 && signature.length === 96 && noble.verify(point, noble.hash(message, DST), key);
  } catch {
    return false; // Not a point: the verdict under test.
  }
}

test("noble signs the same bytes and agrees on edge cases", () => {
  const message = filled(3);
  const signature = first.sign(message);
  const secret = fromHex(SECRETS[0] as string);
  expect(toHex(noble.getPublicKey(secret).toBytes())).toBe(PUBLIC_KEYS[0]);
  expect(toHex(noble.sign(noble.hash(message, DST), secret).toBytes())).toBe(toHex(signature));
  const flipped = Uint8Array.from(signature, (byte, i) => (i === 0 ? byte ^ 0x20 : byte));
  const cases: [Uint8Array, Uint8Array, boolean][] = [
    [first.publicKey, signature, true],
    [second.publicKey, signature, false],
    [first.publicKey, flipped, false],
    [G1_INFINITY, G2_INFINITY, false],
    [first.publicKey, G2_INFINITY, false],
    [G1_OUTSIDE, signature, false],
    [first.publicKey, G2_OUTSIDE, false],
    [first.publicKey, new Uint8Array(96), false],
  ];
  for (const [publicKey, candidate, expected] of cases) {
    expect(bls.verify({ publicKey, message, signature: candidate })).toBe(expected);
    expect(nobleVerify(publicKey, message, candidate)).toBe(expected);
  }
});

test("blst and noble agree on signatures with a flipped bit", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1, max: 96 * 8 - 1 }), fc.nat(255), (bit, byte) => {
      const message = filled(byte);
      const signature = Uint8Array.from(first.sign(message));
      if (bit >= 0) signature[bit >> 3] = (signature[bit >> 3] as number) ^ (1 << (bit & 7));
      const verdict = bls.verify({ publicKey: first.publicKey, message, signature });
      expect(verdict).toBe(bit === -1);
      expect(nobleVerify(first.publicKey, message, signature)).toBe(verdict);
    }),
    { numRuns: 12, examples: [[-1, 0]] },
  );
});
