import type { Constant } from "./constant.ts";
import { DTYPE, elementType, typeName } from "./element-types.ts";
import { anyOf, type Fact, unproven } from "./facts.ts";

/** What is known of a tensor of the file: its values. @throws UnprovenError for a float that is no number. */
export function constantFact(constant: Constant): Fact {
  const { dtype, shape, values } = constant;
  const fact = { ...anyOf(dtype, shape), constant };
  let lo = values.length === 0 ? 0 : Infinity;
  let hi = values.length === 0 ? 0 : -Infinity;
  let minusZero = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) return unproven(`a constant ${typeName(dtype)} holds NaN`);
    if (value < lo) lo = value;
    if (value > hi) hi = value;
    if (Object.is(value, -0)) minusZero = true;
  }
  if (dtype === DTYPE.bool && hi > 1) unproven("a bool that is neither 0 nor 1");
  if (elementType(dtype)?.kind !== "float") return { ...fact, lo, hi };
  const unit = dtype === DTYPE.float ? unitOf(values) : undefined;
  return { ...fact, lo, hi, zero: minusZero ? "same" : "plus", unit };
}

const word = new Float32Array(1);
const bits = new Uint32Array(word.buffer);

/** Exponent of the largest power of two that divides all of some float32 numbers; 0 for zeros alone, undefined with an infinity. */
function unitOf(values: ArrayLike<number>): number | undefined {
  let unit: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (value === 0) continue;
    if (!Number.isFinite(value)) return undefined;
    word[0] = value;
    const pattern = bits[0] as number;
    const exponent = (pattern >>> 23) & 0xff;
    const mantissa = (pattern & 0x7fffff) | (exponent === 0 ? 0 : 0x800000);
    const lowest = 31 - Math.clz32(mantissa & -mantissa);
    const own = Math.max(exponent, 1) - 150 + lowest;
    if (unit === undefined || own < unit) unit = own;
  }
  return unit ?? 0;
}
