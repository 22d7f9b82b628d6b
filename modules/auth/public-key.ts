import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { concatBytes } from "../../chain/bytes.ts";
import { accountAddress, sha256 } from "../../chain/crypto/hash.ts";
import { sdkError } from "../../chain/errors.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import { MAX_MULTISIG_BYTES } from "./store.ts";

export const SECP256K1_TYPE_URL = "/cosmos.crypto.secp256k1.PubKey";
export const MULTISIG_TYPE_URL = "/cosmos.crypto.multisig.LegacyAminoPubKey";
/** Most signatures of a transaction, those within multisignatures counted. chain/decode-tx.ts refuses more signers. */
export const SIGNATURE_LIMIT = 16;

/** Whose signatures an account's transactions carry: one key's, or those of `threshold` of several. */
export type PublicKey =
  | { readonly kind: "single"; readonly key: Uint8Array }
  | {
      readonly kind: "multi";
      readonly threshold: number;
      readonly keys: readonly Uint8Array[];
      /** Protobuf, as received. */
      readonly bytes: Uint8Array;
    };

function decoded<T>(decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw sdkError("invalidPubKey", `undecodable: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function secp256k1Key({ typeUrl, value }: Any): Uint8Array {
  if (typeUrl !== SECP256K1_TYPE_URL) {
    throw sdkError("invalidPubKey", `key type ${typeUrl.slice(0, 100)} is not supported; use ${SECP256K1_TYPE_URL}`);
  }
  const { key } = decoded(() => PubKey.decode(strictReader(value)));
  if (key.length !== 33) throw sdkError("invalidPubKey", `a compressed key has 33 bytes, got ${key.length}`);
  return key;
}

/** @throws TxError sdk 8 and 14 */
export function parseMultisig(bytes: Uint8Array): PublicKey {
  if (bytes.length > MAX_MULTISIG_BYTES) {
    throw sdkError("invalidPubKey", `a multisig key of ${bytes.length} bytes, at most ${MAX_MULTISIG_BYTES}`);
  }
  const { threshold, publicKeys } = decoded(() => LegacyAminoPubKey.decode(strictReader(bytes)));
  if (publicKeys.length > SIGNATURE_LIMIT) {
    throw sdkError("tooManySignatures", `signatures: ${publicKeys.length}, limit: ${SIGNATURE_LIMIT}`);
  }
  if (threshold < 1 || threshold > publicKeys.length) {
    throw sdkError("invalidPubKey", `a threshold of ${threshold} with ${publicKeys.length} keys`);
  }
  return { kind: "multi", threshold, keys: publicKeys.map(secp256k1Key), bytes };
}

/** @throws TxError sdk 8 and 14 */
export function parsePublicKey(shown: Any): PublicKey {
  if (shown.typeUrl === MULTISIG_TYPE_URL) return parseMultisig(shown.value);
  return { kind: "single", key: secp256k1Key(shown) };
}

export function publicKeyAny(key: PublicKey): Any {
  if (key.kind === "multi") return { typeUrl: MULTISIG_TYPE_URL, value: key.bytes };
  return { typeUrl: SECP256K1_TYPE_URL, value: PubKey.encode({ key: key.key }).finish() };
}

const AMINO_SECP256K1 = Uint8Array.of(0xeb, 0x5a, 0xe9, 0x87, 33);
const AMINO_MULTISIG = Uint8Array.of(0x22, 0xc1, 0xf7, 0xe2, 0x08);

/** Amino's binary form of a multisig key, which its address comes from. Lengths are below 128 and so one byte. */
function aminoMultisig(threshold: number, keys: readonly Uint8Array[]): Uint8Array {
  const members = keys.map((key) =>
    concatBytes(Uint8Array.of(0x12, AMINO_SECP256K1.length + key.length), AMINO_SECP256K1, key),
  );
  return concatBytes(AMINO_MULTISIG, Uint8Array.of(threshold), ...members);
}

/** RIPEMD-160(SHA-256(key)), or SHA-256(amino)[:20] where several sign. */
export function addressOfKey(key: PublicKey): Uint8Array {
  if (key.kind === "single") return accountAddress(key.key);
  return sha256(aminoMultisig(key.threshold, key.keys)).subarray(0, 20);
}
