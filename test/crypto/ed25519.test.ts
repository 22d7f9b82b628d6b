import { ed25519 } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../chain/bytes.ts";
import { ed25519PublicKey, signEd25519, verifyEd25519 } from "../../chain/crypto/ed25519.ts";

/** RFC 8032, 7.1: secret seed, public key, message, signature. */
const VECTORS = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

test.each(VECTORS)("RFC 8032 vector %#", (seed, publicKey, message, signature) => {
  expect(toHex(ed25519PublicKey(fromHex(seed)))).toBe(publicKey);
  expect(toHex(signEd25519(fromHex(seed), fromHex(message)))).toBe(signature);
  expect(verifyEd25519(fromHex(signature), fromHex(message), fromHex(publicKey))).toBe(true);
  expect(verifyEd25519(fromHex(signature), fromHex(`${message}00`), fromHex(publicKey))).toBe(false);
});

const seed = new Uint8Array(32).fill(7);
const publicKey = ed25519PublicKey(seed);
const message = Uint8Array.of(1, 2, 3);
const signature = signEd25519(seed, message);

test("s + L is not taken for s", () => {
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`);
  const malleable = Uint8Array.from(signature);
  malleable.set(Buffer.from((s + order).toString(16).padStart(64, "0"), "hex").reverse(), 32);
  expect(verifyEd25519(signature, message, publicKey)).toBe(true);
  expect(verifyEd25519(malleable, message, publicKey)).toBe(false);
});

test.each<[string, Uint8Array, Uint8Array]>([
  ["short signature", signature.subarray(1), publicKey],
  ["long signature", Uint8Array.from([...signature, 0]), publicKey],
  ["empty signature", new Uint8Array(), publicKey],
  ["short key", signature, publicKey.subarray(1)],
  ["long key", signature, Uint8Array.from([...publicKey, 0])],
  ["another key", signature, ed25519PublicKey(new Uint8Array(32).fill(8))],
  ["all ones", new Uint8Array(64).fill(0xff), new Uint8Array(32).fill(0xff)],
])("refused: %s", (_, badSignature, badKey) => {
  expect(verifyEd25519(badSignature, message, badKey)).toBe(false);
});

/** Canonical and reducible encodings of the points of order 1, 2, 4 and 8, with either sign bit. */
const SMALL = [
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
  "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
];

test("a key of small order never verifies, though its equation holds for S = 0 and R the neutral point", () => {
  const forged = new Uint8Array(64);
  forged[0] = 1;
  for (const hex of SMALL) {
    for (const sign of [0, 0x80]) {
      const key = fromHex(hex);
      key[31] = (key[31] as number) | sign;
      // About one message in eight satisfies the equation for a point of order 8.
      for (let i = 0; i < 32; i++) expect(verifyEd25519(forged, Uint8Array.of(i), key)).toBe(false);
    }
  }
});

test("a seed of another length is a programming error", () => {
  expect(() => signEd25519(new Uint8Array(31), message)).toThrow("32 bytes, not 31");
});

test("agrees with noble's strict mode on keys, signatures and single flipped bits", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 32, maxLength: 32 }),
      fc.uint8Array({ maxLength: 64 }),
      fc.integer({ min: -1, max: 767 }),
      (seed, message, bit) => {
        const key = ed25519PublicKey(seed);
        const signed = signEd25519(seed, message);
        expect(toHex(ed25519.getPublicKey(seed))).toBe(toHex(key));
        expect(toHex(ed25519.sign(message, seed))).toBe(toHex(signed));
        const both = Uint8Array.from([...signed, ...key]);
        if (bit >= 0) both[bit >> 3] = (both[bit >> 3] as number) ^ (1 << (bit & 7));
        const [s, k] = [both.subarray(0, 64), both.subarray(64)];
        expect(verifyEd25519(s, message, k)).toBe(ed25519.verify(s, message, k, { zip215: false }));
      },
    ),
    { numRuns: 40 },
  );
});
