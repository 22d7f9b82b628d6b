import type { Bls } from "../../chain/crypto/bls.ts";
import { verifyEd25519 } from "../../chain/crypto/ed25519.ts";
import { type PossessionData, possessionSigningRoot } from "../../chain/types/possession.ts";

/** What MsgSetVoteKey and a genesis validator prove with. */
export interface PossessionProof {
  /** By the vote key, 96 bytes. */
  readonly proofOfPossession: Uint8Array;
  /** By the identity key, 64 bytes. */
  readonly identitySignature: Uint8Array;
}

/**
 * @param chainRoot the genesis root; within genesis its stand-in (chain/types/possession.ts).
 * @returns what is wrong, or undefined.
 */
export function possessionFault(
  bls: Bls,
  data: PossessionData,
  proof: PossessionProof,
  chainRoot: Uint8Array,
): string | undefined {
  const message = possessionSigningRoot(data, chainRoot);
  if (!bls.verify({ publicKey: data.voteKey, message, signature: proof.proofOfPossession })) {
    return "the proof of possession is not the vote key's signature of {operator, identity key, vote key}";
  }
  if (!verifyEd25519(proof.identitySignature, message, data.identityKey)) {
    return "the identity signature is not the identity key's signature of {operator, identity key, vote key}";
  }
  return undefined;
}
