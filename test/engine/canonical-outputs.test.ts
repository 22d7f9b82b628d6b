import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { createEngine, type EngineResult } from "../../node/engine/engine.ts";
import { CANONICAL_VECTORS } from "./canonical-vectors.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const engine = createEngine();
afterAll(() => engine.close());

type Vector = (typeof CANONICAL_VECTORS)[number];
const load = (file: string): Uint8Array => new Uint8Array(readFileSync(join(MODELS, file)));

function runRow(vector: Vector, data: Uint8Array): Promise<EngineResult> {
  const model = load(`${vector.name}.onnx`);
  return engine.run({
    modelRoot: sha256(model),
    modelBytes: async () => model,
    spec: { inputs: [{ name: "x", dtype: 1, shape: vector.rowShape }], outputs: vector.outputs },
    inputs: [{ dtype: 1, shape: [...vector.rowShape], data }],
    timeoutMs: 20_000,
    priority: "high",
  });
}

function rowsOf(vector: Vector): readonly Uint8Array[] {
  const all = load(`${vector.name}.in.x.bin`);
  const lengths: readonly number[] = vector.rowShape;
  const size = 4 * lengths.reduce((product, length) => product * length, 1);
  return [0, 1, 2, 3].map((row) => all.slice(row * size, (row + 1) * size));
}

function hashes(result: EngineResult): readonly string[] {
  expect(result.kind, JSON.stringify(result)).toBe("ok");
  return result.kind === "ok" ? result.outputs.map(({ data }) => toHex(sha256(data))) : [];
}

test.each(CANONICAL_VECTORS)("$name gives the published bytes, row by row", async (vector) => {
  for (const [row, data] of rowsOf(vector).entries()) {
    expect(hashes(await runRow(vector, data))).toEqual(vector.outputs.map(({ rows }) => rows[row]));
  }
});

test("one flipped bit of an input changes the hash", async () => {
  const vector = CANONICAL_VECTORS[0];
  const [data] = rowsOf(vector);
  if (data === undefined) throw new Error("no row");
  data[3 + 4 * 20] = (data[3 + 4 * 20] ?? 0) ^ 0x40;
  const flipped = hashes(await runRow(vector, data));
  expect(flipped[0]).not.toBe(vector.outputs[0].rows[0]);
  expect(flipped[1]).not.toBe(vector.outputs[1].rows[0]);
});
