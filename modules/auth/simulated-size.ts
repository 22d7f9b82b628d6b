import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import type { ChainSpec } from "../../chain/module.ts";
import type { DecodedTx } from "../../chain/tx.ts";
import { MULTISIG_TYPE_URL, parsePublicKey } from "./public-key.ts";

/** Tag, length, and an Any that holds a 33-byte secp256k1 key under its type URL. */
const PUBLIC_KEY_BYTES = 2 + (2 + "/cosmos.crypto.secp256k1.PubKey".length) + (2 + 35);
const SIGNATURE_BYTES = 64;
const MODE_BYTES = 2;
/** Tag and varint of a gas limit up to 2^28. */
const GAS_LIMIT_BYTES = 5;
/** What the lengths of the enclosing messages may grow by. */
const LENGTH_BYTES = 4;
/** Tag and length of a member's signature and of its sign mode, and the mode: what a multisignature has more than 64 bytes each. */
const MEMBER_BYTES = 2 + 6;
/** The bit array, and the lengths of what is around it. */
const MULTISIG_BYTES = 16;
/** Digits of a fee below 100 ASSAY. */
const FEE_DIGITS = 8;

/** Of a multisig key that the transaction shows; 0 for any other. */
function thresholdOf(tx: DecodedTx, index: number): number {
  const shown = tx.authInfo.signerInfos[index]?.publicKey;
  if (shown?.typeUrl !== MULTISIG_TYPE_URL) return 0;
  const key = parsePublicKey(shown);
  return key.kind === "multi" ? key.threshold : 0;
}

/**
 * Bytes that the signed transaction will have more than the one handed in for simulation. An upper estimate, within
 * some ten bytes: fee and gas limit are not known before the simulation.
 */
export function missingBytes(spec: ChainSpec, tx: DecodedTx): number {
  let missing = 0;
  tx.signers.forEach((_, index) => {
    const signature = tx.signatures[index];
    const threshold = thresholdOf(tx, index);
    if (threshold > 0) {
      const whole = threshold * (SIGNATURE_BYTES + MEMBER_BYTES) + MULTISIG_BYTES;
      missing += Math.max(0, whole - (signature?.length ?? 0));
      return;
    }
    missing += signature === undefined ? 2 + SIGNATURE_BYTES : Math.max(0, SIGNATURE_BYTES - signature.length);
    const info = tx.authInfo.signerInfos[index];
    if (info?.publicKey === undefined) missing += PUBLIC_KEY_BYTES;
    if ((info?.modeInfo?.single?.mode ?? SignMode.SIGN_MODE_UNSPECIFIED) === SignMode.SIGN_MODE_UNSPECIFIED) {
      missing += MODE_BYTES;
    }
  });
  if (tx.fee.length === 0) missing += 2 + (2 + spec.denom.length) + (2 + FEE_DIGITS);
  if (tx.gasLimit === 0) missing += GAS_LIMIT_BYTES;
  return missing === 0 ? 0 : missing + LENGTH_BYTES;
}
