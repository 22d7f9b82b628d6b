import { type Call, constantValues, floatAttribute, input, intAttribute, type Rule, windowOf } from "../call.ts";
import { DTYPE, typeName } from "../element-types.ts";
import { anyOf, type Fact, integers, type Shape, unproven } from "../facts.ts";
import { matMulShape, windowShape } from "../shapes.ts";
import { constantInput, sumWeights } from "./weights.ts";

/** Least normal float32. */
const MIN_NORMAL = 2 ** -126;

function isScale(value: number): boolean {
  return value >= MIN_NORMAL && Number.isFinite(value);
}

/** @throws UnprovenError unless they are constants, finite, above 0 and not denormal. */
export function scales(call: Call, index: number, what: string): readonly number[] {
  const values = Array.from(constantValues(call, index, what) ?? unproven(`${what} is missing`));
  const bad = values.find((value) => !isScale(value));
  if (bad !== undefined || values.length === 0) return unproven(`${what} is ${bad ?? "empty"}`);
  return values;
}

/** @returns [0] where there are none. */
export function zeroPoints(call: Call, index: number): readonly number[] {
  return Array.from(constantValues(call, index, "a zero point") ?? [0]);
}

/** 8-bit weights with which vpmaddubsw (two products of u8 and s8, added in int16 with saturation) can not saturate: 2 * 255 * 64 < 2^15. */
const SAFE_WEIGHT = 64;

const BECAUSE =
  "8-bit products are summed in int32, where order changes nothing; u8 with s8 only with weights that no CPU's 16-bit sums can saturate";

interface Product {
  readonly x: number;
  readonly xZero: number;
  readonly w: number;
  readonly wZero: number;
  readonly bias?: number;
  readonly layout: "rows" | "columns";
  /** What the operator gives, whether or not it is proven. */
  readonly outputs: readonly Fact[];
}

/**
 * The rule for every 8-bit product.
 * @returns largest absolute accumulator.
 */
function accumulators(call: Call, product: Product): number {
  const { outputs, layout } = product;
  const [x, w] = [input(call, product.x), input(call, product.w)];
  const types = `${typeName(x.dtype)} with ${typeName(w.dtype)}`;
  const isByte = (dtype: number): boolean => dtype === DTYPE.uint8 || dtype === DTYPE.int8;
  if (!isByte(x.dtype) || !isByte(w.dtype)) unproven(`${types}, not 8 bits`, outputs);
  if (x.dtype === DTYPE.int8 && w.dtype === DTYPE.uint8) unproven(`${types} was not measured`, outputs);
  const weights = constantInput(call, product.w, "the weights");
  const worst = Math.max(-w.lo, w.hi);
  if (x.dtype === DTYPE.uint8 && w.dtype === DTYPE.int8 && worst > SAFE_WEIGHT) {
    unproven(
      `uint8 with int8 weights of up to ${worst}, at most ${SAFE_WEIGHT}: CPUs without VNNI saturate their sums (quantise with reduce_range, or as u8u8 or s8s8)`,
      outputs,
    );
  }
  const zeroPoint = zeroPoints(call, product.wZero);
  const offset = zeroPoints(call, product.xZero);
  const most = offset.reduce((peak, zero) => Math.max(peak, Math.abs(x.lo - zero), Math.abs(x.hi - zero)), 0);
  const bias = product.bias === undefined ? undefined : constantValues(call, product.bias, "the bias");
  const { absolute } = sumWeights(call, weights, layout, { zeroPoint });
  let peak = 0;
  for (let i = 0; i < absolute.length; i++) {
    peak = Math.max(peak, (absolute[i] as number) * most + Math.abs(bias?.[i % Math.max(bias.length, 1)] ?? 0));
  }
  if (peak >= 2 ** 31) unproven(`sums of up to ${peak} do not fit int32`, outputs);
  return peak;
}

/** The factor from accumulator to output, a float32 made of three scales: one multiplication and one rounding for each output. */
function checkScales(call: Call, x: number, w: number, y: number, outputs: readonly Fact[]): void {
  const [from] = scales(call, x, "the input's scale");
  const [to] = scales(call, y, "the output's scale");
  for (const scale of scales(call, w, "the weights' scale")) {
    const factor = Math.fround(Math.fround((from ?? 0) * scale) / (to ?? 0));
    if (!isScale(factor)) unproven(`an output scale of ${factor}`, outputs);
  }
}

function convShape(call: Call, x: number, w: number): Shape {
  const weights = input(call, w).constant?.shape;
  return windowShape(input(call, x).shape, weights?.[0], windowOf(call, weights?.slice(2)));
}

function outputType(call: Call, zero: number): number {
  return input(call, zero).dtype;
}

function qLinearConv(call: Call): Fact[] {
  const outputs = [anyOf(outputType(call, 7), convShape(call, 0, 3))];
  zeroPoints(call, 7);
  accumulators(call, { x: 0, xZero: 2, w: 3, wZero: 5, bias: 8, layout: "rows", outputs });
  checkScales(call, 1, 4, 6, outputs);
  return outputs;
}

function qLinearMatMul(call: Call): Fact[] {
  const outputs = [anyOf(outputType(call, 7), matMulShape(input(call, 0).shape, input(call, 3).shape))];
  zeroPoints(call, 7);
  accumulators(call, { x: 0, xZero: 2, w: 3, wZero: 5, layout: "columns", outputs });
  checkScales(call, 1, 4, 6, outputs);
  return outputs;
}

function qGemm(call: Call): Fact[] {
  if (call.inputs[7] === undefined || call.inputs[8] === undefined) unproven("gives floats, which was not measured");
  const transB = intAttribute(call, "transB", 0) !== 0;
  const columns = input(call, 3).shape?.at(transB ? 0 : 1);
  const rows = input(call, 0).shape?.at(intAttribute(call, "transA", 0) === 0 ? 0 : 1);
  const outputs = [anyOf(outputType(call, 8), [rows, columns])];
  if (floatAttribute(call, "alpha", 1) !== 1) unproven("an alpha other than 1", outputs);
  zeroPoints(call, 8);
  accumulators(call, { x: 0, xZero: 2, w: 3, wZero: 5, bias: 6, layout: transB ? "rows" : "columns", outputs });
  checkScales(call, 1, 4, 7, outputs);
  return outputs;
}

function integerProduct(call: Call, layout: "rows" | "columns"): Fact[] {
  const [x, w] = [input(call, 0).shape, input(call, 1).shape];
  const shape = layout === "rows" ? convShape(call, 0, 1) : matMulShape(x, w);
  const outputs = [anyOf(DTYPE.int32, shape)];
  const peak = accumulators(call, { x: 0, xZero: 2, w: 1, wZero: 3, layout, outputs });
  return [integers(DTYPE.int32, shape, -peak, peak)];
}

const REQUANTISED = `${BECAUSE}; then one multiplication and one rounding (measured alike on all CPUs)`;

export const QUANTIZED: Readonly<Record<string, Rule>> = {
  QLinearConv: { because: REQUANTISED, apply: qLinearConv },
  QLinearMatMul: { because: REQUANTISED, apply: qLinearMatMul },
  "com.microsoft.QGemm": { because: REQUANTISED, apply: qGemm },
  ConvInteger: { because: BECAUSE, apply: (call) => integerProduct(call, "rows") },
  MatMulInteger: { because: BECAUSE, apply: (call) => integerProduct(call, "columns") },
};
