import {
  BitListType,
  BooleanType,
  ByteListType,
  ContainerType,
  ListBasicType,
  ListCompositeType,
  type ValueOf,
} from "@chainsafe/ssz";
import { JobFields } from "../../chain/types/attestation.ts";
import { MAX_INLINE_OUTPUT, MAX_TX_BYTES, MAX_VALIDATORS } from "../../chain/types/limits.ts";
import { portable } from "../../chain/types/portable.ts";
import { Bytes20, Bytes32, Bytes96, Uint8, Uint32, Uint64, UintBn64, UintBn128 } from "../../chain/types/primitives.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import { bytesKey, collection, heightKey, item, pairKey, sharedCollection } from "../../state/collections.ts";
import { ModelManifest } from "./manifest.ts";
import { Receipt } from "./receipt.ts";
import { MAX_RANK, MAX_TENSORS } from "./tensors.ts";

export const MODEL_STATUS = { registered: 0, active: 1, failed: 2, deprecated: 3 } as const;
/** `drawing`: the committee, or an executor, is to be drawn from a later beacon. `executing`: the executor is to publish its output. */
export const JOB_STATUS = { committing: 0, revealing: 1, final: 2, failed: 3, drawing: 4, executing: 5 } as const;
/** `appeal`: everyone runs a final job again. */
/** `audit`: opened by the chain itself, to see who can run models. */
export const JOB_KIND = { request: 0, admission: 1, inline: 2, appeal: 3, audit: 4, availability: 6 } as const;
export const APPEAL_STATUS = { open: 0, upheld: 1, overturned: 2, undecided: 3 } as const;

/** `checking`: its availability job is open. One that fails or expires is forgotten. */
export const BLOB_STATUS = { checking: 0, active: 1 } as const;

/** Bytes of serialised inputs that no network may exceed (parameter inference.maxInputBytes). */
const MAX_INPUT_BYTES = 524_288;
const MAX_REASON = 256;
export const MAX_EXECUTORS = 8;
const MAX_DENOM = 128;
export const MAX_HELD_COINS = 16;

export const ModelRecord = new ContainerType(
  {
    manifest: ModelManifest,
    status: Uint8,
    registeredHeight: Uint64,
    activeHeight: Uint64,
    /** Held in escrow while the model is registered. */
    deposit: UintBn128,
    /** Admission jobs that are still to become final, those of generated inputs included. */
    pendingProbes: Uint32,
    /** The slowest of them so far, 2^bucket milliseconds at most; of a model of the genesis zero. */
    worstBucket: Uint8,
    /** What a run costs: by the model's size until it is active, by the time it was seen to take from then on. */
    costUnits: Uint64,
    /** UTF-8; why admission failed. */
    failure: portable(() => new ByteListType(MAX_REASON)),
    /** When it left the resident set for its strikes; zero while it is in, or never was. */
    inlineOutHeight: Uint64,
  },
  { typeName: "ModelRecord" },
);
export type ModelRecord = ValueOf<typeof ModelRecord>;

/** A job. Amounts in base units; heights are zero where they are not known yet. */
export const JobRecord = new ContainerType(
  {
    fields: JobFields,
    txHash: Bytes32,
    kind: Uint8,
    status: Uint8,
    /** No window is open any more. */
    settled: new BooleanType(),
    requestedHeight: Uint64,
    /** The last block in which it may become final. */
    deadline: Uint64,
    /** The last blocks that take commitments and reveals. */
    commitEnd: Uint64,
    revealEnd: Uint64,
    /** Of the set that voted on the block of the request. Over it: those that served the tier then, and those of them that were drawn; all, where no more serve it than a committee has. */
    committeeRoot: Bytes32,
    eligible: portable(() => new BitListType(MAX_VALIDATORS)),
    drawn: portable(() => new BitListType(MAX_VALIDATORS)),
    /** The block whose beacon they were drawn from; zero where there was nothing to draw. */
    drawHeight: Uint64,
    /** There was no quorum among those drawn, and everyone of the tier has been asked. */
    widened: new BooleanType(),
    /** 8 where everyone is asked, whatever they serve. */
    tier: Uint8,
    /** Of the seats: those drawn, or everyone of the tier. */
    committeeSize: Uint32,
    committeePower: UintBn64,
    /** All bonded power at the request. */
    bondedPower: UintBn64,
    committedCount: Uint32,
    committedPower: UintBn64,
    finalHeight: Uint64,
    /** The block in which penalties of it are executed, and before which it can be appealed; zero until its reveals have ended. */
    appealEnd: Uint64,
    /** An appeal has found that the output is wrong. It stays final. */
    overturned: new BooleanType(),
    outputRoot: Bytes32,
    costUnits: Uint64,
    baseFee: UintBn128,
    /** The model's fee of a run. */
    runFee: UintBn128,
    /** Held until the job is final or has failed: the fee and what comes back. */
    escrow: UintBn128,
    valueAtRisk: UintBn128,
    /** Stake of the committee that answers for it alone, until its output can't be appealed any more; base units. */
    reserved: UintBn128,
    failure: portable(() => new ByteListType(MAX_REASON)),
    /** There are no commitments. */
    direct: new BooleanType(),
    /** Of the model. */
    class: Uint8,
    /** Of the class `tolerance`: places in the set of those who have had their turn to publish an output; the last one has it, or had. */
    executors: portable(() => new ListBasicType(Uint32, MAX_EXECUTORS)),
  },
  { typeName: "JobRecord" },
);
export type JobRecord = ValueOf<typeof JobRecord>;

const CommitmentRecord = new ContainerType(
  { hash: Bytes32, height: Uint64, proposer: Bytes20, bucket: Uint8 },
  { typeName: "CommitmentRecord" },
);
const RevealRecord = new ContainerType(
  { outputRoot: Bytes32, signature: Bytes96, height: Uint64, proposer: Bytes20 },
  { typeName: "RevealRecord" },
);
export type RevealRecord = ValueOf<typeof RevealRecord>;

/** Who did what, once the members' own records are gone. Bits over the committee. */
const Participation = new ContainerType(
  {
    committed: portable(() => new BitListType(MAX_VALIDATORS)),
    revealed: portable(() => new BitListType(MAX_VALIDATORS)),
  },
  { typeName: "Participation" },
);

/** A penalty that is held. `outputRoot` is zero for an attestation that was committed and not revealed. */
export const PenaltyRecord = new ContainerType(
  {
    outputRoot: Bytes32,
    power: UintBn64,
    infractionHeight: Uint64,
    attestedPower: UintBn64,
    bondedPower: UintBn64,
  },
  { typeName: "PenaltyRecord" },
);
export type PenaltyRecord = ValueOf<typeof PenaltyRecord>;

/** `appealJob` is the re-run; `claim` is the output root that the appellant says is right, or zero for any but the final one; `verdict` zero until there is one. */
const AppealRecord = new ContainerType(
  { appealJob: Bytes32, appellant: Bytes20, bond: UintBn128, claim: Bytes32, status: Uint8, verdict: Bytes32 },
  { typeName: "AppealRecord" },
);
export type AppealRecord = ValueOf<typeof AppealRecord>;

/** Within one window of so many blocks. `askedPpm` is how often a member of the tier had a seat, on average, in millionths. */
const TierAttendance = new ContainerType({ window: Uint64, askedPpm: UintBn64 }, { typeName: "TierAttendance" });
/** `since`: the block in which the last audit was opened or left out; `due`: the one in which the next was drawn, while it finds no room, or zero. */
const AuditPlan = new ContainerType({ since: Uint64, due: Uint64 }, { typeName: "AuditPlan" });
const AbsenceRecord = new ContainerType({ window: Uint64, count: Uint32 }, { typeName: "AbsenceRecord" });

const BlockLoad = new ContainerType({ height: Uint64, jobs: Uint32, costUnits: Uint64 }, { typeName: "BlockLoad" });

/** Models that may run inline: those being admitted count, so that they find a place. */
const ResidentSet = new ContainerType({ models: Uint32, bytes: Uint64 }, { typeName: "ResidentSet" });
/** `height` of the last one; `proposers` of the rounds that failed, each once; until `paused`, included, nothing runs inline. */
const Strikes = new ContainerType(
  { height: Uint64, paused: Uint64, proposers: portable(() => new ListCompositeType(Bytes20, MAX_VALIDATORS)) },
  { typeName: "Strikes" },
);

/** Tiers by bits: those served before the block `from`, and since. */
const TierService = new ContainerType({ current: Uint8, next: Uint8, from: Uint64 }, { typeName: "TierService" });

/** `price` of a cost unit in the next block; `jobs` and `costUnits` that block `height` opened; `open` jobs of all blocks. */
const TierMarket = new ContainerType(
  { price: UintBn128, height: Uint64, jobs: Uint32, costUnits: Uint64, open: Uint32 },
  { typeName: "TierMarket" },
);
export type TierMarket = ValueOf<typeof TierMarket>;

/** Runs that the chain opens by itself. Amounts in base units. */
export const ScheduleRecord = new ContainerType(
  {
    owner: Bytes20,
    modelRoot: Bytes32,
    /** Of the transaction that made it. */
    txHash: Bytes32,
    /** Blocks from one run to the next. */
    every: Uint64,
    /** The next one, counted from 0. */
    run: Uint32,
    runsLeft: Uint32,
    /** The height that the next run is planned for, and the one at which it is tried: later, where it found no room. */
    planned: Uint64,
    due: Uint64,
    /** Runs that got a job. */
    opened: Uint32,
    /** Of one run, held for each that is left. */
    maxFee: UintBn128,
    valueAtRisk: UintBn128,
    /** The input that the beacon takes the place of, counted from 1; 0 for none. */
    seed: Uint8,
  },
  { typeName: "ScheduleRecord" },
);
export type ScheduleRecord = ValueOf<typeof ScheduleRecord>;

/** `last` number given; `open` schedules there are. */
const ScheduleCount = new ContainerType({ last: Uint64, open: Uint32 }, { typeName: "ScheduleCount" });

/** `height` of its latest block. */
const RecentProposer = new ContainerType({ operator: Bytes20, height: Uint64 }, { typeName: "RecentProposer" });
const MAX_RECENT_PROPOSERS = 3;

/** Element type and lengths of one tensor of an input blob. */
const TensorShape = new ContainerType(
  { dtype: Uint8, shape: portable(() => new ListBasicType(Uint64, MAX_RANK)) },
  { typeName: "TensorShape" },
);
/** Inputs that requests name instead of carrying them. Heights are zero where they are not known yet. */
export const InputBlobRecord = new ContainerType(
  {
    owner: Bytes20,
    blobBytes: Uint64,
    /** hash_tree_root of the tensors that the blob holds, serialised. */
    inputsRoot: Bytes32,
    tensors: portable(() => new ListCompositeType(TensorShape, MAX_TENSORS)),
    status: Uint8,
    registeredHeight: Uint64,
    activeHeight: Uint64,
    /** How long it is active. */
    blocks: Uint64,
    expiryHeight: Uint64,
    /** Held until its availability is decided, base units. */
    rent: UintBn128,
    /** Its availability job. */
    jobId: Bytes32,
  },
  { typeName: "InputBlobRecord" },
);
export type InputBlobRecord = ValueOf<typeof InputBlobRecord>;
/** `depositHeight`: when a part of the deposit returns. `successor` is zero for none. */
const Deprecation = new ContainerType(
  { height: Uint64, successor: Bytes32, depositHeight: Uint64 },
  { typeName: "Deprecation" },
);
const BlobLoad = new ContainerType({ blobs: Uint32, bytes: Uint64 }, { typeName: "BlobLoad" });

const HeldCoin = new ContainerType(
  { denom: portable(() => new ByteListType(MAX_DENOM)), amount: UintBn128 },
  { typeName: "HeldCoin" },
);
/** What runs when a job becomes final: a serialised MsgInferThen, its coins held apart. */
export const Continuation = new ContainerType(
  {
    requester: Bytes20,
    message: portable(() => new ByteListType(MAX_TX_BYTES)),
    gasLimit: Uint64,
    escrow: portable(() => new ListCompositeType(HeldCoin, MAX_HELD_COINS)),
  },
  { typeName: "Continuation" },
);
export type Continuation = ValueOf<typeof Continuation>;

const id = bytesKey(32);
const operator = bytesKey(20);
export const modelKey = id;
export const memberKey = pairKey(id, operator);
export const heightJobKey = pairKey(heightKey, id);
export const penaltyKey = pairKey(heightKey, memberKey);
export const ownerScheduleKey = pairKey(operator, heightKey);
const Marker = Uint8;

/** By the root of the model's blob. */
export const models = sharedCollection("inference", 0, modelKey, ModelRecord);
/** (SHA-256 of the name, owner) → root of the version that the name alone means; see versions.ts. */
export const names = collection("inference", 1, pairKey(id, operator), Bytes32);
export const jobs = sharedCollection("inference", 2, id, JobRecord);
/** Serialised SSZ Tensors, as long as the job is open. */
export const jobInputs = collection(
  "inference",
  3,
  id,
  portable(() => new ByteListType(MAX_INPUT_BYTES)),
);
/** Serialised SSZ Tensors of a final job, or of an executor: what others compare theirs with. */
export const jobOutputs = collection(
  "inference",
  4,
  id,
  portable(() => new ByteListType(MAX_INLINE_OUTPUT)),
);
export const receipts = collection("inference", 5, id, Receipt);
/** (job, operator), as long as the job is open. */
export const commitments = collection("inference", 6, memberKey, CommitmentRecord);
export const reveals = collection("inference", 7, memberKey, RevealRecord);
/** (job, output root) → power that attested it, as long as the job is open. */
export const tallies = collection("inference", 8, pairKey(id, id), UintBn64);
export const participations = collection("inference", 9, id, Participation);
/** Open jobs by the height at whose end a window closes. */
export const due = collection("inference", 10, heightJobKey, Marker);
/** All jobs by the height of their request: the order of lists, and of removal. */
export const jobsByHeight = collection("inference", 11, heightJobKey, Marker);
/** By root: the sets that jobs refer to. */
export const committees = sharedCollection("inference", 12, id, ValidatorSet);
/** How many jobs refer to a committee. */
export const committeeJobs = collection("inference", 13, id, Uint64);
/** By the height at whose end they are executed. */
export const penalties = collection("inference", 14, penaltyKey, PenaltyRecord);
/** (job, operator) that have been punished, with the height. */
export const equivocations = collection("inference", 15, memberKey, Uint64);
export const openJobs = item("inference", 16, Uint32);
export const blockLoad = item("inference", 17, BlockLoad);
export const residentSet = item("inference", 18, ResidentSet);
/** By model root. */
export const strikes = collection("inference", 19, modelKey, Strikes);
/** By job, until it has failed or they have run. */
export const continuations = collection("inference", 20, id, Continuation);
/** (height at which the job became final, job) of continuations that are to run. */
export const readyContinuations = collection("inference", 21, heightJobKey, Marker);
/** Base units of stake that answer for open and appealable jobs, by operator. */
export const reservations = collection("inference", 22, operator, UintBn128);
/** Final jobs with reserved stake, by the height at whose end it is free again. */
export const reservationEnds = collection("inference", 23, heightJobKey, Marker);
/** By operator, of those that have said which tiers they serve. */
export const tierServices = collection("inference", 24, operator, TierService);
/** The last proposers, the latest first, each once. */
export const recentProposers = item(
  "inference",
  25,
  portable(() => new ListCompositeType(RecentProposer, MAX_RECENT_PROPOSERS)),
);
/** By the job that is appealed. */
export const appeals = collection("inference", 30, id, AppealRecord);
/** By the re-run's job: the one that is appealed. */
export const appealedJobs = collection("inference", 31, id, Bytes32);
/** By tier, one byte: those that are in use. */
export const tierMarkets = collection("inference", 46, bytesKey(1), TierMarket);
/** By number, from 1. */
export const schedules = collection("inference", 47, heightKey, ScheduleRecord);
/** Serialised SSZ Tensors, by the schedule's number. */
export const scheduleInputs = collection(
  "inference",
  48,
  heightKey,
  portable(() => new ByteListType(MAX_INPUT_BYTES)),
);
/** (height of the next try, number) */
export const scheduleDue = collection("inference", 49, pairKey(heightKey, heightKey), Marker);
/** (owner, number) */
export const schedulesOf = collection("inference", 50, ownerScheduleKey, Marker);
export const scheduleCount = item("inference", 51, ScheduleCount);
/** By tier, one byte. */
export const tierAttendance = collection("inference", 32, bytesKey(1), TierAttendance);
/** (tier, operator) */
const tierMemberKey = pairKey(bytesKey(1), operator);
export const absences = collection("inference", 33, tierMemberKey, AbsenceRecord);
/** (tier, operator) → the last block without a seat. */
export const suspensions = collection("inference", 34, tierMemberKey, Uint64);
export const auditPlan = item("inference", 61, AuditPlan);
/** Roots of the models that have a place in the resident set. */
export const residentModels = collection("inference", 62, modelKey, Marker);
/** Of audits alone: by tier, one byte. */
export const auditAttendance = collection("inference", 63, bytesKey(1), TierAttendance);
/** Audits that a member of a tier did not answer, or not with the final output. */
export const auditAbsences = collection("inference", 64, tierMemberKey, AbsenceRecord);
/** By the root of the blob. */
export const inputBlobs = collection("inference", 53, id, InputBlobRecord);
/** By job, for as long as the job is kept: the blob that holds its inputs, or that it is about. */
export const jobBlobs = collection("inference", 54, id, Bytes32);
/** (height at whose end it is released, blob) of active ones. */
export const blobExpiries = collection("inference", 55, heightJobKey, Marker);
/** All that are being checked or active. */
export const blobLoad = item("inference", 56, BlobLoad);
/** By model root. */
export const deprecations = collection("inference", 57, modelKey, Deprecation);
/** Model root → who may accept it. */
export const transfers = collection("inference", 58, modelKey, Bytes20);
/** (SHA-256 of owner and name, SHA-256 of the version) → model root, of models that have not failed. */
export const versions = collection("inference", 59, pairKey(id, id), Bytes32);
/** (height at whose end a part of a deprecated model's deposit returns, model). */
export const depositReturns = collection("inference", 60, heightJobKey, Marker);
/** (job, operator) → why it has not run the model; as long as the job is kept. */
export const admissionNotes = collection("inference", 37, memberKey, Uint8);
/** (model, admission job) → height of the registration; as long as the job is kept. */
export const admissionJobs = collection("inference", 38, pairKey(id, id), Uint64);
/** (height of the registration, model) → inputs to be generated, until their beacon is there. */
export const generatedWaiting = collection("inference", 39, heightJobKey, Uint8);
