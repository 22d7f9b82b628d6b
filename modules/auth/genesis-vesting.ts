import { isDenom } from "../../chain/denom.ts";
import type { Report } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { readAmount, readList, readNumber, readObject, readText } from "../genesis-section.ts";
import { MAX_VESTING_COINS, MAX_VESTING_PERIODS } from "./store.ts";
import { endOf, NEVER, type Schedule, type Vesting, type VestingPeriod } from "./vesting.ts";

const SECONDS = [1, NEVER] as const;

function readCoins(value: unknown, path: string, report: Report): readonly Coin[] {
  const coins = readList(value, path, report).flatMap((entry, i) => {
    const fields = readObject(entry, `${path}[${i}]`, report, ["denom", "amount"]);
    const denom = readText(fields?.get("denom"), `${path}[${i}].denom`, report, 128);
    const amount = readAmount(fields?.get("amount"), `${path}[${i}].amount`, report);
    if (denom !== undefined && !isDenom(denom)) report(`${path}[${i}].denom`, `"${denom}" is no denomination`);
    return denom === undefined || amount === undefined ? [] : [{ denom, amount }];
  });
  if (coins.length > MAX_VESTING_COINS) report(path, `has more than ${MAX_VESTING_COINS} denominations`);
  const isSorted = coins.every(({ denom }, i) => i === 0 || (coins[i - 1]?.denom ?? "") < denom);
  if (!isSorted) report(path, "is not sorted by denomination, or one stands twice");
  return coins;
}

function readPeriods(value: unknown, path: string, report: Report): readonly VestingPeriod[] {
  const entries = readList(value, path, report);
  if (entries.length === 0 || entries.length > MAX_VESTING_PERIODS) {
    report(path, `has ${entries.length} periods, from 1 to ${MAX_VESTING_PERIODS} are possible`);
  }
  return entries.flatMap((entry, i) => {
    const fields = readObject(entry, `${path}[${i}]`, report, ["length", "amount"]);
    const length = readNumber(fields?.get("length"), `${path}[${i}].length`, report, SECONDS);
    const amount = readCoins(fields?.get("amount"), `${path}[${i}].amount`, report);
    return length === undefined ? [] : [{ length, amount }];
  });
}

function readSchedule(fields: ReadonlyMap<string, unknown>, path: string, report: Report): Schedule | undefined {
  const kind = fields.get("kind");
  const seconds = (name: string) => readNumber(fields.get(name), `${path}.${name}`, report, SECONDS);
  switch (kind) {
    case "permanent":
      return { kind };
    case "delayed": {
      const endTime = seconds("endTime");
      return endTime === undefined ? undefined : { kind, endTime };
    }
    case "continuous": {
      const [startTime, endTime] = [seconds("startTime"), seconds("endTime")];
      if (startTime === undefined || endTime === undefined) return undefined;
      if (endTime <= startTime) report(`${path}.endTime`, `${endTime} is not after the start, ${startTime}`);
      return { kind, startTime, endTime };
    }
    case "periodic": {
      const startTime = seconds("startTime");
      const periods = readPeriods(fields.get("periods"), `${path}.periods`, report);
      return startTime === undefined ? undefined : { kind, startTime, periods };
    }
    default:
      report(`${path}.kind`, "must be continuous, delayed, periodic or permanent");
      return undefined;
  }
}

const ofDenom = (coins: readonly Coin[], denom: string): bigint =>
  coins.reduce((sum, coin) => (coin.denom === denom ? sum + coin.amount : sum), 0n);

/** Its periods must add up to what vests, and end while calendars last. */
function checkSums({ schedule, original }: Vesting, path: string, report: Report): void {
  if (endOf(schedule) > NEVER) report(path, `ends at ${endOf(schedule)}, after ${NEVER}`);
  if (schedule.kind !== "periodic") return;
  const parts = schedule.periods.flatMap(({ amount }) => amount);
  for (const denom of new Set([...original, ...parts].map((coin) => coin.denom))) {
    const [whole, sum] = [ofDenom(original, denom), ofDenom(parts, denom)];
    if (whole !== sum) report(`${path}.periods`, `add up to ${sum}${denom}, of ${whole}${denom}`);
  }
}

/** `{kind, original, delegatedFree?, delegatedVesting?, startTime?, endTime?, periods?: [{length, amount}]}`, times in seconds. */
export function readVesting(value: unknown, path: string, report: Report): Vesting | undefined {
  const known = ["kind", "original", "delegatedFree", "delegatedVesting", "startTime", "endTime", "periods"];
  const fields = readObject(value, path, report, known);
  if (fields === undefined) return undefined;
  const schedule = readSchedule(fields, path, report);
  const coins = (name: string) => readCoins(fields.get(name), `${path}.${name}`, report);
  const original = coins("original");
  if (original.length === 0) report(`${path}.original`, "is empty: nothing vests");
  if (schedule === undefined) return undefined;
  const vesting = {
    schedule,
    original,
    delegatedFree: coins("delegatedFree"),
    delegatedVesting: coins("delegatedVesting"),
  };
  checkSums(vesting, path, report);
  return vesting;
}
