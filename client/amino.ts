import { fromBase64, toBase64 } from "@cosmjs/encoding";
import type { AminoConverters } from "@cosmjs/stargate";
import type { MsgRegisterModel, MsgRequestInference, TensorSpec } from "../proto/inference.ts";
import type { MsgSetVoteKey } from "../proto/staking.ts";

/**
 * Amino JSON of the chain's own messages, as hardware wallets and multisigs sign it: snake case, 64-bit integers as decimal texts, bytes
 * as base64. A field at protobuf's default is left out; `"0"` in a text field is a value and stays, or the message that comes back from
 * a wallet would not be the one that was signed.
 */

type Json = Readonly<Record<string, unknown>>;

function withoutDefaults(fields: Json): Json {
  const isEmpty = (value: unknown) => value === "" || value === 0 || (Array.isArray(value) && value.length === 0);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined && !isEmpty(value)));
}

const fromUint64 = (value: bigint): string => (value === 0n ? "" : value.toString());

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const bytes = (value: unknown): Uint8Array => fromBase64(text(value));
const uint64 = (value: unknown): bigint => BigInt(text(value));
const uint32 = (value: unknown): number => (typeof value === "number" ? value : 0);
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const coin = (value: unknown): { denom: string; amount: string } | undefined => {
  if (typeof value !== "object" || value === null) return undefined;
  const { denom, amount } = value as Json;
  return { denom: text(denom), amount: text(amount) };
};

const specToAmino = ({ name, dtype, shape }: TensorSpec): Json =>
  withoutDefaults({ name, dtype, shape: shape.map(String) });
const specFromAmino = (value: unknown): TensorSpec => {
  const { name, dtype, shape } = value as Json;
  return { name: text(name), dtype: text(dtype), shape: list(shape).map(uint64) };
};

/**
 * Converters to hand to CosmJS's `AminoTypes` beside the default ones.
 * @example
 * new AminoTypes({ ...createDefaultAminoConverters(), ...aminoConverters });
 */
export const aminoConverters: AminoConverters = {
  "/assay.inference.v1.MsgRequestInference": {
    aminoType: "assay/MsgRequestInference",
    toAmino: (message: MsgRequestInference): Json =>
      withoutDefaults({
        requester: message.requester,
        model: message.model,
        inputs: toBase64(message.inputs),
        max_fee: message.maxFee,
        value_at_risk: message.valueAtRisk,
        deadline: fromUint64(message.deadline),
      }),
    fromAmino: (json: Json): MsgRequestInference => ({
      requester: text(json.requester),
      model: text(json.model),
      inputs: bytes(json.inputs),
      maxFee: coin(json.max_fee),
      valueAtRisk: text(json.value_at_risk),
      deadline: uint64(json.deadline),
    }),
  },
  "/assay.inference.v1.MsgRegisterModel": {
    aminoType: "assay/MsgRegisterModel",
    toAmino: (message: MsgRegisterModel): Json =>
      withoutDefaults({
        owner: message.owner,
        name: message.name,
        version: message.version,
        class: message.class,
        engine_id: toBase64(message.engineId),
        inputs: message.inputs.map(specToAmino),
        outputs: message.outputs.map(specToAmino),
        opset: message.opset,
        model_root: toBase64(message.modelRoot),
        model_bytes: fromUint64(message.modelBytes),
        fee: message.fee,
        royalty_ppm: message.royaltyPpm,
        licence: message.licence,
        parent: toBase64(message.parent),
        probes: message.probes.map((probe) => toBase64(probe)),
        max_deposit: message.maxDeposit,
      }),
    fromAmino: (json: Json): MsgRegisterModel => ({
      owner: text(json.owner),
      name: text(json.name),
      version: text(json.version),
      class: text(json.class),
      engineId: bytes(json.engine_id),
      inputs: list(json.inputs).map(specFromAmino),
      outputs: list(json.outputs).map(specFromAmino),
      opset: uint32(json.opset),
      modelRoot: bytes(json.model_root),
      modelBytes: uint64(json.model_bytes),
      fee: text(json.fee),
      royaltyPpm: uint32(json.royalty_ppm),
      licence: text(json.licence),
      parent: bytes(json.parent),
      probes: list(json.probes).map(bytes),
      maxDeposit: coin(json.max_deposit),
    }),
  },
  "/assay.staking.v1.MsgSetVoteKey": {
    aminoType: "assay/MsgSetVoteKey",
    toAmino: (message: MsgSetVoteKey): Json =>
      withoutDefaults({
        validator_address: message.validatorAddress,
        vote_key: toBase64(message.voteKey),
        proof_of_possession: toBase64(message.proofOfPossession),
        identity_signature: toBase64(message.identitySignature),
      }),
    fromAmino: (json: Json): MsgSetVoteKey => ({
      validatorAddress: text(json.validator_address),
      voteKey: bytes(json.vote_key),
      proofOfPossession: bytes(json.proof_of_possession),
      identitySignature: bytes(json.identity_signature),
    }),
  },
};
