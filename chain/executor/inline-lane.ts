import { equalBytes, toHex } from "../bytes.ts";
import { InvalidBlockError, sdkError, type TxError } from "../errors.ts";
import type { InlineLane, InlineRun } from "../module.ts";
import type { JobOutput } from "../types/attestation.ts";
import { MAX_INLINE_RESULTS_PER_BLOCK } from "../types/limits.ts";

/** A run that a block carries the output of. */
export interface InlineOutcome {
  readonly run: InlineRun;
  readonly output: Uint8Array;
}

/** The output is not there yet, or there is no room: the transaction waits for a later block. */
export class RunPendingError extends Error {
  /** The block's own room was too small: a transaction that is alone in one will not fit into another either. */
  readonly outgrows: boolean;
  /** The chain takes no more of the kind for now; or only of what is about the same. */
  readonly crowded: "kind" | "subject" | undefined;
  constructor(reason: string, room?: "block" | "chain" | "tier") {
    super(reason);
    this.name = "RunPendingError";
    this.outgrows = room === "block";
    this.crowded = room === undefined ? undefined : room === "chain" ? "kind" : "subject";
  }
}

/** The lane of one block that is being run. */
export interface BlockLane extends InlineLane {
  /** What has been run so far, in order. */
  readonly outcomes: readonly InlineOutcome[];
  /** @returns what forgets all that is run and noted from now on, by a transaction that is left for a later block. */
  mark(): () => void;
  /** @throws InvalidBlockError when the block carries outputs that nothing has asked for. */
  close(): void;
}

/** Where a proposer's outputs come from. Undefined while there is none: asking starts the run. */
export type OutputSource = (run: InlineRun) => Uint8Array | undefined;

interface LaneRules {
  /** @throws as `InlineLane.run` */
  take(run: InlineRun, index: number): Uint8Array;
  /** The block has no room for a run. */
  overfull(reason: string): Error;
  full?(error: TxError, room: "block" | "chain" | "tier"): Error;
  readonly maxJobs?: number;
  close?(outcomes: readonly InlineOutcome[]): void;
}

function createLane(round: number, rules: LaneRules): BlockLane {
  let outcomes: readonly InlineOutcome[] = [];
  const demoted: Uint8Array[] = [];
  let jobs = 0;
  /** At the begin of the transaction: of one with more jobs than there is room for, all are let in or none. */
  let before = { outcomes, demoted: 0, jobs: 0 };
  return {
    open: round === 0,
    demoted,
    get outcomes() {
      return outcomes;
    },
    run(run, maxUnits) {
      if (round !== 0) throw new Error("a model was to run inline in a block of a later round");
      const units = outcomes.reduce((sum, done) => sum + done.run.units, run.units);
      if (units > maxUnits) throw rules.overfull(`inline runs of ${units} cost units, at most ${maxUnits}`);
      const output = rules.take(run, outcomes.length);
      outcomes = [...outcomes, { run, output }];
      return output;
    },
    full: (error, room) => rules.full?.(error, room) ?? error,
    takeJob() {
      if (before.jobs >= (rules.maxJobs ?? Number.POSITIVE_INFINITY)) {
        throw new RunPendingError("committees are busy", "chain");
      }
      jobs++;
    },
    demote(modelRoot) {
      if (!demoted.some((known) => equalBytes(known, modelRoot))) demoted.push(modelRoot);
    },
    mark() {
      before = { outcomes, demoted: demoted.length, jobs };
      return () => {
        ({ outcomes, jobs } = before);
        demoted.length = before.demoted;
      };
    },
    close: () => rules.close?.(outcomes),
  };
}

/** The lane of a block that is validated: its outputs are consumed exactly and in order. */
export function carriedLane(round: number, results: readonly JobOutput[]): BlockLane {
  return createLane(round, {
    take({ jobId }, index) {
      const result = results[index];
      if (result === undefined) throw new InvalidBlockError(`no output of inline run ${index}, job ${toHex(jobId)}`);
      if (equalBytes(result.jobId, jobId)) return result.output;
      throw new InvalidBlockError(`inline output ${index} is of job ${toHex(result.jobId)}, not ${toHex(jobId)}`);
    },
    overfull: (reason) => new InvalidBlockError(reason),
    close({ length }) {
      if (length === results.length) return;
      throw new InvalidBlockError(`${results.length} inline outputs for ${length} inline runs`);
    },
  });
}

/**
 * The lane of a block that is built.
 * @param maxJobs that it is to open.
 */
export function buildingLane(round: number, source: OutputSource, maxJobs = Number.POSITIVE_INFINITY): BlockLane {
  return createLane(round, {
    maxJobs,
    take(run, index) {
      if (index >= MAX_INLINE_RESULTS_PER_BLOCK) throw new RunPendingError("the block has its inline runs");
      const output = source(run);
      if (output === undefined) throw new RunPendingError("the model has not run yet");
      return output;
    },
    overfull: (reason) => new RunPendingError(reason, "block"),
    full: ({ message }, room) => new RunPendingError(message, room),
  });
}

/** The lane of a transaction whose cost is estimated: what has not run yet gives zeros. */
export function estimatingLane(source: OutputSource): BlockLane {
  return createLane(0, {
    take: (run) => source(run) ?? run.blank(),
    // It will not fit into a block of its own either.
    overfull: (reason) => sdkError("invalidRequest", reason),
  });
}

/** Where no transaction of a block runs: genesis, checks of what waits, queries. */
export const NO_LANE: InlineLane = {
  open: false,
  run() {
    throw new Error("a model was to run inline outside of a block");
  },
  full: (error) => error,
  takeJob: () => undefined,
  demote: () => undefined,
  demoted: [],
};
