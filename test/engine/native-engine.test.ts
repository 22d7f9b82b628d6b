import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { createEngine, type EngineResult } from "../../node/engine/engine.ts";
import { PINNED_NATIVE_FILES } from "../../node/engine/pinned.ts";
import { CANONICAL_VECTORS } from "./canonical-vectors.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const PINNED = PINNED_NATIVE_FILES.has(`${process.platform}/${process.arch}`);
const HAS_AVX2 = process.platform === "linux" && / avx2 /.test(readFileSync("/proc/cpuinfo", "latin1"));
const EXACT: readonly string[] = ["cnn_qop_u8u8", "gb_diabetes", "rf_cancer", "exact_f32_cnn"];

const engine = createEngine({ engine: "native", processes: 1 });
afterAll(() => engine.close());

type Vector = (typeof CANONICAL_VECTORS)[number];

async function runRow(vector: Vector, row: number): Promise<EngineResult> {
  const model = new Uint8Array(readFileSync(join(MODELS, `${vector.name}.onnx`)));
  const lengths: readonly number[] = vector.rowShape;
  const size = 4 * lengths.reduce((product, length) => product * length, 1);
  const data = new Uint8Array(readFileSync(join(MODELS, `${vector.name}.in.x.bin`))).slice(
    row * size,
    (row + 1) * size,
  );
  return engine.run({
    modelRoot: sha256(model),
    modelBytes: async () => model,
    spec: { inputs: [{ name: "x", dtype: 1, shape: vector.rowShape }], outputs: vector.outputs },
    inputs: [{ dtype: 1, shape: [...lengths], data }],
    timeoutMs: 20_000,
    priority: "high",
  });
}

async function hashes(vector: Vector, row: number): Promise<readonly string[]> {
  const result = await runRow(vector, row);
  expect(result.kind, JSON.stringify(result)).toBe("ok");
  return result.kind === "ok" ? result.outputs.map(({ data }) => toHex(sha256(data))) : [];
}

describe.runIf(PINNED)("the native engine", () => {
  test.each(CANONICAL_VECTORS.filter(({ name }) => EXACT.includes(name)))("$name: canonical bytes", async (vector) => {
    for (const row of [0, 1, 2, 3]) {
      expect(await hashes(vector, row)).toEqual(vector.outputs.map(({ rows }) => rows[row]));
    }
  });

  // Equal bytes would mean that the canonical engine had answered.
  test.runIf(HAS_AVX2)("a float CNN differs from canonical", async () => {
    const vector = CANONICAL_VECTORS.find(({ name }) => name === "cnn_digits");
    if (vector === undefined) throw new Error("no vector");
    const rows = await Promise.all([0, 1, 2, 3].map((row) => hashes(vector, row)));
    expect(rows.flat()).not.toEqual([0, 1, 2, 3].flatMap((row) => vector.outputs.map((output) => output.rows[row])));
  });
});

if (!PINNED) {
  test("a platform without a pin is unfit", async () => {
    const [vector] = CANONICAL_VECTORS;
    expect(await runRow(vector, 0)).toEqual({
      kind: "absent",
      reason: expect.stringContaining("no native engine is pinned"),
    });
  });
}
