import fc from "fast-check";
import { expect, test } from "vitest";
import { genesisModel } from "../../modules/inference/genesis.ts";
import { inferenceModule } from "../../modules/inference/module.ts";
import { MODEL_STATUS } from "../../modules/inference/store.ts";
import { SPEC } from "../modules/network.ts";
import { createChain, manifestOf } from "./harness.ts";

function reports(section: unknown): readonly string[] {
  const found: string[] = [];
  inferenceModule.genesis.validate(section, SPEC, (path, message) => found.push(`${path} ${message}`));
  return found;
}
const model = genesisModel(manifestOf("digits"), SPEC.prefix);
const problems = (change: object) => reports({ models: [{ ...model, ...change }] });

test("a manifest comes through the section as it was, and is active", () => {
  const manifest = manifestOf("digits");
  const found = createChain({ models: [manifest] }).model(manifest.modelRoot);
  expect(found).toMatchObject({ manifest, status: MODEL_STATUS.active, deposit: 0n });
});

test("an empty section, and one with models", () => {
  expect(reports({})).toEqual([]);
  expect(reports({ models: [] })).toEqual([]);
  expect(reports({ models: [model] })).toEqual([]);
});

const wrong: readonly (readonly [change: object, report: string])[] = [
  [{ owner: "assay1x" }, "inference.models[0].owner"],
  [{ name: "No" }, 'inference.models[0] name "No"'],
  [{ engineId: "AA==" }, "inference.models[0].engineId"],
  [{ inputs: {} }, "inference.models[0].inputs is a object, a list is expected"],
  [{ inputs: [{ name: "x", dtype: "f32", shape: [1] }] }, 'inference.models[0].inputs[0].dtype "f32"'],
  [{ inputs: [{ name: "x", dtype: "float32", shape: [1.5] }] }, "inference.models[0].inputs[0].shape[0]"],
  [{ outputs: [{ name: "y", dtype: "float32", shape: [0] }] }, "output 0: length 0"],
  [{ modelBytes: 5 }, "inference.models[0].modelBytes"],
  [{ fee: "-1" }, "inference.models[0].fee"],
  [{ royaltyPpm: 2_000_000 }, "inference.models[0].royaltyPpm"],
  [{ licens: "MIT" }, "inference.models[0].licens is unknown"],
];

test.each(wrong)("%j is reported", (change, report) => {
  expect(problems(change).join("\n")).toContain(report);
});

test("roots and names that stand twice", () => {
  expect(reports({ models: [model, model] })).toEqual([
    "inference.models[1].modelRoot stands twice",
    "inference.models[1].name is another model's of this owner",
  ]);
});

test("validation never throws, and init takes what it found nothing wrong with", () => {
  const field = fc.constantFrom(...Object.keys(model));
  fc.assert(
    fc.property(fc.jsonValue(), field, (value, name) => {
      reports(value);
      reports({ models: value });
      problems({ [name]: value });
    }),
  );
});
