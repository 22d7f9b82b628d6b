import { sha256 } from "../crypto/hash.ts";
import { DOMAIN, signingRoot } from "../domain.ts";
import { Uint64, ZERO_32 } from "../types/primitives.ts";

/** The beacon before the first block. */
export const GENESIS_BEACON = ZERO_32;

/** The beacon after a proposer's reveal. */
export function nextBeacon(beacon: Uint8Array, randaoReveal: Uint8Array): Uint8Array {
  return sha256(beacon, sha256(randaoReveal));
}

/** What a proposer signs as its randao reveal of a height. */
export function randaoRoot(height: number, genesisRoot: Uint8Array): Uint8Array {
  return signingRoot(Uint64.hashTreeRoot(height), DOMAIN.RANDAO, genesisRoot);
}
