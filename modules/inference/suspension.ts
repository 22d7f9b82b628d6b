import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import type { Committee } from "./committee.ts";
import { inferenceParams } from "./params.ts";
import { seatsOfJob } from "./seats.ts";
import {
  absences,
  auditAbsences,
  auditAttendance,
  JOB_KIND,
  type JobRecord,
  participations,
  penalties,
  suspensions,
  tierAttendance,
  tierServices,
} from "./store.ts";

/**
 * Slowness is never slashed. Who is absent from too many jobs of a tier that became final without it loses its seats there for a while: the tier's
 * quorum is then of those who answer. It goes on voting, and nothing is taken from it.
 */

const MILLION = 1_000_000n;
/** Of a tier's power, so much may be suspended at once: more would let those who are left decide alone. */
const MOST_SUSPENDED = 3n;

const tierKey = (tier: number): Uint8Array => Uint8Array.of(tier);

/** The last block of a suspension, or 0. */
export function suspendedUntil(reader: StateReader, operator: Uint8Array, tier: number): number {
  return suspensions.get(reader, [tierKey(tier), operator]) ?? 0;
}

function windowOf(ctx: Context): number {
  return Math.floor(ctx.block.height / Number(inferenceParams.read(ctx.block.params).absenceWindow));
}

/** Members of a job that had the usual time, and did not take part; of an audit, those that did not attest what became final: they have not shown that they can run it. */
function absentees(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): readonly Uint8Array[] {
  const took = participations.get(ctx.store, jobId);
  if (took === undefined) throw new Error(`nobody knows who took part in job ${toHex(jobId)}`);
  const isAudit = job.kind === JOB_KIND.audit;
  const present = job.direct || isAudit ? took.revealed : took.committed;
  const seats = seatsOfJob(job);
  return committee.members
    .filter(
      ({ operator }, index) =>
        seats.get(index) &&
        (!present.get(index) || (isAudit && penalties.has(ctx.store, [job.appealEnd, [jobId, operator]]))),
    )
    .map(({ operator }) => operator);
}

/** Power that is suspended from a tier now, or would be with one more. */
function suspendedPower(ctx: Context, tier: number, more: Uint8Array): { readonly out: bigint; readonly all: bigint } {
  const { height, validators } = ctx.block;
  let out = 0n;
  let all = 0n;
  for (const { operator, power } of validators) {
    const service = tierServices.get(ctx.store, operator);
    const tiers = service === undefined ? 1 : service.next;
    if (((tiers >> tier) & 1) === 0) continue;
    all += power;
    if (suspendedUntil(ctx.store, operator, tier) > height || toHex(operator) === toHex(more)) out += power;
  }
  return { out, all };
}

function suspend(ctx: Context, tier: number, operator: Uint8Array, cause: string): void {
  const { height, params, spec } = ctx.block;
  const { out, all } = suspendedPower(ctx, tier, operator);
  if (out * MOST_SUSPENDED > all) return;
  const until = height + Number(inferenceParams.read(params).suspendBlocks);
  suspensions.set(ctx.store, [tierKey(tier), operator], until);
  for (const counted of [absences, auditAbsences]) counted.delete(ctx.store, [tierKey(tier), operator]);
  ctx.emit(
    "inference_suspended",
    ["operator", accountText(spec, operator)],
    ["tier", String(tier)],
    ["until", String(until)],
    ["cause", cause],
  );
}

/**
 * Counts a final job against those who were absent from it; `closeBooks` has said who was there. Only requests that gave the usual time count, and audits: not an
 * admission, which is the model's test, and not what a requester made too short. Audits are counted apart, so that neither answering nothing else nor answering all
 * else, copied maybe, makes up for the other. PERF: one write, and one for each absent member.
 */
export function noteAbsences(ctx: Context, jobId: Uint8Array, job: JobRecord, committee: Committee): void {
  const { commitWindow, revealWindow, absenceMinSample, auditMinSample, absenceMaxShare } = inferenceParams.read(
    ctx.block.params,
  );
  const { tier, kind } = job;
  if (job.deadline < job.requestedHeight + Number(commitWindow + revealWindow)) return;
  const counted = {
    [JOB_KIND.request]: {
      attendance: tierAttendance,
      missed: absences,
      minSample: absenceMinSample,
      cause: "requests",
    },
    [JOB_KIND.audit]: {
      attendance: auditAttendance,
      missed: auditAbsences,
      minSample: auditMinSample,
      cause: "audits",
    },
  }[kind];
  if (counted === undefined) return;
  const { attendance, missed, minSample, cause } = counted;
  const window = windowOf(ctx);
  const eligible = BigInt(job.eligible.getTrueBitIndexes().length);
  const before = attendance.get(ctx.store, tierKey(tier));
  // Of a drawn committee, what part of the tier had a seat: so often was a member asked, on average.
  const seats = (BigInt(job.committeeSize) * MILLION) / eligible;
  const askedPpm = (before?.window === window ? before.askedPpm : 0n) + seats;
  attendance.set(ctx.store, tierKey(tier), { window, askedPpm });
  for (const operator of absentees(ctx, jobId, job, committee)) {
    const key = [tierKey(tier), operator] as const;
    const known = missed.get(ctx.store, key);
    const count = (known?.window === window ? known.count : 0) + 1;
    missed.set(ctx.store, key, { window, count });
    const isEnough = askedPpm >= minSample * MILLION;
    if (isEnough && BigInt(count) * MILLION * MILLION > absenceMaxShare * askedPpm) suspend(ctx, tier, operator, cause);
  }
}

/** Forgets suspensions that are over. PERF: reads those there are, a third of each tier at most. */
export function endSuspensions(ctx: Context): void {
  const { height, spec } = ctx.block;
  for (const [[tier, operator], until] of suspensions.entries(ctx.store)) {
    if (until > height) continue;
    suspensions.delete(ctx.store, [tier, operator]);
    ctx.emit("inference_reinstated", ["operator", accountText(spec, operator)], ["tier", String(tier[0] ?? 0)]);
  }
}
