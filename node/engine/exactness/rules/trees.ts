import { type Call, floatsAttribute, input, intAttribute, type Rule, spend, textAttribute } from "../call.ts";
import { DTYPE, typeName } from "../element-types.ts";
import { anyOf, type Fact, type Shape, unproven } from "../facts.ts";

/**
 * Tree ensembles of ai.onnx.ml: comparisons with constants, then a sum of leaf weights in the order of the trees, one after another with
 * one thread. There is no product that FMA could join with a sum.
 */
const BECAUSE =
  "compares with constants and adds leaf weights one after another in the order of the trees (one thread)";

function trees(call: Call, weightNames: readonly string[], outputs: (rows: Shape) => readonly Fact[]): readonly Fact[] {
  const x = input(call, 0);
  const rows = x.shape?.[0];
  const facts = outputs([rows]);
  if (x.dequantized) unproven("reads what DequantizeLinear gives: the two were not measured together", facts);
  if (x.dtype !== DTYPE.float) unproven(`trees over ${typeName(x.dtype)}, only float32 was measured`, facts);
  const after = textAttribute(call, "post_transform", "NONE");
  if (after !== "NONE")
    unproven(`post_transform ${after}: an exponential, whose last bit the C library decides`, facts);
  const aggregate = textAttribute(call, "aggregate_function", "SUM");
  if (aggregate !== "SUM") unproven(`aggregate_function ${aggregate} was not measured`, facts);
  const doubles = [...call.attributes.keys()].find((name) => name.endsWith("_as_tensor"));
  if (doubles !== undefined) unproven(`${doubles}: trees of doubles were not measured`, facts);
  let most = 0;
  for (const name of ["base_values", ...weightNames]) {
    const values = floatsAttribute(call, name) ?? [];
    spend(call.budget, values.length);
    for (const value of values) most += Math.abs(value);
  }
  if (!(most < MAX_SUM)) unproven(`leaf weights that add up to ${most}`, facts);
  return facts;
}

/** Half of what a float32 can hold. */
const MAX_SUM = 2 ** 127;

function regressor(call: Call): readonly Fact[] {
  const targets = intAttribute(call, "n_targets", 1);
  return trees(call, ["target_weights"], (rows) => [anyOf(DTYPE.float, [rows?.[0], targets])]);
}

function classifier(call: Call): readonly Fact[] {
  if (call.attributes.has("classlabels_strings")) unproven("labels that are texts");
  return trees(call, ["class_weights"], (rows) => [
    anyOf(DTYPE.int64, rows),
    anyOf(DTYPE.float, [rows?.[0], undefined]),
  ]);
}

export const TREES: Readonly<Record<string, Rule>> = {
  "ai.onnx.ml.TreeEnsembleRegressor": { because: BECAUSE, apply: regressor },
  "ai.onnx.ml.TreeEnsembleClassifier": { because: BECAUSE, apply: classifier },
};
