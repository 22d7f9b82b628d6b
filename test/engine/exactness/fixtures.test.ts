import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { exactness } from "../../../node/engine/exactness/exactness.ts";
import { readOnnx } from "../../../node/engine/exactness/onnx-reader.ts";
import { ModelType } from "../../../node/engine/exactness/onnx-schema.ts";
import { WHOLE, WHOLE_CONSTANTS } from "./graphs.ts";
import { ahead } from "./whole-front.ts";

const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, `../../fixtures/models/${name}.onnx`)));

function refusals(name: string): readonly string[] {
  const { operators } = exactness(load(name));
  return operators
    .filter(({ verdict }) => verdict === "refused")
    .map(({ operator, reason }) => `${operator}: ${reason}`);
}

test.each(["cnn_qop_u8u8", "gb_diabetes", "rf_cancer"])("%s is exact", (name) => {
  expect(refusals(name)).toEqual([]);
  expect(exactness(load(name))).toMatchObject({ exact: true, withoutNan: ["x"] });
});

test("the trap: uint8 with full-range int8 weights is refused, whatever native and canonical have in common on this CPU", () => {
  const { exact, operators } = exactness(load("cnn_qop_u8s8"));
  expect(exact).toBe(false);
  const refused = operators.filter(({ verdict }) => verdict === "refused");
  expect(refused.map(({ operator }) => operator)).toEqual([
    "QLinearConv",
    "QLinearConv",
    "QLinearConv",
    "com.microsoft.QGemm",
  ]);
  for (const { reason } of refused) expect(reason).toMatch(/uint8 with int8 weights of up to 127, at most 64/);
  expect(operators.filter(({ verdict }) => verdict === "exact").map(({ operator }) => operator)).toEqual([
    "QuantizeLinear",
    "MaxPool",
    "Flatten",
    "DequantizeLinear",
  ]);
});

test.each([
  ["cnn_digits", /Softmax: approximates/],
  ["mlp_digits", /Gemm: .*not proven to be whole/],
  ["logreg_iris", /ArgMax: /],
  ["lstm_digits", /LSTM: /],
  ["transformer_enc", /LayerNormalization: averages/],
])("the float model %s is refused", (name, reason) => {
  expect(exactness(load(name)).exact).toBe(false);
  expect(refusals(name)).toContainEqual(expect.stringMatching(reason));
});

test("whole numbers in float32: refused for its input alone, of which the graph says nothing", () => {
  expect(refusals("exact_f32_cnn")).toEqual([
    expect.stringMatching(/^Conv: .*not proven to be whole numbers within bounds \(Clip and Round first/),
    expect.stringMatching(/^Mul: /),
  ]);
  expect(exactness(load("exact_f32_cnn"), new Map([["x", { lo: 0, hi: 16 }]])).exact).toBe(true);
  // A wider domain reaches 2^24.
  expect(exactness(load("exact_f32_cnn"), new Map([["x", { lo: 0, hi: 2 ** 20 }]])).exact).toBe(false);
});

test("the same model is exact once it clips and rounds its input itself", () => {
  expect(exactness(ahead(load("exact_f32_cnn"), WHOLE, WHOLE_CONSTANTS)).exact).toBe(true);
});

test("reading and writing a model keeps every field", () => {
  for (const name of ["cnn_qop_u8u8", "rf_cancer", "transformer_enc"]) {
    const model = readOnnx(load(name));
    const written = new Uint8Array(ModelType.encode(model).finish());
    expect(readOnnx(written)).toEqual(model);
    expect(exactness(written)).toEqual(exactness(load(name)));
  }
});
