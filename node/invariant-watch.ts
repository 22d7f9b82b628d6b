import type { ChainSpec } from "../chain/module.ts";
import { violations } from "../modules/invariants.ts";
import type { StateReader } from "../state/store.ts";
import { UserError } from "./user-error.ts";

/**
 * Looks at all invariants after every so many blocks. PERF: reads the whole state each time: seconds for 100,000 accounts, in which the
 * node does nothing else.
 * @param every 0 never looks.
 * @returns what is broken after a height, as the one line with which the node stops.
 */
export function invariantWatch(every: number, { denom }: Pick<ChainSpec, "denom">) {
  return (reader: StateReader, height: number): UserError | undefined => {
    if (every === 0 || height % every !== 0) return undefined;
    const [first, ...more] = violations(reader, { denom });
    if (first === undefined) return undefined;
    const others = more.length === 0 ? "" : ` and ${more.length} more`;
    return new UserError(
      `the state after block ${height} breaks an invariant: ${first}${others}; keep the data folder, run "assay doctor" on it and report this`,
    );
  };
}
