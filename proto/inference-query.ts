import { PageRequest, PageResponse } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { type Message, message } from "./codec.ts";
import { BlobTensor, TensorSpec } from "./inference.ts";

/** The inference module's queries. See assay/inference/v1/query.proto. */
const PACKAGE = "assay.inference.v1";

/** What a validator has made of the runs that admit a model, as long as the chain keeps those. */
export const AdmissionMember = message(`${PACKAGE}.AdmissionMember`, {
  operator: [1, "string"],
  power: [2, "uint64"],
  /** Of so many runs that it was asked for it has committed, and revealed. */
  runs: [3, "uint32"],
  committed: [4, "uint32"],
  revealed: [5, "uint32"],
  /** Its own reason for a run that it did not commit to, in words; empty where it gave none. */
  reason: [6, "string"],
});
export type AdmissionMember = Message<typeof AdmissionMember>;

export const Model = message(`${PACKAGE}.Model`, {
  modelRoot: [1, "bytes"],
  owner: [2, "string"],
  name: [3, "string"],
  version: [4, "string"],
  class: [5, "string"],
  engineId: [6, "bytes"],
  inputs: [7, TensorSpec, "repeated"],
  outputs: [8, TensorSpec, "repeated"],
  opset: [9, "uint32"],
  modelBytes: [10, "uint64"],
  fee: [11, "string"],
  royaltyPpm: [12, "uint32"],
  licence: [13, "string"],
  parent: [14, "bytes"],
  probeRoots: [15, "bytes", "repeated"],
  /** `REGISTERED`, `ACTIVE`, `FAILED` or `DEPRECATED`. */
  status: [16, "string"],
  registeredHeight: [17, "uint64"],
  activeHeight: [18, "uint64"],
  deposit: [19, "string"],
  failure: [20, "string"],
  /** Charged by every request at the parameters in force, in base units. */
  baseFee: [21, "string"],
  costUnits: [22, "uint64"],
  /** Whether its requests may ask for the inline lane. */
  inline: [23, "bool"],
  /** The class of machines that it needs. */
  tier: [30, "uint32"],
  /** One by one, where a single model was asked for. */
  admission: [50, AdmissionMember, "repeated"],
  /** What its slowest run took in its admission, at most, in milliseconds; 0 where none was measured. */
  runMs: [51, "uint64"],
  /** Outputs that its admission still waits for. */
  pendingProbes: [52, "uint32"],
  /** In units of 10^-9; zero unless the class is `tolerance`. */
  absoluteTolerance: [60, "uint64"],
  relativeTolerance: [61, "uint64"],
  /** `committed` or `direct`. */
  reveal: [70, "string"],
  /** The same as `base_fee`, if the next ten blocks are full: what a request should offer. What it does not cost comes back. */
  baseFeeAhead: [71, "string"],
  /** Of a deprecated one: since when, and the root of what its owner names in its place. */
  deprecatedHeight: [80, "uint64"],
  successor: [81, "bytes"],
  /** To whom it is offered; else empty. */
  offeredTo: [82, "string"],
  datasets: [83, "bytes", "repeated"],
});
export type Model = Message<typeof Model>;

/** What one committee member has done about a job. */
export const Member = message(`${PACKAGE}.Member`, {
  operator: [1, "string"],
  committed: [2, "bool"],
  revealed: [3, "bool"],
  /** What it revealed; once the reveal window is over, only of those who attested the final output. */
  outputRoot: [4, "bytes"],
});
export type Member = Message<typeof Member>;

export const Job = message(`${PACKAGE}.Job`, {
  jobId: [1, "bytes"],
  /** `DRAWING`, `EXECUTING`, `COMMITTING`, `REVEALING`, `FINAL` or `FAILED`. */
  status: [2, "string"],
  requester: [3, "string"],
  modelRoot: [4, "bytes"],
  engineId: [5, "bytes"],
  inputsRoot: [6, "bytes"],
  sequence: [7, "uint64"],
  messageIndex: [8, "uint32"],
  /** Of the transaction that carries the request and its inputs. */
  txHash: [9, "bytes"],
  admission: [10, "bool"],
  requestedHeight: [11, "uint64"],
  deadline: [12, "uint64"],
  /** Last heights of the two windows as they stand now; `revealEnd` is zero until reveals begin. */
  commitEnd: [13, "uint64"],
  revealEnd: [14, "uint64"],
  committeeRoot: [15, "bytes"],
  committeeSize: [16, "uint32"],
  committeePower: [17, "uint64"],
  committedPower: [18, "uint64"],
  finalHeight: [19, "uint64"],
  attestedPower: [20, "uint64"],
  /** Empty unless FINAL. */
  outputRoot: [21, "bytes"],
  /** SSZ Tensors; empty for the reserved output EXEC_ERROR. */
  output: [22, "bytes"],
  execError: [23, "bool"],
  baseFee: [24, "string"],
  escrow: [25, "string"],
  valueAtRisk: [26, "string"],
  failure: [27, "string"],
  /** In the order of the committee. */
  members: [28, Member, "repeated"],
  /** `attested`, or `inline`: then there are no committee and no receipt, and what shows the output is the block. */
  lane: [29, "string"],
  /** The block in which penalties of it are executed, and before which it can be appealed; zero until its reveals have ended. */
  appealEnd: [40, "uint64"],
  /** Its appeal: `OPEN`, `UPHELD`, `OVERTURNED` or `UNDECIDED`; empty for none. */
  appeal: [41, "string"],
  /** The job of the re-run, and what it became final on. */
  appealJob: [42, "bytes"],
  verdict: [43, "bytes"],
  /** Of the model: `canonical`, `exact` or `tolerance`. */
  class: [60, "string"],
  /** Of the class `tolerance`: who publishes the output, or was last to have its turn; empty until one is drawn. */
  executor: [61, "string"],
  /** Attested without commitments: members may have copied. */
  direct: [70, "bool"],
  /** The schedule that it is a run of; zero for none. Its `sequence` is then the same number, and `message_index` 2^31 plus the number of the run. */
  schedule: [71, "uint64"],
  /** What it was opened by: `request`, `admission`, `inline`, `appeal`, `audit` or `availability`. */
  kind: [80, "string"],
  /** Root of the blob that holds the inputs, or that it is about; else empty. */
  inputsBlob: [81, "bytes"],
});
export type Job = Message<typeof Job>;

/** A receipt: anyone can check it against the committee. `ssz` is the serialised SSZ Receipt. */
export const Receipt = message(`${PACKAGE}.Receipt`, {
  jobId: [1, "bytes"],
  outputRoot: [2, "bytes"],
  committeeRoot: [3, "bytes"],
  requestedHeight: [4, "uint64"],
  finalHeight: [5, "uint64"],
  /** Bit i (least significant first) is member i of the committee. */
  signers: [6, "bytes"],
  committeeSize: [7, "uint32"],
  signature: [8, "bytes"],
  ssz: [9, "bytes"],
});
export type Receipt = Message<typeof Receipt>;

export const ValidatorEntry = message(`${PACKAGE}.ValidatorEntry`, {
  /** `…valoper1…` */
  operator: [1, "string"],
  identityKey: [2, "bytes"],
  voteKey: [3, "bytes"],
  power: [4, "uint64"],
});
export type ValidatorEntry = Message<typeof ValidatorEntry>;

export const Param = message(`${PACKAGE}.Param`, {
  name: [1, "string"],
  unit: [2, "string"],
  value: [3, "uint64"],
});
export type Param = Message<typeof Param>;

export const QueryModelRequest = message(`${PACKAGE}.QueryModelRequest`, { model: [1, "string"] });
export type QueryModelRequest = Message<typeof QueryModelRequest>;
export const QueryModelResponse = message(`${PACKAGE}.QueryModelResponse`, { model: [1, Model] });
export type QueryModelResponse = Message<typeof QueryModelResponse>;

export const QueryModelsRequest = message(`${PACKAGE}.QueryModelsRequest`, {
  status: [1, "string"],
  owner: [2, "string"],
  pagination: [3, PageRequest],
});
export type QueryModelsRequest = Message<typeof QueryModelsRequest>;
export const QueryModelsResponse = message(`${PACKAGE}.QueryModelsResponse`, {
  models: [1, Model, "repeated"],
  pagination: [2, PageResponse],
});
export type QueryModelsResponse = Message<typeof QueryModelsResponse>;

/** Job ids in requests are 64 hex digits. */
export const QueryJobRequest = message(`${PACKAGE}.QueryJobRequest`, { jobId: [1, "string"] });
export type QueryJobRequest = Message<typeof QueryJobRequest>;
export const QueryJobResponse = message(`${PACKAGE}.QueryJobResponse`, { job: [1, Job] });
export type QueryJobResponse = Message<typeof QueryJobResponse>;

export const QueryJobsRequest = message(`${PACKAGE}.QueryJobsRequest`, {
  status: [1, "string"],
  requester: [2, "string"],
  pagination: [3, PageRequest],
});
export type QueryJobsRequest = Message<typeof QueryJobsRequest>;
export const QueryJobsResponse = message(`${PACKAGE}.QueryJobsResponse`, {
  jobs: [1, Job, "repeated"],
  pagination: [2, PageResponse],
});
export type QueryJobsResponse = Message<typeof QueryJobsResponse>;

export const QueryReceiptRequest = message(`${PACKAGE}.QueryReceiptRequest`, { jobId: [1, "string"] });
export type QueryReceiptRequest = Message<typeof QueryReceiptRequest>;
export const QueryReceiptResponse = message(`${PACKAGE}.QueryReceiptResponse`, { receipt: [1, Receipt] });
export type QueryReceiptResponse = Message<typeof QueryReceiptResponse>;

export const QueryParamsRequest = message(`${PACKAGE}.QueryParamsRequest`, {});
export type QueryParamsRequest = Message<typeof QueryParamsRequest>;
export const QueryParamsResponse = message(`${PACKAGE}.QueryParamsResponse`, { params: [1, Param, "repeated"] });
export type QueryParamsResponse = Message<typeof QueryParamsResponse>;

/** Height zero is the set that votes next. */
export const QueryValidatorSetRequest = message(`${PACKAGE}.QueryValidatorSetRequest`, { height: [1, "uint64"] });
export type QueryValidatorSetRequest = Message<typeof QueryValidatorSetRequest>;
export const QueryValidatorSetResponse = message(`${PACKAGE}.QueryValidatorSetResponse`, {
  height: [1, "uint64"],
  /** hash_tree_root of the SSZ ValidatorSet: the header's validatorsRoot. */
  root: [2, "bytes"],
  validators: [3, ValidatorEntry, "repeated"],
});
export type QueryValidatorSetResponse = Message<typeof QueryValidatorSetResponse>;

export const QueryCommitteeRequest = message(`${PACKAGE}.QueryCommitteeRequest`, { jobId: [1, "string"] });
export type QueryCommitteeRequest = Message<typeof QueryCommitteeRequest>;
export const QueryCommitteeResponse = message(`${PACKAGE}.QueryCommitteeResponse`, {
  /** Of the set that voted on the block of the request, which `validators` is, whole. */
  root: [1, "bytes"],
  validators: [2, ValidatorEntry, "repeated"],
  /** Bit i (least significant first) is validator i: who serves the tier, who was drawn of those, and who has a seat. */
  eligible: [30, "bytes"],
  drawn: [31, "bytes"],
  seats: [32, "bytes"],
  tier: [33, "uint32"],
  /** The block whose beacon they were drawn from; zero where everyone of the tier was asked at once. */
  drawHeight: [34, "uint64"],
});
export type QueryCommitteeResponse = Message<typeof QueryCommitteeResponse>;

export const QuerySecurityRequest = message(`${PACKAGE}.QuerySecurityRequest`, {});
export type QuerySecurityRequest = Message<typeof QuerySecurityRequest>;
/** What an attested output is worth, as of the next block. Amounts in base units, decimal integers. */
export const QuerySecurityResponse = message(`${PACKAGE}.QuerySecurityResponse`, {
  /** A wrong output must cost so many times the value at risk. */
  securityRatio: [1, "uint64"],
  /** Part of the stake that a wrong output costs, in ppm. */
  slashFraction: [2, "uint64"],
  /** Of the committee of the next block. */
  stake: [3, "string"],
  /** What of it answers for open and appealable jobs. */
  reserved: [4, "string"],
  /** The greatest `value_at_risk` that a request may name now. */
  headroom: [5, "string"],
  /** What a wrong output costs the cheapest coalition with more than two thirds of the power: between these. */
  costAtLeast: [6, "string"],
  costAtMost: [7, "string"],
});
export type QuerySecurityResponse = Message<typeof QuerySecurityResponse>;

export const QueryPricesRequest = message(`${PACKAGE}.QueryPricesRequest`, {});
export type QueryPricesRequest = Message<typeof QueryPricesRequest>;
/** What a cost unit of one tier costs, in base units, and how much of its room was taken. */
export const TierPrice = message(`${PACKAGE}.TierPrice`, {
  /** 8 stands for appeals, which ask everyone. */
  tier: [1, "uint32"],
  /** In the next block. */
  price: [2, "string"],
  /** If the next ten blocks are full. */
  priceAhead: [3, "string"],
  /** Jobs, and their cost units, that the latest block opened. */
  jobs: [4, "uint32"],
  costUnits: [5, "uint64"],
  /** Jobs whose windows are open. */
  open: [6, "uint32"],
});
export type TierPrice = Message<typeof TierPrice>;
export const QueryPricesResponse = message(`${PACKAGE}.QueryPricesResponse`, {
  /** The tiers in use, in order. */
  prices: [1, TierPrice, "repeated"],
});
export type QueryPricesResponse = Message<typeof QueryPricesResponse>;

export const Schedule = message(`${PACKAGE}.Schedule`, {
  /** Its number. */
  schedule: [1, "uint64"],
  owner: [2, "string"],
  modelRoot: [3, "bytes"],
  every: [4, "uint64"],
  runsLeft: [5, "uint64"],
  /** Runs that got a job, and that found no room for too long or were too dear. */
  opened: [6, "uint64"],
  skipped: [7, "uint64"],
  /** The height that the next run is planned for. */
  planned: [8, "uint64"],
  /** Of one run, in base units, as the two below. */
  maxFee: [9, "string"],
  /** For all runs that are left. */
  held: [10, "string"],
  valueAtRisk: [11, "string"],
  /** The input that the beacon takes the place of; empty for none. */
  seedInput: [12, "string"],
  /** Of the transaction that made it. */
  txHash: [13, "bytes"],
});
export type Schedule = Message<typeof Schedule>;
export const QueryScheduleRequest = message(`${PACKAGE}.QueryScheduleRequest`, { schedule: [1, "uint64"] });
export type QueryScheduleRequest = Message<typeof QueryScheduleRequest>;
export const QueryScheduleResponse = message(`${PACKAGE}.QueryScheduleResponse`, { schedule: [1, Schedule] });
export type QueryScheduleResponse = Message<typeof QueryScheduleResponse>;
export const QuerySchedulesRequest = message(`${PACKAGE}.QuerySchedulesRequest`, {
  /** Only this account's; empty for all. */
  owner: [1, "string"],
  pagination: [2, PageRequest],
});
export type QuerySchedulesRequest = Message<typeof QuerySchedulesRequest>;
export const QuerySchedulesResponse = message(`${PACKAGE}.QuerySchedulesResponse`, {
  schedules: [1, Schedule, "repeated"],
  pagination: [2, PageResponse],
});
export type QuerySchedulesResponse = Message<typeof QuerySchedulesResponse>;
/** A blob of inputs. One that failed or expired is not kept. */
export const InputBlob = message(`${PACKAGE}.InputBlob`, {
  blobRoot: [1, "bytes"],
  owner: [2, "string"],
  blobBytes: [3, "uint64"],
  inputsRoot: [4, "bytes"],
  tensors: [5, BlobTensor, "repeated"],
  /** `CHECKING` or `ACTIVE`. */
  status: [6, "string"],
  registeredHeight: [7, "uint64"],
  /** Zero while it is checked, as `expiryHeight`. */
  activeHeight: [8, "uint64"],
  expiryHeight: [9, "uint64"],
  /** Held until it is active, base units. */
  rent: [10, "string"],
  /** The availability job. */
  jobId: [11, "bytes"],
  /** Cost units that naming it adds to a request. */
  requestUnits: [12, "uint64"],
});
export type InputBlob = Message<typeof InputBlob>;

/** The root in 64 hex digits. */
export const QueryInputBlobRequest = message(`${PACKAGE}.QueryInputBlobRequest`, { blob: [1, "string"] });
export type QueryInputBlobRequest = Message<typeof QueryInputBlobRequest>;
export const QueryInputBlobResponse = message(`${PACKAGE}.QueryInputBlobResponse`, { blob: [1, InputBlob] });
export type QueryInputBlobResponse = Message<typeof QueryInputBlobResponse>;

export const QueryInputBlobsRequest = message(`${PACKAGE}.QueryInputBlobsRequest`, { pagination: [1, PageRequest] });
export type QueryInputBlobsRequest = Message<typeof QueryInputBlobsRequest>;
export const QueryInputBlobsResponse = message(`${PACKAGE}.QueryInputBlobsResponse`, {
  blobs: [1, InputBlob, "repeated"],
  pagination: [2, PageResponse],
});
export type QueryInputBlobsResponse = Message<typeof QueryInputBlobsResponse>;

/** By any name of one of them. */
export const QueryModelVersionsRequest = message(`${PACKAGE}.QueryModelVersionsRequest`, { model: [1, "string"] });
export type QueryModelVersionsRequest = Message<typeof QueryModelVersionsRequest>;
/** Of one owner and name, the newest first. */
export const QueryModelVersionsResponse = message(`${PACKAGE}.QueryModelVersionsResponse`, {
  models: [1, Model, "repeated"],
});
export type QueryModelVersionsResponse = Message<typeof QueryModelVersionsResponse>;

/** A model in an output's provenance. Of one that the chain does not know there is the root alone. */
export const ProvenanceModel = message(`${PACKAGE}.ProvenanceModel`, {
  modelRoot: [1, "bytes"],
  known: [2, "bool"],
  owner: [3, "string"],
  name: [4, "string"],
  version: [5, "string"],
  licence: [6, "string"],
  status: [7, "string"],
  registeredHeight: [8, "uint64"],
  engineId: [9, "bytes"],
  /** Roots of the data sets that its owner says it was trained on. */
  datasets: [10, "bytes", "repeated"],
});
export type ProvenanceModel = Message<typeof ProvenanceModel>;

export const QueryProvenanceRequest = message(`${PACKAGE}.QueryProvenanceRequest`, { jobId: [1, "string"] });
export type QueryProvenanceRequest = Message<typeof QueryProvenanceRequest>;
/** Where an output comes from. */
export const QueryProvenanceResponse = message(`${PACKAGE}.QueryProvenanceResponse`, {
  jobId: [1, "bytes"],
  status: [2, "string"],
  /** What the job was opened by. */
  kind: [3, "string"],
  /** Empty unless FINAL. */
  outputRoot: [4, "bytes"],
  finalHeight: [5, "uint64"],
  inputsRoot: [6, "bytes"],
  requester: [7, "string"],
  /** Of the transaction with the request, in the block of that height. */
  txHash: [8, "bytes"],
  requestedHeight: [9, "uint64"],
  /** Of inputs in a blob: its root, and who registered it, as long as it is active. */
  inputsBlob: [10, "bytes"],
  blobOwner: [11, "string"],
  model: [12, ProvenanceModel],
  /** What it was derived from, the nearest first, 16 at most. */
  parents: [13, ProvenanceModel, "repeated"],
  /** There are more. */
  truncated: [14, "bool"],
});
export type QueryProvenanceResponse = Message<typeof QueryProvenanceResponse>;
