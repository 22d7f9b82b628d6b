import { type BlsSecretKey, blsKeyFromSeed, blsSecretKey } from "../chain/crypto/bls.ts";
import { sha256 } from "../chain/crypto/hash.ts";

/** Vote key of the i-th validator that a benchmark plays, the same in every process. */
export function crowdKey(i: number): BlsSecretKey {
  return blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(1, i >> 8, i & 255))));
}
