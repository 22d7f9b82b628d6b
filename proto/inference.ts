import { Coin } from "cosmjs-types/cosmos/base/v1beta1/coin";
import { Any } from "cosmjs-types/google/protobuf/any";
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
  /** `canonical`, `exact` or `tolerance`; empty means canonical. */
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
  /** Asks for a place in the resident set, whose models may run inline. */
  inline: [17, "bool"],
  /** The class of machines that it needs; only validators that serve it are asked. */
  tier: [30, "uint32"],
  /** Of the class `tolerance`, in units of 10^-9: how far a number may be from the executor's. */
  absoluteTolerance: [60, "uint64"],
  /** The same, as a part of the executor's number. */
  relativeTolerance: [61, "uint64"],
  /** `committed`, and the default: attestations are committed to before any is revealed. `direct`: they are not, and can be copied. */
  reveal: [70, "string"],
  /** Probes whose inputs are in active blobs, 32 bytes each; they come after the others. */
  probeBlobs: [80, "bytes", "repeated"],
  /** Roots of the data sets that it was trained on, 32 bytes each. */
  datasets: [81, "bytes", "repeated"],
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
  /** What rests on the answer, in base units, a decimal integer; empty is zero. An attested job is let in only if so much stake answers for it. */
  valueAtRisk: [5, "string"],
  /** Height by which the job must be final, or fail; zero for the module's own windows. */
  deadline: [6, "uint64"],
  /** `inline`: the output is in the block of the request. `attested`, and the default: two blocks later at best, with a receipt. */
  lane: [7, "string"],
  /** Instead of `inputs`: 32 bytes, root of an active blob that holds them. */
  inputsBlob: [80, "bytes"],
});
export type MsgRequestInference = Message<typeof MsgRequestInference>;

export const MsgRequestInferenceResponse = message("assay.inference.v1.MsgRequestInferenceResponse", {
  /** 32 bytes. */
  jobId: [1, "bytes"],
  /** The lane that it took: what asks for an inline run can be demoted. */
  lane: [2, "string"],
  /** Of an inline run, 32 bytes. */
  outputRoot: [3, "bytes"],
  /** Of an inline run: SSZ Tensors; empty for the reserved output EXEC_ERROR. */
  output: [4, "bytes"],
});
export type MsgRequestInferenceResponse = Message<typeof MsgRequestInferenceResponse>;

/** What must hold of an output. */
export const Condition = message("assay.inference.v1.Condition", {
  /** Name of the output tensor; empty for the first. */
  output: [1, "string"],
  /** `element`, or `argmax`: the place of the greatest element, the first of equals. */
  kind: [2, "string"],
  /** Place of the element in the tensor's data, in row-major order. */
  index: [3, "uint64"],
  /** `eq`, `ne`, `lt`, `le`, `gt` or `ge`. */
  operator: [4, "string"],
  /** A decimal number: `-0.25`. Compared exactly; NaN meets no condition. */
  value: [5, "string"],
});
export type Condition = Message<typeof Condition>;

/** Messages that run only if an output is as wanted. */
export const MsgInferThen = message("assay.inference.v1.MsgInferThen", {
  request: [1, MsgRequestInference],
  /** All must hold. */
  conditions: [2, Condition, "repeated"],
  /** Run if they do, all or none; each must have the requester as its only signer. */
  messages: [3, Any, "repeated"],
  /** In the attested lane: gas that the messages may use once the output is final; paid with the request and not returned. */
  gasLimit: [4, "uint64"],
  /** In the attested lane: coins that are held until then, so that they are there; they return to the requester before the messages run. */
  escrow: [5, Coin, "repeated"],
});
export type MsgInferThen = Message<typeof MsgInferThen>;

export const MsgInferThenResponse = message("assay.inference.v1.MsgInferThenResponse", {
  inference: [1, MsgRequestInferenceResponse],
  /** Of an inline run: whether the conditions held and the messages have run. */
  met: [2, "bool"],
  /** The messages' responses. */
  results: [3, "bytes", "repeated"],
});
export type MsgInferThenResponse = Message<typeof MsgInferThenResponse>;

export const MsgSetInferenceTiers = message("assay.inference.v1.MsgSetInferenceTiers", {
  /** `…valoper1…` */
  operator: [1, "string"],
  /** Those that the validator serves from the next block on. Who has never said so serves tier 0. */
  tiers: [2, "uint32", "repeated"],
});
export type MsgSetInferenceTiers = Message<typeof MsgSetInferenceTiers>;

export const MsgSetInferenceTiersResponse = message("assay.inference.v1.MsgSetInferenceTiersResponse", {});
export type MsgSetInferenceTiersResponse = Message<typeof MsgSetInferenceTiersResponse>;

/** Has everyone bonded run a final job again. */
export const MsgOpenAppeal = message("assay.inference.v1.MsgOpenAppeal", {
  appellant: [1, "string"],
  /** 32 bytes. */
  jobId: [2, "bytes"],
  /** The job's inputs, serialised SSZ Tensors: the chain keeps their root only. */
  inputs: [3, "bytes"],
  /** Taken whole; at least parameter inference.appealBond. */
  bond: [4, Coin],
  /** The output root that the appellant says is right, 32 bytes; empty for any but the final one. */
  claim: [5, "bytes"],
});
export type MsgOpenAppeal = Message<typeof MsgOpenAppeal>;

export const MsgOpenAppealResponse = message("assay.inference.v1.MsgOpenAppealResponse", {
  /** The job of the re-run, 32 bytes. */
  appealJob: [1, "bytes"],
});
export type MsgOpenAppealResponse = Message<typeof MsgOpenAppealResponse>;
/** Runs of one request, again and again, paid for at once. */
export const MsgScheduleInference = message("assay.inference.v1.MsgScheduleInference", {
  /** `max_fee` is of one run; `deadline` must be zero, and the lane is the attested one. */
  request: [1, MsgRequestInference],
  /** Blocks from one run to the next; the first is so many blocks after this message. */
  every: [2, "uint64"],
  runs: [3, "uint64"],
  /** An input of bytes that is overwritten by bytes of the beacon of the block that opens the run; empty for none. */
  seedInput: [4, "string"],
});
export type MsgScheduleInference = Message<typeof MsgScheduleInference>;

export const MsgScheduleInferenceResponse = message("assay.inference.v1.MsgScheduleInferenceResponse", {
  /** Its number. */
  schedule: [1, "uint64"],
});
export type MsgScheduleInferenceResponse = Message<typeof MsgScheduleInferenceResponse>;

export const MsgCancelSchedule = message("assay.inference.v1.MsgCancelSchedule", {
  owner: [1, "string"],
  schedule: [2, "uint64"],
});
export type MsgCancelSchedule = Message<typeof MsgCancelSchedule>;

export const MsgCancelScheduleResponse = message("assay.inference.v1.MsgCancelScheduleResponse", {
  /** What was held for runs to come, in base units. */
  refund: [1, "string"],
});
export type MsgCancelScheduleResponse = Message<typeof MsgCancelScheduleResponse>;
/** Type and shape of one tensor of a blob of inputs. */
export const BlobTensor = message("assay.inference.v1.BlobTensor", {
  dtype: [1, "string"],
  shape: [2, "uint64", "repeated"],
});
export type BlobTensor = Message<typeof BlobTensor>;

export const MsgRegisterBlob = message("assay.inference.v1.MsgRegisterBlob", {
  owner: [1, "string"],
  /** 32 bytes, root of the blob, which holds serialised SSZ Tensors. */
  blobRoot: [2, "bytes"],
  blobBytes: [3, "uint64"],
  /** 32 bytes, hash_tree_root of the tensors. */
  inputsRoot: [4, "bytes"],
  tensors: [5, BlobTensor, "repeated"],
  /** How long requests may name it, from the block on in which it is found available. */
  blocks: [6, "uint64"],
  /** The most that may be taken as rent. */
  maxDeposit: [7, Coin],
});
export type MsgRegisterBlob = Message<typeof MsgRegisterBlob>;

export const MsgRegisterBlobResponse = message("assay.inference.v1.MsgRegisterBlobResponse", {
  /** The availability job. */
  jobId: [1, "bytes"],
});
export type MsgRegisterBlobResponse = Message<typeof MsgRegisterBlobResponse>;

/** Takes a model out of use. */
export const MsgDeprecateModel = message("assay.inference.v1.MsgDeprecateModel", {
  owner: [1, "string"],
  /** As requests name it. */
  model: [2, "string"],
  /** An active model to use instead; empty for none. */
  successor: [3, "string"],
});
export type MsgDeprecateModel = Message<typeof MsgDeprecateModel>;
export const MsgDeprecateModelResponse = message("assay.inference.v1.MsgDeprecateModelResponse", {
  /** When a part of the deposit returns. */
  depositHeight: [1, "uint64"],
});
export type MsgDeprecateModelResponse = Message<typeof MsgDeprecateModelResponse>;

/** Offers a model to another account, which has to accept it. */
export const MsgTransferModel = message("assay.inference.v1.MsgTransferModel", {
  owner: [1, "string"],
  model: [2, "string"],
  /** The owner itself takes an offer back. */
  newOwner: [3, "string"],
});
export type MsgTransferModel = Message<typeof MsgTransferModel>;
export const MsgTransferModelResponse = message("assay.inference.v1.MsgTransferModelResponse", {});
export type MsgTransferModelResponse = Message<typeof MsgTransferModelResponse>;

/** Takes over a model that was offered. */
export const MsgAcceptModel = message("assay.inference.v1.MsgAcceptModel", {
  newOwner: [1, "string"],
  model: [2, "string"],
});
export type MsgAcceptModel = Message<typeof MsgAcceptModel>;
export const MsgAcceptModelResponse = message("assay.inference.v1.MsgAcceptModelResponse", {});
export type MsgAcceptModelResponse = Message<typeof MsgAcceptModelResponse>;
