import type { StateReader } from "../../state/store.ts";
import { DECIMAL_ONE } from "../decimal.ts";
import { REMAINDER_UNIT } from "./curve.ts";
import { minter } from "./store.ts";

/** What is carried is less than a coin, and inflation is not above all there is. Returns what is violated. */
export function minterInvariant(reader: StateReader): readonly string[] {
  const record = minter.get(reader);
  if (record === undefined) return [];
  const violations: string[] = [];
  if (record.remainder >= REMAINDER_UNIT) violations.push(`the mint carries ${record.remainder}, a coin or more`);
  if (record.inflation > DECIMAL_ONE) violations.push(`inflation is ${record.inflation}, above one`);
  return violations;
}
