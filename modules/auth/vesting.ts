import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import type { Coin } from "../../chain/tx.ts";
import type { StateReader, StateWriter } from "../../state/store.ts";
import { VESTING, type VestingRecord, vestingAccounts } from "./store.ts";

/** A part of the original coins that is free `length` seconds after the period before. */
export interface VestingPeriod {
  readonly length: number;
  readonly amount: readonly Coin[];
}

/** How coins of an account become free. Times in seconds since the Unix epoch. */
export type Schedule =
  | { readonly kind: "continuous"; readonly startTime: number; readonly endTime: number }
  | { readonly kind: "delayed"; readonly endTime: number }
  | { readonly kind: "periodic"; readonly startTime: number; readonly periods: readonly VestingPeriod[] }
  | { readonly kind: "permanent" };

export interface Vesting {
  readonly schedule: Schedule;
  readonly original: readonly Coin[];
  /** Stake that was free when it was delegated, and stake that was not. */
  readonly delegatedFree: readonly Coin[];
  readonly delegatedVesting: readonly Coin[];
}

const toCoins = (coins: VestingRecord["original"]): Coin[] =>
  coins.map(({ denom, amount }) => ({ denom: fromUtf8(denom), amount }));
const fromCoins = (coins: readonly Coin[]): VestingRecord["original"] =>
  coins.map(({ denom, amount }) => ({ denom: utf8(denom), amount }));

function scheduleOf({ kind, startTime, endTime, periods }: VestingRecord): Schedule {
  switch (kind) {
    case VESTING.continuous:
      return { kind: "continuous", startTime, endTime };
    case VESTING.delayed:
      return { kind: "delayed", endTime };
    case VESTING.periodic:
      return {
        kind: "periodic",
        startTime,
        periods: periods.map(({ length, amount }) => ({ length, amount: toCoins(amount) })),
      };
    default:
      return { kind: "permanent" };
  }
}

/** 9999-12-31T23:59:59Z, which clients can still show. */
export const NEVER = 253_402_300_799;

/** When the last coins are free, in seconds; NEVER for what stays locked. */
export function endOf(schedule: Schedule): number {
  if (schedule.kind === "permanent") return NEVER;
  if (schedule.kind !== "periodic") return schedule.endTime;
  return schedule.periods.reduce((end, { length }) => end + length, schedule.startTime);
}

export function getVesting(reader: StateReader, address: Uint8Array): Vesting | undefined {
  const record = vestingAccounts.get(reader, address);
  if (record === undefined) return undefined;
  return {
    schedule: scheduleOf(record),
    original: toCoins(record.original),
    delegatedFree: toCoins(record.delegatedFree),
    delegatedVesting: toCoins(record.delegatedVesting),
  };
}

export function setVesting(writer: StateWriter, address: Uint8Array, vesting: Vesting): void {
  const { schedule } = vesting;
  vestingAccounts.set(writer, address, {
    kind: VESTING[schedule.kind],
    original: fromCoins(vesting.original),
    delegatedFree: fromCoins(vesting.delegatedFree),
    delegatedVesting: fromCoins(vesting.delegatedVesting),
    startTime: "startTime" in schedule ? schedule.startTime : 0,
    endTime: "endTime" in schedule ? schedule.endTime : 0,
    periods:
      schedule.kind === "periodic"
        ? schedule.periods.map(({ length, amount }) => ({ length, amount: fromCoins(amount) }))
        : [],
  });
}

export function amountOf(coins: readonly Coin[], denom: string): bigint {
  return coins.find((coin) => coin.denom === denom)?.amount ?? 0n;
}

/** Of an original amount, what is free at a time in seconds; rounded down. */
function vested(schedule: Schedule, { denom, amount }: Coin, now: number): bigint {
  switch (schedule.kind) {
    case "permanent":
      return 0n;
    case "delayed":
      return now >= schedule.endTime ? amount : 0n;
    case "continuous": {
      const { startTime, endTime } = schedule;
      if (now >= endTime) return amount;
      if (now <= startTime) return 0n;
      return (amount * BigInt(now - startTime)) / BigInt(endTime - startTime);
    }
    case "periodic": {
      let end = schedule.startTime;
      let free = 0n;
      for (const period of schedule.periods) {
        end += period.length;
        if (now < end) break;
        free += amountOf(period.amount, denom);
      }
      return free;
    }
  }
}

function vestingAmount({ schedule, original }: Vesting, denom: string, timeMs: number): bigint {
  const amount = amountOf(original, denom);
  return amount - vested(schedule, { denom, amount }, Math.floor(timeMs / 1000));
}

function locked(vesting: Vesting, denom: string, timeMs: number): bigint {
  const left = vestingAmount(vesting, denom, timeMs) - amountOf(vesting.delegatedVesting, denom);
  return left > 0n ? left : 0n;
}

/**
 * What an account can not send yet: what is not vested, less what of it is delegated. May be more than it holds.
 * @param timeMs milliseconds since the Unix epoch.
 * @returns sorted by denomination, none of them zero; empty for an account without a schedule.
 */
export function lockedCoins(reader: StateReader, address: Uint8Array, timeMs: number): readonly Coin[] {
  const vesting = getVesting(reader, address);
  if (vesting === undefined) return [];
  return vesting.original
    .map(({ denom }) => ({ denom, amount: locked(vesting, denom, timeMs) }))
    .filter(({ amount }) => amount > 0n);
}

function withAmount(coins: readonly Coin[], denom: string, amount: bigint): readonly Coin[] {
  const others = coins.filter((coin) => coin.denom !== denom);
  if (amount === 0n) return others;
  return [...others, { denom, amount }].sort((a, b) => (a.denom < b.denom ? -1 : 1));
}

const least = (a: bigint, b: bigint): bigint => (a < b ? a : b);

/** Books a delegation, of what is locked first. Nothing happens for an account without a schedule or a coin it never locked. */
export function trackDelegation(
  store: StateWriter,
  address: Uint8Array,
  { denom, amount }: Coin,
  timeMs: number,
): void {
  const vesting = getVesting(store, address);
  if (vesting === undefined || amountOf(vesting.original, denom) === 0n) return;
  const ofLocked = least(locked(vesting, denom, timeMs), amount);
  const { delegatedFree, delegatedVesting } = vesting;
  setVesting(store, address, {
    ...vesting,
    delegatedVesting: withAmount(delegatedVesting, denom, amountOf(delegatedVesting, denom) + ofLocked),
    delegatedFree: withAmount(delegatedFree, denom, amountOf(delegatedFree, denom) + amount - ofLocked),
  });
}

/**
 * Books stake that comes back, as free first. After a slash less comes back than was delegated, and the rest stays booked as delegated,
 * as in the Cosmos SDK: the account's holder bears it.
 */
export function trackUndelegation(store: StateWriter, address: Uint8Array, { denom, amount }: Coin): void {
  const vesting = getVesting(store, address);
  if (vesting === undefined || amountOf(vesting.original, denom) === 0n) return;
  const { delegatedFree, delegatedVesting } = vesting;
  const ofFree = least(amountOf(delegatedFree, denom), amount);
  const ofLocked = least(amountOf(delegatedVesting, denom), amount - ofFree);
  setVesting(store, address, {
    ...vesting,
    delegatedFree: withAmount(delegatedFree, denom, amountOf(delegatedFree, denom) - ofFree),
    delegatedVesting: withAmount(delegatedVesting, denom, amountOf(delegatedVesting, denom) - ofLocked),
  });
}
