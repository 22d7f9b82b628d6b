import { type Call, constantValues, input, operand, type Rule } from "../call.ts";
import { DTYPE, elementType, typeName } from "../element-types.ts";
import { anyOf, type Fact, floats, grid, gridUnit, integers, join, magnitude, unproven, type Zero } from "../facts.ts";
import { broadcast } from "../shapes.ts";
import { FLOAT_REMEDY } from "./sums.ts";

const kindOf = ({ dtype }: Fact): string | undefined => elementType(dtype)?.kind;
const isInteger = (fact: Fact): boolean => kindOf(fact) === "integer";

function integerOperand(call: Call, index: number): Fact {
  const fact = operand(call, index);
  return isInteger(fact) ? fact : unproven(`${typeName(fact.dtype)} where only integers are proven`);
}

function unit(fact: Fact): number {
  if (fact.dtype !== DTYPE.float) unproven(`nothing is proven of arithmetic with ${typeName(fact.dtype)}`);
  return gridUnit(fact) ?? unproven(FLOAT_REMEDY, [anyOf(DTYPE.float, fact.shape)]);
}

const holdsZero = ({ lo, hi }: Fact): boolean => lo <= 0 && hi >= 0;

/** -0 only where both are -0. The optimiser drops an added constant 0, which then settles nothing. */
function zeroOfSum(a: Fact, b: Fact): Zero {
  const settles = (fact: Fact): boolean => fact.zero === "plus" && (fact.constant === undefined || !holdsZero(fact));
  return (a.zero === "plus" && b.zero === "plus") || settles(a) || settles(b) ? "plus" : "open";
}

function add(call: Call, sign: 1 | -1): Fact[] {
  const [a, b] = [operand(call, 0), operand(call, 1)];
  const shape = broadcast([a.shape, b.shape]);
  const lo = a.lo + (sign === 1 ? b.lo : -b.hi);
  const hi = a.hi + (sign === 1 ? b.hi : -b.lo);
  if (isInteger(a)) return [integers(a.dtype, shape, lo, hi)];
  const least = Math.min(unit(a), unit(b));
  // a - b is -0 only where a is -0.
  const zero = sign === 1 ? zeroOfSum(a, b) : a.zero === "plus" ? "plus" : "open";
  const peak = grid(least, -magnitude(a) - magnitude(b), magnitude(a) + magnitude(b), zero, shape);
  return [{ ...peak, lo, hi }];
}

function product(a: Fact, b: Fact): readonly [lo: number, hi: number] {
  const corners = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
  return [Math.min(...corners), Math.max(...corners)];
}

function mul(call: Call): Fact[] {
  const [a, b] = [operand(call, 0), operand(call, 1)];
  const shape = broadcast([a.shape, b.shape]);
  const [lo, hi] = product(a, b);
  if (isInteger(a)) return [integers(a.dtype, shape, lo, hi)];
  const positive = (a.zero === "plus" && b.lo > 0) || (b.zero === "plus" && a.lo > 0);
  const most = magnitude(a) * magnitude(b);
  return [{ ...grid(unit(a) + unit(b), -most, most, positive ? "plus" : "open", shape), lo, hi }];
}

/** By powers of two, which changes exponents only; integers by constants with which no CPU traps. */
function div(call: Call): Fact[] {
  const [a, b] = [operand(call, 0), operand(call, 1)];
  const shape = broadcast([a.shape, b.shape]);
  if (isInteger(a)) {
    checkDivisors(call);
    return [anyOf(a.dtype, shape)];
  }
  const from = unit(a);
  const divisors = constantValues(call, 1, "the divisor") ?? [];
  let [least, most] = [Infinity, 0];
  for (let i = 0; i < divisors.length; i++) {
    const divisor = Math.abs(divisors[i] as number);
    if (divisor === 0 || !Number.isInteger(Math.log2(divisor))) unproven(`a division by ${divisor}, no power of two`);
    least = Math.min(least, divisor);
    most = Math.max(most, divisor);
  }
  if (most === 0) return unproven("a division by nothing");
  const peak = magnitude(a) / least;
  return [grid(from - Math.log2(most), -peak, peak, a.zero === "plus" && b.lo > 0 ? "plus" : "open", shape)];
}

/** Division by 0 and of the least number by -1 traps on some CPUs and not on others. */
function checkDivisors(call: Call): void {
  const divisors = constantValues(call, 1, "the divisor") ?? [];
  for (let i = 0; i < divisors.length; i++) {
    if (divisors[i] === 0 || divisors[i] === -1) unproven(`an integer division by ${divisors[i]}`);
  }
}

function neg(call: Call): Fact[] {
  const x = operand(call, 0);
  if (isInteger(x)) return [integers(x.dtype, x.shape, -x.hi, -x.lo)];
  return [{ ...x, lo: -x.hi, hi: -x.lo, zero: x.zero === "open" ? "open" : "same", constant: undefined }];
}

function abs(call: Call): Fact[] {
  const x = operand(call, 0);
  const hi = Math.max(Math.abs(x.lo), Math.abs(x.hi));
  const lo = holdsZero(x) ? 0 : Math.min(Math.abs(x.lo), Math.abs(x.hi));
  if (isInteger(x)) return [integers(x.dtype, x.shape, lo, hi)];
  return [{ ...x, lo, hi, zero: "plus", constant: undefined }];
}

/** The sign of a zero that stands for a small negative number is left open: old CPUs have no instruction for it. */
function round(call: Call, to: (value: number) => number): Fact[] {
  const x = operand(call, 0);
  if (kindOf(x) !== "float") unproven(`rounding of ${typeName(x.dtype)}`);
  const zero: Zero = x.zero === "plus" && (x.lo >= 0 || to === Math.floor) ? "plus" : "open";
  if (x.dtype !== DTYPE.float) return [{ ...anyOf(x.dtype, x.shape), zero }];
  const [lo, hi] = [to(x.lo), to(x.hi)];
  return [{ ...floats(lo, hi, zero, x.shape), unit: Math.max(0, x.unit ?? 0) }];
}

/** Half to even. */
function nearest(value: number): number {
  const down = Math.floor(value);
  if (value - down === 0.5) return down % 2 === 0 ? down : down + 1;
  return Math.round(value);
}

/** Picks one of several numbers. Two zeros of different sign compare equal, and CPUs differ in which one they take. */
function pick(facts: readonly Fact[], lo: number, hi: number): Fact {
  const joined = join(facts, broadcast(facts.map(({ shape }) => shape)));
  const zero: Zero = lo > 0 || hi < 0 || joined.zero === "plus" ? "plus" : "open";
  return { ...joined, lo, hi, zero };
}

function clip(call: Call): Fact[] {
  const x = operand(call, 0);
  const bounds = [1, 2].map((index) => {
    const values = constantValues(call, index, "a bound");
    if (values !== undefined && values.length !== 1) unproven("a bound that is no scalar");
    return values?.[0];
  });
  const [min = -Infinity, max = Infinity] = bounds;
  const clamp = (value: number): number => Math.min(Math.max(value, min), max);
  const given = call.inputs.filter((fact) => fact !== undefined);
  const [lo, hi] = [clamp(x.lo), clamp(x.hi)];
  return [{ ...pick(given, lo, hi), shape: x.shape }];
}

function relu(call: Call): Fact[] {
  const x = operand(call, 0);
  return [pick([x], Math.max(0, x.lo), Math.max(0, x.hi))];
}

function extreme(call: Call, of: (...values: number[]) => number): Fact[] {
  const facts = call.inputs.map((_, index) => operand(call, index));
  const bound = (side: "lo" | "hi"): number => facts.map((fact) => fact[side]).reduce((a, b) => of(a, b));
  if (facts.length === 0) unproven("no input");
  return [pick(facts, bound("lo"), bound("hi"))];
}

function toBool(call: Call): Fact[] {
  return [anyOf(DTYPE.bool, broadcast(call.inputs.map((_, index) => operand(call, index).shape)))];
}

function bitwise(call: Call): Fact[] {
  const facts = call.inputs.map((_, index) => integerOperand(call, index));
  return [anyOf(input(call, 0).dtype, broadcast(facts.map(({ shape }) => shape)))];
}

function shift(call: Call): Fact[] {
  const x = integerOperand(call, 0);
  const bits = Math.log2((elementType(x.dtype)?.hi ?? 0) + 1);
  const by = constantValues(call, 1, "the distance") ?? [];
  for (let i = 0; i < by.length; i++) {
    if ((by[i] as number) < 0 || (by[i] as number) >= bits) unproven(`a shift by ${by[i]}`);
  }
  return [anyOf(x.dtype, broadcast([x.shape, call.inputs[1]?.shape]))];
}

function mod(call: Call): Fact[] {
  const x = integerOperand(call, 0);
  checkDivisors(call);
  return [anyOf(x.dtype, broadcast([x.shape, call.inputs[1]?.shape]))];
}

const ARITHMETIC =
  "integers wrap around alike everywhere; floats stay on their grid below 2^24 units, so nothing is rounded";
const COMPARES = "compares, which rounds nothing";
const PICKS = "picks one of the numbers by comparing, which rounds nothing";
const ONE = "one exact operation on each element";
const BITS = "works on the bits of integers";

export const ELEMENTWISE: Readonly<Record<string, Rule>> = {
  Add: { because: ARITHMETIC, apply: (call) => add(call, 1) },
  Sub: { because: ARITHMETIC, apply: (call) => add(call, -1) },
  Mul: { because: ARITHMETIC, apply: mul },
  Div: { because: "a division by powers of two, or of integers by constants other than 0 and -1", apply: div },
  Mod: { because: "integers by constants other than 0 and -1", apply: mod },
  Neg: { because: ONE, apply: neg },
  Abs: { because: ONE, apply: abs },
  Floor: { because: ONE, apply: (call) => round(call, Math.floor) },
  Ceil: { because: ONE, apply: (call) => round(call, Math.ceil) },
  Round: { because: ONE, apply: (call) => round(call, nearest) },
  Clip: { because: PICKS, apply: clip },
  Relu: { because: PICKS, apply: relu },
  Max: { because: PICKS, apply: (call) => extreme(call, Math.max) },
  Min: { because: PICKS, apply: (call) => extreme(call, Math.min) },
  ...Object.fromEntries(
    ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual"].map((name) => [
      name,
      { because: COMPARES, apply: toBool },
    ]),
  ),
  ...Object.fromEntries(
    ["And", "Or", "Xor", "Not"].map((name) => [name, { because: "logic of bools", apply: toBool }]),
  ),
  ...Object.fromEntries(
    ["BitwiseAnd", "BitwiseOr", "BitwiseXor", "BitwiseNot"].map((name) => [name, { because: BITS, apply: bitwise }]),
  ),
  BitShift: { because: BITS, apply: shift },
};
