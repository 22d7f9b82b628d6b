import { BitArray } from "@chainsafe/ssz";
import { toHex, utf8 } from "../../chain/bytes.ts";
import type { Context, MessageContext } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import { JobFields } from "../../chain/types/attestation.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { isTolerant, MODEL_CLASS } from "./classes.ts";
import { validatorsRoot } from "./committee.ts";
import { inferenceError } from "./errors.ts";
import { modelByRoot } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { checkStake, reserveStake } from "./reservation.ts";
import { countSeats, seated } from "./seats.ts";
import {
  blockLoad,
  due,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobBlobs,
  jobInputs,
  jobs,
  jobsByHeight,
  openJobs,
} from "./store.ts";
import { EVERYONE, noteOpened, noteSettled, tierRoom } from "./tier-market.ts";
import { requireTier, servingPower } from "./tiers.ts";

/** The height at whose end a window of an open job closes. */
export function dueHeight(job: JobRecord): number {
  if (job.status === JOB_STATUS.committing || job.status === JOB_STATUS.drawing || job.status === JOB_STATUS.executing)
    return Math.min(job.commitEnd, job.deadline);
  if (job.status === JOB_STATUS.revealing) return Math.min(job.revealEnd, job.deadline);
  return job.revealEnd;
}

/** Replaces a job's record and keeps the queue of open jobs and their number in step. */
export function updateJob(ctx: Context, jobId: Uint8Array, before: JobRecord, change: Partial<JobRecord>): JobRecord {
  const after: JobRecord = { ...before, ...change };
  jobs.set(ctx.store, jobId, after);
  if (!before.settled && (after.settled || dueHeight(before) !== dueHeight(after))) {
    due.delete(ctx.store, [dueHeight(before), jobId]);
    if (!after.settled) due.set(ctx.store, [dueHeight(after), jobId], 1);
  }
  if (after.settled && !before.settled) {
    openJobs.set(ctx.store, (openJobs.get(ctx.store) ?? 1) - 1);
    noteSettled(ctx, after.tier);
  }
  return after;
}

/** Jobs whose windows are open, soonest to close first. PERF: at most inference.maxOpenJobs. */
export function readOpenJobs(reader: StateReader): readonly { readonly jobId: Uint8Array; readonly job: JobRecord }[] {
  const found: { jobId: Uint8Array; job: JobRecord }[] = [];
  for (const [[, jobId]] of due.entries(reader)) {
    const job = jobs.get(reader, jobId);
    if (job !== undefined) found.push({ jobId, job });
  }
  return found;
}

/** Open jobs with a window that closes at the end of `height`, or should have. */
export function dueJobs(reader: StateReader, height: number): readonly Uint8Array[] {
  return due.entries(reader, { before: heightKey.encode(height + 1) }).map(([[, jobId]]) => jobId);
}

export interface NewJob {
  readonly kind: (typeof JOB_KIND)[keyof typeof JOB_KIND];
  readonly modelRoot: Uint8Array;
  readonly engineId: Uint8Array;
  /** Who is asked: who serves it; undefined for everyone. */
  readonly tier: number | undefined;
  readonly inputsRoot: Uint8Array;
  /** Serialised SSZ Tensors, or the root of the blob that holds them. */
  readonly inputs: Uint8Array | { readonly blob: Uint8Array };
  readonly requester: Uint8Array;
  readonly costUnits: number;
  readonly baseFee: bigint;
  readonly runFee: bigint;
  readonly escrow: bigint;
  readonly valueAtRisk: bigint;
  /** Absolute height; undefined for the windows' own end. */
  readonly deadline: number | undefined;
  /** Without commitments. */
  readonly direct: boolean;
}

function reserve(ctx: Context, tier: number, costUnits: number): void {
  const { height, params } = ctx.block;
  const { maxJobsPerBlock, maxCostUnitsPerBlock, maxOpenJobs } = inferenceParams.read(params);
  // Who asks at a bad moment waits for a better one, and is charged only where a proposer puts it in nevertheless.
  const full = (
    name: "blockFull" | "backlogFull",
    detail: string,
    room: "block" | "chain" | "tier" = name === "blockFull" ? "block" : "chain",
  ): Error => ctx.block.inline.full(inferenceError(name, detail), room);
  const last = blockLoad.get(ctx.store);
  const load = last?.height === height ? last : { height, jobs: 0, costUnits: 0 };
  if (load.jobs >= Number(maxJobsPerBlock)) {
    throw full("blockFull", `${load.jobs} jobs in this block, at most ${maxJobsPerBlock}; try the next`);
  }
  if (load.costUnits + costUnits > Number(maxCostUnitsPerBlock)) {
    throw full(
      "blockFull",
      `${load.costUnits} cost units in this block and ${costUnits} more, at most ${maxCostUnitsPerBlock}; try the next`,
    );
  }
  const open = openJobs.get(ctx.store) ?? 0;
  if (open >= Number(maxOpenJobs)) {
    throw full("backlogFull", `${open} jobs are open, at most ${maxOpenJobs}; try again in some blocks`);
  }
  const crowded = tierRoom(ctx, tier, costUnits);
  if (crowded !== undefined) {
    const what = { jobs: "jobs in this block", costUnits: "cost units in this block", open: "open jobs" }[
      crowded.bound
    ];
    throw full(
      crowded.bound === "open" ? "backlogFull" : "blockFull",
      `tier ${tier} has ${crowded.used} ${what}, at most ${crowded.most} while the rest is kept for others`,
      crowded.bound === "open" ? "tier" : "block",
    );
  }
  ctx.block.inline.takeJob();
  noteOpened(ctx, tier, costUnits);
  blockLoad.set(ctx.store, { height, jobs: load.jobs + 1, costUnits: load.costUnits + costUnits });
  openJobs.set(ctx.store, open + 1);
}

/** The id that a request has where it stands. @throws TxError inference 13 when there is such a job */
export function newJobId(
  ctx: MessageContext,
  { modelRoot, engineId, inputsRoot, requester }: Pick<NewJob, "modelRoot" | "engineId" | "inputsRoot" | "requester">,
): { readonly jobId: Uint8Array; readonly fields: JobFields } {
  const { sequence, messageIndex } = ctx;
  const { genesisRoot } = ctx.block.spec;
  const fields: JobFields = { genesisRoot, modelRoot, engineId, inputsRoot, requester, sequence, messageIndex };
  const jobId = JobFields.hashTreeRoot(fields);
  if (jobs.has(ctx.store, jobId)) throw inferenceError("jobExists", `job ${toHex(jobId)}`);
  return { jobId, fields };
}

/** The last block that takes reveals where there are no commitments: as much time as with them. */
export function directRevealEnd(height: number, params: Params): number {
  const { commitWindow, revealWindow } = inferenceParams.read(params);
  return height + Number(commitWindow) + Number(revealWindow);
}

/** Blocks that an executor has to publish its output, and then others to attest it. */
export function executorWindow(kind: number, params: Params): number {
  const { executorWindow: usual, admissionWindow } = inferenceParams.read(params);
  // At an admission who is asked may have to fetch the model first.
  return Number(kind === JOB_KIND.admission && admissionWindow > usual ? admissionWindow : usual);
}

/** The block before which the output of a job whose reveals end now can be appealed. Of the class `tolerance` there is nothing that a re-run could refute. */
export function appealEndOf({ block }: Context, job: JobRecord): number {
  return isTolerant(job) ? block.height : block.height + Number(inferenceParams.read(block.params).appealWindow);
}

/** For the turns of all executors. */
function executionRoom(kind: number, params: Params): number {
  return 2 * executorWindow(kind, params) * Number(inferenceParams.read(params).executorTurns);
}

/** What a model of a job claims. A job that is about a blob is about its exact bytes, also where a model has the same. */
function classOf(ctx: Context, { kind, modelRoot }: NewJob): number {
  if (kind === JOB_KIND.availability) return MODEL_CLASS.canonical;
  return modelByRoot(ctx.store, modelRoot)?.manifest.class ?? MODEL_CLASS.canonical;
}

export function jobKindName(kind: number): string {
  return Object.entries(JOB_KIND).find(([, number]) => number === kind)?.[0] ?? "";
}

/** Blocks that a job may wait for its draw, where its request names no deadline. */
const DRAW_ROOM = 16;

function everyone(count: number): BitArray {
  return BitArray.fromBoolArray(new Array<boolean>(count).fill(true));
}

/**
 * Opens a job for the validators that vote on this block. The money has been moved already.
 * @returns the job's id.
 * @throws TxError when the block or the backlog is full, or the id is taken.
 */
export function openJob(ctx: MessageContext, job: NewJob): Uint8Array {
  const { height, params, spec, validators } = ctx.block;
  const { jobId, fields } = newJobId(ctx, job);
  const modelClass = classOf(ctx, job);
  const executes = modelClass === MODEL_CLASS.tolerance;
  // What is never punished for being wrong answers for nothing.
  if (executes && job.valueAtRisk > 0n) {
    throw inferenceError("insecure", "no stake answers for an output of the class tolerance: value_at_risk must be 0");
  }
  const direct = job.direct || executes;
  const eligible = job.tier === undefined ? everyone(validators.length) : requireTier(ctx, job.tier);
  // Room is kept for appeals alone: what else asks everyone is one of the lowest tier there.
  const market = job.tier ?? (job.kind === JOB_KIND.appeal ? EVERYONE : 0);
  reserve(ctx, market, job.costUnits);
  const { commitWindow, revealWindow, admissionWindow, committeeMax } = inferenceParams.read(params);
  const size = countSeats(eligible);
  // Nobody is drawn for an appeal, an audit or a model's admission: those ask everyone there is.
  const sampled = job.kind === JOB_KIND.request && size > Number(committeeMax);
  const waits = sampled || executes;
  const reserved = sampled
    ? checkStake(ctx, seated(validators, eligible), job.valueAtRisk)
    : reserveStake(ctx, seated(validators, eligible), job.valueAtRisk);
  // Who is asked may have to fetch the model first.
  const isUsual = job.kind === JOB_KIND.request || job.kind === JOB_KIND.audit;
  const window = Number(isUsual ? commitWindow : admissionWindow);
  const { serving, all } = servingPower(validators, eligible);
  const record: JobRecord = {
    fields,
    txHash: ctx.txHash,
    kind: job.kind,
    status: waits ? JOB_STATUS.drawing : direct ? JOB_STATUS.revealing : JOB_STATUS.committing,
    settled: false,
    requestedHeight: height,
    deadline:
      job.deadline ??
      (executes
        ? height + DRAW_ROOM + executionRoom(job.kind, params)
        : height + window + Number(revealWindow) + (sampled ? DRAW_ROOM + window + Number(revealWindow) : 0)),
    // Of a draw: when to look for its beacon.
    commitEnd: waits ? height + 1 : direct ? height : height + window,
    revealEnd: direct && !waits ? directRevealEnd(height, params) : 0,
    committeeRoot: validatorsRoot(validators),
    eligible,
    drawn: sampled ? BitArray.fromBitLen(validators.length) : eligible,
    drawHeight: 0,
    widened: false,
    tier: market,
    committeeSize: sampled ? 0 : size,
    committeePower: sampled ? 0n : serving,
    bondedPower: all,
    committedCount: 0,
    committedPower: 0n,
    finalHeight: 0,
    appealEnd: 0,
    overturned: false,
    outputRoot: ZERO_32,
    costUnits: job.costUnits,
    baseFee: job.baseFee,
    runFee: job.runFee,
    escrow: job.escrow,
    valueAtRisk: job.valueAtRisk,
    reserved: sampled ? 0n : reserved,
    failure: utf8(""),
    direct,
    class: modelClass,
    executors: [],
  };
  jobs.set(ctx.store, jobId, record);
  if (job.inputs instanceof Uint8Array) jobInputs.set(ctx.store, jobId, job.inputs);
  else jobBlobs.set(ctx.store, jobId, job.inputs.blob);
  due.set(ctx.store, [dueHeight(record), jobId], 1);
  jobsByHeight.set(ctx.store, [height, jobId], 1);
  ctx.emit(
    "inference_requested",
    ["job_id", toHex(jobId)],
    ["model", toHex(job.modelRoot)],
    ["requester", accountText(spec, job.requester)],
    ["kind", jobKindName(job.kind)],
    ["deadline", String(record.deadline)],
    ["base_fee", String(job.baseFee)],
    ["escrow", String(job.escrow)],
  );
  return jobId;
}
