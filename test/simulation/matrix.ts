import type { SimulationResult } from "./options.ts";
import { scenarioOf } from "./scenario.ts";
import { createSimulator } from "./simulate.ts";

/** What is added up over runs. */
const SUMMED = [
  "heights",
  "events",
  "rounds",
  "lost",
  "doubled",
  "overtaken",
  "pauses",
  "crashes",
  "torn",
  "byzantineActs",
  "evidence",
  "transactions",
  "runsDrawn",
  "runsWidened",
  "runsFinal",
  "runsInline",
  "runsFailed",
  "runsAudited",
  "dissents",
  "equivocations",
] as const;
/** What few seeds bring about; test/simulation/accountability.test.ts sees to it. */
const RARE: ReadonlySet<string> = new Set(["runsDrawn", "runsWidened", "runsFailed", "dissents", "equivocations"]);

/** What has not happened in any run, of all that should have: a matrix that tests nothing looks as good as one that passes. */
export function missing(totals: Totals): readonly string[] {
  return SUMMED.filter((name) => !RARE.has(name) && totals[name] === 0);
}

export type Totals = Record<(typeof SUMMED)[number], number>;

export interface Matrix {
  /** One for each seed that went wrong, with all that is needed to run it again. */
  readonly failures: readonly string[];
  readonly failedSeeds: readonly number[];
  readonly totals: Totals;
  /** Strategies that have done something, with how often. */
  readonly acts: ReadonlyMap<string, number>;
}

export interface MatrixOptions {
  /** Validators of the run with a seed. */
  readonly nodes: (seed: number) => number;
  readonly from: number;
  readonly seeds: number;
  readonly onFailure?: (description: string) => void;
  readonly onTrace?: (line: string) => void;
}

/** Runs one scenario for each seed. */
export async function runMatrix(options: MatrixOptions): Promise<Matrix> {
  const { from, seeds, onTrace } = options;
  const simulator = createSimulator();
  const failures: string[] = [];
  const failedSeeds: number[] = [];
  const acts = new Map<string, number>();
  const totals = Object.fromEntries(SUMMED.map((name) => [name, 0])) as Totals;
  for (let seed = from; seed < from + seeds; seed++) {
    const scenario = scenarioOf({ seed, nodes: options.nodes(seed) });
    const result = await simulator.run(onTrace === undefined ? scenario : { ...scenario, onTrace });
    for (const name of SUMMED) totals[name] += result[name];
    for (const [name, count] of result.acts) acts.set(name, (acts.get(name) ?? 0) + count);
    if (result.violations.length === 0) continue;
    const description = describeFailure(seed, scenario.nodes, result);
    failedSeeds.push(seed);
    failures.push(description);
    options.onFailure?.(description);
  }
  return { failures, failedSeeds, totals, acts };
}

/** What went wrong, the options that were drawn from the seed, and how to see it again. */
function describeFailure(seed: number, nodes: number, { violations }: SimulationResult): string {
  const { byzantine, ...rest } = scenarioOf({ seed, nodes });
  const drawn = { ...rest, byzantine: byzantine.map((strategies) => strategies.map(({ name }) => name)) };
  const again = `npm run simulate:soak -- --seeds 1 --from ${seed} --nodes ${nodes} --trace`;
  return `seed ${seed}: ${violations.join("; ")}\n  options ${JSON.stringify(drawn)}\n  again: ${again}`;
}

/** One line: `100 seeds, 912 heights, …`. */
export function totalsText(seeds: number, totals: Totals): string {
  return [`${seeds} seeds`, ...SUMMED.map((name) => `${totals[name]} ${name}`)].join(", ");
}
