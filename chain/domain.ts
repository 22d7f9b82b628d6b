import { ByteVectorType, ContainerType } from "@chainsafe/ssz";
import { Bytes32 } from "./types/primitives.ts";

/**
 * The one table of what is signed with vote and identity keys. The domain is the type followed by the genesis root, so
 * that nothing signed on one chain, fork or purpose means anything on another.
 */
export const DOMAIN = {
  PROPOSAL: 1,
  PREVOTE: 2,
  PRECOMMIT: 3,
  RANDAO: 4,
  COMMITMENT: 5,
  ATTESTATION: 6,
  POSSESSION: 7,
} as const;
export type DomainType = (typeof DOMAIN)[keyof typeof DOMAIN];

const SigningData = new ContainerType(
  { objectRoot: Bytes32, domain: new ByteVectorType(36) },
  { typeName: "SigningData" },
);

/**
 * The 32 bytes that are signed for an object.
 * @param objectRoot hash_tree_root of the object.
 * @param genesisRoot the chain's genesis root.
 */
export function signingRoot(objectRoot: Uint8Array, type: DomainType, genesisRoot: Uint8Array): Uint8Array {
  const domain = new Uint8Array(36);
  new DataView(domain.buffer).setUint32(0, type, true);
  domain.set(genesisRoot, 4);
  return SigningData.hashTreeRoot({ objectRoot, domain });
}
