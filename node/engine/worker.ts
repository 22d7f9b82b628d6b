import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { PINNED_ENGINE } from "./pinned.ts";
import { runWorker } from "./serve.ts";
import { createSessions, type Sessions } from "./session.ts";

/** The process of the canonical engine. Started by engine-process.ts with one argument, the most memory in MiB that WebAssembly may take. */
const WASM_PAGE = 64 * 1024;

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

/** Loads the engine from exactly the bytes that were hashed. */
async function loadEngine(): Promise<string | Sessions> {
  const main = createRequire(import.meta.url).resolve(PINNED_ENGINE.package);
  const wasm = readFileSync(join(main, "..", PINNED_ENGINE.wasmFile));
  const found = createHash("sha256").update(wasm).digest("hex");
  if (found !== PINNED_ENGINE.wasmSha256) {
    return `${PINNED_ENGINE.wasmFile} has SHA-256 ${found}, ${PINNED_ENGINE.wasmSha256} expected: reinstall ${PINNED_ENGINE.package} ${PINNED_ENGINE.version}`;
  }
  const { env, InferenceSession, Tensor } = await import("onnxruntime-web");
  if (env.versions.web !== PINNED_ENGINE.version) {
    return `${PINNED_ENGINE.package} is ${env.versions.web}, ${PINNED_ENGINE.version} expected`;
  }
  env.wasm.numThreads = PINNED_ENGINE.threads;
  env.wasm.proxy = false;
  env.wasm.wasmBinary = wasm.buffer.byteLength === wasm.byteLength ? wasm.buffer : new Uint8Array(wasm).buffer;
  env.logLevel = "fatal";
  const sessions = createSessions({ InferenceSession, Tensor, provider: "wasm", ...PINNED_ENGINE });
  // 14 MB that nothing needs any more.
  return { ...sessions, onWarm: () => delete env.wasm.wasmBinary };
}

capWasmMemory(Number(process.argv[2]) * 1024 * 1024);
await runWorker(loadEngine);
