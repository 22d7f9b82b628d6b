import { type Call, input, spend } from "../call.ts";
import type { Constant } from "../constant.ts";
import { unproven } from "../facts.ts";
import type { Window } from "../shapes.ts";

/** Of the weights of a convolution or matrix product, for each element of its output (or channel, or column of each matrix). */
export interface WeightSums {
  /** Sum of |weight - zero point|. */
  readonly absolute: Float64Array;
  /** 1 where a weight above 0 is part of every one of its sums. */
  readonly positive: Uint8Array;
}

/** Rows are the weights of one output each; columns are those of a [..., K, N] matrix. */
type Layout = "rows" | "columns";

interface SumOptions {
  /** Subtracted from each weight; one, or one an output. */
  readonly zeroPoint?: ArrayLike<number>;
  /** Whether the weight at an index within its row takes part in every sum. */
  readonly always?: (index: number) => boolean;
}

export function constantInput(call: Call, index: number, what: string): Constant {
  return input(call, index).constant ?? unproven(`${what} are not constants of the file`);
}

/** PERF: visits each weight, and takes that from the model's budget. */
export function sumWeights(call: Call, weights: Constant, layout: Layout, options: SumOptions = {}): WeightSums {
  const { shape, values } = weights;
  spend(call.budget, values.length);
  const columns = shape.at(-1) ?? 0;
  const inner = shape.at(-2) ?? 0;
  const rows = shape[0] ?? 0;
  if (layout === "columns" && shape.length < 2) return unproven("weights of a rank below 2");
  const outputs = layout === "rows" ? rows : values.length / Math.max(inner, 1);
  const length = layout === "rows" ? values.length / Math.max(rows, 1) : inner * columns;
  const absolute = new Float64Array(outputs);
  const positive = new Uint8Array(outputs);
  const { zeroPoint = [0], always } = options;
  if (zeroPoint.length === 0) unproven("an empty zero point");
  if (zeroPoint.length !== 1 && outputs % zeroPoint.length !== 0) {
    unproven(`${zeroPoint.length} zero points for ${outputs} outputs`);
  }
  const zeros = Float64Array.from(zeroPoint);
  let [block, index, column] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    const output = layout === "rows" ? block : block * columns + column;
    const zero = zeros.length === 1 ? zeros[0] : zeros[output % zeros.length];
    const weight = (values[i] as number) - (zero as number);
    absolute[output] = (absolute[output] as number) + Math.abs(weight);
    if (weight > 0 && (always === undefined || always(index))) positive[output] = 1;
    if (++column === columns) column = 0;
    if (++index === length) {
      index = 0;
      block++;
    }
  }
  return { absolute, positive };
}

export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
}

/** Which taps of a window lie inside the image wherever the window does; padding may or may not take part in a sum. */
export function tapsAlwaysInside({ kernel, dilations, pads }: Window): (index: number) => boolean {
  const taps = kernel.reduce((product, length) => product * length, 1);
  const inside = Array.from({ length: Math.min(taps, MAX_TAPS) }, (_, index) => {
    if (pads === undefined) return false;
    let rest = index;
    for (let axis = kernel.length - 1; axis >= 0; axis--) {
      const length = kernel[axis] ?? 1;
      const offset = (rest % length) * (dilations[axis] ?? 1);
      rest = Math.floor(rest / length);
      const last = (length - 1) * (dilations[axis] ?? 1);
      if (offset < (pads.begin[axis] ?? 0) || offset > last - (pads.end[axis] ?? 0)) return false;
    }
    return true;
  });
  return (index) => inside[index % taps] ?? false;
}

/** Of larger windows nothing is said. */
const MAX_TAPS = 4096;
