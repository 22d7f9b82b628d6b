import { fromUtf8 } from "../../chain/bytes.ts";
import type { TxError } from "../../chain/errors.ts";
import type { Condition } from "../../proto/inference.ts";
import { inferenceError } from "./errors.ts";
import type { TensorDeclaration } from "./manifest.ts";
import { DTYPES, type Tensor, type Tensors } from "./tensors.ts";

/** Conditions of one message. */
export const MAX_CONDITIONS = 16;

/** Digits before and after the point: more than any float needs that is not made up to cost time. */
const DECIMAL = /^(-?)(\d{1,40})(?:\.(\d{1,40}))?$/;

/** mantissa × 2^exponent, exactly: what floats and integers have in common. */
interface Exact {
  readonly mantissa: bigint;
  readonly exponent: number;
}

/** numerator / 10^digits */
interface Decimal {
  readonly numerator: bigint;
  readonly digits: number;
}

/** Above every float and every decimal that can be written here. */
const INFINITE_EXPONENT = 2000;

const COMPARISONS = {
  eq: (order: number) => order === 0,
  ne: (order: number) => order !== 0,
  lt: (order: number) => order < 0,
  le: (order: number) => order <= 0,
  gt: (order: number) => order > 0,
  ge: (order: number) => order >= 0,
} as const satisfies Record<string, (order: number) => boolean>;

function isComparison(name: string): name is keyof typeof COMPARISONS {
  return Object.hasOwn(COMPARISONS, name);
}

function invalid(detail: string): TxError {
  return inferenceError("invalidCondition", detail);
}

function parseDecimal(text: string): Decimal | undefined {
  const match = DECIMAL.exec(text);
  if (match === null) return undefined;
  const [, sign = "", whole = "", fraction = ""] = match;
  const numerator = BigInt(whole + fraction);
  return { numerator: sign === "" ? numerator : -numerator, digits: fraction.length };
}

/** What needs no state. @throws TxError inference 16 */
export function validateConditions(conditions: readonly Condition[]): void {
  if (conditions.length === 0) throw invalid("there is no condition");
  if (conditions.length > MAX_CONDITIONS) throw invalid(`${conditions.length} conditions, at most ${MAX_CONDITIONS}`);
  for (const [at, { kind, operator, value, index }] of conditions.entries()) {
    const what = `condition ${at}`;
    if (kind !== "element" && kind !== "argmax") {
      throw invalid(`${what}: kind "${kind.slice(0, 40)}" is none of element, argmax`);
    }
    if (!isComparison(operator)) {
      throw invalid(`${what}: operator "${operator.slice(0, 40)}" is none of ${Object.keys(COMPARISONS).join(", ")}`);
    }
    if (parseDecimal(value) === undefined)
      throw invalid(`${what}: value "${value.slice(0, 100)}" is no decimal number`);
    if (kind === "argmax" && index !== 0n) throw invalid(`${what}: argmax has no index`);
  }
}

function outputIndex(outputs: readonly TensorDeclaration[], name: string): number {
  return name === "" ? 0 : outputs.findIndex((output) => fromUtf8(output.name) === name);
}

/** Whether every condition speaks of an element that the model's outputs have. @throws TxError inference 16 */
export function checkConditions(conditions: readonly Condition[], outputs: readonly TensorDeclaration[]): void {
  for (const [at, { output, index }] of conditions.entries()) {
    const declared = outputs[outputIndex(outputs, output)];
    if (declared === undefined) throw invalid(`condition ${at}: the model has no output "${output.slice(0, 100)}"`);
    const elements = declared.shape.reduce((product, length) => product * BigInt(length), 1n);
    if (index >= elements) {
      throw invalid(`condition ${at}: element ${index} of ${elements} in output "${fromUtf8(declared.name)}"`);
    }
  }
}

/** Sign, exponent and fraction of an IEEE 754 number; undefined for NaN. */
function fromBits(bits: bigint, fractionBits: number, exponentBits: number): Exact | undefined {
  const fraction = bits & ((1n << BigInt(fractionBits)) - 1n);
  const greatest = (1 << exponentBits) - 1;
  const biased = Number((bits >> BigInt(fractionBits)) & BigInt(greatest));
  const negative = bits >> BigInt(fractionBits + exponentBits) === 1n;
  const signed = (mantissa: bigint): bigint => (negative ? -mantissa : mantissa);
  if (biased === greatest) {
    return fraction === 0n ? { mantissa: signed(1n), exponent: INFINITE_EXPONENT } : undefined;
  }
  const bias = (1 << (exponentBits - 1)) - 1 + fractionBits;
  if (biased === 0) return { mantissa: signed(fraction), exponent: 1 - bias };
  return { mantissa: signed(fraction | (1n << BigInt(fractionBits))), exponent: biased - bias };
}

const integer = (value: number | bigint): Exact => ({ mantissa: BigInt(value), exponent: 0 });

/** How each element type is read: the element at an index, little-endian. Undefined for NaN. */
const READERS: ReadonlyMap<number, (view: DataView, index: number) => Exact | undefined> = new Map([
  [DTYPES.float32.code, (view, index) => fromBits(BigInt(view.getUint32(index * 4, true)), 23, 8)],
  [DTYPES.float64.code, (view, index) => fromBits(view.getBigUint64(index * 8, true), 52, 11)],
  [DTYPES.uint8.code, (view, index) => integer(view.getUint8(index))],
  [DTYPES.int8.code, (view, index) => integer(view.getInt8(index))],
  [DTYPES.bool.code, (view, index) => integer(view.getUint8(index))],
  [DTYPES.int32.code, (view, index) => integer(view.getInt32(index * 4, true))],
  [DTYPES.int64.code, (view, index) => integer(view.getBigInt64(index * 8, true))],
]);

function compareBigints(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** numerator / 10^digits against mantissa × 2^exponent, without rounding. */
function compareToDecimal({ mantissa, exponent }: Exact, { numerator, digits }: Decimal): number {
  const tens = 10n ** BigInt(digits);
  return exponent >= 0
    ? compareBigints((mantissa << BigInt(exponent)) * tens, numerator)
    : compareBigints(mantissa * tens, numerator << BigInt(-exponent));
}

function compareExact(a: Exact, b: Exact): number {
  const shift = Math.min(a.exponent, b.exponent);
  return compareBigints(a.mantissa << BigInt(a.exponent - shift), b.mantissa << BigInt(b.exponent - shift));
}

/** Undefined when there is a NaN: no element is then the greatest. PERF: a few bigints for each element, of 16 KiB at most. */
function argmax(elements: number, at: (index: number) => Exact | undefined): Exact | undefined {
  let best: { readonly index: number; readonly value: Exact } | undefined;
  for (let index = 0; index < elements; index++) {
    const value = at(index);
    if (value === undefined) return undefined;
    if (best === undefined || compareExact(value, best.value) > 0) best = { index, value };
  }
  return best === undefined ? undefined : integer(best.index);
}

function isMet({ kind, index, operator, value }: Condition, tensor: Tensor): boolean {
  const read = READERS.get(tensor.dtype);
  const decimal = parseDecimal(value);
  if (read === undefined || decimal === undefined || !isComparison(operator)) {
    throw new Error("a condition that was never validated");
  }
  const view = new DataView(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength);
  const elements = tensor.shape.reduce((product, length) => product * length, 1);
  const subject = kind === "argmax" ? argmax(elements, (i) => read(view, i)) : read(view, Number(index));
  return subject !== undefined && COMPARISONS[operator](compareToDecimal(subject, decimal));
}

/**
 * Whether an output is as all conditions want it. No float is involved: elements are compared as the exact rationals they are, -0 is 0.
 * NaN meets no condition, and neither does the reserved output EXEC_ERROR.
 */
export function areMet(
  conditions: readonly Condition[],
  declared: readonly TensorDeclaration[],
  tensors: Tensors,
): boolean {
  return conditions.every((condition) => {
    const tensor = tensors[outputIndex(declared, condition.output)];
    return tensor !== undefined && isMet(condition, tensor);
  });
}
