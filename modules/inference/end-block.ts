import { BitArray } from "@chainsafe/ssz";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { MAX_INLINE_RESULTS_PER_BLOCK } from "../../chain/types/limits.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText } from "../addresses.ts";
import { isTolerant } from "./classes.ts";
import { type Committee, createCommitteeCache, validatorsRoot } from "./committee.ts";
import { returnDeposits } from "./deprecation.ts";
import { passTurn } from "./executors.ts";
import { releaseBlobs } from "./input-blobs.ts";
import { appealEndOf, dueJobs, updateJob } from "./jobs.ts";
import { failJob } from "./outcome.ts";
import { inferenceParams } from "./params.ts";
import { isQuorum } from "./quorum.ts";
import { releaseLater, releaseStake } from "./reservation.ts";
import { giveStrikes } from "./resident-set.ts";
import { drawCommittee, mayWiden, widen } from "./sampling.ts";
import {
  admissionJobs,
  admissionNotes,
  appealedJobs,
  appeals,
  blockLoad,
  commitments,
  committeeJobs,
  committees,
  continuations,
  equivocations,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobBlobs,
  jobInputs,
  jobOutputs,
  jobs,
  jobsByHeight,
  participations,
  penalties,
  receipts,
  reservationEnds,
  reveals,
  tallies,
} from "./store.ts";
import { endSuspensions, noteAbsences } from "./suspension.ts";
import { settlePrices } from "./tier-market.ts";

/** Keeps the set that voted on this block, if the block opened jobs: it is their committee. */
function keepCommittee(ctx: Context): void {
  const load = blockLoad.get(ctx.store);
  if (load === undefined || load.height !== ctx.block.height) return;
  const { validators } = ctx.block;
  const root = validatorsRoot(validators);
  const referring = committeeJobs.get(ctx.store, root) ?? 0;
  if (referring === 0) committees.set(ctx.store, root, [...validators]);
  committeeJobs.set(ctx.store, root, referring + load.jobs);
}

/** The members' own records go; who took part stays. */
export function closeBooks(ctx: Context, jobId: Uint8Array, committee: Committee): void {
  const committed = BitArray.fromBitLen(committee.members.length);
  const revealed = BitArray.fromBitLen(committee.members.length);
  for (const [key] of commitments.entries(ctx.store, { within: jobId })) {
    const seat = committee.seat(key[1]);
    if (seat !== undefined) committed.set(seat.index, true);
    commitments.delete(ctx.store, key);
  }
  for (const [key] of reveals.entries(ctx.store, { within: jobId })) {
    const seat = committee.seat(key[1]);
    if (seat !== undefined) revealed.set(seat.index, true);
    reveals.delete(ctx.store, key);
  }
  for (const [key] of tallies.entries(ctx.store, { within: jobId })) tallies.delete(ctx.store, key);
  jobInputs.delete(ctx.store, jobId);
  participations.set(ctx.store, jobId, { committed, revealed });
}

/**
 * Holds a penalty against every member that attested another output than the final one, or committed and let the
 * window pass: that one would have revealed, had it been right. Absence is not dissent.
 */
function judge(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): void {
  const { spec } = ctx.block;
  const { appealEnd } = job;
  const attestedPower = tallies.get(ctx.store, [jobId, job.outputRoot]) ?? 0n;
  // Who did not have to commit has not withheld anything.
  const said = job.direct
    ? reveals.entries(ctx.store, { within: jobId })
    : commitments.entries(ctx.store, { within: jobId });
  for (const [[, operator]] of said) {
    const reveal = reveals.get(ctx.store, [jobId, operator]);
    if (reveal !== undefined && equalBytes(reveal.outputRoot, job.outputRoot)) continue;
    const seat = committee.seat(operator);
    if (seat === undefined) throw new Error(`a commitment without seat of ${toHex(jobId)}`);
    penalties.set(ctx.store, [appealEnd, [jobId, operator]], {
      outputRoot: reveal?.outputRoot ?? ZERO_32,
      power: seat.member.power,
      infractionHeight: job.requestedHeight,
      attestedPower,
      bondedPower: job.bondedPower,
    });
    ctx.emit(
      "inference_dissent",
      ["job_id", toHex(jobId)],
      ["operator", accountText(spec, operator)],
      ["output_root", reveal === undefined ? "" : toHex(reveal.outputRoot)],
      ["execute_height", String(appealEnd)],
    );
  }
}

/** Closes whichever window of the job ends here. */
function closeWindow(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): void {
  const { height, params } = ctx.block;
  if (job.status === JOB_STATUS.final) {
    const closed = updateJob(ctx, jobId, job, { settled: true, appealEnd: appealEndOf(ctx, job) });
    // Who has another output of the class tolerance says nothing, and is not absent for that.
    if (!isTolerant(job)) judge(ctx, jobId, closed, committee);
    releaseLater(ctx, jobId, closed);
    closeBooks(ctx, jobId, committee);
    if (!isTolerant(job)) noteAbsences(ctx, jobId, closed, committee);
    return;
  }
  if (job.status === JOB_STATUS.drawing) {
    drawCommittee(ctx, jobId, job, committee);
    if (jobs.get(ctx.store, jobId)?.status === JOB_STATUS.failed) closeBooks(ctx, jobId, committee);
    return;
  }
  if (
    job.status === JOB_STATUS.committing &&
    height < job.deadline &&
    isQuorum(job.committedPower, job.committeePower)
  ) {
    const revealEnd = height + Number(inferenceParams.read(params).revealWindow);
    updateJob(ctx, jobId, job, { status: JOB_STATUS.revealing, revealEnd });
    ctx.emit("inference_reveals", ["job_id", toHex(jobId)], ["reason", "window"]);
    return;
  }
  if (mayWiden(ctx, job)) {
    widen(ctx, jobId, job, committee);
    if (jobs.get(ctx.store, jobId)?.status === JOB_STATUS.failed) closeBooks(ctx, jobId, committee);
    return;
  }
  if (isTolerant(job) && passTurn(ctx, jobId, job, committee)) return;
  const reason =
    job.status === JOB_STATUS.committing
      ? `${job.committedPower} of ${job.committeePower} power committed`
      : job.status === JOB_STATUS.executing
        ? "no executor published an output"
        : "no output was attested by more than two thirds of the committee";
  failJob(ctx, jobId, job, reason);
  closeBooks(ctx, jobId, committee);
}

function releaseCommittee(ctx: Context, root: Uint8Array): void {
  const referring = (committeeJobs.get(ctx.store, root) ?? 1) - 1;
  if (referring > 0) {
    committeeJobs.set(ctx.store, root, referring);
    return;
  }
  committeeJobs.delete(ctx.store, root);
  committees.delete(ctx.store, root);
}

/** Forgets old jobs: at most twice as many as a block may open, so that removal keeps up. */
function sweep(ctx: Context): void {
  const { height, params } = ctx.block;
  const { jobRetention, maxJobsPerBlock } = inferenceParams.read(params);
  const oldest = height - Number(jobRetention);
  if (oldest <= 0) return;
  const limit = 2 * (Number(maxJobsPerBlock) + MAX_INLINE_RESULTS_PER_BLOCK);
  for (const [key] of jobsByHeight.entries(ctx.store, { before: heightKey.encode(oldest), limit })) {
    const [, jobId] = key;
    const job = jobs.get(ctx.store, jobId);
    // A long deadline or appeal, or messages that wait for their turn; it goes when that is over.
    const isNeeded = (found: JobRecord): boolean =>
      !found.settled || height <= found.appealEnd || found.reserved > 0n || continuations.has(ctx.store, jobId);
    if (job !== undefined && isNeeded(job)) continue;
    jobsByHeight.delete(ctx.store, key);
    if (job === undefined) continue;
    for (const [member] of equivocations.entries(ctx.store, { within: jobId })) equivocations.delete(ctx.store, member);
    for (const [note] of admissionNotes.entries(ctx.store, { within: jobId })) admissionNotes.delete(ctx.store, note);
    if (job.kind === JOB_KIND.admission) admissionJobs.delete(ctx.store, [job.fields.modelRoot, jobId]);
    for (const kept of [jobs, jobOutputs, receipts, participations, appeals, appealedJobs, jobBlobs])
      kept.delete(ctx.store, jobId);
    if (job.kind !== JOB_KIND.inline) releaseCommittee(ctx, job.committeeRoot);
  }
}

/** Stake of jobs that can't be wrong any more answers for others again: of as many as blocks can open, so that it keeps up. */
function endReservations(ctx: Context): void {
  const { height, params } = ctx.block;
  const limit = 2 * Number(inferenceParams.read(params).maxJobsPerBlock);
  for (const [key] of reservationEnds.entries(ctx.store, { before: heightKey.encode(height + 1), limit })) {
    const [, jobId] = key;
    const job = jobs.get(ctx.store, jobId);
    if (job === undefined) throw new Error(`job ${toHex(jobId)} is gone before its reservation`);
    reservationEnds.delete(ctx.store, key);
    releaseStake(ctx, jobId, job);
    updateJob(ctx, jobId, job, { reserved: 0n });
  }
}

/** Ends what ends with this block: windows and retention. */
export function endBlock(ctx: Context): void {
  keepCommittee(ctx);
  const known = createCommitteeCache();
  for (const jobId of dueJobs(ctx.store, ctx.block.height)) {
    const job = jobs.get(ctx.store, jobId);
    const committee = job && known.get(ctx.store, job.committeeRoot);
    if (job === undefined || committee === undefined) throw new Error(`open job ${toHex(jobId)} has no record`);
    closeWindow(ctx, jobId, job, committee);
  }
  endReservations(ctx);
  endSuspensions(ctx);
  releaseBlobs(ctx);
  returnDeposits(ctx);
  sweep(ctx);
  giveStrikes(ctx);
  settlePrices(ctx);
}
