import type { Priority } from "./job-queue.ts";
import type { Command, Reply } from "./messages.ts";

export interface JobRequest {
  readonly priority: Priority;
  /** From the moment a process turns to the job; loading the model included. */
  readonly timeoutMs: number;
  /** What must be loaded before the command is sent. */
  readonly model?: { readonly root: string; readonly bytes: () => Promise<Uint8Array | undefined> };
  readonly command: Command;
  readonly blobs: readonly Uint8Array[];
  readonly signal?: AbortSignal | undefined;
  /** Told how many milliseconds of a processor the command took: neither waiting nor loading. */
  readonly onTimed?: ((ms: number) => void) | undefined;
}

export type Outcome =
  | { readonly kind: "reply"; readonly reply: Reply; readonly blobs: readonly Uint8Array[] }
  | { readonly kind: "absent"; readonly reason: string };

export type Interruption = Outcome | { readonly kind: "preempted" };

export interface Job extends JobRequest {
  /** Answers the caller; once. */
  readonly settle: (outcome: Outcome) => void;
  settled: boolean;
  preemptions: number;
  /** Must run in a process that has served nothing else: memory ran out in one that held other models. */
  fresh: boolean;
  /** Has been told to make way; it may still end by itself. */
  yielding: boolean;
  /** Set while it runs: ends it, and the process with it if that is busy. */
  interrupt: ((interruption: Interruption) => void) | undefined;
}

export const absent = (reason: string): Outcome => ({ kind: "absent", reason });
