import { randomBytes } from "node:crypto";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { type BlsSecretKey, blsKeyFromSeed, blsSecretKey } from "../../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519 } from "../../chain/crypto/ed25519.ts";
import { UserError } from "../user-error.ts";
import { createKeyFile, type KeyType, keyBytes, readKeyFile } from "./key-file.ts";

/** An ed25519 key that can sign. `seed` is the 32 secret bytes. */
export interface Ed25519Key {
  readonly seed: Uint8Array;
  readonly publicKey: Uint8Array;
  /** Returns 64 bytes. */
  sign(message: Uint8Array): Uint8Array;
}

function ed25519Key(seed: Uint8Array): Ed25519Key {
  return { seed, publicKey: ed25519PublicKey(seed), sign: (message) => signEd25519(seed, message) };
}

function readSecret(
  path: string,
  type: KeyType,
  publicKeyOf: (secret: Uint8Array) => Uint8Array,
  size: number,
): Uint8Array {
  const fields = readKeyFile(path, type, ["publicKey", "secret"]);
  const secret = keyBytes(path, "secret", fields.secret, 32);
  const publicKey = keyBytes(path, "publicKey", fields.publicKey, size);
  let derived: Uint8Array;
  try {
    derived = publicKeyOf(secret);
  } catch (error) {
    throw new UserError(`key file ${path} is damaged: the secret is not a valid key`, { cause: error });
  }
  if (!equalBytes(derived, publicKey)) {
    throw new UserError(`key file ${path} is damaged: the public key does not belong to the secret`);
  }
  return secret;
}

function createEd25519Key(path: string, type: KeyType): Ed25519Key {
  const key = ed25519Key(new Uint8Array(randomBytes(32)));
  createKeyFile(path, type, { publicKey: toHex(key.publicKey), secret: toHex(key.seed) });
  return key;
}

/** The node key: who the node is to its peers (libp2p). Says nothing about a validator. */
export function createNodeKey(path: string): Ed25519Key {
  return createEd25519Key(path, "node");
}

/** @throws UserError for a file that is missing, damaged, open to others or of another type; so do the loaders below. */
export function loadNodeKey(path: string): Ed25519Key {
  return ed25519Key(readSecret(path, "node", ed25519PublicKey, 32));
}

/** The identity key: a validator's consensus address, as Cosmos clients see it; binds the vote key. */
export function createIdentityKey(path: string): Ed25519Key {
  return createEd25519Key(path, "identity");
}

export function loadIdentityKey(path: string): Ed25519Key {
  return ed25519Key(readSecret(path, "identity", ed25519PublicKey, 32));
}

/** The vote key: BLS12-381, signs votes, attestations and randomness. */
export function createVoteKey(path: string): BlsSecretKey {
  const secret = blsKeyFromSeed(new Uint8Array(randomBytes(32)));
  const key = blsSecretKey(secret);
  createKeyFile(path, "vote", { publicKey: toHex(key.publicKey), secret: toHex(secret) });
  return key;
}

export function loadVoteKey(path: string): BlsSecretKey {
  return blsSecretKey(readSecret(path, "vote", (secret) => blsSecretKey(secret).publicKey, 48));
}
