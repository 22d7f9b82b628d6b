import type { StateReader } from "../../state/store.ts";
import { balances, supplies } from "./store.ts";

/** The balances of each denomination add up to its supply. Returns what is violated. PERF: reads every balance. */
export function supplyInvariant(reader: StateReader): readonly string[] {
  const sums = new Map<string, bigint>();
  for (const [[, denom], amount] of balances.entries(reader)) sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  const violations: string[] = [];
  for (const [denom, total] of supplies.entries(reader)) {
    const sum = sums.get(denom) ?? 0n;
    if (sum !== total) violations.push(`supply of ${denom} is ${total}, balances add up to ${sum}`);
    sums.delete(denom);
  }
  for (const [denom, sum] of sums) violations.push(`${sum}${denom} are held and have no supply`);
  return violations;
}
