import { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { type Message, message } from "./codec.ts";

/** What the inference module's transactions carry. See assay/inference/v1/tx.proto. */

/** One declared input or output of a model. */
export const TensorSpec = message("assay.inference.v1.TensorSpec", {
  name: [1, "string"],
  /** Name of a DTYPES row: `float32`. */
  dtype: [2, "string"],
  shape: [3, "uint64", "repeated"],
});
export type TensorSpec = Message<typeof TensorSpec>;

export const MsgRegisterModel = message("assay.inference.v1.MsgRegisterModel", {
  owner: [1, "string"],
  name: [2, "string"],
  version: [3, "string"],
  /** `canonical`; empty means the same. */
  class: [4, "string"],
  /** 32 bytes. */
  engineId: [5, "bytes"],
  inputs: [6, TensorSpec, "repeated"],
  outputs: [7, TensorSpec, "repeated"],
  opset: [8, "uint32"],
  /** 32 bytes, root of the model's blob. */
  modelRoot: [9, "bytes"],
  modelBytes: [10, "uint64"],
  /** Fee of one run in base units, a decimal integer. */
  fee: [11, "string"],
  royaltyPpm: [12, "uint32"],
  licence: [13, "string"],
  /** 32 bytes, or empty for none. */
  parent: [14, "bytes"],
  /** Serialised SSZ Tensors, one for each probe. */
  probes: [15, "bytes", "repeated"],
  /** The most that may be taken as deposit. */
  maxDeposit: [16, Coin],
});
export type MsgRegisterModel = Message<typeof MsgRegisterModel>;

export const MsgRegisterModelResponse = message("assay.inference.v1.MsgRegisterModelResponse", {
  modelRoot: [1, "bytes"],
  /** The admission jobs, one for each probe. */
  jobIds: [2, "bytes", "repeated"],
});
export type MsgRegisterModelResponse = Message<typeof MsgRegisterModelResponse>;

export const MsgRequestInference = message("assay.inference.v1.MsgRequestInference", {
  requester: [1, "string"],
  /** 64 hex digits of a model root, `<owner>/<name>`, or a `<name>` that only one owner uses. */
  model: [2, "string"],
  /** Serialised SSZ Tensors in the order of the model's manifest. */
  inputs: [3, "bytes"],
  /** Base fee included; what the run does not cost comes back. */
  maxFee: [4, Coin],
  /** What rests on the answer, in base units, a decimal integer; empty is zero. */
  valueAtRisk: [5, "string"],
  /** Height by which the job must be final, or fail; zero for the module's own windows. */
  deadline: [6, "uint64"],
});
export type MsgRequestInference = Message<typeof MsgRequestInference>;

export const MsgRequestInferenceResponse = message("assay.inference.v1.MsgRequestInferenceResponse", {
  /** 32 bytes. */
  jobId: [1, "bytes"],
});
export type MsgRequestInferenceResponse = Message<typeof MsgRequestInferenceResponse>;
