import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto";
import { concatBytes } from "../bytes.ts";

/** What stands before the 32 bytes of a key in its DER form (RFC 8410): SubjectPublicKeyInfo and PKCS #8. */
const SPKI_PREFIX = Buffer.from("302a300506032b6570032100", "hex");
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/**
 * The y coordinates, little-endian, of the eight points of small order. Under such a key one signature fits many
 * messages, so it proves nothing about who signed. Stated here so that no version of OpenSSL decides it.
 */
const SMALL_ORDER_Y: ReadonlySet<string> = new Set([
  "0000000000000000000000000000000000000000000000000000000000000000",
  "0100000000000000000000000000000000000000000000000000000000000000",
  "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
  "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
]);

/** RFC 8032, 5.1.3: y below the field prime 2^255 - 19. Implementations differ in whether they reduce a larger y. */
function isStrictKey(publicKey: Uint8Array): boolean {
  if (publicKey.length !== 32) return false;
  const y = Buffer.from(publicKey);
  y[31] = (y[31] as number) & 0x7f;
  const reducible = (y[0] as number) >= 0xed && y[31] === 0x7f && y.subarray(1, 31).every((byte) => byte === 0xff);
  return !reducible && !SMALL_ORDER_Y.has(y.toString("hex"));
}

/**
 * Verifies an Ed25519 signature (RFC 8032, cofactorless). Never throws.
 * @param signature 64 bytes.
 * @param publicKey 32 bytes; answers false for an encoding that is not canonical and for points of small order.
 */
export function verifyEd25519(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64 || !isStrictKey(publicKey)) return false;
  try {
    const key = createPublicKey({
      key: Buffer.concat([SPKI_PREFIX, publicKey]),
      format: "der",
      type: "spki",
    });
    return verify(null, message, key, signature);
  } catch {
    return false; // Bytes that OpenSSL does not take for a key: a verdict, not a fault.
  }
}

function privateKey(seed: Uint8Array) {
  if (seed.length !== 32) throw new Error(`an ed25519 seed has 32 bytes, not ${seed.length}`);
  return createPrivateKey({ key: Buffer.from(concatBytes(PKCS8_PREFIX, seed)), format: "der", type: "pkcs8" });
}

/** @param seed the 32 secret bytes of RFC 8032. Returns 64 bytes. */
export function signEd25519(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return new Uint8Array(sign(null, message, privateKey(seed)));
}

/** The 32-byte public key of a seed. */
export function ed25519PublicKey(seed: Uint8Array): Uint8Array {
  const der = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
  return new Uint8Array(der.subarray(SPKI_PREFIX.length));
}
