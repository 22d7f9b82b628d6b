import type { StateReader } from "../../state/store.ts";
import { feemarketParams } from "./params.ts";
import { storedBaseFee } from "./store.ts";

/**
 * A stored base fee is one that can be in force. Governance may have moved the bounds past it in the same block, which counts from the next
 * on. Returns what is violated.
 */
export function baseFeeInvariant(reader: StateReader): readonly string[] {
  const stored = storedBaseFee.get(reader);
  if (stored === undefined) return [];
  const { max } = feemarketParams.rows.maxBaseFee;
  return stored > 0n && stored <= max ? [] : [`the base fee is ${stored}, not from 1 to ${max}`];
}
