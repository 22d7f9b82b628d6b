import { createHash, hash as hashOnce } from "node:crypto";
import { fromByteString } from "../../state/byte-strings.ts";

/**
 * SHA-256, 32 bytes. PERF: one call that gives a string is a quarter of what a Hash object costs for 40 bytes, 0.35 µs; most
 * callers have one part.
 */
export function sha256(...parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return fromByteString(hashOnce("sha256", only, "binary"));
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return new Uint8Array(hash.digest());
}

/** RIPEMD-160(SHA-256(key)): the account address of a compressed secp256k1 key. */
export function accountAddress(publicKey: Uint8Array): Uint8Array {
  return new Uint8Array(createHash("ripemd160").update(sha256(publicKey)).digest());
}

/** SHA-256(key)[:20]: the consensus address of an ed25519 identity key. */
export function consensusAddress(identityKey: Uint8Array): Uint8Array {
  return sha256(identityKey).subarray(0, 20);
}
