import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { tensorsProblem } from "../../modules/inference/tensor-check.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { COMMANDS } from "../../node/cli/commands.ts";
import { dispatch } from "../../node/cli/dispatch.ts";
import { verdictsOf } from "../../node/cli/register/admission.ts";
import { generatedProbe } from "../../node/cli/register/generated-probes.ts";
import { prepareModel, type Said } from "../../node/cli/register/prepare.ts";
import { barText, createProgressBar } from "../../node/cli/register/progress-bar.ts";
import { inputShapes, parseShapes } from "../../node/cli/register/shapes.ts";
import { type Trial, tryGenerated } from "../../node/cli/register/trial.ts";
import { exactEngineId } from "../../node/engine/engine-id.ts";
import { UserError } from "../../node/user-error.ts";
import { AdmissionMember } from "../../proto/inference-query.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MODELS = join(import.meta.dirname, "../fixtures/models");
const ROOT = new Uint8Array(32).fill(7);
/** Of the probe of that root over one input of each type. */
const GOLDEN = "2b4fe9ad96a170edcae50e3aeb2ea4aafe41764dab4e41a50f8fdc99ffef8562";
const SAID: Said = {
  name: "mine",
  version: "1",
  fee: "5000",
  royaltyPpm: 0,
  licence: "",
  inline: false,
  reveal: "committed",
  class: "canonical",
  absoluteTolerance: 0,
  relativeTolerance: 0,
  tier: 0,
  shapes: [],
  probeFiles: [],
};

async function assay(...args: string[]): Promise<{ code: number; output: string }> {
  const lines: string[] = [];
  const write = (text: string) => void lines.push(text);
  const code = await dispatch(COMMANDS, args, { out: write, err: write });
  return { code, output: lines.join("\n") };
}

describe("generated probes", () => {
  const inputs = Object.entries(DTYPES).map(([name, { code }]) => ({ name, dtype: code, shape: [2, 3] }));

  test("fit every element type, depend on root and number, and are the same at any time", () => {
    const declared = inputs.map((spec) => ({ ...spec, name: new TextEncoder().encode(spec.name) }));
    const probe = generatedProbe(ROOT, inputs, 0);
    expect(tensorsProblem(declared, probe)).toBeUndefined();
    const rootOf = (tensors: Tensors) => toHex(Tensors.hashTreeRoot([...tensors]));
    // Whoever changes this changes the probes of every model that is registered without any.
    expect(rootOf(probe)).toBe(GOLDEN);
    const block = createHash("sha256").update("assay probe 1").update(ROOT).update(Buffer.alloc(12)).digest();
    const first = Buffer.from(probe[0]?.data ?? new Uint8Array()).readFloatLE(0);
    expect(first).toBe(Math.floor(block.readUInt32LE(0) / 256) / 2 ** 23 - 1);
    expect(rootOf(generatedProbe(ROOT, inputs, 1))).not.toBe(GOLDEN);
    expect(rootOf(generatedProbe(new Uint8Array(32), inputs, 0))).not.toBe(GOLDEN);
  });

  test("floats are from -1 to 1 and wide integers are 0 or 1", () => {
    const [floats, wide] = generatedProbe(
      ROOT,
      [
        { name: "f", dtype: DTYPES.float32.code, shape: [500] },
        { name: "i", dtype: DTYPES.int64.code, shape: [500] },
      ],
      0,
    );
    const values = new Float32Array((floats?.data ?? new Uint8Array()).slice().buffer);
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(1);
    expect(Math.min(...values)).toBeLessThan(-0.9);
    expect(Math.max(...values)).toBeGreaterThan(0.9);
    const integers = new BigInt64Array((wide?.data ?? new Uint8Array()).slice().buffer);
    expect(new Set(integers)).toEqual(new Set([0n, 1n]));
  });

  const fakeTrial = (runs: (first: number) => boolean): Trial => ({
    inspect: () => Promise.reject(new Error("not asked")),
    run: (_inputs, outputs, probe) =>
      runs(Math.max(0, ...(probe[0]?.data ?? [])))
        ? Promise.resolve(outputs.map(({ dtype }) => ({ dtype, shape: [1], data: new Uint8Array(4) })))
        : Promise.reject(new UserError("an index out of range")),
    close: () => Promise.resolve(),
  });
  const bytesIn = [{ name: "x", dtype: DTYPES.uint8.code, shape: [64] }];
  const out = [{ name: "y", dtype: DTYPES.float32.code, shape: [-1] }];

  test("where they do not run, zeros are taken; where those do not either, the first reason is told", async () => {
    expect(
      (
        await tryGenerated(
          fakeTrial(() => true),
          ROOT,
          bytesIn,
          out,
        )
      ).probes,
    ).toHaveLength(2);
    const zeros = await tryGenerated(
      fakeTrial((most) => most === 0),
      ROOT,
      bytesIn,
      out,
    );
    expect(zeros.probes.map((probe) => probe[0]?.data)).toEqual([new Uint8Array(64)]);
    expect(zeros.outputs).toEqual([{ name: "y", dtype: 1, shape: [1] }]);
    const none = tryGenerated(
      fakeTrial(() => false),
      ROOT,
      bytesIn,
      out,
    );
    await expect(none).rejects.toThrow(/an index out of range\): give inputs of your own with --probe$/);
  });
});

describe("shapes", () => {
  const file = new Uint8Array(readFileSync(join(MODELS, "cnn_qop_u8u8.onnx")));
  const x = [{ name: "x", dtype: 1, shape: [-1, 1, 8, 8] }];
  const shapeOf = (texts: string[], example?: readonly number[]) =>
    inputShapes(file, x, ["logits"], parseShapes(texts), () => example)[0]?.shape;

  test("an open length is 1, or what is said of the input or the dimension, or what the probe has", () => {
    expect(shapeOf([])).toEqual([1, 1, 8, 8]);
    expect(shapeOf(["x=4,1,8,8"])).toEqual([4, 1, 8, 8]);
    expect(shapeOf(["N=3"])).toEqual([3, 1, 8, 8]);
    expect(shapeOf([], [5, 1, 8, 8])).toEqual([5, 1, 8, 8]);
    expect(shapeOf(["logits=1,10"])).toEqual([1, 1, 8, 8]);
  });

  test.each([
    ["x", /--shape must be like x=1,3,32,32/],
    ["x=0", /--shape must be like/],
    ["x=1,1,9,8", /the file says \[\?,1,8,8\]/],
    ["x=1", /the file says/],
    ["batch=4", /the file has x, logits, N/],
    ["N=1,2", /the file has/],
  ])("--shape %s is refused", (text, reason) => {
    expect(() => shapeOf([text])).toThrow(reason);
  });
});

test("a registration is made of a file alone", async () => {
  const { manifest, root } = await prepareModel(join(MODELS, "rf_cancer.onnx"), SAID);
  expect(manifest).toMatchObject({
    name: "mine",
    opset: 20,
    inputs: [{ name: "x", dtype: "float32", shape: [1n, 30n] }],
    outputs: [
      { name: "label", dtype: "int64", shape: [1n] },
      { name: "prob", dtype: "float32", shape: [1n, 2n] },
    ],
    modelBytes: 144_019n,
  });
  expect(manifest.probes).toHaveLength(2);
  expect(toHex(manifest.modelRoot)).toBe(root);
});

test("probes of a person's own decide the open lengths, and must run", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "probe.json");
  const model = join(MODELS, "logreg_iris.onnx");
  writeFileSync(path, JSON.stringify({ x: { dtype: "float32", shape: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] } }));
  const { manifest } = await prepareModel(model, { ...SAID, probeFiles: [path] });
  expect(manifest.inputs[0]?.shape).toEqual([2n, 4n]);
  expect(manifest.outputs.map(({ shape }) => shape)).toEqual([[2n, 3n], [2n, 3n], [2n]]);
  expect(manifest.probes).toHaveLength(1);
  writeFileSync(path, JSON.stringify({ z: { dtype: "float32", shape: [1], data: [1] } }));
  await expect(prepareModel(model, { ...SAID, probeFiles: [path] })).rejects.toThrow(
    /probe 0: the model has no input z/,
  );
});

test("what the chain would refuse is refused before it costs anything", async () => {
  const model = join(MODELS, "rf_cancer.onnx");
  await expect(prepareModel(model, { ...SAID, name: "My Model" })).rejects.toThrow(/the chain would refuse this model/);
  await expect(prepareModel(model, { ...SAID, shapes: ["x=5000,30"] })).rejects.toThrow(/outputs of \d+ bytes/);
  await expect(prepareModel(model, { ...SAID, shapes: ["x=900000,30"] })).rejects.toThrow(/more than 16777216 bytes/);
});

test("mistakes are one line", async () => {
  const folder = temporaryFolder();
  const bad = join(folder, "bad.onnx");
  writeFileSync(bad, readFileSync(join(MODELS, "cnn_digits.onnx")).subarray(0, 5000));
  const model = join(MODELS, "rf_cancer.onnx");
  const cases: readonly (readonly [readonly string[], RegExp])[] = [
    [[], /^assay: model register: file is missing/],
    [[model], /^assay: model register: --name <name> is missing$/],
    [[bad, "--name", "bad"], /^assay: .*bad\.onnx is no model that the chain runs: /],
    [[model, "--name", "a", "--shape", "x"], /^assay: --shape must be like/],
    [[model, "--name", "a", "--royalty", "2000000"], /^assay: --royalty must be a whole number from 0 to 1000000/],
    [["m.json", "--name", "a"], /^assay: model register: --name is said by the manifest m\.json$/],
    [["m.json", "--shape", "x=1"], /^assay: model register: --shape and --probe are said by the manifest/],
    [
      [model, "--name", "a", "--class", "precise"],
      /^assay: model register: --class is one of canonical, exact, tolerance, found "precise"$/,
    ],
    [["m.json", "--class", "exact"], /^assay: model register: --class is said by the manifest m\.json$/],
    [[model, "--nmae", "a"], /unknown option --nmae \(did you mean "--name"\?\)/],
  ];
  for (const [args, line] of cases) {
    const { code, output } = await assay("model", "register", ...args);
    expect(code).toBe(1);
    expect(output).toMatch(line);
    expect(output.split("\n")).toHaveLength(1);
  }
});

test("as exact only what is proven so: it says operator by operator where the proof ends", async () => {
  const trap = await assay(
    "model",
    "register",
    join(MODELS, "cnn_qop_u8s8.onnx"),
    "--name",
    "trap",
    "--class",
    "exact",
  );
  expect(trap.code).toBe(1);
  const [first, titles, ...rows] = trap.output.split("\n");
  expect(first).toMatch(/^assay: .*is not proven to give the same bits natively on every CPU/);
  expect(titles).toMatch(/^node +operator +verdict +reason$/);
  expect(
    rows.filter((row) => / QLinearConv .* uint8 with int8 weights of up to 127, at most 64/.test(row)),
  ).toHaveLength(3);
  expect(rows.at(-1)).toMatch(/^register it as canonical/);

  const { manifest } = await prepareModel(join(MODELS, "cnn_qop_u8u8.onnx"), {
    ...SAID,
    class: "exact",
    shapes: ["x=1,1,8,8"],
  });
  expect(manifest).toMatchObject({ class: "exact", engineId: exactEngineId() });
});

describe("progress", () => {
  const half = { done: 3 * 1024 * 1024, total: 6 * 1024 * 1024, resumed: 1024 * 1024 };
  test("is one line of a terminal, however narrow", () => {
    expect(barText({ ...half, resumed: 0 }, 80)).toBe("upload  [###############---------------]  50 % 3.0 of 6.0 MiB");
    expect(barText(half, 100)).toContain(", 1.0 from before");
    for (const columns of [20, 41, 60]) expect(barText(half, columns).length).toBeLessThan(columns);
    expect(barText({ done: 0, total: 0, resumed: 0 }, 80)).toContain("100 %");
  });
  test("is not written where there is no terminal", () => {
    const write = vi.fn();
    const bar = createProgressBar({ write });
    bar.update(half);
    bar.end();
    expect(write).not.toHaveBeenCalled();
    const terminal = createProgressBar({ write, isTTY: true });
    terminal.update(half);
    terminal.end();
    expect(write.mock.calls.flat().join("")).toMatch(/^\r.*50 %.*\n$/s);
  });
});

test("each validator's part in an admission is told, in its own words where it gave a reason", () => {
  const member = (operator: string, committed: number, revealed: number, reason = "") =>
    AdmissionMember.fromPartial({ operator, power: 1n, runs: 2, committed, revealed, reason });
  const admission = [
    member("a", 2, 2),
    member("b", 2, 1),
    member("c", 1, 1, "had no result in time"),
    member("d", 0, 0),
  ];
  expect(verdictsOf(admission)).toEqual([
    { operator: "a", text: "ran all 2 runs" },
    { operator: "b", text: "committed to an output and has revealed 1 of 2 runs" },
    { operator: "c", text: "absent: it had no result in time (ran 1 of 2 runs)" },
    { operator: "d", text: "absent: it gave no reason; its log may" },
  ]);
});
