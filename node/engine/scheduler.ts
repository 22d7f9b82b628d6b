import { createJobQueue, type Priority } from "./job-queue.ts";
import type { Command, Reply } from "./messages.ts";
import { createSessionCache } from "./session-cache.ts";
import { type Supervisor, type SupervisorOptions, type SupervisorState, superviseEngine } from "./supervisor.ts";

export interface JobRequest {
  readonly priority: Priority;
  readonly timeoutMs: number;
  /** What must be loaded before the command is sent. */
  readonly model?: { readonly root: string; readonly bytes: () => Promise<Uint8Array | undefined> };
  readonly command: Command;
  readonly blobs: readonly Uint8Array[];
  readonly signal?: AbortSignal | undefined;
}

export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply; readonly blobs: readonly Uint8Array[] }
  | { readonly kind: "absent"; readonly reason: string };

export interface SchedulerOptions extends Omit<SupervisorOptions, "onStateChange"> {
  readonly maxQueue: number;
  readonly maxModelBytes: number;
  readonly graceMs: number;
}

export interface Scheduler {
  readonly busy: boolean;
  readonly queued: number;
  readonly modelBytes: number;
  readonly supervisor: Supervisor;
  submit(request: JobRequest): Promise<Outcome>;
  close(): Promise<void>;
}

/** How often speculation makes way before it is given up. */
const MAX_PREEMPTIONS = 3;

type Interruption = Outcome | { readonly kind: "preempted" };

interface Job extends JobRequest {
  /** Answers the caller; once. */
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
  preemptions: number;
  /** Has had a process of its own after memory ran out in one that held other models. */
  retried: boolean;
  /** Set while it runs: ends it, and the process with it if that is busy. */
  interrupt: ((interruption: Interruption) => void) | undefined;
}

const absent = (reason: string): Outcome => ({ kind: "absent", reason });

/** Runs jobs one at a time in the supervised process, each alone; high priority first. */
export function createScheduler(options: SchedulerOptions): Scheduler {
  const queue = createJobQueue<Job>(options.maxQueue);
  const cache = createSessionCache(options.maxModelBytes);
  let current: Job | undefined;
  /** Whether the present or last process got as far as taking commands. */
  let wasReady = false;
  /** Jobs the present process has begun: a result must not depend on what ran before it. */
  let served = 0;
  const supervisor = superviseEngine({ ...options, onStateChange });

  function onStateChange(state: SupervisorState): void {
    switch (state.kind) {
      case "ready":
        wasReady = true;
        cache.clear();
        served = 0;
        void pump();
        return;
      case "starting":
        wasReady = false;
        return;
      case "closed":
        flush("the engine is closed");
        return;
      case "unfit":
        flush(state.reason);
        return;
      case "down":
        // After a crash requests wait for the next process; one that could not even start gives little hope.
        if (!wasReady) flush(state.reason);
        return;
      default:
        state satisfies never;
    }
  }

  function flush(reason: string): void {
    for (const job of queue.drain()) job.settle(absent(reason));
  }

  async function pump(): Promise<void> {
    while (current === undefined && supervisor.state.kind === "ready") {
      const job = queue.take();
      if (job === undefined) return;
      current = job;
      const outcome = await execute(job);
      current = undefined;
      if (outcome !== "again") job.settle(outcome);
      else if (!job.settled) queue.putBack(job);
    }
  }

  /** Runs a job to an outcome, or to the decision that it must run again. Leaves no run of it behind. */
  async function execute(job: Job): Promise<Outcome | "again"> {
    const stop = Promise.withResolvers<Interruption>();
    job.interrupt = stop.resolve;
    const timer = setTimeout(() => stop.resolve(absent(`no result within ${job.timeoutMs} ms`)), job.timeoutMs);
    const first = served++ === 0;
    let stopped = false;
    const work = converse(job, () => stopped);
    const end = await Promise.race([
      work.then((outcome) => ({ by: "itself" as const, outcome })),
      stop.promise.then((outcome) => ({ by: "interruption" as const, outcome })),
    ]);
    stopped = true;
    clearTimeout(timer);
    job.interrupt = undefined;
    if (end.by === "interruption") supervisor.restart();
    const { outcome } = end;
    if (outcome.kind === "preempted") {
      job.preemptions++;
      return job.preemptions < MAX_PREEMPTIONS
        ? "again"
        : absent(`interrupted ${MAX_PREEMPTIONS} times by urgent requests`);
    }
    if (outcome.kind === "absent" || outcome.reply.kind !== "failed" || outcome.reply.failure === "model")
      return outcome;
    supervisor.restart();
    if (outcome.reply.failure === "memory" && !first && !job.retried) {
      job.retried = true;
      return "again";
    }
    return absent(`${outcome.reply.failure}: ${outcome.reply.reason}`);
  }

  async function converse(job: Job, stopped: () => boolean): Promise<Outcome> {
    const { model } = job;
    if (model !== undefined && !cache.use(model.root)) {
      const bytes = await readModel(model.bytes);
      if (!(bytes instanceof Uint8Array)) return absent(bytes);
      if (stopped()) return absent("interrupted");
      const unload = cache.admit(model.root, bytes.length);
      const loaded = await ask({ kind: "load", model: model.root, unload }, [bytes]);
      if (loaded.kind !== "reply" || loaded.reply.kind !== "loaded") {
        cache.forget(model.root);
        return loaded;
      }
    }
    return ask(job.command, job.blobs);
  }

  async function ask(command: Command, blobs: readonly Uint8Array[]): Promise<Outcome> {
    const answer = await supervisor.ask(command, blobs);
    return answer.kind === "reply" ? answer : absent(answer.reason);
  }

  /** Gives the running job `graceMs` to end by itself. */
  function interruptLater(job: Job, interruption: Interruption, still: () => boolean): void {
    setTimeout(() => {
      if (still()) job.interrupt?.(interruption);
    }, options.graceMs);
  }

  function cancel(job: Job): void {
    if (job.settled) return;
    job.settle(absent("cancelled"));
    queue.remove(job);
    interruptLater(job, absent("cancelled"), () => true);
  }

  function enqueue(job: Job): void {
    const admission = queue.add(job);
    if (admission.kind === "full") job.settle(absent(`${options.maxQueue} requests wait already`));
    else if (admission.kind === "displaced") admission.job.settle(absent("displaced by an urgent request"));
    if (job.priority === "high" && current?.priority === "low") {
      interruptLater(current, { kind: "preempted" }, () => queue.urgent);
    }
    void pump();
  }

  return {
    supervisor,
    get busy() {
      return current !== undefined;
    },
    get queued() {
      return queue.size;
    },
    get modelBytes() {
      return cache.bytes;
    },
    submit: (request) => {
      const { state } = supervisor;
      if (state.kind === "unfit" || (state.kind === "down" && !wasReady)) return Promise.resolve(absent(state.reason));
      if (state.kind === "closed") return Promise.resolve(absent("the engine is closed"));
      if (request.signal?.aborted === true) return Promise.resolve(absent("cancelled"));
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      const onAbort = (): void => cancel(job);
      const job: Job = {
        ...request,
        settled: false,
        preemptions: 0,
        retried: false,
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
      flush("the engine is closed");
      current?.interrupt?.(absent("the engine is closed"));
      await supervisor.close();
    },
  };
}

/** The bytes are here and are not to be run; the message says why. */
export class ModelRefusedError extends Error {}

/** The bytes, or why there are none. */
async function readModel(bytes: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | string> {
  try {
    return (await bytes()) ?? "the model's bytes are not here";
  } catch (error) {
    if (error instanceof ModelRefusedError) return error.message;
    return `the model's bytes could not be read: ${error instanceof Error ? error.message : String(error)}`;
  }
}
