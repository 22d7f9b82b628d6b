import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText } from "../addresses.ts";
import { updateJob } from "./jobs.ts";
import {
  APPEAL_STATUS,
  type AppealRecord,
  appealedJobs,
  appeals,
  committees,
  type JobRecord,
  jobs,
  type PenaltyRecord,
  participations,
  penalties,
  reservationEnds,
} from "./store.ts";

/**
 * An appeal has everyone bonded run a final job again, in a job of its own. Its verdict is what more than two thirds of all bonded power attest there. It moves
 * penalties and the appellant's bond, and nothing else: a final output stays, and what was paid for it.
 */

/** Held penalties of a job, by operator. */
function heldOf(
  ctx: Context,
  jobId: Uint8Array,
  { appealEnd }: JobRecord,
): readonly (readonly [Uint8Array, PenaltyRecord])[] {
  const within = new Uint8Array([...heightKey.encode(appealEnd), ...jobId]);
  return penalties.entries(ctx.store, { within }).map(([[, [, operator]], penalty]) => [operator, penalty] as const);
}

function hold(ctx: Context, job: JobRecord, jobId: Uint8Array, operator: Uint8Array, penalty: PenaltyRecord): void {
  penalties.set(ctx.store, [job.appealEnd, [jobId, operator]], penalty);
}

/** Puts off what the end of a job's appeal window brings: no penalty is executed, and no stake answers for something else, while an appeal is open. */
export function extendWindow(ctx: Context, jobId: Uint8Array, job: JobRecord, appealEnd: number): JobRecord {
  if (appealEnd <= job.appealEnd) return job;
  const held = heldOf(ctx, jobId, job);
  for (const [operator] of held) penalties.delete(ctx.store, [job.appealEnd, [jobId, operator]]);
  if (job.reserved > 0n) {
    reservationEnds.delete(ctx.store, [job.appealEnd, jobId]);
    reservationEnds.set(ctx.store, [appealEnd, jobId], 1);
  }
  const after = updateJob(ctx, jobId, job, { appealEnd });
  for (const [operator, penalty] of held) hold(ctx, after, jobId, operator, penalty);
  return after;
}

/** Everyone who attested the final output, which was wrong, and nobody who did not. */
function convict(ctx: Context, jobId: Uint8Array, job: JobRecord, verdict: Uint8Array, powers: Powers): void {
  const held = new Map(heldOf(ctx, jobId, job).map(([operator, penalty]) => [toHex(operator), penalty]));
  const members = committees.get(ctx.store, job.committeeRoot) ?? [];
  const took = participations.get(ctx.store, jobId);
  for (const [index, { operator, power }] of members.entries()) {
    const penalty = held.get(toHex(operator));
    if (penalty !== undefined) {
      if (equalBytes(penalty.outputRoot, verdict)) penalties.delete(ctx.store, [job.appealEnd, [jobId, operator]]);
      else hold(ctx, job, jobId, operator, { ...penalty, ...powers });
      continue;
    }
    if (took?.revealed.get(index) !== true) continue;
    const { outputRoot, requestedHeight: infractionHeight } = job;
    hold(ctx, job, jobId, operator, { outputRoot, power, infractionHeight, ...powers });
    ctx.emit(
      "inference_dissent",
      ["job_id", toHex(jobId)],
      ["operator", accountText(ctx.block.spec, operator)],
      ["output_root", toHex(outputRoot)],
      ["execute_height", String(job.appealEnd)],
    );
  }
}

interface Powers {
  readonly attestedPower: bigint;
  readonly bondedPower: bigint;
}

function close(ctx: Context, jobId: Uint8Array, appeal: AppealRecord, change: Partial<AppealRecord>): void {
  const after = { ...appeal, ...change };
  appeals.set(ctx.store, jobId, after);
  const outcome = Object.entries(APPEAL_STATUS).find(([, status]) => status === after.status)?.[0] ?? "";
  ctx.emit(
    "inference_appeal_decided",
    ["job_id", toHex(jobId)],
    ["appeal", toHex(appeal.appealJob)],
    ["outcome", outcome],
    ["verdict", toHex(after.verdict)],
  );
}

/**
 * The re-run of an appeal became final on an output: the verdict.
 * @param attestedPower for it.
 * @returns whether the appellant was right, and gets the bond back.
 */
export function decideAppeal(ctx: Context, appealJob: Uint8Array, rerun: JobRecord, attestedPower: bigint): boolean {
  const jobId = appealedJobs.get(ctx.store, appealJob);
  const appeal = jobId && appeals.get(ctx.store, jobId);
  const job = jobId && jobs.get(ctx.store, jobId);
  if (jobId === undefined || appeal === undefined || job === undefined) {
    throw new Error(`the appeal ${toHex(appealJob)} is of no job`);
  }
  const verdict = rerun.outputRoot;
  const powers = { attestedPower, bondedPower: rerun.bondedPower };
  const upheld = equalBytes(verdict, job.outputRoot);
  if (upheld) {
    for (const [operator, penalty] of heldOf(ctx, jobId, job)) {
      hold(ctx, job, jobId, operator, { ...penalty, ...powers });
    }
  } else {
    updateJob(ctx, jobId, job, { overturned: true });
    convict(ctx, jobId, job, verdict, powers);
  }
  close(ctx, jobId, appeal, { status: upheld ? APPEAL_STATUS.upheld : APPEAL_STATUS.overturned, verdict });
  return equalBytes(appeal.claim, ZERO_32) ? !upheld : equalBytes(appeal.claim, verdict);
}

/** The re-run had no quorum: everything stays as it was. */
export function dismissAppeal(ctx: Context, appealJob: Uint8Array): void {
  const jobId = appealedJobs.get(ctx.store, appealJob);
  const appeal = jobId && appeals.get(ctx.store, jobId);
  if (jobId === undefined || appeal === undefined) throw new Error(`the appeal ${toHex(appealJob)} is of no job`);
  close(ctx, jobId, appeal, { status: APPEAL_STATUS.undecided });
}
