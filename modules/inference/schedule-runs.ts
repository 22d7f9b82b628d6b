import { toHex } from "../../chain/bytes.ts";
import { TxError } from "../../chain/errors.ts";
import { createContext } from "../../chain/executor/context.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import { createOverlay } from "../../state/overlay.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { transfer } from "../bank/keeper.ts";
import { baseFee } from "./fees.ts";
import { FIRST_SCHEDULED_INDEX } from "./job-names.ts";
import { openJob } from "./jobs.ts";
import { ESCROW } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { runInputs, scheduleSeed } from "./schedule-seed.ts";
import { endSchedule, updateSchedule } from "./schedules.ts";
import {
  JOB_KIND,
  MODEL_STATUS,
  type ModelRecord,
  models,
  type ScheduleRecord,
  scheduleDue,
  scheduleInputs,
  schedules,
} from "./store.ts";
import { unitPrice } from "./tier-market.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** Of one block, whatever comes of them: each costs the hashing of its inputs. Those beyond wait, and come first in the next block. */
const MAX_LOOKED_AT = 64;

/** Opens a run's job, or leaves no trace. @returns the job's id, or why not. */
function attempt(
  ctx: Context,
  number: number,
  schedule: ScheduleRecord,
  model: ModelRecord,
): { readonly jobId: Uint8Array } | { readonly reason: string } {
  const { params, spec, beacon } = ctx.block;
  const { modelRoot, engineId, tier, fee: runFee, direct } = model.manifest;
  const { owner, run, maxFee, valueAtRisk, txHash } = schedule;
  const units = model.costUnits;
  const base = baseFee(units, unitPrice(ctx.store, params, tier));
  if (maxFee < base + runFee) return { reason: `it costs ${base + runFee}, max_fee is ${maxFee}` };
  const kept = scheduleInputs.get(ctx.store, number);
  if (kept === undefined) throw new Error(`schedule ${number} has no inputs`);
  const seeded = runInputs(kept, schedule.seed, (length) => scheduleSeed(beacon, number, run, length));
  const overlay = createOverlay(ctx.store);
  const inner = createContext(ctx.block, overlay, ctx.bls);
  const origin = { txHash, sequence: number, messageIndex: FIRST_SCHEDULED_INDEX + run };
  try {
    const jobId = openJob(
      { ...inner, ...origin },
      {
        kind: JOB_KIND.request,
        modelRoot,
        engineId,
        tier,
        ...seeded,
        requester: owner,
        costUnits: units,
        baseFee: base,
        runFee,
        escrow: maxFee - base,
        valueAtRisk,
        deadline: undefined,
        direct,
      },
    );
    transfer(inner, ESCROW, FEE_COLLECTOR, [{ denom: spec.denom, amount: base }]);
    overlay.flush();
    for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
    return { jobId };
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    return { reason: error.message };
  }
}

/** The next run is planned where it would have been, or, if that is over, in the next block. The last one ends the schedule. */
function advance(ctx: Context, number: number, schedule: ScheduleRecord, change: Partial<ScheduleRecord>): void {
  const planned = Math.max(schedule.planned + schedule.every, ctx.block.height + 1);
  const next = { run: schedule.run + 1, runsLeft: schedule.runsLeft - 1, planned, due: planned };
  const after = updateSchedule(ctx, number, schedule, { ...change, ...next });
  if (after.runsLeft === 0) endSchedule(ctx, number, after, "all runs are over");
}

/** A run that found no room for too long: what was held for it returns. */
function skip(ctx: Context, number: number, schedule: ScheduleRecord, reason: string): void {
  const { owner, maxFee, run } = schedule;
  transfer(ctx, ESCROW, owner, [{ denom: ctx.block.spec.denom, amount: maxFee }]);
  ctx.emit(
    "inference_schedule_skipped",
    ["schedule", String(number)],
    ["run", String(run)],
    ["reason", reason],
    ["refund", String(maxFee)],
  );
  advance(ctx, number, schedule, {});
}

/** @returns whether a job was opened. */
function serve(ctx: Context, number: number, schedule: ScheduleRecord): boolean {
  const { height, params } = ctx.block;
  const model = models.get(ctx.store, schedule.modelRoot);
  if (model?.status !== MODEL_STATUS.active) {
    endSchedule(ctx, number, schedule, "the model is not active any more");
    return false;
  }
  const tried = attempt(ctx, number, schedule, model);
  if ("jobId" in tried) {
    ctx.emit(
      "inference_schedule_run",
      ["schedule", String(number)],
      ["run", String(schedule.run)],
      ["job_id", toHex(tried.jobId)],
    );
    advance(ctx, number, schedule, { opened: schedule.opened + 1 });
    return true;
  }
  const { schedulePatience } = inferenceParams.read(params);
  if (height - schedule.planned >= Number(schedulePatience)) skip(ctx, number, schedule, tried.reason);
  else updateSchedule(ctx, number, schedule, { due: height + 1 });
  return false;
}

/**
 * Opens the jobs of schedules that are due, at the begin of the block: those that have waited longest first. What finds no room or is too dear
 * now goes to the end of the queue, and is skipped after `schedulePatience` blocks.
 */
export function runSchedules(ctx: Context): void {
  const { height, params } = ctx.block;
  const most = Number(inferenceParams.read(params).scheduledJobsPerBlock);
  const due = scheduleDue.entries(ctx.store, { before: heightKey.encode(height + 1), limit: MAX_LOOKED_AT });
  let opened = 0;
  for (const [[, number]] of due) {
    if (opened >= most) return;
    const schedule = schedules.get(ctx.store, number);
    if (schedule === undefined) throw new Error(`schedule ${number} is due and not there`);
    if (serve(ctx, number, schedule)) opened++;
  }
}
