import { type Call, input, intAttribute, operand, type Rule } from "../call.ts";
import { DTYPE, type ElementType, elementType, typeName } from "../element-types.ts";
import { anyOf, type Fact, floats, integers, unproven } from "../facts.ts";
import { scales, zeroPoints } from "./quantization.ts";

/** Whole numbers that a double, in which bounds are kept, holds exactly. */
const MAX_WHOLE = 2 ** 53;

/**
 * Nothing may be cut off, not even from integers, which would wrap around alike: onnxruntime makes one conversion of float to int32 to
 * uint8, and CPUs turn a float that does not fit into different numbers.
 */
function toInteger(x: Fact, to: number, target: ElementType): Fact {
  const [lo, hi] = [Math.trunc(x.lo), Math.trunc(x.hi)];
  const isExact = elementType(x.dtype)?.kind !== "float" || Math.max(-lo, hi) <= MAX_WHOLE;
  if (lo < target.lo || hi > target.hi || !isExact) {
    unproven(`numbers of which some may not fit ${target.name}: CPUs turn those into different ones (Clip first)`, [
      anyOf(to, x.shape),
    ]);
  }
  return integers(to, x.shape, lo, hi);
}

function cast(call: Call): Fact[] {
  const x = operand(call, 0);
  const to = intAttribute(call, "to", 0);
  const [source, target] = [elementType(x.dtype), elementType(to)];
  if (source === undefined || target === undefined) return unproven(`a conversion to ${typeName(to)}`);
  if (x.dtype === to) return [{ ...x, constant: undefined }];
  if (target.kind === "bool") return [anyOf(to, x.shape)];
  if (target.kind === "integer") return [toInteger(x, to, target)];
  if (to === DTYPE.double) return [{ ...anyOf(to, x.shape), zero: x.zero }];
  if (source.kind === "float") return [floats(-Infinity, Infinity, x.zero, x.shape)];
  return [{ ...floats(Math.fround(x.lo), Math.fround(x.hi), "plus", x.shape), unit: 0 }];
}

function refuseBlocks(call: Call): void {
  if (intAttribute(call, "block_size", 0) !== 0) unproven("a scale for each block");
}

function quantize(call: Call): Fact[] {
  const x = operand(call, 0);
  if (x.dtype !== DTYPE.float) unproven(`quantises ${typeName(x.dtype)}, only float32 was measured`);
  refuseBlocks(call);
  scales(call, 1, "the scale");
  zeroPoints(call, 2);
  const absent = intAttribute(call, "output_dtype", 0) || DTYPE.uint8;
  const dtype = call.inputs[2]?.dtype ?? absent;
  if (dtype !== DTYPE.uint8 && dtype !== DTYPE.int8) unproven(`quantises to ${typeName(dtype)}`);
  if (intAttribute(call, "precision", 0) !== 0) unproven("another precision than the scale's");
  return [anyOf(dtype, x.shape)];
}

/** Largest float32. */
const MAX_FLOAT = (2 - 2 ** -23) * 2 ** 127;

function dequantize(call: Call): Fact[] {
  const x = input(call, 0);
  if (x.dtype !== DTYPE.uint8 && x.dtype !== DTYPE.int8 && x.dtype !== DTYPE.int32) {
    unproven(`dequantises ${typeName(x.dtype)}`);
  }
  refuseBlocks(call);
  if (intAttribute(call, "output_dtype", DTYPE.float) !== DTYPE.float)
    unproven("dequantises to another type than float32");
  const values = scales(call, 1, "the scale");
  const zeros = zeroPoints(call, 2);
  if (x.dtype === DTYPE.int32 && zeros.some((zero) => zero !== 0)) unproven("a zero point of int32");
  const most =
    Math.max(Math.abs(x.lo), Math.abs(x.hi)) + zeros.reduce((peak, zero) => Math.max(peak, Math.abs(zero)), 0);
  const hi = most * values.reduce((peak, value) => Math.max(peak, value), 0);
  if (hi > MAX_FLOAT) unproven("a scale with which numbers overflow");
  return [{ ...floats(-hi, hi, "plus", x.shape), dequantized: true }];
}

export const CONVERSIONS: Readonly<Record<string, Rule>> = {
  Cast: { because: "every number is in the target's range and is rounded once, if at all", apply: cast },
  QuantizeLinear: {
    because: "one division and one rounding to the nearest integer, both exact IEEE operations",
    apply: quantize,
  },
  DequantizeLinear: {
    because:
      "an exact difference of integers and one IEEE multiplication, rounded once: nothing that an order or FMA could change",
    apply: dequantize,
  },
};
