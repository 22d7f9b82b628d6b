import { absent, type Job, type JobRequest, type Outcome } from "./job.ts";
import { createJobQueue } from "./job-queue.ts";
import { createRunner, type Runner, type RunnerOptions } from "./runner.ts";
import type { SupervisorState } from "./supervisor.ts";

export type { JobRequest, Outcome } from "./job.ts";

export interface SchedulerOptions extends Omit<RunnerOptions, "onStateChange"> {
  /** Engine processes; each has `memoryMiB` and `maxModelBytes` of its own. */
  readonly processes: number;
  readonly maxQueue: number;
  readonly graceMs: number;
}

export interface ProcessStatus {
  readonly state: SupervisorState;
  readonly pid: number | undefined;
  readonly busy: boolean;
  /** Processes started so far in this place. */
  readonly starts: number;
  readonly modelBytes: number;
}

export interface Scheduler {
  readonly queued: number;
  readonly processes: readonly ProcessStatus[];
  submit(request: JobRequest): Promise<Outcome>;
  close(): Promise<void>;
}

/** How often speculation makes way before it is given up. */
const MAX_PREEMPTIONS = 3;

/** Runs jobs in supervised processes, one at a time and alone in each; high priority first. The end of one process leaves the others working. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const queue = createJobQueue<Job>(options.maxQueue);
  let runners: readonly Runner[] = [];
  runners = Array.from({ length: options.processes }, () => createRunner({ ...options, onStateChange }));

  function onStateChange(): void {
    const reason = hopeless();
    if (reason === undefined) pump();
    else for (const job of queue.drain()) job.settle(absent(reason));
  }

  /** Why no process serves anybody; undefined while one does or may soon. */
  function hopeless(): string | undefined {
    if (runners.some((runner) => runner.hopeless === undefined)) return undefined;
    return runners[0]?.hopeless;
  }

  function pump(): void {
    for (;;) {
      const [first, ...others] = runners.filter((runner) => runner.idle);
      if (first === undefined) return;
      const job = queue.take();
      if (job === undefined) return;
      void serve(best(first, others, job), job);
    }
  }

  async function serve(runner: Runner, job: Job): Promise<void> {
    const end = await runner.run(job);
    job.yielding = false;
    if (end.kind !== "preempted") job.settle(end);
    else if (++job.preemptions >= MAX_PREEMPTIONS) {
      job.settle(absent(`interrupted ${MAX_PREEMPTIONS} times by urgent requests`));
    } else if (!job.settled) queue.putBack(job);
    onStateChange();
  }

  /** Gives the running job `graceMs` to end by itself. */
  function makeWay(job: Job): void {
    job.yielding = true;
    setTimeout(() => {
      job.yielding = false;
      if (queue.urgent) job.interrupt?.({ kind: "preempted" });
    }, options.graceMs);
  }

  function cancel(job: Job): void {
    if (job.settled) return;
    job.settle(absent("cancelled"));
    queue.remove(job);
    setTimeout(() => job.interrupt?.(absent("cancelled")), options.graceMs);
  }

  function enqueue(job: Job): void {
    const admission = queue.add(job);
    if (admission.kind === "full") job.settle(absent(`${options.maxQueue} requests wait already`));
    else if (admission.kind === "displaced") admission.job.settle(absent("displaced by an urgent request"));
    pump();
    if (job.priority !== "high" || !queue.urgent) return;
    const speculative = runners.find((runner) => runner.job?.priority === "low" && !runner.job.yielding)?.job;
    if (speculative !== undefined) makeWay(speculative);
  }

  return {
    get queued() {
      return queue.size;
    },
    get processes() {
      return runners.map(({ supervisor: { state, pid, starts }, job, modelBytes }) => {
        return { state, pid, starts, busy: job !== undefined, modelBytes };
      });
    },
    submit: (request) => {
      const reason = hopeless();
      if (reason !== undefined) return Promise.resolve(absent(reason));
      if (request.signal?.aborted === true) return Promise.resolve(absent("cancelled"));
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const onAbort = (): void => cancel(job);
      const job: Job = {
        ...request,
        settled: false,
        preemptions: 0,
        fresh: false,
        yielding: false,
        interrupt: undefined,
        settle: (outcome) => {
          job.settled = true;
          request.signal?.removeEventListener("abort", onAbort);
          resolve(outcome);
        },
      };
      request.signal?.addEventListener("abort", onAbort);
      enqueue(job);
      return promise;
    },
    close: async () => {
      await Promise.all(runners.map((runner) => runner.close()));
    },
  };
}

/** Of idle processes the one that holds the job's model; for a job that must be first, an unused one; else the one that holds least. */
function best(first: Runner, others: readonly Runner[], job: Job): Runner {
  const { model, fresh } = job;
  const suits = (runner: Runner): boolean => (fresh ? runner.unused : model !== undefined && runner.holds(model.root));
  const lighter = (a: Runner, b: Runner): Runner => (b.modelBytes < a.modelBytes ? b : a);
  return [first, ...others].find(suits) ?? others.reduce(lighter, first);
}
