import type { Duration } from "cosmjs-types/google/protobuf/duration";
import type { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { sdkError } from "../chain/errors.ts";

const MS_PER_DAY = 86_400_000;

/** @param ms milliseconds since the Unix epoch. */
export function protobufTime(ms: number): Timestamp {
  return { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
}

/** 9999-12-31T23:59:59Z, the last that protobuf knows. */
const MAX_SECONDS = 253_402_300_799n;

/** Milliseconds since the Unix epoch, rounded down. @throws TxError sdk 18 for times before or after all that protobuf knows. */
export function timestampMs({ seconds, nanos }: Timestamp, what: string): number {
  if (seconds < 0n || seconds > MAX_SECONDS || nanos < 0 || nanos >= 1_000_000_000) {
    throw sdkError("invalidRequest", `invalid ${what}: ${seconds} s and ${nanos} ns`);
  }
  return Number(seconds) * 1000 + Math.floor(nanos / 1_000_000);
}

export function protobufDuration(ms: bigint): Duration {
  return { seconds: ms / 1000n, nanos: Number(ms % 1000n) * 1_000_000 };
}

/** Year, month and day of a day counted from 1970-01-01 in the proleptic Gregorian calendar (Hinnant, civil_from_days). */
function civilDate(day: number): readonly [year: number, month: number, day: number] {
  const shifted = day + 719_468;
  const era = Math.floor(shifted / 146_097);
  const ofEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) / 365,
  );
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * ofYear + 2) / 153);
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return [year, month, ofYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1];
}

/** RFC 3339 in UTC, with milliseconds only where there are some. */
export function formatTime(ms: number): string {
  const [year, month, day] = civilDate(Math.floor(ms / MS_PER_DAY));
  const pad = (value: number, digits: number) => value.toString().padStart(digits, "0");
  const rest = ms % MS_PER_DAY;
  const time = [Math.floor(rest / 3_600_000), Math.floor(rest / 60_000) % 60, Math.floor(rest / 1000) % 60];
  const fraction = ms % 1000 === 0 ? "" : `.${pad(ms % 1000, 3)}`;
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}T${time.map((part) => pad(part, 2)).join(":")}${fraction}Z`;
}
