import type { SimulationOptions, SimulationResult } from "./options.ts";
import { createSimulator } from "./simulate.ts";

/** A quiet network of four, in which only what a test plants can go wrong. */
export const QUIET: Omit<SimulationOptions, "seed"> = {
  nodes: 4,
  byzantine: [],
  healAt: 600,
  heights: 4,
  network: { latency: 5, jitter: 5, loss: 0, duplication: 0, partitions: [], oneWay: [] },
  crashEvery: 0,
  downFor: 100,
  pauseEvery: 0,
  pauseFor: 100,
  skew: 0,
  drift: 0,
  machine: { disk: 1, execution: 2 },
  txEvery: 100,
  realBls: false,
};

/** The first violation of each seed that has one. */
export async function findings(
  change: Partial<SimulationOptions>,
  seeds: number,
): Promise<{ readonly first: readonly string[]; readonly results: readonly SimulationResult[] }> {
  const simulator = createSimulator();
  const results: SimulationResult[] = [];
  for (let seed = 0; seed < seeds; seed++) results.push(await simulator.run({ ...QUIET, ...change, seed }));
  return { first: results.flatMap(({ violations }) => violations.slice(0, 1)), results };
}

/** Tries seeds, `from` and up to but not `to`, until one ends in a violation of this form; undefined when none of them does. */
export async function firstFinding(
  change: Partial<SimulationOptions>,
  { from, to }: { readonly from: number; readonly to: number },
  pattern: RegExp,
): Promise<{ readonly seed: number; readonly violation: string } | undefined> {
  const simulator = createSimulator();
  for (let seed = from; seed < to; seed++) {
    const { violations } = await simulator.run({ ...QUIET, ...change, seed });
    const violation = violations.find((one) => pattern.test(one));
    if (violation !== undefined) return { seed, violation };
  }
  return undefined;
}
