import { toHex } from "../../chain/bytes.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { balance } from "../bank/keeper.ts";
import { dueHeight } from "./jobs.ts";
import { ESCROW } from "./models.ts";
import { committeeJobs, due, JOB_STATUS, jobs, MODEL_STATUS, models, openJobs } from "./store.ts";

/** The escrow account holds what undecided jobs and models under admission hold, and no less; anybody may send it more. */
export function escrowInvariant(reader: StateReader, { denom }: Pick<ChainSpec, "denom">): readonly string[] {
  let owed = 0n;
  for (const [, { status, escrow }] of jobs.entries(reader)) {
    if (status === JOB_STATUS.committing || status === JOB_STATUS.revealing) owed += escrow;
  }
  for (const [, { status, deposit }] of models.entries(reader)) if (status === MODEL_STATUS.registered) owed += deposit;
  const held = balance(reader, ESCROW, denom);
  return held >= owed ? [] : [`the escrow holds ${held}${denom} and owes ${owed}`];
}

/** The open jobs are those in the queue, once each, and as many as are counted; committees are kept for all jobs. */
export function openJobsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  let open = 0;
  const referring = new Map<string, number>();
  for (const [id, job] of jobs.entries(reader)) {
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
