import type { Rule } from "../call.ts";
import { CONVERSIONS } from "./conversions.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import { MOVEMENT } from "./movement.ts";
import { QUANTIZED } from "./quantization.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SUMS } from "./sums.ts";
import { TREES } from "./trees.ts";

const RULES: ReadonlyMap<string, Rule> = new Map(
  Object.entries({ ...MOVEMENT, ...CONVERSIONS, ...ELEMENTWISE, ...SUMS, ...REDUCTIONS, ...QUANTIZED, ...TREES }),
);

/** What is refused whatever its inputs, with more to say than that nothing is proven of it. */
const REASONS: ReadonlyMap<string, string> = new Map([
  ...["Exp", "Log", "Tanh", "Sigmoid", "Erf", "Gelu", "Softmax", "LogSoftmax", "Softplus", "Elu", "Selu", "Mish"].map(
    (name) => [name, "approximates a function by polynomials, whose last bits differ between CPUs"] as const,
  ),
  ...["LayerNormalization", "BatchNormalization", "InstanceNormalization", "ReduceMean", "GlobalAveragePool"].map(
    (name) => [name, "averages floats: the order of the sum and FMA change the last bits"] as const,
  ),
  ...["LSTM", "GRU", "RNN", "Attention"].map(
    (name) => [name, "sums floats and approximates functions: the last bits differ between CPUs"] as const,
  ),
  ...["QLinearAdd", "QLinearMul", "QLinearAveragePool", "QLinearGlobalAveragePool", "QLinearConcat"].map(
    (name) =>
      [
        `com.microsoft.${name}`,
        "rescales both sides in floats, with FMA on some CPUs: QLinearAdd was seen to differ",
      ] as const,
  ),
  ["DynamicQuantizeLinear", "takes its scale from the whole batch, and native arm64 was seen to differ"],
  ...["Loop", "If", "Scan"].map((name) => [name, "control flow is not followed"] as const),
  ...["ArgMax", "ArgMin", "TopK"].map(
    (name) => [name, "which of two equal numbers comes first was not measured"] as const,
  ),
  ...["LinearClassifier", "LinearRegressor", "Scaler", "Normalizer", "SVMClassifier", "SVMRegressor"].map(
    (name) => [`ai.onnx.ml.${name}`, "multiplies and adds floats in one step on some CPUs"] as const,
  ),
]);

export function ruleOf(operator: string): Rule | undefined {
  return RULES.get(operator);
}

export function refusalOf(operator: string): string {
  return REASONS.get(operator) ?? "is not among the operators that are proven or were measured";
}
