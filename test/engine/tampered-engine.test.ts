import { spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { afterEach, expect, test } from "vitest";
import { createFrameReader } from "../../node/engine/frame.ts";
import { parseReply, type Reply } from "../../node/engine/messages.ts";
import { PINNED_ENGINE } from "../../node/engine/pinned.ts";

const ROOT = join(import.meta.dirname, "../..");
const copies: string[] = [];
afterEach(() => {
  for (const copy of copies.splice(0)) rmSync(copy, { recursive: true });
});

/** An installation of its own: the worker's sources and the engine, with a WebAssembly file of the test's choice. */
function install(wasm: Uint8Array): string {
  const home = mkdtempSync(join(tmpdir(), "assay-engine-"));
  copies.push(home);
  const engine = "node_modules/onnxruntime-web";
  mkdirSync(join(home, engine, "dist"), { recursive: true });
  writeFileSync(join(home, "package.json"), '{"type":"module"}');
  cpSync(join(ROOT, "node/engine"), join(home, "node/engine"), { recursive: true });
  cpSync(join(ROOT, "node_modules/onnxruntime-common"), join(home, "node_modules/onnxruntime-common"), {
    recursive: true,
  });
  for (const file of [
    "package.json",
    "dist/ort.node.min.mjs",
    "dist/ort.node.min.js",
    "dist/ort-wasm-simd-threaded.mjs",
  ]) {
    cpSync(join(ROOT, engine, file), join(home, engine, file));
  }
  writeFileSync(join(home, engine, "dist", PINNED_ENGINE.wasmFile), wasm);
  return join(home, "node/engine/worker.ts");
}

/** What the worker says first. */
async function firstReply(worker: string): Promise<Reply | undefined> {
  const child = spawn(process.execPath, [worker, "64"], { env: {}, stdio: ["pipe", "inherit", "inherit", "pipe"] });
  try {
    return await new Promise((resolve, reject) => {
      const read = createFrameReader(1_000_000, ({ message }) => resolve(parseReply(message)));
      (child.stdio[3] as Readable).on("data", read);
      child.on("error", reject).on("exit", (code) => reject(new Error(`ended with code ${code}`)));
    });
  } finally {
    child.kill("SIGKILL");
  }
}

test("an engine with one other byte is unfit, the pinned one is ready", async () => {
  const wasm = readFileSync(join(ROOT, "node_modules/onnxruntime-web/dist", PINNED_ENGINE.wasmFile));
  expect(await firstReply(install(wasm))).toEqual({ kind: "ready" });
  wasm[wasm.length - 1] = (wasm.at(-1) ?? 0) ^ 1;
  expect(await firstReply(install(wasm))).toEqual({
    kind: "unfit",
    reason: expect.stringMatching(/has SHA-256 [0-9a-f]{64}, 3398c10d[0-9a-f]{56} expected/),
  });
});
