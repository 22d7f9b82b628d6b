import { toHex } from "../../chain/bytes.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { StateReader } from "../../state/store.ts";
import { bondHeight } from "../staking/keeper.ts";
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

/**
 * Whoever has voted since it was bonded has a record of that stay. Returns what is violated.
 * @param validators the set that votes after block `height`.
 */
export function signingInfosInvariant(
  reader: StateReader,
  validators: ValidatorSet,
  height: number,
): readonly string[] {
  return validators.flatMap(({ operator }) => {
    const bonded = bondHeight(reader, operator);
    if (bonded === undefined || bonded >= height - 1) return [];
    if (signingInfos.get(reader, operator)?.bondHeight === bonded) return [];
    return [`${toHex(operator)} is bonded since height ${bonded} and has no record of it`];
  });
}
