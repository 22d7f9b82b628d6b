import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { InlineRun } from "../../chain/module.ts";
import type { Clock } from "../../consensus/driver/ports.ts";
import { modelByRoot } from "../../modules/inference/models.ts";
import type { StateReader } from "../../state/store.ts";
import type { InlineOutputs } from "../application.ts";
import { forgetOldest, keyOf, type ModelRuns, type RunOutput, type RunRequest } from "../attester/runs.ts";

export interface InlineRunsOptions {
  readonly state: () => StateReader;
  readonly clock: Clock;
  /** An output that a block waited for is there. */
  readonly onOutput: () => void;
}

/** This node's inline outputs, once it has an engine. */
export interface InlineRuns extends InlineOutputs {
  /** What runs models here. Until then, and without one, nothing is run, and no block with inline outputs gets this node's prevote. */
  attach(runs: ModelRuns): void;
  /** This node does not vote: it has nothing to compare, and nobody to withhold a vote from. */
  abstain(): void;
}

/** How long a run that gave nothing is not tried again: a model that stalls would else keep the engine busy with one request. */
const RETRY_MS = 10_000;
/** Runs that gave nothing and are remembered. */
const MAX_FAILED = 1024;

/** Runs of a decided block are tried so often: its models may have to be fetched first. */
const DISPUTE_TRIES = 4;

/** Of a node that runs no models and has no say. */
export const NO_INLINE_RUNS: InlineOutputs = {
  output: () => undefined,
  difference: () => Promise.resolve(undefined),
  dispute: () => Promise.resolve(undefined),
};

export function createInlineRuns({ state, clock, onOutput }: InlineRunsOptions): InlineRuns {
  let runs: ModelRuns | undefined;
  let abstains = false;
  /** By run, when it gave nothing. */
  const failed = new Map<string, number>();
  const begun = new Set<string>();

  function requestOf(run: InlineRun): RunRequest | undefined {
    const model = modelByRoot(state(), run.modelRoot);
    return model === undefined
      ? undefined
      : { manifest: model.manifest, inputsRoot: run.inputsRoot, inputs: run.inputs };
  }

  function fail(key: string): void {
    failed.delete(key);
    failed.set(key, clock.now());
    forgetOldest(failed, MAX_FAILED);
  }

  /** Undefined when there is nothing to be had. */
  async function start(request: RunRequest): Promise<RunOutput | undefined> {
    const known = runs?.cached(request);
    if (runs === undefined || known !== undefined) return known;
    const key = keyOf(request);
    if (clock.now() - (failed.get(key) ?? Number.NEGATIVE_INFINITY) < RETRY_MS) return undefined;
    const output = await runs.start(request, "high");
    if (output === undefined) fail(key);
    else failed.delete(key);
    return output;
  }

  async function begin(request: RunRequest): Promise<void> {
    const key = keyOf(request);
    if (begun.has(key)) return;
    begun.add(key);
    const output = await start(request);
    begun.delete(key);
    if (output !== undefined) onOutput();
  }

  return {
    attach(own) {
      runs = own;
    },
    abstain() {
      abstains = true;
    },
    output(run) {
      const request = requestOf(run);
      if (request === undefined || runs === undefined) return undefined;
      const known = runs.cached(request);
      if (known === undefined) void begin(request);
      return known?.bytes;
    },
    async dispute(outcomes) {
      // What is replayed before the engine is there was committed before.
      if (runs === undefined) return undefined;
      for (const { run, output } of outcomes) {
        const request = requestOf(run);
        let own = request && (await start(request));
        for (let tries = 1; request !== undefined && own === undefined && tries < DISPUTE_TRIES; tries++) {
          await new Promise<void>((resolve) => {
            clock.after(RETRY_MS, resolve);
          });
          own = await start(request);
        }
        if (own === undefined) return `job ${toHex(run.jobId)}: the engine gave no output`;
        if (!equalBytes(own.bytes, output)) return `job ${toHex(run.jobId)}: another output`;
      }
      return undefined;
    },
    async difference(outcomes, budgetMs) {
      if (abstains) return undefined;
      if (runs === undefined) return "this node runs no models";
      let stop = (): void => undefined;
      const late = new Promise<"late">((resolve) => {
        stop = clock.after(budgetMs, () => resolve("late"));
      });
      const own = outcomes.map(({ run }) => {
        const request = requestOf(run);
        return request && start(request);
      });
      try {
        for (const [index, { run, output }] of outcomes.entries()) {
          const mine = await Promise.race([own[index], late]);
          if (mine === "late") return `job ${toHex(run.jobId)}: no output of its own within ${budgetMs} ms`;
          if (mine === undefined) return `job ${toHex(run.jobId)}: the engine gave no output`;
          if (!equalBytes(mine.bytes, output)) return `job ${toHex(run.jobId)}: another output`;
        }
        return undefined;
      } finally {
        stop();
      }
    },
  };
}
