import * as fc from "fast-check";
import { exactness } from "../../../node/engine/exactness/exactness.ts";
import { runIn } from "./engines.ts";
import { build } from "./graphs.ts";
import { INPUTS, randomGraph } from "./random-graphs.ts";
import { randomTrees } from "./random-trees.ts";
import type { ModelRun, RunOutputs } from "./run-child.ts";

/** One input x of [1, length]. */
export function runOf(model: Uint8Array, input: readonly number[]): ModelRun {
  const data = Buffer.from(Float32Array.from(input).buffer).toString("base64");
  return {
    model: Buffer.from(model).toString("base64"),
    inputs: [{ name: "x", type: "float32", shape: [1, input.length], data }],
  };
}

export interface Sample {
  readonly accepted: boolean;
  /** What the checker said of it, for the report of a failure. */
  readonly operators: readonly string[];
  readonly runs: readonly ModelRun[];
}

/** Random graphs with the checker's verdict, the same for the same seed; every fifth is an ensemble of trees. */
export function samples(seed: number, count: number): readonly Sample[] {
  const trees = Math.floor(count / 5);
  const models = [
    ...fc.sample(randomGraph, { seed, numRuns: count - trees }).map(build),
    ...fc.sample(randomTrees, { seed, numRuns: trees }),
  ];
  return models.map((model) => {
    const { exact, operators } = exactness(model);
    return {
      accepted: exact,
      operators: operators.map(({ operator, verdict, reason }) => `${operator} ${verdict} ${reason}`),
      runs: INPUTS.map((input) => runOf(model, input)),
    };
  });
}

export interface Comparison {
  /** Runs that gave outputs in both. */
  readonly compared: number;
  readonly different: readonly { readonly operators: readonly string[]; readonly outputs: readonly RunOutputs[] }[];
}

function output(outputs: RunOutputs): string | undefined {
  return "y" in outputs ? outputs.y : undefined;
}

/** Runs all of the samples natively and in WebAssembly, each in a process of its own, and compares the bytes. */
export async function compare(list: readonly Sample[], nativeEnvironment: NodeJS.ProcessEnv = {}): Promise<Comparison> {
  const runs = list.flatMap((sample) => sample.runs.map((run) => ({ sample, run })));
  const all = runs.map(({ run }) => run);
  const [native, wasm] = [await runIn("native", all, nativeEnvironment), await runIn("wasm", all)];
  let compared = 0;
  const different = runs.flatMap(({ sample: { operators } }, index) => {
    const [a, b] = [native[index] ?? {}, wasm[index] ?? {}];
    if ("error" in a && "error" in b) return [];
    compared++;
    return "error" in a || "error" in b || output(a) !== output(b) ? [{ operators, outputs: [a, b] }] : [];
  });
  return { compared, different };
}
