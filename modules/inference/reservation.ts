import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { StateReader } from "../../state/store.ts";
import { POWER_REDUCTION } from "../staking/keeper.ts";
import { inferenceError } from "./errors.ts";
import { inferenceParams } from "./params.ts";
import { seated, seatsOfJob } from "./seats.ts";
import { committees, type JobRecord, jobs, reservationEnds, reservations } from "./store.ts";

/**
 * Security to value. What rests on an output must be worth less than what a wrong one costs: more than two thirds of a committee have to agree on
 * it, and each loses `slashFractionWrongOutput`. The same stake can't answer for two jobs at once, so what one needs is reserved until
 * its output can't be appealed any more.
 */

const MILLION = 1_000_000n;

/** Stake that has to answer for a value, rounded up: two thirds of it at the penalty are `securityRatio` times the value. Undefined for none that could. */
export function stakeFor(valueAtRisk: bigint, params: Params): bigint | undefined {
  const { securityRatio, slashFractionWrongOutput } = inferenceParams.read(params);
  if (slashFractionWrongOutput === 0n) return undefined;
  const wanted = valueAtRisk * securityRatio * 3n * MILLION;
  const each = 2n * slashFractionWrongOutput;
  return (wanted + each - 1n) / each;
}

/** The greatest value that so much stake answers for, rounded down. */
export function valueFor(stake: bigint, params: Params): bigint {
  const { securityRatio, slashFractionWrongOutput } = inferenceParams.read(params);
  return (stake * 2n * slashFractionWrongOutput) / (securityRatio * 3n * MILLION);
}

/** What a member has that answers for nothing else yet, base units. */
export function freeStake(reader: StateReader, operator: Uint8Array, power: bigint): bigint {
  const stake = power * POWER_REDUCTION;
  const reserved = reservations.get(reader, operator) ?? 0n;
  return stake > reserved ? stake - reserved : 0n;
}

function freeStakeOf(reader: StateReader, members: ValidatorSet): bigint {
  return members.reduce((sum, { operator, power }) => sum + freeStake(reader, operator, power), 0n);
}

/** Of a reservation, by power. Rounded down, so that what is given back is what was taken. */
function shares(members: ValidatorSet, reserved: bigint): readonly (readonly [Uint8Array, bigint])[] {
  const total = members.reduce((sum, { power }) => sum + power, 0n);
  return members
    .map(({ operator, power }) => [operator, (reserved * power) / total] as const)
    .filter(([, share]) => share > 0n);
}

/**
 * The stake that a job's value needs, which these members have free.
 * @throws TxError inference 17
 */
export function checkStake(ctx: Context, members: ValidatorSet, valueAtRisk: bigint): bigint {
  if (valueAtRisk === 0n) return 0n;
  const { params, spec } = ctx.block;
  const needed = stakeFor(valueAtRisk, params);
  const free = freeStakeOf(ctx.store, members);
  if (needed !== undefined && needed <= free) return needed;
  throw inferenceError(
    "insecure",
    `value_at_risk is ${valueAtRisk}${spec.denom}, at most ${valueFor(free, params)}${spec.denom} can be answered for now`,
  );
}

/** Whether these members have the stake that a value needs; nothing is reserved. */
export function canAnswerFor(ctx: Context, members: ValidatorSet, valueAtRisk: bigint): boolean {
  if (valueAtRisk === 0n) return true;
  const needed = stakeFor(valueAtRisk, ctx.block.params);
  return needed !== undefined && needed <= freeStakeOf(ctx.store, members);
}

/**
 * Reserves the stake that a job's value needs. PERF: one write for each member, and none for a job without value.
 * @returns how much, in all.
 * @throws TxError inference 17
 */
export function reserveStake(ctx: Context, members: ValidatorSet, valueAtRisk: bigint): bigint {
  const needed = checkStake(ctx, members, valueAtRisk);
  if (needed === 0n) return 0n;
  for (const [operator, share] of shares(members, needed)) {
    reservations.set(ctx.store, operator, (reservations.get(ctx.store, operator) ?? 0n) + share);
  }
  return needed;
}

/** Gives back what a job has reserved; its record is the caller's to change. */
export function releaseStake(ctx: Context, jobId: Uint8Array, job: JobRecord): void {
  const { committeeRoot, reserved } = job;
  if (reserved === 0n) return;
  const members = committees.get(ctx.store, committeeRoot);
  if (members === undefined) throw new Error(`the committee of job ${toHex(jobId)} is gone before its reservation`);
  for (const [operator, share] of shares(seated(members, seatsOfJob(job)), reserved)) {
    const left = (reservations.get(ctx.store, operator) ?? 0n) - share;
    if (left < 0n) throw new Error(`operator ${toHex(operator)} has less reserved than a job gives back`);
    if (left === 0n) reservations.delete(ctx.store, operator);
    else reservations.set(ctx.store, operator, left);
  }
}

/** A final job's reservation lasts as long as its output can be appealed. */
export function releaseLater(ctx: Context, jobId: Uint8Array, { reserved, appealEnd }: JobRecord): void {
  if (reserved > 0n) reservationEnds.set(ctx.store, [appealEnd, jobId], 1);
}

/** What is reserved for whom by all jobs that are kept. */
export function reservedByJobs(reader: StateReader): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const [, job] of jobs.entries(reader)) {
    const { reserved, committeeRoot } = job;
    if (reserved === 0n) continue;
    const members = seated(committees.get(reader, committeeRoot) ?? [], seatsOfJob(job));
    for (const [operator, share] of shares(members, reserved)) {
      sums.set(toHex(operator), (sums.get(toHex(operator)) ?? 0n) + share);
    }
  }
  return sums;
}
