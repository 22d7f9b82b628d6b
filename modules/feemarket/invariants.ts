import type { Params } from "../../chain/params.ts";
import type { StateReader } from "../../state/store.ts";
import { feemarketParams } from "./params.ts";
import { storedBaseFee } from "./store.ts";

/** A stored base fee is within the bounds and above the least one, for which there is none. Returns what is violated. */
export function baseFeeInvariant(reader: StateReader, params: Params): readonly string[] {
  const stored = storedBaseFee.get(reader);
  if (stored === undefined) return [];
  const { minBaseFee, maxBaseFee } = feemarketParams.read(params);
  return stored > minBaseFee && stored <= maxBaseFee
    ? []
    : [`the base fee is ${stored}, not above ${minBaseFee} and at most ${maxBaseFee}`];
}
