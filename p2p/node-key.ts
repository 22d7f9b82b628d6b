import { generateKeyPairFromSeed } from "@libp2p/crypto/keys";
import type { Ed25519PrivateKey } from "@libp2p/interface";
import { peerIdFromPrivateKey } from "@libp2p/peer-id";

/** The libp2p key of a node from its 32-byte ed25519 seed. Throws on another length. */
export async function nodeKey(seed: Uint8Array): Promise<Ed25519PrivateKey> {
  if (seed.length !== 32) throw new Error(`the seed of a node key is 32 bytes, not ${seed.length}`);
  return generateKeyPairFromSeed("Ed25519", seed);
}

/** The peer id (`12D3KooW…`) that a node with this seed has, as it stands after `/p2p/` in its address. */
export async function peerIdOf(seed: Uint8Array): Promise<string> {
  return peerIdFromPrivateKey(await nodeKey(seed)).toString();
}
