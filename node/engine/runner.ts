import { absent, type Interruption, type Job, type Outcome } from "./job.ts";
import type { Command } from "./messages.ts";
import { processorMs } from "./processor-time.ts";
import { createSessionCache } from "./session-cache.ts";
import { type Supervisor, type SupervisorOptions, type SupervisorState, superviseEngine } from "./supervisor.ts";

export interface RunnerOptions extends Omit<SupervisorOptions, "onStateChange"> {
  readonly maxModelBytes: number;
  /** Called when `idle` or `hopeless` may have changed, except by `run` itself. */
  readonly onStateChange: () => void;
}

/** One supervised process and what it holds; runs one job at a time. */
export interface Runner {
  /** Whether it would take a job now. */
  readonly idle: boolean;
  readonly job: Job | undefined;
  /** Why it serves nobody for the time being, nor is about to; undefined while there is hope. */
  readonly hopeless: string | undefined;
  /** Whether the present process has served nobody yet. */
  readonly unused: boolean;
  readonly modelBytes: number;
  readonly supervisor: Supervisor;
  holds(model: string): boolean;
  /** Runs a job to its outcome, or until it must make way. Leaves no run of it behind. Only when idle; never rejects. */
  run(job: Job): Promise<Interruption>;
  close(): Promise<void>;
}

export function createRunner(options: RunnerOptions): Runner {
  const cache = createSessionCache(options.maxModelBytes);
  let current: Job | undefined;
  /** Whether the present or last process got as far as taking commands. */
  let wasReady = false;
  /** Jobs the present process has begun: a result must not depend on what ran before it. */
  let served = 0;
  /** Of the present job. */
  let timer: NodeJS.Timeout | undefined;
  /** Waits for the next process, and is told why there is none. */
  let awaiting: ((reason: string | undefined) => void) | undefined;
  const supervisor = superviseEngine({ ...options, onStateChange });

  function onStateChange(state: SupervisorState): void {
    if (state.kind === "starting") {
      wasReady = false;
      return;
    }
    if (state.kind === "ready") {
      wasReady = true;
      served = 0;
      cache.clear();
    }
    awaiting?.("reason" in state ? state.reason : undefined);
    awaiting = undefined;
    options.onStateChange();
  }

  function hopeless(): string | undefined {
    const { state } = supervisor;
    if (state.kind === "closed") return "the engine is closed";
    if (state.kind === "unfit") return state.reason;
    // After a crash requests wait for the next process; one that could not even start gives little hope.
    return state.kind === "down" && !wasReady ? state.reason : undefined;
  }

  async function run(job: Job): Promise<Interruption> {
    const stop = Promise.withResolvers<Interruption>();
    let stopped = false;
    current = job;
    job.interrupt = (interruption) => {
      stopped = true;
      clearTimeout(timer);
      stop.resolve(interruption);
      supervisor.restart();
    };
    const end = await Promise.race([stop.promise, complete(job, () => stopped)]);
    job.interrupt = undefined;
    current = undefined;
    return end;
  }

  /** A job whose memory was not enough beside other models is given one more chance, in a process of its own. */
  async function complete(job: Job, stopped: () => boolean): Promise<Outcome> {
    for (;;) {
      if (job.fresh && served > 0) {
        const reason = await nextProcess();
        if (reason !== undefined) return absent(reason);
        if (stopped()) return absent("interrupted");
      }
      const alone = served++ === 0;
      timer = setTimeout(() => job.interrupt?.(absent(`no result within ${job.timeoutMs} ms`)), job.timeoutMs);
      const outcome = await converse(job, stopped);
      if (stopped()) return outcome; // Another job may have the process, and its timer, by now.
      clearTimeout(timer);
      if (outcome.kind === "absent") return outcome;
      const { reply } = outcome;
      if (reply.kind !== "failed" || reply.failure === "model") return outcome;
      supervisor.restart();
      if (reply.failure !== "memory" || alone) return absent(`${reply.failure}: ${reply.reason}`);
      job.fresh = true;
    }
  }

  /** Waits for a process that has served nobody, starting one if need be. Returns why there is none. */
  function nextProcess(): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    awaiting = resolve;
    supervisor.restart();
    return promise;
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
    if (job.onTimed === undefined) return ask(job.command, job.blobs);
    const spent = startTiming();
    const answer = await ask(job.command, job.blobs);
    job.onTimed(spent());
    return answer;
  }

  /** Of the process, milliseconds: time on a processor, so that what else the machine does makes no model dearer; where that is not told, on the wall. */
  function startTiming(): () => number {
    const { pid } = supervisor;
    const from = performance.now();
    const before = pid === undefined ? undefined : processorMs(pid);
    return () => {
      const wall = performance.now() - from;
      const after = pid === undefined ? undefined : processorMs(pid);
      return before === undefined || after === undefined ? wall : Math.max(0, Math.min(wall, after - before));
    };
  }

  async function ask(command: Command, blobs: readonly Uint8Array[]): Promise<Outcome> {
    const answer = await supervisor.ask(command, blobs);
    return answer.kind === "reply" ? answer : absent(answer.reason);
  }

  return {
    supervisor,
    get idle() {
      return current === undefined && supervisor.state.kind === "ready";
    },
    get job() {
      return current;
    },
    get hopeless() {
      return hopeless();
    },
    get unused() {
      return served === 0;
    },
    get modelBytes() {
      return cache.bytes;
    },
    holds: (model) => cache.holds(model),
    run,
    close: async () => {
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
