import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { isTolerant } from "./classes.ts";
import type { Committee } from "./committee.ts";
import { committeeSeed, drawSeats } from "./draw.ts";
import { passTurn } from "./executors.ts";
import { directRevealEnd, updateJob } from "./jobs.ts";
import { laterBeacon } from "./later-beacon.ts";
import { failJob } from "./outcome.ts";
import { inferenceParams } from "./params.ts";
import { canAnswerFor, releaseStake, reserveStake } from "./reservation.ts";
import { countSeats, seated, seatedPower } from "./seats.ts";
import { JOB_KIND, JOB_STATUS, type JobRecord } from "./store.ts";

/** What has a draw, or a second phase, begin: who is asked, what answers for the value, and a window for commitments, or where there are none for reveals. */
function ask(
  ctx: Context,
  jobId: Uint8Array,
  job: JobRecord,
  committee: Committee,
  change: Partial<JobRecord>,
): JobRecord {
  const { height, params } = ctx.block;
  const seats = change.widened === true ? job.eligible : (change.drawn ?? job.drawn);
  const members = seated(committee.members, seats);
  // Whose turn it is, and until when, is another matter: executors.ts.
  const window = isTolerant(job)
    ? { status: JOB_STATUS.executing, commitEnd: height, revealEnd: 0 }
    : job.direct
      ? { status: JOB_STATUS.revealing, commitEnd: height, revealEnd: directRevealEnd(height, params) }
      : {
          status: JOB_STATUS.committing,
          commitEnd: height + Number(inferenceParams.read(params).commitWindow),
          revealEnd: 0,
        };
  return updateJob(ctx, jobId, job, {
    ...change,
    ...window,
    committeeSize: members.length,
    committeePower: seatedPower(committee.members, seats),
    reserved: reserveStake(ctx, members, job.valueAtRisk),
  });
}

/**
 * Draws the committee of a job that waits for it, once the beacon is there. Where the stake of those drawn does not answer for the job's value,
 * everyone of the tier is asked at once; where not even theirs does any more, the job fails.
 */
export function drawCommittee(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): void {
  const { height, params } = ctx.block;
  if (height >= job.deadline) {
    failJob(ctx, jobId, job, "no committee was drawn before the deadline");
    return;
  }
  const beacon = laterBeacon(ctx, job.requestedHeight);
  if (beacon === undefined) {
    updateJob(ctx, jobId, job, { commitEnd: height + 1 });
    return;
  }
  const { committeeMax } = inferenceParams.read(params);
  // An admission asks everyone there is, and waits for its executor alone.
  const count = job.kind === JOB_KIND.request ? Number(committeeMax) : committee.members.length;
  const drawn = drawSeats(committeeSeed(beacon, jobId), committee.members, job.eligible, count);
  const found = { drawn, drawHeight: height };
  const emit = (after: JobRecord): void =>
    ctx.emit(
      "inference_drawn",
      ["job_id", toHex(jobId)],
      ["members", String(after.committeeSize)],
      ["power", String(after.committeePower)],
    );
  if (canAnswerFor(ctx, seated(committee.members, drawn), job.valueAtRisk)) {
    const after = ask(ctx, jobId, job, committee, found);
    emit(after);
    if (isTolerant(job) && !passTurn(ctx, jobId, after, committee)) {
      failJob(ctx, jobId, after, "no executor was drawn in time");
    }
  } else if (canAnswerFor(ctx, seated(committee.members, job.eligible), job.valueAtRisk)) {
    emit(ask(ctx, jobId, job, committee, { ...found, widened: true }));
  } else {
    failJob(ctx, jobId, job, "the stake that had to answer for its value answers for others by now");
  }
}

/** Whether others than those drawn can still be asked: once a job, and with time for a commitment and a reveal. */
export function mayWiden(ctx: Context, job: JobRecord): boolean {
  if (job.status === JOB_STATUS.final || job.widened || isTolerant(job) || ctx.block.height + 2 > job.deadline)
    return false;
  return countSeats(job.drawn) < countSeats(job.eligible);
}

/**
 * Asks everyone of the tier, since those drawn had no quorum. What has been committed and revealed stays, and who has committed may
 * still reveal, but nothing else. The first output with more than two thirds of the whole tier is final.
 */
export function widen(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): void {
  if (!canAnswerFor(ctx, seated(committee.members, job.eligible), job.valueAtRisk)) {
    failJob(ctx, jobId, job, "the tier's stake that had to answer for its value answers for others");
    return;
  }
  releaseStake(ctx, jobId, job);
  const after = ask(ctx, jobId, { ...job, reserved: 0n }, committee, { widened: true });
  ctx.emit("inference_widened", ["job_id", toHex(jobId)], ["members", String(after.committeeSize)]);
}
