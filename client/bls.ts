import { bls12_381 } from "@noble/curves/bls12-381.js";
import { toHex } from "../chain/bytes.ts";

/** The domain-separation tag of the proof-of-possession scheme, draft-irtf-cfrg-bls-signature-05 §4.2.3. */
export const DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

const { G1 } = bls12_381;
const signatures = bls12_381.longSignatures;
type Key = ReturnType<typeof G1.Point.fromBytes>;

/** Checks one aggregate signature by several keys over one message; see `verifyAggregate`. */
export interface AggregateVerifier {
  verifyAggregate(publicKeys: readonly Uint8Array[], message: Uint8Array, signature: Uint8Array): boolean;
}

/** As many as four sets of the largest size. */
const MAX_KNOWN_KEYS = 4096;

/** Throws for bytes that are no point of the group, and for the point at infinity. */
function decodeKey(bytes: Uint8Array): Key {
  const key = G1.Point.fromBytes(bytes);
  key.assertValidity();
  if (key.is0()) throw new Error("the point at infinity is no key");
  return key;
}

function check(
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
  decode: (bytes: Uint8Array) => Key,
): boolean {
  if (publicKeys.length === 0) return false;
  try {
    let sum = G1.Point.ZERO;
    for (const bytes of publicKeys) sum = sum.add(decode(bytes));
    const point = signatures.Signature.fromBytes(signature);
    point.assertValidity();
    if (point.is0() || sum.is0()) return false;
    return signatures.verify(point, signatures.hash(message, DST), sum);
  } catch {
    return false; // noble throws for bytes that are no valid point: a verdict on a stranger's bytes, not a fault.
  }
}

/**
 * Checks one aggregate signature by several keys over one message (FastAggregateVerify). Pure JavaScript, about 50 ms
 * and one for each key.
 *
 * @param publicKeys compressed G1 points, 48 bytes each, whose possession has been proven.
 * @param message 32 bytes, a signing root.
 * @param signature compressed G2 point, 96 bytes.
 * @returns false also for bytes that are no point, outside the subgroup or the point at infinity; never throws.
 * @example
 * verifyAggregate([validator.voteKey], signingRoot, receipt.signature)
 */
export function verifyAggregate(
  publicKeys: readonly Uint8Array[],
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return check(publicKeys, message, signature, decodeKey);
}

/**
 * The same for whoever meets the same keys again and again, as a light client does: decoded keys are kept, 4,096 at most.
 * @example
 * const { verifyAggregate } = aggregateVerifier();
 */
export function aggregateVerifier(): AggregateVerifier {
  const known = new Map<string, Key>();
  function decode(bytes: Uint8Array): Key {
    const id = toHex(bytes);
    const found = known.get(id);
    if (found !== undefined) return found;
    const key = decodeKey(bytes);
    if (known.size >= MAX_KNOWN_KEYS) {
      const oldest = known.keys().next().value;
      if (oldest !== undefined) known.delete(oldest);
    }
    known.set(id, key);
    return key;
  }
  return {
    verifyAggregate: (publicKeys, message, signature) => check(publicKeys, message, signature, decode),
  };
}
