import { type ChildProcess, spawn } from "node:child_process";
import { setPriority } from "node:os";
import { dirname } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { Confinement } from "./confinement.ts";
import { createFrameReader, encodeFrame } from "./frame.ts";
import { watchMemory } from "./memory-watchdog.ts";
import { type Command, parseReply, type Reply } from "./messages.ts";
import { confinement, type EngineKind, sandboxFlags } from "./sandbox.ts";

export interface EngineProcessOptions {
  /** The most memory WebAssembly may take, MiB. */
  readonly memoryMiB: number;
  /** Called for each reply; `blobs` are the tensors' data. */
  readonly onReply: (reply: Reply, blobs: readonly Uint8Array[]) => void;
  /** Called once, when the process has ended or could not be started, with what is known of the cause. */
  readonly onEnd: (reason: string) => void;
}

export interface EngineProcess {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  send(command: Command, blobs: readonly Uint8Array[]): void;
  /** Ends it at once, whatever it does. `onEnd` follows, with the reason. */
  kill(reason: string): void;
}

export type StartEngineProcess = (options: EngineProcessOptions) => EngineProcess;

const WORKERS: Readonly<Record<EngineKind, string>> = { canonical: "./worker.ts", native: "./native-worker.ts" };
/**
 * Below any ordinary process, consensus above all: beside a busy one it gets a third of that one's time. At 10 it was a tenth, and where validators share
 * processors their runs came too late for what the same validators let in (docs/performance.md).
 */
const NICE = 5;
/**
 * What the process may hold beside WebAssembly's memory: Node, the compiled engine and its heap (about 200 MiB), a model on its way in and a
 * request's tensors, twice each while they are copied.
 */
const RESIDENT_MARGIN_MIB = 640;
/** 16 tensors of 1 MiB and their heads. */
const MAX_REPLY_BYTES = 18 * 1024 * 1024;
const MAX_STDERR_KEPT = 2048;
const REPLY_DESCRIPTOR = 3;

/**
 * Starts the engine's own process under this process's Node, with an empty environment.
 * @param under as confined as the system permits, if not given.
 * @param engine the native one has its memory bounded by the watch alone.
 */
export function startEngineProcess(
  options: EngineProcessOptions,
  under: Confinement = confinement(),
  engine: EngineKind = "canonical",
): EngineProcess {
  const worker = fileURLToPath(new URL(WORKERS[engine], import.meta.url));
  const command = [process.execPath, ...sandboxFlags(under, engine), worker, String(options.memoryMiB)];
  const [program = process.execPath, ...args] = [...under.wrapper, ...command];
  const child = spawn(program, args, {
    env: {},
    cwd: dirname(worker),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  lowerPriority(child);

  let lastWords = "";
  let ended = false;
  let stopWatching = (): void => undefined;
  function end(reason: string): void {
    if (ended) return;
    ended = true;
    stopWatching();
    options.onEnd(lastWords === "" ? reason : `${reason}: ${lastWords.trim()}`);
  }
  function abort(reason: string): void {
    if (!ended) lastWords = reason;
    child.kill("SIGKILL");
  }

  for (const output of [child.stdout, child.stderr]) {
    output?.on("data", (chunk: Buffer) => {
      lastWords = `${lastWords}${chunk.toString("utf8")}`.slice(-MAX_STDERR_KEPT);
    });
  }
  const read = createFrameReader(MAX_REPLY_BYTES, (frame) => {
    const reply = parseReply(frame.message);
    if (reply === undefined) throw new Error("a reply of no known kind");
    options.onReply(reply, frame.blobs);
  });
  (child.stdio[REPLY_DESCRIPTOR] as Readable).on("data", (chunk: Buffer) => {
    if (ended) return;
    try {
      read(chunk);
    } catch (error) {
      abort(`bad reply: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  // Writing to a process that has just ended: its end is reported by itself.
  child.stdin?.on("error", () => undefined);
  if (child.pid !== undefined) {
    const limitMiB = options.memoryMiB + RESIDENT_MARGIN_MIB;
    stopWatching = watchMemory({
      pid: child.pid,
      limitMiB,
      onExceeded: (residentMiB) => abort(`holds ${residentMiB} MiB, at most ${limitMiB} allowed`),
    });
  }
  child.on("error", (error) => end(`could not be run: ${error.message}`));
  child.on("close", (code, signal) => end(signal === null ? `ended with code ${code}` : `ended by ${signal}`));

  return {
    pid: child.pid,
    send: (command, blobs) => {
      for (const part of encodeFrame(command, blobs)) child.stdin?.write(part);
    },
    kill: abort,
  };
}

function lowerPriority(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, NICE);
  } catch {
    // Not allowed here, or already over: it then competes as an equal, which costs speed and nothing else.
  }
}
