import { toHex } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import type { Context, MessageContext } from "../../chain/module.ts";
import type { MsgScheduleInference } from "../../proto/inference.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText, parseAccount } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { transfer } from "../bank/keeper.ts";
import { inferenceError } from "./errors.ts";
import { ESCROW, resolveModel } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { checkedInputs, maxFeeOf, requireActive, validateRequest, valueAtRiskOf } from "./request.ts";
import { seedPlace, seedProblem } from "./schedule-seed.ts";
import { type ScheduleRecord, scheduleCount, scheduleDue, scheduleInputs, schedules, schedulesOf } from "./store.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** Of one schedule. */
const MAX_RUNS = 1_000_000n;

/** What is held for a schedule's runs that are still to come. */
export function heldFor({ runsLeft, maxFee }: Pick<ScheduleRecord, "runsLeft" | "maxFee">): bigint {
  return BigInt(runsLeft) * maxFee;
}

/** What needs no state. @throws TxError sdk 10 and 18, inference 2 and 41 */
export function validateSchedule(message: MsgScheduleInference, denom: string): void {
  const { request, every, runs } = message;
  if (request === undefined) throw sdkError("invalidRequest", "the request is missing");
  validateRequest(request, { denom });
  if (request.lane === "inline") throw inferenceError("invalidSchedule", "runs of a schedule are attested, not inline");
  if (request.deadline !== 0n) {
    throw inferenceError("invalidSchedule", `deadline is ${request.deadline}; runs end with their windows`);
  }
  if (every === 0n) throw inferenceError("invalidSchedule", "every is 0 blocks");
  if (runs === 0n || runs > MAX_RUNS)
    throw inferenceError("invalidSchedule", `${runs} runs, 1 to ${MAX_RUNS} are possible`);
}

/** Places are few, so none is taken for longer than `maxScheduleSpan`, and none is free of charge. */
function checkPlace(ctx: Context, owner: Uint8Array, { every, runs }: MsgScheduleInference): void {
  const { maxSchedules, maxSchedulesPerAccount, maxScheduleSpan } = inferenceParams.read(ctx.block.params);
  if (every * runs > maxScheduleSpan) {
    throw inferenceError(
      "invalidSchedule",
      `${runs} runs, one every ${every} blocks, are over in ${every * runs} blocks, at most ${maxScheduleSpan}`,
    );
  }
  const open = scheduleCount.get(ctx.store)?.open ?? 0;
  if (open >= Number(maxSchedules)) {
    throw inferenceError("schedulesFull", `${open} schedules, at most ${maxSchedules}`);
  }
  const limit = Number(maxSchedulesPerAccount);
  const own = schedulesOf.entries(ctx.store, { within: owner, limit }).length;
  if (own >= limit) throw inferenceError("schedulesFull", `the account has ${own} schedules, at most ${limit}`);
}

/**
 * Takes the money for all runs, and the fee for the place. The first run is `every` blocks later.
 * @returns the schedule's number.
 * @throws TxError
 */
export function makeSchedule(ctx: MessageContext, message: MsgScheduleInference): number {
  const { height, params, spec } = ctx.block;
  const { request, every, runs, seedInput } = message;
  if (request === undefined) throw sdkError("invalidRequest", "the request is missing");
  const owner = parseAccount(spec, request.requester, "requester");
  const model = resolveModel(ctx.store, spec, request.model);
  requireActive(ctx, model);
  checkedInputs(ctx, model, request.inputs);
  const { manifest } = model;
  const seed = seedPlace(manifest.inputs, seedInput);
  const problem = seedProblem(manifest.inputs, seedInput);
  if (problem !== undefined) throw inferenceError("invalidSchedule", problem);
  checkPlace(ctx, owner, message);
  const { costUnitPrice, scheduleFee } = inferenceParams.read(params);
  const maxFee = maxFeeOf(request).amount;
  const least = BigInt(model.costUnits) * costUnitPrice + manifest.fee;
  if (maxFee < least) {
    throw inferenceError(
      "feeTooLow",
      `max_fee is ${maxFee}${spec.denom}, no run costs less than ${least}${spec.denom}`,
    );
  }
  const schedule: ScheduleRecord = {
    owner,
    modelRoot: manifest.modelRoot,
    txHash: ctx.txHash,
    every: Number(every),
    run: 0,
    runsLeft: Number(runs),
    planned: height + Number(every),
    due: height + Number(every),
    opened: 0,
    maxFee,
    valueAtRisk: valueAtRiskOf(request),
    seed,
  };
  const coins = (amount: bigint) => [{ denom: spec.denom, amount }];
  transfer(ctx, owner, FEE_COLLECTOR, coins(scheduleFee));
  transfer(ctx, owner, ESCROW, coins(heldFor(schedule)));
  const { last, open } = scheduleCount.get(ctx.store) ?? { last: 0, open: 0 };
  const number = last + 1;
  scheduleCount.set(ctx.store, { last: number, open: open + 1 });
  schedules.set(ctx.store, number, schedule);
  scheduleInputs.set(ctx.store, number, request.inputs);
  scheduleDue.set(ctx.store, [schedule.due, number], 1);
  schedulesOf.set(ctx.store, [owner, number], 1);
  ctx.emit(
    "inference_scheduled",
    ["schedule", String(number)],
    ["model", toHex(schedule.modelRoot)],
    ["owner", accountText(spec, owner)],
    ["every", String(every)],
    ["runs", String(runs)],
    ["held", String(heldFor(schedule))],
  );
  return number;
}

/** Replaces a schedule and keeps the queue in step. */
export function updateSchedule(
  ctx: Context,
  number: number,
  before: ScheduleRecord,
  change: Partial<ScheduleRecord>,
): ScheduleRecord {
  const after = { ...before, ...change };
  schedules.set(ctx.store, number, after);
  if (before.due !== after.due) {
    scheduleDue.delete(ctx.store, [before.due, number]);
    scheduleDue.set(ctx.store, [after.due, number], 1);
  }
  return after;
}

/** Ends a schedule: what is held for runs that are still to come returns. Jobs that it has opened are not touched. @returns that. */
export function endSchedule(ctx: Context, number: number, schedule: ScheduleRecord, reason: string): bigint {
  const { owner, due } = schedule;
  const refund = heldFor(schedule);
  transfer(ctx, ESCROW, owner, [{ denom: ctx.block.spec.denom, amount: refund }]);
  schedules.delete(ctx.store, number);
  scheduleInputs.delete(ctx.store, number);
  scheduleDue.delete(ctx.store, [due, number]);
  schedulesOf.delete(ctx.store, [owner, number]);
  const { last, open } = scheduleCount.get(ctx.store) ?? { last: number, open: 1 };
  scheduleCount.set(ctx.store, { last, open: open - 1 });
  ctx.emit(
    "inference_schedule_ended",
    ["schedule", String(number)],
    ["owner", accountText(ctx.block.spec, owner)],
    ["reason", reason],
    ["refund", String(refund)],
  );
  return refund;
}

/** The schedule with a number, which must be the account's. @throws TxError inference 40 */
export function requireSchedule(reader: StateReader, number: bigint, owner: Uint8Array): ScheduleRecord {
  const known = number <= BigInt(Number.MAX_SAFE_INTEGER);
  const schedule = known ? schedules.get(reader, Number(number)) : undefined;
  if (schedule !== undefined && toHex(schedule.owner) === toHex(owner)) return schedule;
  throw inferenceError("unknownSchedule", `the account has no schedule ${number}`);
}
