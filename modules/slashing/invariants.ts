import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { missedChunks, signingInfos } from "./store.ts";

function bits(byte: number): number {
  let count = 0;
  for (let rest = byte; rest !== 0; rest >>= 1) count += rest & 1;
  return count;
}

/** The missed blocks a record counts are those its window holds. Returns what is violated. */
export function missedBlocksInvariant(reader: StateReader): readonly string[] {
  const counts = new Map<string, number>();
  for (const [[operator], chunk] of missedChunks.entries(reader)) {
    const set = chunk.reduce((sum, byte) => sum + bits(byte), 0);
    counts.set(toHex(operator), (counts.get(toHex(operator)) ?? 0) + set);
  }
  const violations: string[] = [];
  for (const [operator, { missed }] of signingInfos.entries(reader)) {
    const set = counts.get(toHex(operator)) ?? 0;
    counts.delete(toHex(operator));
    if (set !== missed) violations.push(`${toHex(operator)}: ${missed} missed blocks counted, ${set} in the window`);
  }
  for (const operator of counts.keys()) violations.push(`${operator} has a window and no record`);
  return violations;
}
