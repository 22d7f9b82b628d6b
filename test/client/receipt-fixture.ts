import { BitArray } from "@chainsafe/ssz";
import { toHex } from "../../chain/bytes.ts";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { DOMAIN, signingRoot } from "../../chain/domain.ts";
import { AttestationData, JobFields } from "../../chain/types/attestation.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
import type { TrustedSet } from "../../client/verify-receipt.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import type { Receipt } from "../../modules/inference/receipt.ts";

export const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

export const BLS = createBls();
export const GENESIS_ROOT = bytes(32, 0x47);

const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((seed) => blsSecretKey(blsKeyFromSeed(bytes(32, seed))));

/** A set of `powers.length` validators. */
export function committeeOf(powers: readonly bigint[]): Validator[] {
  return powers.map((power, index) => ({
    operator: bytes(20, 0x10 + index),
    identityKey: bytes(32, 0x20 + index),
    voteKey: keys[index]?.publicKey ?? bytes(48, 0),
    power,
  }));
}

export const FIELDS: JobFields = {
  genesisRoot: GENESIS_ROOT,
  modelRoot: bytes(32, 1),
  engineId: bytes(32, 2),
  inputsRoot: bytes(32, 3),
  requester: bytes(20, 4),
  sequence: 7,
  messageIndex: 1,
};

/** A receipt that members `signers` of a committee have really signed. */
export function signedReceipt(
  committee: readonly Validator[],
  signers: readonly number[],
  outputRoot: Uint8Array = bytes(32, 5),
  fields: JobFields = FIELDS,
  direct = false,
  modelClass: number = MODEL_CLASS.canonical,
): Receipt {
  const committeeRoot = ValidatorSet.hashTreeRoot([...committee]);
  const data = { jobId: JobFields.hashTreeRoot(fields), committeeRoot, outputRoot, direct, class: modelClass };
  const message = signingRoot(AttestationData.hashTreeRoot(data), DOMAIN.ATTESTATION, fields.genesisRoot);
  const bits = BitArray.fromBitLen(committee.length);
  const signatures = signers.map((index) => {
    bits.set(index, true);
    return keys[index]?.sign(message) ?? bytes(96, 0);
  });
  const signature = BLS.aggregate(signatures);
  const seats = BitArray.fromBoolArray(committee.map(() => true));
  return {
    fields,
    outputRoot,
    committeeRoot,
    seats,
    requestedHeight: 41,
    finalHeight: 43,
    signers: bits,
    signature,
    direct,
    class: modelClass,
  };
}

export function trustedJson(validators: readonly Validator[], genesisRoot: Uint8Array = GENESIS_ROOT): TrustedSet {
  return {
    chainId: "assaytest-1",
    genesisRoot: toHex(genesisRoot),
    height: 40,
    validators: validators.map(({ operator, identityKey, voteKey, power }) => ({
      operator: toHex(operator),
      identityKey: toHex(identityKey),
      voteKey: toHex(voteKey),
      power: power.toString(),
    })),
  };
}
