import type { Constant } from "./constant.ts";
import { DTYPE, elementType, typeName } from "./element-types.ts";

/** Lengths that are known; undefined as a whole when not even the rank is. */
export type Shape = readonly (number | undefined)[] | undefined;

/**
 * What is known of the sign of a zero, which two orders of one sum can give differently:
 * "plus": there is no -0; "same": there may be, and every CPU has it at the same place; "open": it may depend on the CPU.
 */
export type Zero = "plus" | "same" | "open";

/** What is proven of all elements of a value, whatever the inputs are (but NaN: see exactness.ts). */
export interface Fact {
  readonly dtype: number;
  readonly shape: Shape;
  readonly lo: number;
  readonly hi: number;
  /** Exponent e such that each element is a multiple of 2^e (or infinite, if the bounds are). Undefined for other floats, 0 for integers. */
  readonly unit: number | undefined;
  readonly zero: Zero;
  /** Made by DequantizeLinear and only moved since: the optimiser may turn what computes with it into an 8-bit kernel. */
  readonly dequantized: boolean;
  readonly constant: Constant | undefined;
}

/** An operator that is not proven to give the same bits everywhere; the message says why. `outputs` is what it gives none the less. */
export class UnprovenError extends Error {
  readonly outputs: readonly Fact[];

  constructor(reason: string, outputs: readonly Fact[] = []) {
    super(reason);
    this.outputs = outputs;
  }
}

export function unproven(reason: string, outputs?: readonly Fact[]): never {
  throw new UnprovenError(reason, outputs);
}

/** Significant bits of a float32. */
const MANTISSA = 24;
/** Keeps all values of a grid far from the ends of float32, where products underflow and sums overflow. */
const MAX_EXPONENT = 60;

/** Any value of a type. */
export function anyOf(dtype: number, shape: Shape): Fact {
  const type = elementType(dtype);
  if (type === undefined) return unproven(`${typeName(dtype)} is not among the types that were measured`);
  const isFloat = type.kind === "float";
  return {
    dtype,
    shape,
    lo: type.lo,
    hi: type.hi,
    unit: isFloat ? undefined : 0,
    zero: isFloat ? "same" : "plus",
    dequantized: false,
    constant: undefined,
  };
}

/** Integers of a type between bounds; any of the type where the bounds leave it, since it wraps around. */
export function integers(dtype: number, shape: Shape, lo: number, hi: number): Fact {
  const fact = anyOf(dtype, shape);
  return lo >= fact.lo && hi <= fact.hi ? { ...fact, lo, hi } : fact;
}

/**
 * Whether multiples of 2^unit between bounds are below 2^(24+unit): a float32 holds each, and each sum of them that stays below, exactly.
 */
function onGrid(unit: number, lo: number, hi: number): boolean {
  return Math.abs(unit) <= MAX_EXPONENT && Math.max(Math.abs(lo), Math.abs(hi)) < 2 ** (MANTISSA + unit);
}

/**
 * float32 numbers of a grid.
 * @throws UnprovenError when the bound is too large for the unit.
 */
export function grid(unit: number, lo: number, hi: number, zero: Zero, shape: Shape): Fact {
  const most = Math.max(Math.abs(lo), Math.abs(hi));
  if (!onGrid(unit, lo, hi)) {
    const times = unit === 0 ? "" : ` times 2^${unit}`;
    return unproven(`sums of up to ${most} are not below 2^${MANTISSA}${times}: they may be rounded`, [
      anyOf(DTYPE.float, shape),
    ]);
  }
  return {
    dtype: DTYPE.float,
    shape,
    lo,
    hi,
    unit,
    zero: withoutZero(lo, hi) ? "plus" : zero,
    dequantized: false,
    constant: undefined,
  };
}

/** The unit of float32 numbers that lie on a grid within its bound; undefined for all others. */
export function gridUnit({ dtype, unit, lo, hi }: Fact): number | undefined {
  return dtype === DTYPE.float && unit !== undefined && onGrid(unit, lo, hi) ? unit : undefined;
}

/** float32 numbers between bounds, of which nothing else is known. */
export function floats(lo: number, hi: number, zero: Zero, shape: Shape): Fact {
  return { ...anyOf(DTYPE.float, shape), lo, hi, zero: withoutZero(lo, hi) ? "plus" : zero };
}

function withoutZero(lo: number, hi: number): boolean {
  return lo > 0 || hi < 0;
}

/** Largest absolute value, never below the unit: a factor that is 0 must not hide the sums that an optimiser makes without it. */
export function magnitude({ lo, hi, unit }: Fact): number {
  return Math.max(Math.abs(lo), Math.abs(hi), 2 ** (unit ?? 0));
}

export function worstZero(facts: readonly Fact[]): Zero {
  if (facts.some(({ zero }) => zero === "open")) return "open";
  return facts.some(({ zero }) => zero === "same") ? "same" : "plus";
}

/** What is true of an element that comes from any one of several values of one type. */
export function join(facts: readonly Fact[], shape: Shape): Fact {
  const [first] = facts;
  if (first === undefined) return unproven("no input");
  const other = facts.find(({ dtype }) => dtype !== first.dtype);
  if (other !== undefined) unproven(`inputs of types ${typeName(first.dtype)} and ${typeName(other.dtype)}`);
  // Not Math.min(...): a node may have more inputs than a call takes arguments.
  const lo = facts.reduce((least, fact) => Math.min(least, fact.lo), Infinity);
  const hi = facts.reduce((most, fact) => Math.max(most, fact.hi), -Infinity);
  const unit = facts.reduce<number | undefined>(
    (least, fact) => (least === undefined || fact.unit === undefined ? undefined : Math.min(least, fact.unit)),
    Infinity,
  );
  return {
    dtype: first.dtype,
    shape,
    lo,
    hi,
    unit,
    zero: worstZero(facts),
    dequantized: facts.some(({ dequantized }) => dequantized),
    constant: undefined,
  };
}
