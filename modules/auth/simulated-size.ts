import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import type { ChainSpec } from "../../chain/module.ts";
import type { DecodedTx } from "../../chain/tx.ts";

/** Tag, length, and an Any that holds a 33-byte secp256k1 key under its type URL. */
const PUBLIC_KEY_BYTES = 2 + (2 + "/cosmos.crypto.secp256k1.PubKey".length) + (2 + 35);
const SIGNATURE_BYTES = 64;
const MODE_BYTES = 2;
/** Tag and varint of a gas limit up to 2^28. */
const GAS_LIMIT_BYTES = 5;
/** What the lengths of the enclosing messages may grow by. */
const LENGTH_BYTES = 4;
/** Digits of a fee below 100 ASSAY. */
const FEE_DIGITS = 8;

/**
 * Bytes that the signed transaction will have more than the one handed in for simulation. An upper estimate, within
 * some ten bytes: fee and gas limit are not known before the simulation.
 */
export function missingBytes(spec: ChainSpec, tx: DecodedTx): number {
  let missing = 0;
  tx.signers.forEach((_, index) => {
    const signature = tx.signatures[index];
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
