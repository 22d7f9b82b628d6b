import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import type { Tensor } from "../../modules/inference/tensors.ts";
import { checkedEngine, type Declaration } from "../../node/engine/checked-engine.ts";
import { createEngine, type RunRequest } from "../../node/engine/engine.ts";
import { canonicalEngineId, exactEngineId } from "../../node/engine/engine-id.ts";
import { type EngineMismatch, exactEngine } from "../../node/engine/exact-engine.ts";
import { exactness } from "../../node/engine/exactness/exactness.ts";
import { checkModel } from "../../node/engine/onnx-check.ts";
import { PINNED_NATIVE_FILES } from "../../node/engine/pinned.ts";
import { engineRegistry } from "../../node/engine/registry.ts";
import { CANONICAL_VECTORS } from "./canonical-vectors.ts";
import { build, op, WHOLE, WHOLE_CONSTANTS } from "./exactness/graphs.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const PINNED = PINNED_NATIVE_FILES.has(`${process.platform}/${process.arch}`);

const canonical = createEngine({ processes: 1 });
const native = createEngine({ engine: "native", processes: 1 });
const mismatches: EngineMismatch[] = [];
const open = () =>
  exactEngine({ native: () => native, canonical, sampleEvery: 2, onMismatch: (found) => mismatches.push(found) });
const registry = engineRegistry(canonical, [{ id: exactEngineId(), open }]);
afterAll(() => registry.close());

const EXACT = { inline: false, class: MODEL_CLASS.exact, engineId: exactEngineId() };

function asDeclared(bytes: Uint8Array, change: Partial<Declaration> = {}) {
  const check = checkModel(bytes);
  return checkedEngine(registry, () => ({ ...EXACT, opset: check.ok ? check.opset : 0, ...change }));
}

function load(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(MODELS, `${name}.onnx`)));
}

function requestOf(bytes: Uint8Array, spec: RunRequest["spec"], inputs: readonly Tensor[]): RunRequest {
  return {
    engineId: exactEngineId(),
    modelRoot: sha256(bytes),
    modelBytes: async () => bytes,
    spec,
    inputs,
    timeoutMs: 20_000,
    priority: "high",
  };
}

function rowOf(name: "cnn_qop_u8u8" | "cnn_qop_u8s8", row: number): RunRequest {
  const vector = CANONICAL_VECTORS.find((each) => each.name === name);
  if (vector === undefined) throw new Error(`no vector ${name}`);
  const shape: readonly number[] = vector.rowShape;
  const size = 4 * shape.reduce((product, length) => product * length, 1);
  const all = new Uint8Array(readFileSync(join(MODELS, `${name}.in.x.bin`)));
  const spec = { inputs: [{ name: "x", dtype: 1, shape }], outputs: vector.outputs };
  return requestOf(load(name), spec, [{ dtype: 1, shape: [...shape], data: all.slice(row * size, (row + 1) * size) }]);
}

describe.runIf(PINNED)("a model of the class exact", () => {
  test("runs natively, with canonical's bytes, row by row", async () => {
    const vector = CANONICAL_VECTORS.find(({ name }) => name === "cnn_qop_u8u8");
    for (const row of [0, 1, 2, 3]) {
      const result = await asDeclared(load("cnn_qop_u8u8")).run(rowOf("cnn_qop_u8u8", row));
      expect(result.kind, JSON.stringify(result)).toBe("ok");
      const hashes = result.kind === "ok" ? result.outputs.map(({ data }) => toHex(sha256(data))) : [];
      expect(hashes).toEqual(vector?.outputs.map(({ rows }) => rows[row]));
    }
    expect(native.status().state).toBe("ready");
    expect(mismatches).toEqual([]);
  });

  test("that depends on the CPU is refused, operator by operator, whatever the engines have in common on this one", async () => {
    const trap = asDeclared(load("cnn_qop_u8s8"));
    const result = await trap.run(rowOf("cnn_qop_u8s8", 0));
    expect(result).toMatchObject({ kind: "absent" });
    expect(result.kind === "absent" ? result.reason : "").toMatch(
      /^the model is not proven exact: QLinearConv .*uint8 with int8 weights of up to 127, at most 64.*; and 1 more$/,
    );
    // Also where the engine holds it for the class canonical.
    const engineId = canonicalEngineId();
    const asCanonical = asDeclared(load("cnn_qop_u8s8"), { class: MODEL_CLASS.canonical, engineId });
    expect(await asCanonical.run({ ...rowOf("cnn_qop_u8s8", 0), engineId })).toMatchObject({ kind: "ok" });
    expect(await trap.run(rowOf("cnn_qop_u8s8", 0))).toMatchObject({ kind: "absent" });
  });
});

describe.runIf(PINNED)("a NaN", () => {
  const bytes = build({ nodes: [...WHOLE, op("Identity", ["q"], ["y"])], constants: WHOLE_CONSTANTS });
  const spec = {
    inputs: [{ name: "x", dtype: 1, shape: [1, 4] }],
    outputs: [{ name: "y", dtype: 1, shape: [1, 4] }],
  };
  const input = (...values: number[]) =>
    requestOf(bytes, spec, [{ dtype: 1, shape: [1, 4], data: new Uint8Array(Float32Array.from(values).buffer) }]);
  const withNan = input(1, Number.NaN, 2.5, 99);

  test("in an input of a proven graph gives other bytes natively, which is why such a run is left to canonical", async () => {
    expect(exactness(bytes)).toMatchObject({ exact: true, withoutNan: ["x"] });
    const [quick, sure] = [await native.run(withNan), await canonical.run(withNan)];
    expect([quick.kind, sure.kind]).toEqual(["ok", "ok"]);
    if (process.arch === "x64") expect(quick).not.toEqual(sure);

    const checked = asDeclared(bytes);
    const plain = await checked.run(input(1, -3, 2.5, 99));
    expect(plain).toEqual(await canonical.run(input(1, -3, 2.5, 99)));
    for (let run = 0; run < 4; run++) expect(await checked.run(withNan)).toEqual(sure);
    expect(mismatches).toEqual([]);
  });

  test("would be seen as a difference, were it not", async () => {
    if (process.arch !== "x64") return;
    const found: EngineMismatch[] = [];
    // Hidden from the test for NaN as bits of integers are.
    const blind = exactEngine({
      native: () => ({ ...native, run: () => native.run(withNan) }),
      canonical: { ...canonical, run: () => canonical.run(withNan) },
      onMismatch: (mismatch) => found.push(mismatch),
    });
    expect(await blind.run(input(1, 2, 3, 4))).toEqual(await canonical.run(withNan));
    expect(found).toMatchObject([{ reason: "output 0 differs", answered: false }]);
  });
});
