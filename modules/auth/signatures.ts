import { type CompactBitArray, MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import type { ModeInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../../chain/crypto/hash.ts";
import { verifySecp256k1 } from "../../chain/crypto/secp256k1.ts";
import { sdkError } from "../../chain/errors.ts";
import { GAS } from "../../chain/gas.ts";
import type { Context } from "../../chain/module.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { DecodedTx } from "../../chain/tx.ts";
import type { PublicKey } from "./public-key.ts";
import { type SignerFacts, signBytes } from "./sign-bytes.ts";

const NO_BYTES = new Uint8Array(0);

/** One key's signature in a transaction. */
interface Part {
  readonly key: Uint8Array;
  readonly mode: SignMode;
  readonly signature: Uint8Array;
}

/** The indices that are set, of bits counted from the highest of each byte. @throws TxError sdk 4 for another number of bits. */
function setBits({ elems, extraBitsStored }: CompactBitArray, count: number): readonly number[] {
  const bits = extraBitsStored === 0 ? elems.length * 8 : (elems.length - 1) * 8 + extraBitsStored;
  if (bits !== count || elems.length !== Math.ceil(count / 8)) {
    throw sdkError("unauthorized", `bit array size is incorrect, expecting: ${count}, got ${bits}`);
  }
  const indices: number[] = [];
  for (let i = 0; i < count; i++) if ((((elems[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1) indices.push(i);
  return indices;
}

function decodeMultiSignature(bytes: Uint8Array): readonly Uint8Array[] {
  try {
    return MultiSignature.decode(strictReader(bytes)).signatures;
  } catch (error) {
    throw sdkError(
      "unauthorized",
      `undecodable multisignature: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

function singleMode(info: ModeInfo | undefined): SignMode {
  if (info?.multi !== undefined) throw sdkError("unauthorized", "a multisignature of a key that signs alone");
  return info?.single?.mode ?? SignMode.SIGN_MODE_UNSPECIFIED;
}

/** The signatures that a key's signature consists of. @throws TxError sdk 4 where they do not fit the key. */
function partsOf(key: PublicKey, info: ModeInfo | undefined, signature: Uint8Array): readonly Part[] {
  if (key.kind === "single") return [{ key: key.key, mode: singleMode(info), signature }];
  const { multi } = info ?? {};
  if (multi?.bitarray === undefined) throw sdkError("unauthorized", "a multisig key needs a multisignature");
  const signers = setBits(multi.bitarray, key.keys.length);
  const signatures = decodeMultiSignature(signature);
  if (signatures.length !== signers.length || multi.modeInfos.length !== signers.length) {
    throw sdkError(
      "unauthorized",
      `${signers.length} members sign, with ${signatures.length} signatures and ${multi.modeInfos.length} sign modes`,
    );
  }
  if (signers.length < key.threshold) {
    throw sdkError(
      "unauthorized",
      `minimum number of signatures not set, have ${signers.length}, expected ${key.threshold}`,
    );
  }
  return signers.map((member, i) => ({
    key: key.keys[member] ?? NO_BYTES,
    mode: singleMode(multi.modeInfos[i]),
    signature: signatures[i] ?? NO_BYTES,
  }));
}

/** Charges the gas of each signature that is verified; a simulation, which may lack them, that of the fewest that suffice. */
export function chargeSignatures(ctx: Context, key: PublicKey, info: ModeInfo | undefined, simulate: boolean): void {
  const least = key.kind === "single" ? 1 : key.threshold;
  const given = info?.multi?.modeInfos.length ?? 0;
  const count = key.kind === "single" ? 1 : simulate ? Math.max(least, given) : given;
  ctx.gas.consume(count * GAS.verifySecp256k1, "ante verify: secp256k1");
}

/** @throws TxError sdk 4 */
export function verifySignatures(tx: DecodedTx, index: number, key: PublicKey, facts: SignerFacts): void {
  const info = tx.authInfo.signerInfos[index]?.modeInfo;
  const digests = new Map<SignMode, Uint8Array>();
  const digestOf = (mode: SignMode): Uint8Array => {
    const known = digests.get(mode);
    if (known !== undefined) return known;
    const digest = sha256(signBytes(tx, mode, facts));
    digests.set(mode, digest);
    return digest;
  };
  const advice = `please verify account number (${facts.accountNumber}), sequence (${facts.sequence}) and chain-id (${facts.chainId})`;
  for (const part of partsOf(key, info, tx.signatures[index] ?? NO_BYTES)) {
    if (!verifySecp256k1(part.signature, digestOf(part.mode), part.key)) {
      throw sdkError("unauthorized", `signature verification failed; ${advice}`);
    }
  }
}

/** What a transaction's signatures are counted as, members of multisignatures each. @throws TxError sdk 14 */
export function checkSignatureCount(tx: DecodedTx, limit: number): void {
  let count = 0;
  for (const { modeInfo } of tx.authInfo.signerInfos) count += Math.max(1, modeInfo?.multi?.modeInfos.length ?? 0);
  if (count > limit) throw sdkError("tooManySignatures", `signatures: ${count}, limit: ${limit}`);
}
