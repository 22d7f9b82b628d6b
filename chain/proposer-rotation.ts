import { compareBytes, toHex } from "./bytes.ts";
import type { Validator } from "./types/validator.ts";

/**
 * A validator set and the accumulated priorities that rotate the proposer in proportion to power.
 * `priorities[i]` belongs to `validators[i]`; they are signed 64-bit integers. The rotation of a height holds the
 * priorities *before* that height's proposer is picked.
 *
 * The algorithm is CometBFT's (types/validator_set.go, v1): each pick adds every power to its priority, takes the
 * highest and lowers it by the total power. Before picking, the spread is rescaled into twice the total power and
 * centred on zero, so that a priority never leaves 64 bits.
 */
export interface Rotation {
  readonly validators: readonly Validator[];
  readonly priorities: readonly bigint[];
}

/** 2^63 / 8: keeps every priority inside 64 bits, whatever the sequence of sets. */
const MAX_TOTAL_POWER = 2n ** 60n;
const MAX_INT64 = 2n ** 63n - 1n;
const MIN_INT64 = -(2n ** 63n);

function clip(value: bigint): bigint {
  if (value > MAX_INT64) return MAX_INT64;
  return value < MIN_INT64 ? MIN_INT64 : value;
}

function sumOf(values: readonly bigint[]): bigint {
  return values.reduce((sum, value) => sum + value, 0n);
}

function totalPowerOf(validators: readonly Validator[]): bigint {
  const total = sumOf(validators.map(({ power }) => power));
  if (total > MAX_TOTAL_POWER) throw new Error(`total power ${total} is above ${MAX_TOTAL_POWER}`);
  return total;
}

/** Rounds down for a positive divisor, where BigInt's own division truncates. */
function euclideanDivide(dividend: bigint, divisor: bigint): bigint {
  const quotient = dividend / divisor;
  return dividend % divisor < 0n ? quotient - 1n : quotient;
}

/** Shrinks the spread into 2P (truncating division by the rounded-up ratio), then centres the mean on zero. */
function normalise(priorities: readonly bigint[], totalPower: bigint): bigint[] {
  const [first] = priorities;
  if (first === undefined) return [];
  let lowest = first;
  let highest = first;
  for (const value of priorities) {
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  const window = 2n * totalPower;
  const spread = highest - lowest;
  const ratio = window > 0n && spread > window ? (spread + window - 1n) / window : 1n;
  const scaled = priorities.map((value) => value / ratio);
  const mean = euclideanDivide(sumOf(scaled), BigInt(scaled.length));
  return scaled.map((value) => clip(value - mean));
}

/** Picks once, changing `priorities` in place. Ties go to the lower operator address. Returns the picked index. */
function pick(validators: readonly Validator[], priorities: bigint[], totalPower: bigint): number {
  let best = -1;
  let bestValue = 0n;
  for (const [index, validator] of validators.entries()) {
    const value = clip((priorities[index] ?? 0n) + validator.power);
    priorities[index] = value;
    const holder = validators[best];
    const wins =
      holder === undefined ||
      value > bestValue ||
      (value === bestValue && compareBytes(validator.operator, holder.operator) < 0);
    if (wins) {
      best = index;
      bestValue = value;
    }
  }
  if (best >= 0) priorities[best] = clip(bestValue - totalPower);
  return best;
}

/** The order of a validator set: power, greatest first, then operator address. */
function compareValidators(a: Validator, b: Validator): number {
  if (a.power !== b.power) return a.power > b.power ? -1 : 1;
  return compareBytes(a.operator, b.operator);
}

/**
 * Picks `times` proposers in a row. Rescaling and centring happen once a call, so advancing by 3 can differ from
 * advancing three times by 1.
 */
export function advanceRotation(rotation: Rotation, times: number): Rotation {
  const { validators } = rotation;
  const totalPower = totalPowerOf(validators);
  const priorities = normalise(rotation.priorities, totalPower);
  for (let i = 0; i < times; i++) pick(validators, priorities, totalPower);
  return { validators, priorities };
}

/**
 * Replaces the set. Validators are the same when their operator is; those that stay keep their priority, newcomers
 * start at −1.125 P, where P is the total power before removals, so that leaving and coming back gains nothing.
 * @param desired any order; members without power are left out. Throws when an operator occurs twice.
 */
export function updateRotation(rotation: Rotation, desired: readonly Validator[]): Rotation {
  const validators = desired.filter(({ power }) => power > 0n).sort(compareValidators);
  const operators = new Set(validators.map(({ operator }) => toHex(operator)));
  if (operators.size !== validators.length) throw new Error("an operator occurs twice in a validator set");
  const removed = rotation.validators.filter(({ operator }) => !operators.has(toHex(operator)));
  const totalPower = totalPowerOf(validators);
  const beforeRemovals = totalPower + sumOf(removed.map(({ power }) => power));
  const start = -(beforeRemovals + (beforeRemovals >> 3n));
  const known = new Map(rotation.validators.map(({ operator }, i) => [toHex(operator), rotation.priorities[i]]));
  const priorities = validators.map(({ operator }) => known.get(toHex(operator)) ?? start);
  return { validators, priorities: normalise(priorities, totalPower) };
}

/** The rotation of height 1. */
export function initialRotation(validators: readonly Validator[]): Rotation {
  return updateRotation({ validators: [], priorities: [] }, validators);
}

/**
 * The proposers of a height's rounds, as indexes into its set. Costs one pass over the set for each round beyond the
 * highest asked for so far, so the caller bounds the rounds that it asks for.
 */
export function proposerSchedule(rotation: Rotation): (round: number) => number {
  const { validators } = rotation;
  const totalPower = totalPowerOf(validators);
  const priorities = normalise(rotation.priorities, totalPower);
  const picked = [pick(validators, priorities, totalPower)];
  let later: bigint[] | undefined;
  return (round) => {
    while (picked.length <= round) {
      later ??= normalise(priorities, totalPower);
      picked.push(pick(validators, later, totalPower));
    }
    return picked[round] ?? -1;
  };
}

/** The proposer of one round. @see proposerSchedule for several. */
export function proposerIndex(rotation: Rotation, round: number): number {
  return proposerSchedule(rotation)(round);
}
