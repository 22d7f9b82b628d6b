import { createRequire } from "node:module";
import { secp256k1 as noble } from "@noble/curves/secp256k1.js";
import { toByteString } from "../../state/byte-strings.ts";

/** ECDSA over secp256k1 as Cosmos accounts use it. */
export type VerifySecp256k1 = (signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array) => boolean;

/** What `secp256k1/bindings.js` offers of the package's interface. Throws for a key or signature that is none. */
interface Secp256k1Binding {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Where the package ships a build of libsecp256k1. */
const PREBUILT = new Set(["linux-x64", "darwin-arm64", "win32-x64"]);

/**
 * The package's own entry point changes to a slow JavaScript implementation without a word when its binding does not
 * load; the binding's file fails loudly instead.
 */
function loadBinding(): Secp256k1Binding {
  return createRequire(import.meta.url)("secp256k1/bindings.js") as Secp256k1Binding;
}

/** Answers false for wrong lengths, so that the implementations only ever see 64, 32 and 33 bytes. */
function checked(verify: VerifySecp256k1): VerifySecp256k1 {
  return (signature, digest, publicKey) => {
    if (signature.length !== 64 || digest.length !== 32 || publicKey.length !== 33) return false;
    try {
      return verify(signature, digest, publicKey);
    } catch {
      return false; // r or s out of range, or no point of the curve: a verdict, not a fault.
    }
  };
}

/** The pure JavaScript implementation, for platforms without a native build. About thirty times slower. */
export const verifySecp256k1Noble: VerifySecp256k1 = checked((signature, digest, publicKey) =>
  noble.verify(signature, digest, publicKey, { prehash: false, lowS: true, format: "compact" }),
);

/** Right signatures that are remembered, 260 bytes each. Those that wait in a full mempool, twice over. */
const MAX_KNOWN = 10_000;

/**
 * PERF: a transaction's signature is verified when it comes, and met again in the block: the second time it costs a look-up, 1 µs
 * instead of 50. Only what was right is kept, by all that the answer depends on, so that no answer changes.
 */
export function remembering(verify: VerifySecp256k1): VerifySecp256k1 {
  const known = new Set<string>();
  return (signature, digest, publicKey) => {
    // Lengths are part of it: bytes moved from one part to the next would read the same.
    if (signature.length !== 64 || digest.length !== 32) return verify(signature, digest, publicKey);
    const id = toByteString(signature) + toByteString(digest) + toByteString(publicKey);
    if (known.has(id)) return true;
    if (!verify(signature, digest, publicKey)) return false;
    known.add(id);
    if (known.size > MAX_KNOWN) for (const oldest of known) if (known.delete(oldest)) break;
    return true;
  };
}

function createVerify(): VerifySecp256k1 {
  if (!PREBUILT.has(`${process.platform}-${process.arch}`)) return remembering(verifySecp256k1Noble);
  const binding = loadBinding();
  return remembering(checked((signature, digest, publicKey) => binding.ecdsaVerify(signature, digest, publicKey)));
}

/**
 * Verifies an account's signature. Never throws.
 * @param signature 64 bytes, r ‖ s, big-endian; an s above half the group order is refused (no malleability).
 * @param digest 32 bytes, the SHA-256 of the sign bytes.
 * @param publicKey 33 bytes, compressed (SEC 1, 2.3.3).
 */
export const verifySecp256k1: VerifySecp256k1 = createVerify();
