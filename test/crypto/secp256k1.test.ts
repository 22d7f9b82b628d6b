import { secp256k1 } from "@noble/curves/secp256k1.js";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, utf8 } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { remembering, verifySecp256k1, verifySecp256k1Noble } from "../../chain/crypto/secp256k1.ts";

const N = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const bytes32 = (value: bigint) => fromHex(value.toString(16).padStart(64, "0"));
const compact = (r: bigint, s: bigint) => Uint8Array.from([...bytes32(r), ...bytes32(s)]);
const bigint = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);

/** Both implementations at once; they must never differ. */
function verify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean {
  const native = verifySecp256k1(signature, digest, publicKey);
  expect(verifySecp256k1Noble(signature, digest, publicKey)).toBe(native);
  return native;
}

/** Deterministic signatures (RFC 6979, SHA-256) that several Bitcoin libraries publish: secret, message, r ‖ s. */
const VECTORS = [
  [
    1n,
    "Satoshi Nakamoto",
    "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
  ],
  [
    1n,
    "All those moments will be lost in time, like tears in rain. Time to die...",
    "8600dbd41e348fe5c9465ab92d23e3db8b98b873beecd930736488696438cb6b547fe64427496db33bf66019dacbf0039c04199abb0122918601db38a72cfc21",
  ],
  [
    N - 1n,
    "Satoshi Nakamoto",
    "fd567d121db66e382991534ada77a6bd3106f0a1098c231e47993447cd6af2d06b39cd0eb1bc8603e159ef5c20a5c8ad685a45b06ce9bebed3f153d10d93bed5",
  ],
  [
    0xf8b8af8ce3c7cca5e300d33939540c10d45ce001b8f252bfbc57ba0342904181n,
    "Alan Turing",
    "7063ae83e7f62bbb171798131b4a0564b956930092b33b07b395615d9ec7e15c58dfcc1e00a35e1572f366ffe34ba0fc47db1e7189759b9fb233c5b05ab388ea",
  ],
] as const;

test.each(VECTORS)("known signature of key %d over %s", (secret, message, hex) => {
  const publicKey = secp256k1.getPublicKey(bytes32(secret));
  expect(verify(fromHex(hex), sha256(utf8(message)), publicKey)).toBe(true);
  expect(verify(fromHex(hex), sha256(utf8(`${message}.`)), publicKey)).toBe(false);
});

test("the public key of 1 is the generator, and both parities are told apart", () => {
  const [, message, hex] = VECTORS[0];
  const generator = fromHex("0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798");
  expect(verify(fromHex(hex), sha256(utf8(message)), generator)).toBe(true);
  const negated = Uint8Array.from([3, ...generator.subarray(1)]);
  expect(verify(fromHex(hex), sha256(utf8(message)), negated)).toBe(false);
});

const digest = sha256(utf8("edge"));
const secret = bytes32(12345n);
const publicKey = secp256k1.getPublicKey(secret);
const signature = secp256k1.sign(digest, secret, { prehash: false, format: "compact" });
const r = bigint(signature.subarray(0, 32));
const s = bigint(signature.subarray(32));

test("the signature that the edge cases are made from is valid", () => {
  expect(verify(signature, digest, publicKey)).toBe(true);
});

test.each<[string, Uint8Array]>([
  ["high s", compact(r, N - s)],
  ["r = 0", compact(0n, s)],
  ["s = 0", compact(r, 0n)],
  ["both 0", new Uint8Array(64)],
  ["r = n", compact(N, s)],
  ["s = n", compact(r, N)],
  ["r beyond n", compact(r + N < 1n << 256n ? r + N : N + 1n, s)],
  ["s beyond n", compact(r, N + 1n)],
  ["all ones", new Uint8Array(64).fill(0xff)],
  ["swapped", compact(s, r)],
  ["s one off", compact(r, s + 1n)],
  ["63 bytes", signature.subarray(1)],
  ["65 bytes", Uint8Array.from([...signature, 0])],
  ["empty", new Uint8Array()],
  ["DER", secp256k1.sign(digest, secret, { prehash: false, format: "der" })],
])("refused: %s", (_, bad) => {
  expect(verify(bad, digest, publicKey)).toBe(false);
});

test.each<[string, Uint8Array]>([
  ["x = 5 is on no point", Uint8Array.from([2, ...bytes32(5n)])],
  ["x = p", Uint8Array.from([2, ...bytes32(2n ** 256n - 2n ** 32n - 977n)])],
  ["x = 0", Uint8Array.from([2, ...bytes32(0n)])],
  ["all zero", new Uint8Array(33)],
  ["all ones", new Uint8Array(33).fill(0xff)],
  ["wrong first byte", Uint8Array.from([4, ...publicKey.subarray(1)])],
  ["hybrid first byte", Uint8Array.from([6, ...publicKey.subarray(1)])],
  ["32 bytes", publicKey.subarray(1)],
  ["uncompressed", secp256k1.getPublicKey(secret, false)],
  ["another key", secp256k1.getPublicKey(bytes32(12346n))],
])("refused key: %s", (_, bad) => {
  expect(verify(signature, digest, bad)).toBe(false);
});

test("a digest of another length is refused, one above n counts modulo n", () => {
  expect(verify(signature, digest.subarray(1), publicKey)).toBe(false);
  expect(verify(signature, Uint8Array.from([...digest, 0]), publicKey)).toBe(false);
  const small = bytes32(7n);
  const signed = secp256k1.sign(small, secret, { prehash: false, format: "compact" });
  expect(verify(signed, bytes32(7n + N), publicKey)).toBe(true);
});

/** Scalars and bytes where implementations are known to part ways, mixed with random ones. */
const scalar = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, N / 2n, N / 2n + 1n, N - 1n, N, N + 1n, 2n ** 256n - 1n),
  fc.constant(r),
  fc.constant(s),
  fc.constant(N - s),
  fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
);
const key = fc.oneof(
  fc.constant(publicKey),
  fc.tuple(fc.constantFrom(0, 2, 3, 4, 6, 7), fc.bigInt({ min: 0n, max: 2n ** 256n - 1n })).map(([first, x]) => {
    return Uint8Array.from([first, ...bytes32(x)]);
  }),
  fc.uint8Array({ minLength: 32, maxLength: 34 }),
);

test("native and noble agree whatever they are given", () => {
  fc.assert(
    fc.property(scalar, scalar, key, fc.constantFrom(digest, new Uint8Array(32)), (a, b, publicKey, message) => {
      verify(compact(a, b), message, publicKey);
    }),
    { numRuns: 150 },
  );
});

test("native and noble agree on honest signatures with one bit flipped", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 31 }), fc.nat(64 * 8), (seed, bit) => {
      const own = bytes32(BigInt(seed));
      const signed = secp256k1.sign(digest, own, { prehash: false, format: "compact" });
      const broken = Uint8Array.from(signed);
      if (bit < 512) broken[bit >> 3] = (broken[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(verify(broken, digest, secp256k1.getPublicKey(own))).toBe(bit === 512);
    }),
    { numRuns: 40 },
  );
});

test("a remembered answer is the answer, and only right ones are remembered", () => {
  const own = bytes32(7n);
  const signed = secp256k1.sign(digest, own, { prehash: false, format: "compact" });
  const pub = secp256k1.getPublicKey(own);
  let asked = 0;
  const counting = remembering((...args) => {
    asked++;
    return verifySecp256k1Noble(...args);
  });
  const answers = (...args: Parameters<typeof counting>) => [counting(...args), counting(...args)];
  expect([answers(signed, digest, pub), asked]).toEqual([[true, true], 1]);
  expect([answers(signed, sha256(digest), pub), asked]).toEqual([[false, false], 3]);
  // The same bytes, divided otherwise.
  const all = Uint8Array.from([...signed, ...digest, ...pub]);
  expect(answers(all.subarray(0, 63), all.subarray(63, 96), all.subarray(96))).toEqual([false, false]);
  expect(answers(all.subarray(0, 64), all.subarray(64, 97), all.subarray(97))).toEqual([false, false]);
});
