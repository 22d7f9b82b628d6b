import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, expect, test, vi } from "vitest";
import { concatBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { createEngine, type EngineResult, type RunRequest } from "../../node/engine/engine.ts";
import { ANY_LENGTH, type ModelSpec } from "../../node/engine/model-spec.ts";
import { sandboxFlags } from "../../node/engine/sandbox.ts";
import { bytesField, encodeGraph, endless, greedy, message, model, unary, X, Y } from "./onnx-builder.ts";

/** Everything here goes through the real process. 64 MiB is enough for it, and makes greed cheap. */
const engine = createEngine({ processes: 1, memoryMiB: 64, graceMs: 50 });
afterAll(() => engine.close());

const CNN = new Uint8Array(readFileSync(join(import.meta.dirname, "../fixtures/models/cnn_digits.onnx")));
const PAIR: ModelSpec = {
  inputs: [{ name: "x", dtype: 1, shape: [2] }],
  outputs: [{ name: "y", dtype: 1, shape: [2] }],
};

const floats = (...values: number[]): Uint8Array => new Uint8Array(Float32Array.from(values).buffer);
const longs = (...values: bigint[]): Uint8Array => new Uint8Array(BigInt64Array.from(values).buffer);

function request(bytes: Uint8Array, change: Partial<RunRequest> = {}): RunRequest {
  return {
    modelRoot: sha256(bytes),
    modelBytes: async () => bytes,
    spec: PAIR,
    inputs: [{ dtype: 1, shape: [2], data: floats(-1, 2) }],
    timeoutMs: 10_000,
    priority: "high",
    ...change,
  };
}

function firstOutput(result: EngineResult): string {
  if (result.kind !== "ok") throw new Error(JSON.stringify(result));
  return toHex(result.outputs[0]?.data ?? new Uint8Array(0));
}

/** -1 and 2, negated. */
async function expectToWork(): Promise<void> {
  expect(firstOutput(await engine.run(request(unary("Neg"))))).toBe(toHex(floats(1, -2)));
}

afterEach(expectToWork);

test("a generated NaN has the one canonical pattern", async () => {
  const ln2 = toHex(floats(Math.fround(Math.LN2)));
  expect(firstOutput(await engine.run(request(unary("Log"))))).toBe(`0000c07f${ln2}`);
});

test("an input's NaN with a payload of its own comes out canonical", async () => {
  const data = new Uint8Array(Uint32Array.of(0xffc12345, 0x7f800001).buffer);
  const result = await engine.run(request(unary("Identity"), { inputs: [{ dtype: 1, shape: [2], data }] }));
  expect(firstOutput(result)).toBe("0000c07f0000c07f");
});

test.each([
  ["cut short", CNN.subarray(0, 40_000), /protobuf|bytes at byte/],
  ["garbage", Uint8Array.from({ length: 4096 }, (_, i) => (i * 167) % 251), /./],
  ["empty", new Uint8Array(0), /no graph/],
  ["an unknown operator", unary("Nonsense"), /No Op registered for Nonsense/],
  [
    "a cycle",
    model(
      encodeGraph({
        nodes: [
          { op: "Add", inputs: ["x", "b"], outputs: ["a"] },
          { op: "Add", inputs: ["x", "a"], outputs: ["b"] },
          { op: "Neg", inputs: ["a"], outputs: ["y"] },
        ],
        inputs: [X],
        outputs: [Y],
      }),
    ),
    /acyclic/,
  ],
])("a model that is %s is invalid, with the reason", async (_name, bytes, reason) => {
  const inspection = await engine.inspect(bytes);
  expect(inspection).toMatchObject({ kind: "invalid", reason: expect.stringMatching(reason) });
});

test("a model that can't be loaded is the same engine error on every run", async () => {
  const broken = request(CNN.subarray(0, 40_000));
  expect(await engine.run(broken)).toMatchObject({ kind: "execError" });
  expect(await engine.run(broken)).toMatchObject({ kind: "execError" });
});

test("a file that is also marked as ORT format is read as the ONNX model that was checked", async () => {
  const mark = message(bytesField(6, Uint8Array.from([0, 0, ...Buffer.from("ORTM")])));
  expect(Buffer.from(mark).toString("latin1", 4, 8)).toBe("ORTM");
  await expect(engine.inspect(concatBytes(mark, unary("Neg")))).resolves.toMatchObject({ kind: "invalid" });
  const result = await engine.run(request(concatBytes(mark, unary("Neg"))));
  expect(firstOutput(result)).toBe(toHex(floats(1, -2)));
});

test("inspection names the tensors, with the shapes that the engine infers", async () => {
  expect(await engine.inspect(CNN)).toMatchObject({
    kind: "ok",
    inputs: [{ name: "x", dtype: 1, shape: [ANY_LENGTH, 1, 8, 8] }],
    outputs: [
      { name: "logits", dtype: 1, shape: [ANY_LENGTH, 10] },
      { name: "prob", dtype: 1, shape: [ANY_LENGTH, 10] },
    ],
    operators: expect.arrayContaining(["Conv", "Softmax"]),
  });
});

test("an index out of range is an engine error, not an absence", async () => {
  const gather = model(
    encodeGraph({
      nodes: [{ op: "Gather", inputs: ["x", "i"], outputs: ["y"] }],
      inputs: [X, { name: "i", dtype: 7, shape: [1] }],
      outputs: [{ name: "y", shape: [1] }],
    }),
  );
  const spec: ModelSpec = {
    inputs: [...PAIR.inputs, { name: "i", dtype: 7, shape: [1] }],
    outputs: [{ name: "y", dtype: 1, shape: [1] }],
  };
  const at = (index: bigint): Promise<EngineResult> =>
    engine.run(
      request(gather, {
        spec,
        inputs: [
          { dtype: 1, shape: [2], data: floats(-1, 2) },
          { dtype: 7, shape: [1], data: longs(index) },
        ],
      }),
    );
  expect(firstOutput(await at(1n))).toBe(toHex(floats(2)));
  expect(await at(7n)).toMatchObject({ kind: "execError", message: expect.stringContaining("out of") });
});

test.each([
  ["inputs of another shape", { inputs: [{ dtype: 1, shape: [3], data: floats(1, 2, 3) }] }, /^inputs: x: length 3/],
  [
    "outputs of another dtype",
    { spec: { ...PAIR, outputs: [{ name: "y", dtype: 11, shape: [2] }] } },
    /^outputs: y: dtype 1/,
  ],
  [
    "outputs of another shape",
    { spec: { ...PAIR, outputs: [{ name: "y", dtype: 1, shape: [4] }] } },
    /^outputs: y: length 2/,
  ],
  ["outputs it does not have", { spec: { ...PAIR, outputs: [{ name: "z", dtype: 1, shape: [2] }] } }, /no output z/],
  [
    "inputs it does not have",
    { spec: { ...PAIR, inputs: [{ name: "__proto__", dtype: 1, shape: [2] }] } },
    /no input __proto__/,
  ],
])("a manifest that declares %s makes an engine error", async (_name, change: Partial<RunRequest>, message) => {
  expect(await engine.run(request(unary("Neg"), change))).toMatchObject({
    kind: "execError",
    message: expect.stringMatching(message),
  });
});

test("a run without end is cut off, and nothing is signed for it", async () => {
  const before = engine.status().starts;
  expect(await engine.run(request(endless(), { timeoutMs: 100 }))).toEqual({
    kind: "absent",
    reason: "no result within 100 ms",
  });
  await expectToWork();
  expect(engine.status().starts).toBe(before + 1);
});

test("memory beyond the cap is an absence", async () => {
  const result = await engine.run(
    request(greedy(), {
      spec: { inputs: [{ name: "n", dtype: 7, shape: [1] }], outputs: [{ name: "y", dtype: 1, shape: [1] }] },
      inputs: [{ dtype: 7, shape: [1], data: longs(40n * 1024n * 1024n) }],
    }),
  );
  expect(result).toMatchObject({ kind: "absent", reason: expect.stringContaining("memory") });
});

test("a killed process makes its request absent and the next one works", async () => {
  const running = engine.run(request(endless()));
  await vi.waitFor(() => expect(engine.status().busy).toBe(true));
  process.kill(engine.status().pid ?? 0, "SIGKILL");
  expect(await running).toEqual({ kind: "absent", reason: "engine process ended by SIGKILL" });
});

test("a cancelled request is answered at once, waiting or running", async () => {
  const [first, second] = [new AbortController(), new AbortController()];
  const running = engine.run(request(endless(), { signal: first.signal }));
  const waiting = engine.run(request(unary("Abs"), { signal: second.signal }));
  second.abort();
  expect(await waiting).toEqual({ kind: "absent", reason: "cancelled" });
  first.abort();
  expect(await running).toEqual({ kind: "absent", reason: "cancelled" });
});

test("an urgent request does not wait for speculation", async () => {
  const stop = new AbortController();
  const speculative = engine.run(request(endless(), { priority: "low", timeoutMs: 25_000, signal: stop.signal }));
  await vi.waitFor(() => expect(engine.status().busy).toBe(true));
  await expectToWork();
  stop.abort();
  expect(await speculative).toMatchObject({ kind: "absent" });
});

test("a model that is not to be had is an absence", async () => {
  expect(await engine.run(request(unary("Sin"), { modelBytes: async () => undefined }))).toMatchObject({
    kind: "absent",
  });
  const failing = request(unary("Sin"), { modelBytes: () => Promise.reject(new Error("disk on fire")) });
  expect(await engine.run(failing)).toMatchObject({ kind: "absent", reason: expect.stringContaining("disk on fire") });
});

test("a loaded model is not asked for again", async () => {
  const modelBytes = vi.fn(async () => unary("Cos"));
  const cosine = request(unary("Cos"), { modelBytes });
  await engine.run(cosine);
  await engine.run(cosine);
  expect(modelBytes).toHaveBeenCalledTimes(1);
});

test.runIf(process.platform === "linux")("the process has no environment and low priority", () => {
  const { pid } = engine.status();
  expect(readFileSync(`/proc/${pid}/environ`)).toHaveLength(0);
  expect(readFileSync(`/proc/${pid}/stat`, "utf8").split(" ")[18]).toBe("5");
  const flags = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
  expect(flags).toEqual(expect.arrayContaining([...sandboxFlags()]));
});

test("under the process's flags no other file is readable, none writable, no program starts", () => {
  const probe = `
    const fs = require("node:fs");
    const attempt = (f) => { try { f(); return "allowed"; } catch (error) { return error.code; } };
    console.log(JSON.stringify([
      attempt(() => fs.readFileSync(${JSON.stringify(join(import.meta.dirname, "../../node/engine/worker.ts"))})),
      attempt(() => fs.readFileSync(${JSON.stringify(join(import.meta.dirname, "../../tsconfig.json"))})),
      attempt(() => fs.readFileSync(process.execPath)),
      attempt(() => fs.writeFileSync(${JSON.stringify(join(import.meta.dirname, "../../node/engine/x"))}, "")),
      attempt(() => require("node:child_process").execFileSync(process.execPath, ["-v"])),
      attempt(() => new Function("return 1")()),
    ]));`;
  const { stdout, stderr } = spawnSync(process.execPath, [...sandboxFlags(), "-e", probe], {
    env: {},
    encoding: "utf8",
  });
  const denied = "ERR_ACCESS_DENIED";
  expect(JSON.parse(stdout || stderr)).toEqual([
    "allowed",
    denied,
    denied,
    denied,
    denied,
    expect.not.stringMatching("allowed"),
  ]);
});

test("closing answers what waits and what runs", async () => {
  const closing = createEngine();
  const asked = [closing.run(request(unary("Neg"))), closing.run(request(unary("Neg"), { priority: "low" }))];
  await closing.close();
  for (const result of asked) expect(await result).toMatchObject({ kind: "absent" });
  expect(await closing.run(request(unary("Neg")))).toEqual({ kind: "absent", reason: "the engine is closed" });
  expect(closing.status().state).toBe("closed");
});
