import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { createEngine, type Engine } from "../../node/engine/engine.ts";
import { type EngineProcessOptions, startEngineProcess } from "../../node/engine/engine-process.ts";
import { CANONICAL_VECTORS } from "../engine/canonical-vectors.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const SOURCE = join(import.meta.dirname, "../engine/cpumask/mask.c");
/** What is left is AVX2 and FMA. */
const MASK = "amx,avx512all,avxvnni";

const folder = mkdtempSync(join(tmpdir(), "assay-mask-"));
const library = join(folder, "mask.so");
const engines: Engine[] = [];
afterAll(async () => {
  await Promise.all(engines.map((engine) => engine.close()));
  rmSync(folder, { recursive: true });
});

/** Why nothing can be masked here; undefined when it can. */
function obstacle(): string | undefined {
  if (process.platform !== "linux" || process.arch !== "x64") return "CPUID faulting is of Linux on x86-64";
  const cc = spawnSync("cc", ["-O2", "-shared", "-fPIC", "-o", library, SOURCE, "-ldl"], { encoding: "utf8" });
  if (cc.error !== undefined) return `no C compiler: ${cc.error.message}`;
  if (cc.status !== 0) return `the mask does not compile here: ${cc.stderr}`;
  const { status, stderr } = spawnSync("true", [], { env: { LD_PRELOAD: library, MASK }, encoding: "utf8" });
  return status === 0 ? undefined : `no CPUID faulting: ${stderr.trim()}`;
}

/** The native engine on a CPU that seems to have AVX2 and nothing newer. */
function maskedEngine(): Engine {
  const under = {
    wrapper: ["env", `LD_PRELOAD=${library}`, `MASK=${MASK}`],
    networkIsolated: false,
    diesWithParent: false,
  };
  const engine = createEngine({
    processes: 1,
    engine: "native",
    start: (options: EngineProcessOptions) => startEngineProcess(options, under, "native"),
  });
  engines.push(engine);
  return engine;
}

async function hashes(engine: Engine, name: string): Promise<{ found: string[]; canonical: string[] }> {
  const vector = CANONICAL_VECTORS.find((candidate) => candidate.name === name);
  if (vector === undefined) throw new Error(`no vectors of ${name}`);
  const model = new Uint8Array(readFileSync(join(MODELS, `${name}.onnx`)));
  const inputs = new Uint8Array(readFileSync(join(MODELS, `${name}.in.x.bin`)));
  const size = 4 * 8 * 8;
  const found: string[] = [];
  for (const row of [0, 1, 2, 3]) {
    const result = await engine.run({
      modelRoot: sha256(model),
      modelBytes: async () => model,
      spec: { inputs: [{ name: "x", dtype: 1, shape: vector.rowShape }], outputs: vector.outputs },
      inputs: [{ dtype: 1, shape: [...vector.rowShape], data: inputs.slice(row * size, (row + 1) * size) }],
      timeoutMs: 20_000,
      priority: "high",
    });
    expect(result.kind, JSON.stringify(result)).toBe("ok");
    if (result.kind === "ok") found.push(...result.outputs.map(({ data }) => toHex(sha256(data))));
  }
  return { found, canonical: [0, 1, 2, 3].flatMap((row) => vector.outputs.map(({ rows }) => rows[row] ?? "")) };
}

const reason = obstacle();

test("on a masked CPU an exact model gives canonical bytes, the trap does not", async (context) => {
  if (reason !== undefined) context.skip(reason);
  const engine = maskedEngine();
  const exact = await hashes(engine, "cnn_qop_u8u8");
  expect(exact.found).toEqual(exact.canonical);
  const trap = await hashes(engine, "cnn_qop_u8s8");
  expect(trap.found).not.toEqual(trap.canonical);
});
