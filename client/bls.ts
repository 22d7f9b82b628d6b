import { bls12_381 } from "@noble/curves/bls12-381.js";

/** The domain-separation tag of the proof-of-possession scheme, draft-irtf-cfrg-bls-signature-05 §4.2.3. */
const DST = "BLS_SIG_BLS12381G2_XMD:SHA-256_SSWU_RO_POP_";

const { G1 } = bls12_381;
const signatures = bls12_381.longSignatures;

/**
 * Checks one aggregate signature by several keys over one message (FastAggregateVerify). Pure JavaScript, about 50 ms
 * whatever the number of keys.
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
  if (publicKeys.length === 0) return false;
  try {
    let sum = G1.Point.ZERO;
    for (const bytes of publicKeys) {
      const key = G1.Point.fromBytes(bytes);
      key.assertValidity();
      if (key.is0()) return false;
      sum = sum.add(key);
    }
    const point = signatures.Signature.fromBytes(signature);
    point.assertValidity();
    if (point.is0() || sum.is0()) return false;
    return signatures.verify(point, signatures.hash(message, DST), sum);
  } catch {
    return false; // noble throws for bytes that are no valid point: a verdict on a stranger's bytes, not a fault.
  }
}
