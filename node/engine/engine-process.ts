import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { createFrameReader, encodeFrame } from "./frame.ts";
import { type Command, parseReply, type Reply } from "./messages.ts";
import { PINNED_ENGINE } from "./pinned.ts";

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

/** Below any ordinary process, consensus above all. */
const NICE = 10;
const HEAP_MIB = 256;
/** 16 tensors of 1 MiB and their heads. */
const MAX_REPLY_BYTES = 18 * 1024 * 1024;
const MAX_STDERR_KEPT = 2048;
const REPLY_DESCRIPTOR = 3;

/** Directories and files the child may read: its own sources and the engine. It may write, spawn and load addons nowhere. */
export function readablePaths(): readonly string[] {
  const here = dirname(fileURLToPath(import.meta.url));
  const engine = createRequire(import.meta.url).resolve(PINNED_ENGINE.package);
  const types = createRequire(engine).resolve("onnxruntime-common");
  return [join(here, "/"), join(here, "../../package.json"), packageRoot(engine), packageRoot(types)];
}

/** `…/node_modules/<name>/` of a file inside; both packages have unscoped names. */
function packageRoot(file: string): string {
  const marker = join("/node_modules/");
  const at = file.lastIndexOf(marker) + marker.length;
  return file.slice(0, file.indexOf(join("/"), at) + 1);
}

/** Flags of the child's Node: no files but `readablePaths`, a bounded heap, no code from strings. */
export function sandboxFlags(): readonly string[] {
  return [
    "--permission",
    // For the watchdog thread alone.
    "--allow-worker",
    ...readablePaths().map((path) => `--allow-fs-read=${path}`),
    `--max-old-space-size=${HEAP_MIB}`,
    "--disallow-code-generation-from-strings",
    "--disable-sigusr1",
    "--no-warnings",
  ];
}

/** Starts the engine's own process under this process's Node, with an empty environment. */
export function startEngineProcess(options: EngineProcessOptions): EngineProcess {
  const worker = fileURLToPath(new URL("./worker.ts", import.meta.url));
  const child = spawn(process.execPath, [...sandboxFlags(), worker, String(options.memoryMiB)], {
    env: {},
    cwd: dirname(worker),
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
  lowerPriority(child);

  let lastWords = "";
  let ended = false;
  function end(reason: string): void {
    if (ended) return;
    ended = true;
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
