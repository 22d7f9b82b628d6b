import { type Call, floatAttribute, input, intAttribute, operand, type Rule, windowOf } from "../call.ts";
import { DTYPE, elementType, typeName } from "../element-types.ts";
import { anyOf, type Fact, grid, gridUnit, magnitude, type Shape, unproven, type Zero } from "../facts.ts";
import { matMulShape, windowShape } from "../shapes.ts";
import { constantInput, largest, sumWeights, tapsAlwaysInside } from "./weights.ts";

/**
 * Sums of products in float32. The bound is on the sum of absolute values, so every partial sum in every order, with or without FMA, is a
 * multiple of the unit below 2^24 units: none is rounded. The result's range is given as the whole bound on both sides, so that a
 * multiplication that the optimiser folds into the weights stays within what is proven of the product.
 */
const BECAUSE = "every partial sum is below 2^24 units of the inputs' grid, so none is rounded in any order";

export const FLOAT_REMEDY =
  "floats that are not proven to be whole numbers within bounds (Clip and Round first, or Cast from an integer)";

function unitOf(fact: Fact, what: string, shape: Shape): number {
  if (fact.dtype !== DTYPE.float) unproven(`${what} is ${typeName(fact.dtype)}, nothing is proven of its sums`);
  return gridUnit(fact) ?? unproven(`${what}: ${FLOAT_REMEDY}`, [anyOf(DTYPE.float, shape)]);
}

/**
 * A sum is -0 only if all its terms are, and then it depends on where a kernel begins. One term that never is -0 settles it.
 * @param settled for each output, whether it has a product of a positive weight in every sum.
 */
function signOfZero(x: Fact, settled: Uint8Array, bias: Fact | undefined): Zero {
  if (bias?.zero === "plus") return "plus";
  return x.zero === "plus" && settled.every((one) => one === 1) ? "plus" : "open";
}

function conv(call: Call): Fact[] {
  const x = operand(call, 0);
  const w = operand(call, 1);
  const weights = w.constant;
  const window = windowOf(call, weights?.shape.slice(2));
  const shape = windowShape(x.shape, weights?.shape[0], window);
  const unit = unitOf(x, "the image", shape) + unitOf(w, "the kernel", shape);
  const { absolute, positive } = sumWeights(call, constantInput(call, 1, "the weights"), "rows", {
    always: tapsAlwaysInside(window),
  });
  const bias = call.inputs[2] === undefined ? undefined : operand(call, 2);
  return [withBias(unit, largest(absolute) * magnitude(x), bias, signOfZero(x, positive, bias), shape)];
}

function withBias(unit: number, peak: number, bias: Fact | undefined, zero: Zero, shape: Shape): Fact {
  const most = peak + (bias === undefined ? 0 : magnitude(bias));
  const least = bias === undefined ? unit : Math.min(unit, unitOf(bias, "the bias", shape));
  return grid(least, -most, most, zero, shape);
}

function matMul(call: Call): Fact[] {
  const a = operand(call, 0);
  const b = operand(call, 1);
  const shape = matMulShape(a.shape, b.shape);
  if (elementType(a.dtype)?.kind === "integer") return [anyOf(a.dtype, shape)];
  const unit = unitOf(a, "the first factor", shape) + unitOf(b, "the second factor", shape);
  if (b.constant !== undefined && b.constant.shape.length >= 2) {
    const { absolute, positive } = sumWeights(call, b.constant, "columns");
    const peak = largest(absolute) * magnitude(a);
    return [grid(unit, -peak, peak, signOfZero(a, positive, undefined), shape)];
  }
  const inner = a.shape?.at(-1) ?? unproven("the length of the sums is not known", [anyOf(DTYPE.float, shape)]);
  const peak = inner * magnitude(a) * magnitude(b);
  return [grid(unit, -peak, peak, "open", shape)];
}

function gemm(call: Call): Fact[] {
  const a = operand(call, 0);
  const b = operand(call, 1);
  const c = call.inputs[2] === undefined ? undefined : operand(call, 2);
  const transB = intAttribute(call, "transB", 0) !== 0;
  const rows = intAttribute(call, "transA", 0) === 0 ? a.shape?.at(0) : a.shape?.at(1);
  const shape: Shape = [rows, b.shape?.at(transB ? 0 : 1)];
  if (floatAttribute(call, "alpha", 1) !== 1 || floatAttribute(call, "beta", 1) !== 1) {
    unproven("alpha and beta other than 1", [anyOf(DTYPE.float, shape)]);
  }
  const unit = unitOf(a, "the first factor", shape) + unitOf(b, "the second factor", shape);
  const weights = constantInput(call, 1, "the weights");
  const { absolute, positive } = sumWeights(call, weights, transB ? "rows" : "columns");
  return [withBias(unit, largest(absolute) * magnitude(a), c, signOfZero(a, positive, c), shape)];
}

export const SUMS: Readonly<Record<string, Rule>> = {
  Conv: { because: BECAUSE, apply: conv },
  MatMul: {
    because:
      "integers wrap around alike everywhere; of floats, every partial sum is below 2^24 units and none is rounded",
    apply: (call) => {
      const fact = input(call, 0);
      const small = fact.dtype === DTYPE.int32 || fact.dtype === DTYPE.uint32;
      if (fact.dtype !== DTYPE.float && !small && fact.dtype !== DTYPE.int64 && fact.dtype !== DTYPE.uint64) {
        unproven(`a product of matrices of ${typeName(fact.dtype)}`);
      }
      return matMul(call);
    },
  },
  Gemm: { because: BECAUSE, apply: gemm },
};
