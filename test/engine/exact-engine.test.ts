import { describe, expect, test } from "vitest";
import type { Engine, EngineResult, RunRequest } from "../../node/engine/engine.ts";
import { canonicalEngineId, exactEngineId } from "../../node/engine/engine-id.ts";
import { type EngineMismatch, exactEngine } from "../../node/engine/exact-engine.ts";
import { engineRegistry } from "../../node/engine/registry.ts";

const ABSENT: EngineResult = { kind: "absent", reason: "planted" };

function output(value: number): EngineResult {
  return { kind: "ok", outputs: [{ dtype: 2, shape: [1], data: Uint8Array.of(value) }] };
}

interface Fake extends Engine {
  runs: number;
  result: EngineResult;
  state: "ready" | "unfit";
}

function fake(result: EngineResult): Fake {
  const engine: Fake = {
    id: canonicalEngineId(),
    runs: 0,
    result,
    state: "ready",
    run: async () => {
      engine.runs++;
      return engine.result;
    },
    inspect: async () => ({ kind: "absent", reason: "" }),
    status: () => ({
      state: engine.state,
      busy: false,
      queued: 0,
      starts: 1,
      modelBytes: 0,
      processes: [],
      networkIsolated: true,
      memoryWatched: true,
    }),
    close: async () => undefined,
  };
  return engine;
}

const REQUEST: RunRequest = {
  modelRoot: new Uint8Array(32).fill(7),
  modelBytes: async () => undefined,
  spec: { inputs: [], outputs: [] },
  inputs: [],
  timeoutMs: 1000,
  priority: "high",
};

function setUp(quick: EngineResult, sure: EngineResult, sampleEvery = 3) {
  const native = fake(quick);
  const canonical = fake(sure);
  const found: EngineMismatch[] = [];
  const engine = exactEngine({
    native: () => native,
    canonical,
    sampleEvery,
    onMismatch: (mismatch) => found.push(mismatch),
  });
  return { native, canonical, found, engine };
}

describe("exactEngine", () => {
  test("the first run is checked, later ones are native, every n-th is checked again", async () => {
    const { engine, native, canonical, found } = setUp(output(1), output(1));
    for (let i = 0; i < 3; i++) expect(await engine.run(REQUEST)).toEqual(output(1));
    expect([native.runs, canonical.runs]).toEqual([3, 1]);
    await engine.run(REQUEST);
    expect([native.runs, canonical.runs]).toEqual([4, 2]);
    expect(found).toEqual([]);
  });

  test("a mismatch in the first run: canonical's answer, and native is off for good", async () => {
    const { engine, native, found } = setUp(output(2), output(1));
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(native.runs).toBe(1);
    expect(found).toEqual([{ modelRoot: REQUEST.modelRoot, reason: "output 0 differs", answered: false }]);
  });

  test("a mismatch in a sample switches native off", async () => {
    const { engine, native, found } = setUp(output(1), output(1), 1);
    await engine.run(REQUEST);
    native.result = output(2);
    await engine.run(REQUEST);
    await Promise.resolve();
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(native.runs).toBe(2);
    expect(found).toMatchObject([{ answered: true }]);
  });

  test("another model keeps native", async () => {
    const { engine, native } = setUp(output(2), output(1));
    await engine.run(REQUEST);
    await engine.run({ ...REQUEST, modelRoot: new Uint8Array(32).fill(8) });
    expect(native.runs).toBe(2);
  });

  test("unfit, crashed, or without an output: canonical answers", async () => {
    const { engine, native } = setUp(ABSENT, output(1));
    expect(await engine.run(REQUEST)).toEqual(output(1));
    native.result = { kind: "execError", message: "planted" };
    expect(await engine.run(REQUEST)).toEqual(output(1));
    native.state = "unfit";
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(native.runs).toBe(2);
  });

  test("without canonical's word the first run is absent, and the next is checked again", async () => {
    const { engine, canonical } = setUp(output(1), ABSENT);
    expect(await engine.run(REQUEST)).toEqual(ABSENT);
    canonical.result = output(1);
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(canonical.runs).toBe(2);
  });
});

describe("an input with a NaN, of which nothing is proven", () => {
  const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  const doubles = (...values: number[]) => new Uint8Array(Float64Array.from(values).buffer);
  const signalling = new Uint8Array(Uint32Array.of(0xff800001).buffer);

  test.each([
    ["float32", { dtype: 1, shape: [2], data: floats(1, Number.NaN) }],
    ["float32, signalling and negative", { dtype: 1, shape: [1], data: signalling }],
    ["float64", { dtype: 11, shape: [2], data: doubles(Number.NaN, 1) }],
    ["float64, in the low word", { dtype: 11, shape: [1], data: new Uint8Array(Uint32Array.of(1, 0x7ff00000).buffer) }],
  ])("%s: canonical alone, and the run counts for nothing", async (_, tensor) => {
    const { engine, native, canonical, found } = setUp(output(2), output(1));
    expect(await engine.run({ ...REQUEST, inputs: [tensor] })).toEqual(output(1));
    expect([native.runs, canonical.runs, found.length]).toEqual([0, 1, 0]);
  });

  test.each([
    ["an infinity", { dtype: 1, shape: [2], data: floats(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY) }],
    ["an infinite double", { dtype: 11, shape: [1], data: doubles(Number.NEGATIVE_INFINITY) }],
    ["integers of the same bits", { dtype: 6, shape: [1], data: signalling }],
    ["a view that is not aligned", { dtype: 1, shape: [1], data: Uint8Array.of(0xff, 0, 0, 0x80, 0x3f).subarray(1) }],
  ])("%s is none", async (_, tensor) => {
    const { engine, native } = setUp(output(1), output(1));
    await engine.run({ ...REQUEST, inputs: [tensor] });
    expect(native.runs).toBe(1);
  });
});

describe("engineRegistry", () => {
  test("goes by the engine id; an engine that is not here is absent", async () => {
    const exact = { ...fake(output(2)), id: exactEngineId() };
    const engine = engineRegistry(fake(output(1)), [{ id: exactEngineId(), open: () => exact }]);
    expect(await engine.run(REQUEST)).toEqual(output(1));
    expect(await engine.run({ ...REQUEST, engineId: canonicalEngineId() })).toEqual(output(1));
    expect(await engine.run({ ...REQUEST, engineId: exactEngineId() })).toEqual(output(2));
    expect(await engine.run({ ...REQUEST, engineId: new Uint8Array(32).fill(0xab) })).toEqual({
      kind: "absent",
      reason: `engine ${"ab".repeat(32)} is not installed`,
    });
  });
});
