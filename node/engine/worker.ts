import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { Socket } from "node:net";
import { endianness } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { InferenceSession } from "onnxruntime-web";
import { createFrameReader, encodeFrame, type Frame } from "./frame.ts";
import type { Command, Reply } from "./messages.ts";
import { PINNED_ENGINE } from "./pinned.ts";

/**
 * The engine process: reads commands from standard input, writes replies to descriptor 3 (onnxruntime prints to 1 and 2 when
 * it likes). Started by engine-process.ts with one argument, the most memory in MiB that WebAssembly may take.
 */
const REPLY_DESCRIPTOR = 3;
const WASM_PAGE = 64 * 1024;
const MAX_COMMAND_BYTES = 128 * 1024 * 1024;

/** y = Identity(x) over two floats, as ONNX. */
const IDENTITY_MODEL =
  "08083a3b0a100a017812017922084964656e74697479120567726170685a0f0a0178120a0a08080112040a020802620f0a0179120a0a08080112040a02080242040a001011";

const replies = new Socket({ fd: REPLY_DESCRIPTOR, readable: false, writable: true });
replies.on("error", () => process.exit(1)); // The node is gone: nobody to tell.

function reply(message: Reply, blobs: readonly Uint8Array[] = []): Promise<void> {
  return new Promise((resolve) => {
    replies.cork();
    for (const part of encodeFrame(message, blobs)) replies.write(part);
    replies.write(new Uint8Array(0), () => resolve());
    replies.uncork();
  });
}

/**
 * Caps the heap of every WebAssembly module loaded from now on. The module asks for 4 GiB at most; a smaller maximum is a valid import, and
 * growth beyond it fails inside as an ordinary exhausted heap.
 */
function capWasmMemory(bytes: number): void {
  const { Memory } = WebAssembly;
  const pages = Math.floor(bytes / WASM_PAGE);
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      super({ ...descriptor, maximum: Math.min(descriptor.maximum ?? pages, pages) });
    }
  };
}

/** Loads the engine from exactly the bytes that were hashed. Returns why it must not be used, or the functions of session.ts. */
async function loadEngine(): Promise<string | typeof import("./session.ts")> {
  if (endianness() !== "LE") return "the machine is big-endian";
  const main = createRequire(import.meta.url).resolve(PINNED_ENGINE.package);
  const wasm = readFileSync(join(main, "..", PINNED_ENGINE.wasmFile));
  const found = createHash("sha256").update(wasm).digest("hex");
  if (found !== PINNED_ENGINE.wasmSha256) {
    return `${PINNED_ENGINE.wasmFile} has SHA-256 ${found}, ${PINNED_ENGINE.wasmSha256} expected: reinstall ${PINNED_ENGINE.package} ${PINNED_ENGINE.version}`;
  }
  const { env } = await import("onnxruntime-web");
  if (env.versions.web !== PINNED_ENGINE.version) {
    return `${PINNED_ENGINE.package} is ${env.versions.web}, ${PINNED_ENGINE.version} expected`;
  }
  env.wasm.numThreads = PINNED_ENGINE.threads;
  env.wasm.proxy = false;
  env.wasm.wasmBinary = wasm.buffer.byteLength === wasm.byteLength ? wasm.buffer : new Uint8Array(wasm).buffer;
  env.logLevel = "fatal";
  const engine = await import("./session.ts");
  // Compiles the module now (about 200 ms), and not in the time of the first request.
  const session = await engine.createSession(Buffer.from(IDENTITY_MODEL, "hex"));
  await session.release();
  delete env.wasm.wasmBinary; // 14 MB that nothing needs any more.
  return engine;
}

async function serve(engine: typeof import("./session.ts")): Promise<void> {
  const sessions = new Map<string, InferenceSession>();

  async function load(command: Command & { kind: "load" }, model: Uint8Array | undefined): Promise<void> {
    for (const root of command.unload) {
      await sessions.get(root)?.release();
      sessions.delete(root);
    }
    sessions.set(command.model, await engine.createSession(model ?? new Uint8Array(0)));
    await reply({ kind: "loaded" });
  }

  async function run(command: Command & { kind: "run" }, blobs: readonly Uint8Array[]): Promise<void> {
    const session = sessions.get(command.model);
    if (session === undefined) throw new Error(`model ${command.model} is not loaded`);
    const outputs = await engine.runSession(session, command.inputs, blobs, command.outputs);
    await reply({ kind: "outputs", outputs: outputs.heads }, outputs.data);
  }

  async function inspect(model: Uint8Array | undefined): Promise<void> {
    const session = await engine.createSession(model ?? new Uint8Array(0));
    const outputs = engine.outputsOf(session);
    await session.release();
    await reply({ kind: "inspected", outputs });
  }

  async function execute({ message, blobs }: Frame): Promise<void> {
    const command = message as Command; // From the node itself.
    try {
      if (command.kind === "load") await load(command, blobs[0]);
      else if (command.kind === "run") await run(command, blobs);
      else await inspect(blobs[0]);
    } catch (error) {
      const failure = engine.classify(error);
      await reply({ kind: "failed", ...failure });
      // The heap of the module may be in any state: end, and let the node start afresh.
      if (failure.failure !== "model") process.exit(1);
    }
  }

  let last: Promise<void> = Promise.resolve();
  const read = createFrameReader(MAX_COMMAND_BYTES, (frame) => {
    last = last.then(() => execute(frame));
  });
  process.stdin.on("data", read).on("end", () => process.exit(0));
  await reply({ kind: "ready" });
}

new Worker(new URL("./orphan-watchdog.ts", import.meta.url), {
  resourceLimits: { maxOldGenerationSizeMb: 16, maxYoungGenerationSizeMb: 2 },
}).unref();
capWasmMemory(Number(process.argv[2]) * 1024 * 1024);
const engine = await loadEngine();
if (typeof engine === "string") {
  await reply({ kind: "unfit", reason: engine });
  process.exit(1);
}
await serve(engine);
