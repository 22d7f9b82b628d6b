import { secp256k1 } from "@noble/curves/secp256k1.js";
import native from "secp256k1";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519, verifyEd25519 } from "../chain/crypto/ed25519.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { verifySecp256k1, verifySecp256k1Noble } from "../chain/crypto/secp256k1.ts";
import { measure } from "./measure.ts";

const seed = new Uint8Array(32).fill(1);
const message = sha256(seed);

measure("sha256 of 32 bytes", () => void sha256(message));

const account = secp256k1.getPublicKey(seed);
const signature = secp256k1.sign(message, seed, { prehash: false, format: "compact" });
// More of them than are remembered.
const signed = Array.from({ length: 12_000 }, (_, i) => {
  const digest = sha256(message, Uint8Array.of(i >> 8, i & 0xff));
  return { digest, signature: native.ecdsaSign(digest, seed).signature };
});
let turn = 0;
measure("secp256k1 verify (one a transaction)", () => {
  const one = signed[turn++ % signed.length];
  if (one === undefined || !verifySecp256k1(one.signature, one.digest, account)) throw new Error("not verified");
});
measure("secp256k1 verify, met again", () => void verifySecp256k1(signature, message, account));
measure("secp256k1 verify, noble", () => void verifySecp256k1Noble(signature, message, account));

const identity = ed25519PublicKey(seed);
const identitySignature = signEd25519(seed, message);
measure("ed25519 verify", () => void verifyEd25519(identitySignature, message, identity));

const bls = createBls();
const keys = Array.from({ length: 100 }, (_, i) => blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(i)))));
const [first] = keys;
if (first === undefined) throw new Error("no key");
const vote = { publicKey: first.publicKey, message, signature: first.sign(message) };
measure("BLS sign (one a vote)", () => void first.sign(message));
measure("BLS verify (one a vote)", () => void bls.verify(vote));

const distinct = keys.map((key, i) => {
  const own = sha256(message, Uint8Array.of(i));
  return { publicKey: key.publicKey, message: own, signature: key.sign(own) };
});
measure("BLS verify 100 distinct in a batch", () => void bls.verifyBatch(distinct));

/** What a block's reveals are: three other members about each of 32 jobs. */
const jobs = Array.from({ length: 32 }, (_, job) => {
  const attested = sha256(message, Uint8Array.of(job, 1));
  return keys
    .slice(0, 3)
    .map((key) => ({ publicKey: key.publicKey, message: attested, signature: key.sign(attested) }));
});
const reveals = jobs.flat();
measure("BLS verify 96 over 32 messages in a batch", () => void bls.verifyBatch(reveals));
measure("BLS verify 3 over 1 message in a batch", () => void bls.verifyBatch(jobs[0] ?? []));

const signatures = keys.map((key) => key.sign(message));
const aggregate = bls.aggregate(signatures);
const publicKeys = keys.map((key) => key.publicKey);
measure("BLS aggregate 100 signatures", () => void bls.aggregate(signatures));
measure("BLS verify an aggregate of 100 (one a block)", () => void bls.verifyAggregate(publicKeys, message, aggregate));
