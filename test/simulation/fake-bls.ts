import { hash } from "node:crypto";
import type { Bls, BlsSecretKey } from "../../chain/crypto/bls.ts";
import { fromByteString, toByteString } from "../../state/byte-strings.ts";

/** BLS in name only: quick, and as hard to forge as anything can be for code that has no other key than its own. */
export interface FakeBls extends Bls {
  /** A key of this scheme; the same name gives the same key. */
  key(name: string): BlsSecretKey;
}

const latin1 = toByteString;

function sha256(text: string): Uint8Array {
  return fromByteString(hash("sha256", Buffer.from(text, "latin1"), "binary"));
}

/** The flags that real points carry, so that nothing that looks at them is surprised: compressed, not infinity. */
function marked(bytes: Uint8Array): Uint8Array {
  bytes[0] = ((bytes[0] ?? 0) & 0x1f) | 0x80;
  return bytes;
}

function xorInto(sum: Uint8Array, other: Uint8Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) ^ (other[i] ?? 0);
}

/** By secret and message. PERF: every node verifies what one has signed. */
const signatures = new Map<string, Uint8Array>();
const MAX_SIGNATURES = 1024;

/** The digest stands in the first 32 bytes only: as good as all 96, and cheaper. */
function sign(secret: string, message: Uint8Array): Uint8Array {
  const text = secret + latin1(message);
  const known = signatures.get(text);
  if (known !== undefined) return known.slice();
  const signature = new Uint8Array(96);
  signature.set(sha256(text));
  if (signatures.size >= MAX_SIGNATURES) signatures.clear();
  signatures.set(text, marked(signature));
  return signature.slice();
}

function sum(parts: readonly Uint8Array[], length: number): Uint8Array {
  const total = new Uint8Array(length);
  for (const part of parts) xorInto(total, part);
  return marked(total);
}

/**
 * A signature is a hash of a secret and the message; an aggregate is the sum (exclusive or) of signatures, and so is that
 * of keys. Verifying takes the secrets, which this object alone holds.
 */
export function createFakeBls(): FakeBls {
  /** By public key. Of an aggregated key, the secrets of all that are in it. */
  const secrets = new Map<string, readonly string[]>();

  function expected(publicKey: Uint8Array, message: Uint8Array): Uint8Array | undefined {
    const found = secrets.get(latin1(publicKey));
    if (found === undefined) return undefined;
    const [only, ...more] = found;
    if (only !== undefined && more.length === 0) return sign(only, message);
    return sum(
      found.map((secret) => sign(secret, message)),
      96,
    );
  }

  const verify: Bls["verify"] = ({ publicKey, message, signature }) => {
    const right = expected(publicKey, message);
    return right !== undefined && Buffer.compare(right, signature) === 0;
  };

  return {
    key(name) {
      const secret = latin1(sha256(`secret ${name}`));
      const publicKey = new Uint8Array(48);
      publicKey.set(sha256(`public ${name}`));
      marked(publicKey);
      secrets.set(latin1(publicKey), [secret]);
      return { publicKey, sign: (message) => sign(secret, message) };
    },
    verify,
    verifyBatch: (sets) => sets.every(verify),
    verifyBatchAside: (sets) => Promise.resolve(sets.every(verify)),
    verifyAggregate(publicKeys, message, signature) {
      const parts = publicKeys.map((key) => expected(key, message));
      const known = parts.filter((part) => part !== undefined);
      if (known.length === 0 || known.length < parts.length) return false;
      return Buffer.compare(sum(known, 96), signature) === 0;
    },
    aggregate: (signatures) => sum(signatures, 96),
    aggregateKeys(publicKeys) {
      const parts: string[] = [];
      for (const key of publicKeys) parts.push(...(secrets.get(latin1(key)) ?? []));
      if (publicKeys.length === 0 || parts.length < publicKeys.length) return undefined;
      const publicKey = sum(publicKeys, 48);
      if (parts.length > 1) secrets.set(latin1(publicKey), parts);
      return publicKey;
    },
  };
}
