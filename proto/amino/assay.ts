import {
  type BlobTensor,
  type Condition,
  MsgAcceptModel,
  MsgCancelSchedule,
  MsgDeprecateModel,
  MsgInferThen,
  MsgOpenAppeal,
  MsgRegisterBlob,
  MsgRegisterModel,
  MsgRequestInference,
  MsgScheduleInference,
  MsgSetInferenceTiers,
  MsgTransferModel,
  type TensorSpec,
} from "../inference.ts";
import { MsgUpdateParams, type ParamChange } from "../params.ts";
import { MsgSetVoteKey } from "../staking.ts";
import {
  type AminoRow,
  aminoRow,
  any,
  bytes,
  coin,
  int,
  object,
  optional,
  shortBool,
  shortBytes,
  shortInt,
  shortList,
  shortText,
  shortUint64,
  uint64,
} from "./kinds.ts";

const tensor = object<TensorSpec>({ name: shortText, dtype: shortText, shape: shortList(uint64) });

const request = {
  requester: shortText,
  model: shortText,
  inputs: shortBytes,
  maxFee: optional(coin),
  valueAtRisk: shortText,
  deadline: shortUint64,
  lane: shortText,
  inputsBlob: shortBytes,
};
const condition = object<Condition>({
  output: shortText,
  kind: shortText,
  index: shortUint64,
  operator: shortText,
  value: shortText,
});

/**
 * The chain's own messages. A field at protobuf's default is left out; `"0"` in a text field is a value and stays, or the message that
 * comes back from a wallet would not be the one that was signed.
 */
export const assayRows: readonly AminoRow[] = [
  aminoRow(MsgRequestInference, "assay/MsgRequestInference", request),
  aminoRow(MsgInferThen, "assay/MsgInferThen", {
    request: optional(object<MsgRequestInference>(request)),
    conditions: shortList(condition),
    messages: shortList(any),
    gasLimit: shortUint64,
    escrow: shortList(coin),
  }),
  aminoRow(MsgRegisterModel, "assay/MsgRegisterModel", {
    owner: shortText,
    name: shortText,
    version: shortText,
    class: shortText,
    engineId: shortBytes,
    inputs: shortList(tensor),
    outputs: shortList(tensor),
    opset: shortInt,
    modelRoot: shortBytes,
    modelBytes: shortUint64,
    fee: shortText,
    royaltyPpm: shortInt,
    licence: shortText,
    parent: shortBytes,
    probes: shortList(bytes),
    maxDeposit: optional(coin),
    inline: shortBool,
    tier: shortInt,
    reveal: shortText,
    probeBlobs: shortList(bytes),
    datasets: shortList(bytes),
    absoluteTolerance: shortUint64,
    relativeTolerance: shortUint64,
  }),
  aminoRow(MsgOpenAppeal, "assay/MsgOpenAppeal", {
    appellant: shortText,
    jobId: shortBytes,
    inputs: shortBytes,
    bond: optional(coin),
    claim: shortBytes,
  }),
  aminoRow(MsgSetInferenceTiers, "assay/MsgSetInferenceTiers", { operator: shortText, tiers: shortList(int) }),
  aminoRow(MsgScheduleInference, "assay/MsgScheduleInference", {
    request: optional(object<MsgRequestInference>(request)),
    every: shortUint64,
    runs: shortUint64,
    seedInput: shortText,
  }),
  aminoRow(MsgCancelSchedule, "assay/MsgCancelSchedule", { owner: shortText, schedule: shortUint64 }),
  aminoRow(MsgDeprecateModel, "assay/MsgDeprecateModel", { owner: shortText, model: shortText, successor: shortText }),
  aminoRow(MsgTransferModel, "assay/MsgTransferModel", { owner: shortText, model: shortText, newOwner: shortText }),
  aminoRow(MsgAcceptModel, "assay/MsgAcceptModel", { newOwner: shortText, model: shortText }),
  aminoRow(MsgRegisterBlob, "assay/MsgRegisterBlob", {
    owner: shortText,
    blobRoot: shortBytes,
    blobBytes: shortUint64,
    inputsRoot: shortBytes,
    tensors: shortList(object<BlobTensor>({ dtype: shortText, shape: shortList(uint64) })),
    blocks: shortUint64,
    maxDeposit: optional(coin),
  }),
  aminoRow(MsgUpdateParams, "assay/MsgUpdateParams", {
    authority: shortText,
    changes: shortList(object<ParamChange>({ name: shortText, value: shortUint64 })),
  }),
  aminoRow(MsgSetVoteKey, "assay/MsgSetVoteKey", {
    validatorAddress: shortText,
    voteKey: shortBytes,
    proofOfPossession: shortBytes,
    identitySignature: shortBytes,
  }),
];
