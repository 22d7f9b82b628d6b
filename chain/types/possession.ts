import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { utf8 } from "../bytes.ts";
import { sha256 } from "../crypto/hash.ts";
import { DOMAIN, signingRoot } from "../domain.ts";
import { Bytes20, Bytes32, Bytes48 } from "./primitives.ts";

/**
 * What binds a vote key to a validator. Both the vote key and the identity key sign it: the first proves possession
 * (without which an aggregate could be forged with a rogue key), the second that the validator wants this vote key.
 */
export const PossessionData = new ContainerType(
  { operator: Bytes20, identityKey: Bytes32, voteKey: Bytes48 },
  { typeName: "PossessionData" },
);
export type PossessionData = ValueOf<typeof PossessionData>;

/** The 32 bytes that both keys sign. `chainRoot` is the genesis root, or `genesisPossessionRoot` within genesis. */
export function possessionSigningRoot(data: PossessionData, chainRoot: Uint8Array): Uint8Array {
  return signingRoot(PossessionData.hashTreeRoot(data), DOMAIN.POSSESSION, chainRoot);
}

/** Stands in for the genesis root in possessions inside the genesis document, whose root they are part of. */
export function genesisPossessionRoot(chainId: string): Uint8Array {
  return sha256(utf8(chainId));
}
