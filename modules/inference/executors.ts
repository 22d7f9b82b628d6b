import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { accountText } from "../addresses.ts";
import type { Committee } from "./committee.ts";
import { drawSeats, executorSeed } from "./draw.ts";
import { executorWindow, updateJob } from "./jobs.ts";
import { inferenceParams } from "./params.ts";
import { isQuorum } from "./quorum.ts";
import { executorOf, seatedPower, seatsOfJob } from "./seats.ts";
import { JOB_STATUS, type JobRecord, jobOutputs, reveals } from "./store.ts";

/**
 * Jobs of models of the class `tolerance`: one member of the committee, drawn by a beacon later than the request, publishes its output, and others attest it
 * where their own is within the model's bound of it. Nothing is blind, nobody dissents and nobody is punished. An executor that is silent, or whose output
 * finds no quorum, makes way for another; after the last one the job fails.
 */

/** A turn is one block to publish and one to attest, at least. */
const LEAST_BLOCKS = 2;

/**
 * Draws who is next, among members that have not had their turn and are free to sign. The seed is this block's beacon, which nobody knew when the request was made.
 * @returns undefined where there is nobody, or those who are free to sign could not make a quorum.
 */
function drawExecutor(
  { block, store }: Context,
  jobId: Uint8Array,
  job: JobRecord,
  committee: Committee,
): number | undefined {
  const seats = seatsOfJob(job).clone();
  // Who has attested the output of an executor before can't sign another.
  for (const [[, operator]] of reveals.entries(store, { within: jobId })) {
    const seat = committee.seat(operator);
    if (seat !== undefined) seats.set(seat.index, false);
  }
  if (!isQuorum(seatedPower(committee.members, seats), job.committeePower)) return undefined;
  for (const place of job.executors) seats.set(place, false);
  return drawSeats(executorSeed(block.beacon, jobId), committee.members, seats, 1).getTrueBitIndexes()[0];
}

/** Gives the next executor its turn. @returns false where there is none, no time, or no quorum to be had: nothing has changed then. */
export function passTurn(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): boolean {
  const { height, params, spec } = ctx.block;
  const { executorTurns } = inferenceParams.read(params);
  if (job.executors.length >= Number(executorTurns) || height + LEAST_BLOCKS > job.deadline) return false;
  const place = drawExecutor(ctx, jobId, job, committee);
  const member = place === undefined ? undefined : committee.members[place];
  if (place === undefined || member === undefined) return false;
  jobOutputs.delete(ctx.store, jobId);
  updateJob(ctx, jobId, job, {
    status: JOB_STATUS.executing,
    executors: [...job.executors, place],
    outputRoot: ZERO_32,
    commitEnd: height + executorWindow(job.kind, params),
    revealEnd: 0,
  });
  ctx.emit(
    "inference_executor",
    ["job_id", toHex(jobId)],
    ["operator", accountText(spec, member.operator)],
    ["turn", String(job.executors.length + 1)],
  );
  return true;
}

/** The executor's reveal is in the block, and its output with it: from the next block on others attest it. */
export function publishOutput(
  ctx: Context,
  jobId: Uint8Array,
  job: JobRecord,
  committee: Committee,
  outputRoot: Uint8Array,
  output: Uint8Array,
): JobRecord {
  const { height, params, spec } = ctx.block;
  const executor = committee.members[executorOf(job) ?? -1];
  if (executor === undefined) throw new Error(`job ${toHex(jobId)} has an output without executor`);
  jobOutputs.set(ctx.store, jobId, output);
  const revealEnd = height + executorWindow(job.kind, params);
  const after = updateJob(ctx, jobId, job, { status: JOB_STATUS.revealing, outputRoot, commitEnd: height, revealEnd });
  ctx.emit(
    "inference_published",
    ["job_id", toHex(jobId)],
    ["operator", accountText(spec, executor.operator)],
    ["output_root", toHex(outputRoot)],
    ["exec_error", String(output.length === 0)],
  );
  return after;
}
