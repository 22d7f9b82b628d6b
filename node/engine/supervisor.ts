import type { EngineProcess, StartEngineProcess } from "./engine-process.ts";
import type { Command, Reply } from "./messages.ts";

/** `ready`: takes a command. `down`: starts again by itself after a while. `unfit`: never will. */
export type SupervisorState =
  | { readonly kind: "starting" }
  | { readonly kind: "ready" }
  | { readonly kind: "down"; readonly reason: string }
  | { readonly kind: "unfit"; readonly reason: string }
  | { readonly kind: "closed" };

export type Answer =
  | { readonly kind: "reply"; readonly reply: Reply; readonly blobs: readonly Uint8Array[] }
  | { readonly kind: "lost"; readonly reason: string };

export interface SupervisorOptions {
  readonly start: StartEngineProcess;
  readonly memoryMiB: number;
  readonly startTimeoutMs: number;
  /** Wait before the first restart after a crash, doubled by each further one up to `maxRestartDelayMs`. */
  readonly restartDelayMs: number;
  readonly maxRestartDelayMs: number;
  readonly onStateChange: (state: SupervisorState) => void;
}

export interface Supervisor {
  readonly state: SupervisorState;
  readonly pid: number | undefined;
  /** Processes started so far. */
  readonly starts: number;
  /** One at a time, and only when ready. Never rejects: a process that ends meanwhile answers `lost`. */
  ask(command: Command, blobs: readonly Uint8Array[]): Promise<Answer>;
  /** Ends the process, whatever it does, and starts another at once. */
  restart(): void;
  close(): Promise<void>;
}

/** Keeps one engine process alive. A process that ends unasked is started again with growing delays. */
export function superviseEngine(options: SupervisorOptions): Supervisor {
  let state: SupervisorState = { kind: "starting" };
  let child: EngineProcess | undefined;
  let pending: ((answer: Answer) => void) | undefined;
  let timer: NodeJS.Timeout | undefined;
  let deliberate = false;
  let crashes = 0;
  let starts = 0;
  const ended = Promise.withResolvers<void>();

  function enter(next: SupervisorState): void {
    state = next;
    options.onStateChange(next);
  }

  function answer(value: Answer): void {
    const resolve = pending;
    pending = undefined;
    resolve?.(value);
  }

  function launch(): void {
    deliberate = false;
    starts++;
    enter({ kind: "starting" });
    child = options.start({ memoryMiB: options.memoryMiB, onReply, onEnd });
    timer = setTimeout(() => child?.kill(`not ready within ${options.startTimeoutMs} ms`), options.startTimeoutMs);
  }

  function onReply(reply: Reply, blobs: readonly Uint8Array[]): void {
    if (state.kind === "starting" && reply.kind === "ready") {
      clearTimeout(timer);
      enter({ kind: "ready" });
    } else if (state.kind === "starting" && reply.kind === "unfit") {
      clearTimeout(timer);
      enter({ kind: "unfit", reason: reply.reason });
    } else if (pending !== undefined) {
      crashes = 0;
      answer({ kind: "reply", reply, blobs });
    }
  }

  function onEnd(reason: string): void {
    clearTimeout(timer);
    child = undefined;
    answer({ kind: "lost", reason: `engine process ${reason}` });
    if (state.kind === "closed") ended.resolve();
    else if (deliberate) launch();
    else if (state.kind !== "unfit") {
      const delay = Math.min(options.restartDelayMs * 2 ** crashes, options.maxRestartDelayMs);
      crashes++;
      timer = setTimeout(launch, delay);
      enter({ kind: "down", reason: `engine process ${reason}` });
    }
  }

  launch();
  return {
    get state() {
      return state;
    },
    get pid() {
      return child?.pid;
    },
    get starts() {
      return starts;
    },
    ask: (command, blobs) => {
      if (state.kind !== "ready" || child === undefined || pending !== undefined) {
        return Promise.resolve({ kind: "lost", reason: "the engine takes no command now" });
      }
      const { promise, resolve } = Promise.withResolvers<Answer>();
      pending = resolve;
      child.send(command, blobs);
      return promise;
    },
    restart: () => {
      if (state.kind !== "ready") return;
      deliberate = true;
      answer({ kind: "lost", reason: "the engine process was restarted" });
      child?.kill("restart");
      enter({ kind: "starting" });
    },
    close: async () => {
      clearTimeout(timer);
      const running = child;
      enter({ kind: "closed" });
      if (running === undefined) return;
      running.kill("closed");
      await ended.promise;
    },
  };
}
