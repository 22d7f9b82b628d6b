import { fromUtf8, toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { HELD, heldCoins } from "./continuations.ts";
import { heldRent, NO_LOAD } from "./input-blobs.ts";
import { dueHeight } from "./jobs.ts";
import { ESCROW } from "./models.ts";
import { reservedByJobs } from "./reservation.ts";
import { isResident } from "./resident-set.ts";
import { heldFor } from "./schedules.ts";
import {
  admissionJobs,
  BLOB_STATUS,
  blobExpiries,
  blobLoad,
  committeeJobs,
  continuations,
  depositReturns,
  deprecations,
  due,
  generatedWaiting,
  inputBlobs,
  JOB_KIND,
  JOB_STATUS,
  jobs,
  MODEL_STATUS,
  models,
  names,
  openJobs,
  readyContinuations,
  reservations,
  residentModels,
  residentSet,
  scheduleCount,
  scheduleDue,
  scheduleInputs,
  schedules,
  schedulesOf,
  tierMarkets,
  versions,
} from "./store.ts";
import { nameHash } from "./versions.ts";

/** The escrow account holds what undecided jobs, runs to come, models and blobs under check hold, and no less; anybody may send it more. */
export function escrowInvariant(reader: StateReader, { denom }: Pick<ChainSpec, "denom">): readonly string[] {
  let owed = 0n;
  for (const [, { status, escrow }] of jobs.entries(reader)) {
    if (status !== JOB_STATUS.final && status !== JOB_STATUS.failed) owed += escrow;
  }
  for (const [, { deposit }] of models.entries(reader)) owed += deposit;
  for (const [, schedule] of schedules.entries(reader)) owed += heldFor(schedule);
  owed += heldRent(reader);
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
  const listed = new Set(residentModels.entries(reader).map(([root]) => toHex(root)));
  for (const [root, model] of models.entries(reader)) {
    if (model.status === MODEL_STATUS.failed || !isResident(model)) continue;
    count++;
    bytes += model.manifest.modelBytes;
    if (!listed.delete(toHex(root))) return [`the model ${toHex(root)} runs inline and is not listed`];
  }
  if (listed.size > 0) return [`${listed.size} models are listed to run inline and do not`];
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

/** Blobs that are counted, and rent that is held. Returns what is violated. */
export function inputBlobsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  let bytes = 0;
  const found = inputBlobs.entries(reader);
  for (const [root, blob] of found) {
    bytes += blob.blobBytes;
    const ends = blobExpiries.has(reader, [blob.expiryHeight, root]);
    if (ends !== (blob.status === BLOB_STATUS.active)) violations.push(`the input blob ${toHex(root)} never ends`);
  }
  const load = blobLoad.get(reader) ?? NO_LOAD;
  if (load.blobs !== found.length || load.bytes !== bytes) {
    violations.push(
      `${load.blobs} input blobs of ${load.bytes} bytes are counted, there are ${found.length} of ${bytes}`,
    );
  }
  return violations;
}

/** Every name means one of its versions, which are models of that owner and name; and what is deprecated has a record. Returns what is violated. */
export function versionsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const listed = new Set(versions.entries(reader).map(([, root]) => toHex(root)));
  const owners = new Set<string>();
  for (const [root, { manifest, status }] of models.entries(reader)) {
    if (listed.delete(toHex(root)) !== (status !== MODEL_STATUS.failed)) {
      violations.push(`the model ${toHex(root)} is not listed as a version, or has failed and is`);
    }
    if (deprecations.has(reader, root) !== (status === MODEL_STATUS.deprecated)) {
      violations.push(`the model ${toHex(root)} has status ${status}, and its deprecation says another`);
    }
    if (status !== MODEL_STATUS.failed) owners.add(toHex(nameHash(fromUtf8(manifest.name))) + toHex(manifest.owner));
  }
  for (const root of listed) violations.push(`a version means the model ${root}, which is not there`);
  for (const [[name, owner], root] of names.entries(reader)) {
    const model = models.get(reader, root);
    if (
      !owners.delete(toHex(name) + toHex(owner)) ||
      model === undefined ||
      toHex(model.manifest.owner) !== toHex(owner)
    ) {
      violations.push(`a name of ${toHex(owner)} means the model ${toHex(root)}`);
    }
  }
  for (const key of owners) violations.push(`no name means the models of ${key}`);
  for (const [[height, root]] of depositReturns.entries(reader)) {
    if (deprecations.get(reader, root)?.depositHeight !== height)
      violations.push(`the deposit of ${toHex(root)} returns twice`);
  }
  return violations;
}

/** A model under admission waits for as many outputs as it has open jobs and inputs to be generated. Returns what is violated. */
export function admissionInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const pending = new Map<string, number>();
  const add = (root: Uint8Array, height: number, count: number): void => {
    const key = `${toHex(root)} ${height}`;
    pending.set(key, (pending.get(key) ?? 0) + count);
  };
  for (const [[height, root], count] of generatedWaiting.entries(reader)) {
    const model = models.get(reader, root);
    if (model?.status !== MODEL_STATUS.registered || model.registeredHeight !== height) {
      violations.push(`inputs are to be generated for ${toHex(root)}, which is not being admitted`);
    }
    add(root, height, count);
  }
  for (const [[root, jobId], height] of admissionJobs.entries(reader)) {
    const job = jobs.get(reader, jobId);
    if (job === undefined) violations.push(`the admission job ${toHex(jobId)} is not there`);
    else if (job.status !== JOB_STATUS.final && job.status !== JOB_STATUS.failed) add(root, height, 1);
  }
  for (const [root, { status, pendingProbes, registeredHeight }] of models.entries(reader)) {
    const found = pending.get(`${toHex(root)} ${registeredHeight}`) ?? 0;
    if (status === MODEL_STATUS.registered && found !== pendingProbes) {
      violations.push(`the model ${toHex(root)} waits for ${pendingProbes} outputs, ${found} are to come`);
    }
  }
  return violations;
}
