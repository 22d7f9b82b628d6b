import { type Call, constantValues, intAttribute, intsAttribute, operand, type Rule } from "../call.ts";
import { DTYPE, elementType, typeName } from "../element-types.ts";
import { anyOf, type Fact, grid, gridUnit, integers, magnitude, type Shape, unproven } from "../facts.ts";
import { axisOf, elements } from "../shapes.ts";
import { FLOAT_REMEDY } from "./sums.ts";

interface Reduction {
  /** Elements that one result is made of; undefined when not known. */
  readonly count: number | undefined;
  readonly shape: Shape;
}

/** Axes are an input, for some operators an attribute in older operator sets; none are all. */
function reduction(call: Call, x: Shape): Reduction {
  const axes = constantValues(call, 1, "the axes") ?? intsAttribute(call, "axes");
  if (axes === undefined || axes.length === 0) {
    if (intAttribute(call, "noop_with_empty_axes", 0) !== 0) return { count: 1, shape: x };
    return { count: elements(x), shape: undefined };
  }
  if (x === undefined) return { count: undefined, shape: undefined };
  const reduced = new Set(Array.from(axes, (axis) => axisOf(axis, x.length) ?? unproven(`axis ${axis}`)));
  const keep = intAttribute(call, "keepdims", 1) !== 0;
  const shape = x.flatMap((length, axis) => (reduced.has(axis) ? (keep ? [1] : []) : [length]));
  return { count: elements(x.filter((_, axis) => reduced.has(axis))), shape };
}

function sum(call: Call): Fact[] {
  const x = operand(call, 0);
  const { count, shape } = reduction(call, x.shape);
  if (elementType(x.dtype)?.kind === "integer") {
    return [count === undefined ? anyOf(x.dtype, shape) : integers(x.dtype, shape, count * x.lo, count * x.hi)];
  }
  if (x.dtype !== DTYPE.float) unproven(`sums of ${typeName(x.dtype)}`);
  const unit = gridUnit(x) ?? unproven(FLOAT_REMEDY, [anyOf(x.dtype, shape)]);
  if (count === undefined) return unproven("how many are summed is not known", [anyOf(x.dtype, shape)]);
  // Partial sums are bounded by the sum of absolute values, the result by the interval.
  const most = count * magnitude(x);
  const peak = grid(unit, -most, most, x.zero === "plus" ? "plus" : "open", shape);
  return [{ ...peak, lo: Math.max(-most, count * x.lo), hi: Math.min(most, count * x.hi) }];
}

function extreme(call: Call): Fact[] {
  const x = operand(call, 0);
  const { count, shape } = reduction(call, x.shape);
  // Over no elements it is the least or largest number there is.
  const fact = count === undefined || count === 0 ? anyOf(x.dtype, shape) : { ...x, shape, constant: undefined };
  return [x.zero === "plus" && fact.zero === "plus" ? fact : { ...fact, zero: "open" }];
}

function integersOnly(call: Call): Fact[] {
  const x = operand(call, 0);
  if (elementType(x.dtype)?.kind !== "integer") unproven(`products or running sums of ${typeName(x.dtype)}`);
  return [anyOf(x.dtype, undefined)];
}

const COMPARES = "picks one of the numbers by comparing, which rounds nothing";

export const REDUCTIONS: Readonly<Record<string, Rule>> = {
  ReduceSum: {
    because:
      "integers wrap around alike everywhere; of floats, every partial sum is below 2^24 units and none is rounded",
    apply: sum,
  },
  ReduceMax: { because: COMPARES, apply: extreme },
  ReduceMin: { because: COMPARES, apply: extreme },
  ReduceProd: { because: "integers wrap around alike everywhere", apply: integersOnly },
  CumSum: { because: "integers wrap around alike everywhere", apply: integersOnly },
};
