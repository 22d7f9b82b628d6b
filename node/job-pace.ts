import { fromHex } from "../chain/bytes.ts";
import { readParams } from "../chain/executor/chain-state.ts";
import type { Event } from "../chain/module.ts";
import { isTolerant } from "../modules/inference/classes.ts";
import { inferenceParams } from "../modules/inference/params.ts";
import { jobs, openJobs } from "../modules/inference/store.ts";
import type { StateReader } from "../state/store.ts";

/** How many jobs a proposer opens: no more than committees keep up with. */
export interface JobPace {
  /** After each block, with its events and those of its transactions, and the state that it leaves. */
  committed(events: Iterable<Event>, state: StateReader): void;
  /** Jobs that the next block may open. */
  readonly room: number;
}

/** Jobs under way at once: to begin with, at least, at most. Whoever pays for jobs that fail can have others wait, but not stop the lane. */
const START = 32;
const LEAST = 16;
const MOST = 1024;
/** About as long as a job's windows: jobs that fail within so many blocks of each other were let in together, and halve the number once. */
const BLOCKS = 5;

/** Whether a job failed although it had the time that committees usually have. */
function hadTime({ attributes }: Event, state: StateReader): boolean {
  const [, jobId] = attributes.find(([name]) => name === "job_id") ?? [];
  const job = jobId === undefined ? undefined : jobs.get(state, fromHex(jobId));
  // Of the class tolerance a single member can bring that about.
  if (job === undefined || isTolerant(job)) return false;
  const { commitWindow, revealWindow } = inferenceParams.read(readParams(state));
  return job.deadline - job.requestedHeight >= Number(commitWindow + revealWindow);
}

/**
 * A job whose committee is too busy fails, and its runs were for nothing; with more of them than committees manage none is ever in time (measured: of 60
 * jobs a second that four validators on two cores were asked for, 600 of 760 failed). So a proposer lets in as many as a sender of TCP would: twice as
 * many in the time of a job until one fails, then half as many, and from there one more for all that became final; fewer than might be under way prove nothing.
 * Requests beyond that wait, uncharged. A policy and no rule: blocks of who sees it differently are valid.
 * @param state at the start: what is open there may be decided already.
 */
export function createJobPace(state: StateReader): JobPace {
  let underWay = openJobs.get(state) ?? 0;
  let window = START;
  /** Below it the number doubles in the time that a job takes; from it on it grows by one. */
  let threshold = MOST;
  let sinceHalved = BLOCKS;
  return {
    committed(events, after) {
      let final = 0;
      let failed = 0;
      let late = 0;
      for (const event of events) {
        if (event.type === "inference_requested") underWay++;
        if (event.type === "inference_final") final++;
        if (event.type !== "inference_failed") continue;
        failed++;
        if (hadTime(event, after)) late++;
      }
      const isUsed = underWay >= window / 2;
      // What the start counted, and was decided, is not decided again.
      underWay = Math.max(0, Math.min(underWay - final - failed, openJobs.get(after) ?? 0));
      sinceHalved++;
      if (late > 0 && sinceHalved >= BLOCKS) {
        window = Math.max(LEAST, window / 2);
        threshold = window;
        sinceHalved = 0;
      }
      if (isUsed) window = Math.min(MOST, window + (window < threshold ? final : final / window));
    },
    get room() {
      return Math.max(0, Math.floor(window) - underWay);
    },
  };
}
