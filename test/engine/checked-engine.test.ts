import { afterAll, expect, test, vi } from "vitest";
import { concatBytes } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { checkedEngine } from "../../node/engine/checked-engine.ts";
import { createEngine, type RunRequest } from "../../node/engine/engine.ts";
import { canonicalEngineId, exactEngineId, toleranceEngineId } from "../../node/engine/engine-id.ts";
import { bytesField, message, unary } from "./onnx-builder.ts";

/** Of the models here: see onnx-builder.ts. */
const DECLARED = { opset: 17, inline: false, class: MODEL_CLASS.canonical, engineId: canonicalEngineId() };
const engine = createEngine({ memoryMiB: 64 });
afterAll(() => engine.close());

const data = new Uint8Array(Float32Array.of(-1, 2).buffer);
const negated = { kind: "ok", outputs: [{ data: new Uint8Array(Float32Array.of(1, -2).buffer) }] };

function request(bytes: Uint8Array): RunRequest & { readonly modelBytes: ReturnType<typeof vi.fn> } {
  return {
    modelRoot: sha256(bytes),
    modelBytes: vi.fn(async () => bytes),
    spec: { inputs: [{ name: "x", dtype: 1, shape: [2] }], outputs: [{ name: "y", dtype: 1, shape: [2] }] },
    inputs: [{ dtype: 1, shape: [2], data }],
    timeoutMs: 10_000,
    priority: "high",
  };
}

test("a model of the declared operator set runs", async () => {
  const checked = checkedEngine(engine, () => DECLARED);
  expect(await checked.run(request(unary("Neg")))).toMatchObject(negated);
});

test("a file with another operator set than its manifest declares is not run, and the reason says both", async () => {
  const checked = checkedEngine(engine, () => ({ ...DECLARED, opset: 18 }));
  const abs = request(unary("Abs"));
  const refused = {
    kind: "absent",
    reason: "the model's file imports operator set 17, its manifest declares 18",
  };
  expect(await checked.run(abs)).toEqual(refused);
  expect(await checked.run(abs)).toEqual(refused);
  expect(abs.modelBytes).toHaveBeenCalledTimes(1);
});

test("a model that the engine holds is not run for a registration that declares another operator set", async () => {
  let declared = DECLARED;
  const checked = checkedEngine(engine, () => declared);
  const floor = request(unary("Floor"));
  expect(await checked.run(floor)).toMatchObject({ kind: "ok" });
  declared = { ...DECLARED, opset: 18 };
  expect(await checked.run(floor)).toMatchObject({ kind: "absent", reason: expect.stringContaining("declares 18") });
});

test("what the static check refuses is not run", async () => {
  const checked = checkedEngine(engine, () => DECLARED);
  expect(await checked.run(request(unary("RandomNormalLike")))).toMatchObject({
    kind: "absent",
    reason: expect.stringMatching(/^the model can not be run on this chain: .*RandomNormalLike/),
  });
});

test("a model that nobody has registered is not run, one whose bytes are not here is asked for again", async () => {
  expect(await checkedEngine(engine, () => undefined).run(request(unary("Neg")))).toMatchObject({ kind: "absent" });
  const checked = checkedEngine(engine, () => DECLARED);
  const sine = request(unary("Sin"));
  sine.modelBytes.mockResolvedValueOnce(undefined);
  expect(await checked.run(sine)).toMatchObject({ reason: "the model's bytes are not here" });
  expect(await checked.run(sine)).toMatchObject({ kind: "ok" });
});

test("a large file is checked in a thread, with the same verdict", async () => {
  // With documentation of half a megabyte.
  const large = (op: string) => concatBytes(unary(op), message(bytesField(6, new Uint8Array(500_000).fill(0x20))));
  expect(await checkedEngine(engine, () => DECLARED).run(request(large("Neg")))).toMatchObject(negated);
  expect(await checkedEngine(engine, () => ({ ...DECLARED, opset: 18 })).run(request(large("Ceil")))).toMatchObject({
    kind: "absent",
  });
});

test("a model whose steps depend on its inputs is not run where it claims to run inline", async () => {
  const checked = checkedEngine(engine, () => ({ ...DECLARED, inline: true }));
  expect(await checked.run(request(unary("Neg")))).toMatchObject(negated);
  expect(await checked.run(request(unary("Unique")))).toMatchObject({
    kind: "absent",
    reason: "a model with the operator Unique can not run inline",
  });
});

test("a manifest whose engine is that of another class is not run: natively nothing counts that is not proven", async () => {
  for (const wrong of [{ engineId: exactEngineId() }, { class: MODEL_CLASS.exact }]) {
    const neg = request(unary("Neg"));
    expect(await checkedEngine(engine, () => ({ ...DECLARED, ...wrong })).run(neg)).toMatchObject({
      kind: "absent",
      reason: expect.stringMatching(/^the model can not be run on this chain: its class is \w+, its engine is that of/),
    });
    expect(neg.modelBytes).not.toHaveBeenCalled();
  }
});

test("of the class tolerance the file is checked, too, whoever runs it: a server of one's own is given no bytes", async () => {
  const asked: RunRequest[] = [];
  const server = {
    ...engine,
    async run(given: RunRequest) {
      asked.push(given);
      return { kind: "ok" as const, outputs: [] };
    },
  };
  const tolerant = { ...DECLARED, class: MODEL_CLASS.tolerance, engineId: toleranceEngineId() };
  const exp = request(unary("Exp"));
  expect(await checkedEngine(server, () => tolerant).run(exp)).toEqual({ kind: "ok", outputs: [] });
  expect(exp.modelBytes).toHaveBeenCalledTimes(1);
  const wrong = checkedEngine(server, () => ({ ...tolerant, opset: 18 }));
  expect(await wrong.run(exp)).toMatchObject({ kind: "absent", reason: expect.stringContaining("declares 18") });
  const gone = { ...exp, modelBytes: async () => undefined };
  expect(await checkedEngine(server, () => tolerant).run(gone)).toEqual({
    kind: "absent",
    reason: "the model's bytes are not here",
  });
  expect(asked).toHaveLength(1);
});
