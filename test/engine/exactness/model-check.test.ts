import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { checkModelFile } from "../../../node/cli/model-check.ts";
import { UserError } from "../../../node/user-error.ts";
import { unary } from "../onnx-builder.ts";
import { build, op } from "./graphs.ts";

const MODELS = join(import.meta.dirname, "../../fixtures/models");
const folder = mkdtempSync(join(tmpdir(), "assay-model-check-"));
afterAll(() => rmSync(folder, { recursive: true }));

function check(path: string, options: { json?: boolean; wanted?: string } = {}): { code: number; text: string } {
  const lines: string[] = [];
  const io = { out: (line: string) => void lines.push(line), err: () => {} };
  const code = checkModelFile(path, { json: options.json ?? false, wanted: options.wanted }, io);
  return { code, text: lines.join("\n") };
}

function write(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test("a table with the class at its end", () => {
  const { code, text } = check(join(MODELS, "cnn_qop_u8s8.onnx"));
  expect(code).toBe(0);
  expect(text).toMatch(/^node +operator +verdict +reason$/m);
  expect(text).toMatch(/^#1 +QLinearConv +refused +uint8 with int8 weights/m);
  expect(text).toMatch(/^class canonical: 4 of 8 operators are not proven/m);
  expect(check(join(MODELS, "rf_cancer.onnx")).text).toMatch(
    /^class exact or canonical.*\na run with a NaN in x is left to the canonical engine$/m,
  );
});

test("JSON", () => {
  const { text } = check(join(MODELS, "gb_diabetes.onnx"), { json: true });
  expect(JSON.parse(text)).toMatchObject({
    exact: true,
    classes: ["canonical", "exact"],
    withoutNan: ["x"],
    operators: [{ operator: "ai.onnx.ml.TreeEnsembleRegressor", verdict: "exact" }],
  });
});

test("a wanted class decides the exit code", () => {
  expect(check(join(MODELS, "cnn_digits.onnx"), { wanted: "exact" }).code).toBe(1);
  expect(check(join(MODELS, "cnn_digits.onnx"), { wanted: "canonical" }).code).toBe(0);
  expect(check(join(MODELS, "rf_cancer.onnx"), { wanted: "exact" }).code).toBe(0);
  expect(() => check(join(MODELS, "rf_cancer.onnx"), { wanted: "tolerance" })).toThrow(/--class is canonical or exact/);
});

test.each([
  ["what the chain would not run", unary("RandomNormalLike"), /draws random numbers/],
  ["a graph that does not hold together", build({ nodes: [op("Neg", ["nowhere"], ["y"])] }), /used before it is made/],
  ["no model", Uint8Array.of(1, 2, 3), /field number 0 at byte 1/],
])("%s is the user's error", (name, bytes, reason) => {
  expect(() => check(write(name, bytes))).toThrow(UserError);
  expect(() => check(write(name, bytes))).toThrow(reason);
});

test("names of a stranger's file can not move the cursor", () => {
  const nodes = [op("Neg\u001b[2J", ["x"], ["z\u001b[2J"]), op("Neg", ["z\u001b[2J"], ["y"])];
  const { text } = check(write("escape", build({ nodes })));
  expect(text).toContain("nothing is known of its input z?[2J");
  expect(text).not.toContain("\u001b");
});
