import { toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { HELD, heldCoins } from "./continuations.ts";
import { dueHeight } from "./jobs.ts";
import { ESCROW } from "./models.ts";
import { reservedByJobs } from "./reservation.ts";
import { isResident } from "./resident-set.ts";
import { heldFor } from "./schedules.ts";
import {
  committeeJobs,
  continuations,
  due,
  JOB_KIND,
  JOB_STATUS,
  jobs,
  MODEL_STATUS,
  models,
  openJobs,
  readyContinuations,
  reservations,
  residentSet,
  scheduleCount,
  scheduleDue,
  scheduleInputs,
  schedules,
  schedulesOf,
  tierMarkets,
} from "./store.ts";

/** The escrow account holds what undecided jobs, runs to come and models under admission hold, and no less; anybody may send it more. */
export function escrowInvariant(reader: StateReader, { denom }: Pick<ChainSpec, "denom">): readonly string[] {
  let owed = 0n;
  for (const [, { status, escrow }] of jobs.entries(reader)) {
    if (status !== JOB_STATUS.final && status !== JOB_STATUS.failed) owed += escrow;
  }
  for (const [, { status, deposit }] of models.entries(reader)) if (status === MODEL_STATUS.registered) owed += deposit;
  for (const [, schedule] of schedules.entries(reader)) owed += heldFor(schedule);
  const held = balance(reader, ESCROW, denom);
  return held >= owed ? [] : [`the escrow holds ${held}${denom} and owes ${owed}`];
}

/** The open jobs are those in the queue, once each, and as many as are counted; committees are kept for all jobs. */
export function openJobsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  let open = 0;
  const referring = new Map<string, number>();
  for (const [id, job] of jobs.entries(reader)) {
    if (job.kind === JOB_KIND.inline) continue;
    const root = toHex(job.committeeRoot);
    referring.set(root, (referring.get(root) ?? 0) + 1);
    if (job.settled) continue;
    open++;
    if (!due.has(reader, [dueHeight(job), id])) violations.push(`the job ${toHex(id)} never ends`);
  }
  const queued = due.entries(reader).length;
  if (queued !== open) violations.push(`${open} open jobs, ${queued} in the queue`);
  const counted = openJobs.get(reader) ?? 0;
  if (counted !== open) violations.push(`${open} open jobs, ${counted} counted`);
  for (const [root, count] of committeeJobs.entries(reader)) {
    const found = referring.get(toHex(root)) ?? 0;
    referring.delete(toHex(root));
    if (found !== count)
      violations.push(`the committee ${toHex(root)} is said to be of ${count} jobs, it is of ${found}`);
  }
  for (const root of referring.keys()) violations.push(`the committee ${root} of a job is not kept`);
  return violations;
}

/** Every schedule will be tried, once a time, and is counted. Returns what is violated. */
export function schedulesInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const all = schedules.entries(reader);
  for (const [number, { owner, due: at, runsLeft }] of all) {
    if (!scheduleDue.has(reader, [at, number])) violations.push(`schedule ${number} is never tried`);
    if (!schedulesOf.has(reader, [owner, number])) violations.push(`schedule ${number} is not known by its owner`);
    if (!scheduleInputs.has(reader, number)) violations.push(`schedule ${number} has no inputs`);
    if (runsLeft === 0) violations.push(`schedule ${number} is over and still there`);
  }
  for (const [what, count] of [
    ["queued", scheduleDue.entries(reader).length],
    ["known by owners", schedulesOf.entries(reader).length],
    ["counted", scheduleCount.get(reader)?.open ?? 0],
  ] as const) {
    if (count !== all.length) violations.push(`${all.length} schedules, ${count} ${what}`);
  }
  return violations;
}

/** Each tier counts its own open jobs. Returns what is violated. */
export function tierMarketsInvariant(reader: StateReader): readonly string[] {
  const open = new Map<number, number>();
  for (const [, { tier, settled, kind }] of jobs.entries(reader)) {
    if (!settled && kind !== JOB_KIND.inline) open.set(tier, (open.get(tier) ?? 0) + 1);
  }
  const violations: string[] = [];
  for (const [[tier = 0], market] of tierMarkets.entries(reader)) {
    const found = open.get(tier) ?? 0;
    open.delete(tier);
    if (found !== market.open) violations.push(`tier ${tier} has ${found} open jobs, ${market.open} counted`);
  }
  for (const tier of open.keys()) violations.push(`open jobs of tier ${tier} are not counted`);
  return violations;
}

/** The resident set counts the models that have a place in it. Returns what is violated. */
export function residentSetInvariant(reader: StateReader): readonly string[] {
  let count = 0;
  let bytes = 0;
  for (const [, model] of models.entries(reader)) {
    if (model.status === MODEL_STATUS.failed || !isResident(model)) continue;
    count++;
    bytes += model.manifest.modelBytes;
  }
  const counted = residentSet.get(reader) ?? { models: 0, bytes: 0 };
  if (counted.models === count && counted.bytes === bytes) return [];
  return [`${counted.models} models of ${counted.bytes} bytes are said to run inline, there are ${count} of ${bytes}`];
}

/** What waits for an output has a job: one that is open, or final and about to run it; and its coins are held. Returns what is violated. */
export function continuationsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const ready = new Set(readyContinuations.entries(reader).map(([[, jobId]]) => toHex(jobId)));
  for (const [jobId] of continuations.entries(reader)) {
    const job = jobs.get(reader, jobId);
    const final = job?.status === JOB_STATUS.final;
    if (job === undefined || job.status === JOB_STATUS.failed || final !== ready.delete(toHex(jobId))) {
      violations.push(`what waits for job ${toHex(jobId)} will not run`);
    }
  }
  for (const jobId of ready) violations.push(`job ${jobId} is to set messages free that are not there`);
  const owed = new Map<string, bigint>();
  for (const { denom, amount } of heldCoins(reader)) owed.set(denom, (owed.get(denom) ?? 0n) + amount);
  for (const [denom, amount] of owed) {
    const held = balance(reader, HELD, denom);
    if (held < amount) violations.push(`${held}${denom} are held for messages that wait, ${amount} were given`);
  }
  return violations;
}

/** Stake is reserved for jobs, and for nothing else. Returns what is violated. */
export function reservationsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const sums = new Map(reservedByJobs(reader));
  for (const [operator, reserved] of reservations.entries(reader)) {
    const wanted = sums.get(toHex(operator)) ?? 0n;
    sums.delete(toHex(operator));
    if (wanted !== reserved)
      violations.push(`operator ${toHex(operator)} has ${reserved} reserved, jobs have ${wanted}`);
  }
  for (const [operator, wanted] of sums) {
    if (wanted > 0n) violations.push(`operator ${operator} has nothing reserved, jobs have ${wanted}`);
  }
  return violations;
}
