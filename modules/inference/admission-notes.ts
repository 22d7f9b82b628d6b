import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { admissionNotes, committees, type JobRecord } from "./store.ts";

/**
 * Why a validator did not run a model under admission, as it says itself, signed: a number in the chain, a sentence for people. It is no vote:
 * who gives a reason may still commit.
 */
export const NOTES = {
  noFile: [1, "could not get the model's file from anybody"],
  refused: [2, "the model's graph is refused, or its file is not what the manifest declares"],
  noEngine: [3, "does not have the model's engine"],
  tooSlow: [4, "had no result in time"],
  memory: [5, "had too little memory for it"],
  fault: [6, "its engine stopped while it ran the model"],
  output: [7, "the outputs are more than the chain carries"],
  notInline: [8, "the graph's steps depend on its inputs, so it can't run inline"],
  notExact: [9, "the graph is not proven to give the same bits on every processor"],
} as const;
export type NoteName = keyof typeof NOTES;
export const MAX_NOTE_CODE = Math.max(...Object.values(NOTES).map(([code]) => code));

const TEXTS: ReadonlyMap<number, string> = new Map(Object.values(NOTES));

/** Empty for no note. */
export function noteText(code: number | undefined): string {
  return code === undefined ? "" : (TEXTS.get(code) ?? `reason ${code}`);
}

/** The reason that most of a job's power gives, as the end of a sentence; empty where nobody gave one. PERF: one read, and one for each note. */
export function commonReason(reader: StateReader, jobId: Uint8Array, { committeeRoot }: JobRecord): string {
  const members = committees.get(reader, committeeRoot) ?? [];
  const powers = new Map(members.map(({ operator, power }) => [toHex(operator), power]));
  const sums = new Map<number, bigint>();
  for (const [[, operator], code] of admissionNotes.entries(reader, { within: jobId })) {
    sums.set(code, (sums.get(code) ?? 0n) + (powers.get(toHex(operator)) ?? 0n));
  }
  const [most] = [...sums].sort(([a, x], [b, y]) => (x === y ? a - b : x < y ? 1 : -1));
  return most === undefined ? "" : `; of ${most[1]} power: ${noteText(most[0])}`;
}
