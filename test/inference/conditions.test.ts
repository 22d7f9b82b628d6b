import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { areMet, checkConditions, validateConditions } from "../../modules/inference/conditions.ts";
import { DTYPES, type DtypeName, type Tensor } from "../../modules/inference/tensors.ts";
import type { Condition } from "../../proto/inference.ts";
import { refusal } from "../modules/network.ts";

const ARRAYS = {
  float32: Float32Array,
  float64: Float64Array,
  uint8: Uint8Array,
  int8: Int8Array,
  int32: Int32Array,
  bool: Uint8Array,
} as const;

function tensor(dtype: Exclude<DtypeName, "int64">, ...values: number[]): Tensor {
  const array = ARRAYS[dtype].from(values);
  return { dtype: DTYPES[dtype].code, shape: [values.length], data: new Uint8Array(array.buffer) };
}
const longs = (...values: bigint[]): Tensor => ({
  dtype: DTYPES.int64.code,
  shape: [values.length],
  data: new Uint8Array(BigInt64Array.from(values).buffer),
});

const declare = (name: string, { dtype, shape }: Tensor) => ({ name: utf8(name), dtype, shape: [...shape] });
const condition = (kind: string, operator: string, value: string, index = 0n, output = ""): Condition => ({
  output,
  kind,
  index,
  operator,
  value,
});
const holds = (subject: Tensor, ...conditions: readonly Condition[]): boolean => {
  validateConditions(conditions);
  return areMet(conditions, [declare("y", subject)], [subject]);
};

/** A whole number halved so many times, in full: what JavaScript writes is the shortest text that is read back as the same double. */
function exactly(whole: number, halvings: number): string {
  const digits = (BigInt(Math.abs(whole)) * 5n ** BigInt(halvings)).toString().padStart(halvings + 1, "0");
  const point = digits.length - halvings;
  const fraction = halvings === 0 ? "" : `.${digits.slice(point)}`;
  return `${whole < 0 ? "-" : ""}${digits.slice(0, point)}${fraction}`;
}

describe("an element", () => {
  test("of each type is compared as the number that it is", () => {
    for (const dtype of ["float32", "float64", "int8", "int32"] as const) {
      const at = tensor(dtype, -3, 0, 7);
      expect(holds(at, condition("element", "eq", "-3"), condition("element", "gt", "6.999", 2n))).toBe(true);
      expect(holds(at, condition("element", "lt", "-3"))).toBe(false);
      expect(holds(at, condition("element", "ne", "7", 2n))).toBe(false);
      expect(holds(at, condition("element", "le", "0", 1n), condition("element", "ge", "0.0", 1n))).toBe(true);
    }
    expect(holds(tensor("uint8", 255), condition("element", "eq", "255"))).toBe(true);
    expect(holds(tensor("bool", 1), condition("element", "eq", "1"))).toBe(true);
    expect(holds(longs(-(1n << 63n)), condition("element", "eq", "-9223372036854775808"))).toBe(true);
    expect(holds(longs((1n << 53n) + 1n), condition("element", "eq", "9007199254740993"))).toBe(true);
  });

  test("that is a float is the rational of its bits, not the decimal it is written as", () => {
    const tenth = tensor("float32", 0.1);
    expect(holds(tenth, condition("element", "eq", "0.1"))).toBe(false);
    expect(holds(tenth, condition("element", "eq", "0.100000001490116119384765625"))).toBe(true);
    expect(holds(tenth, condition("element", "gt", "0.1"))).toBe(true);
  });

  test("at the ends: zeros are equal, infinity is above all, denormals are not zero, NaN meets nothing", () => {
    expect(holds(tensor("float32", -0), condition("element", "eq", "0"))).toBe(true);
    const infinite = tensor("float64", Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY);
    expect(holds(infinite, condition("element", "gt", "9".repeat(40)))).toBe(true);
    expect(holds(infinite, condition("element", "lt", `-${"9".repeat(40)}`, 1n))).toBe(true);
    expect(holds(tensor("float64", Number.MIN_VALUE), condition("element", "gt", "0"))).toBe(true);
    for (const operator of ["eq", "ne", "lt", "le", "gt", "ge"]) {
      expect(holds(tensor("float32", Number.NaN), condition("element", operator, "0"))).toBe(false);
    }
  });

  test("agrees with the machine's own comparison wherever that is exact", () => {
    const operators = { eq: true, ne: true, lt: true, le: true, gt: true, ge: true } as const;
    fc.assert(
      fc.property(
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
        fc.integer({ min: 0, max: 20 }),
        fc.constantFrom(...(Object.keys(operators) as (keyof typeof operators)[])),
        (a, b, halvings, operator) => {
          // Both are exact as doubles and as decimals of at most 20 places.
          const [x, y] = [a / 2 ** halvings, b / 2 ** halvings];
          const expected = { eq: x === y, ne: x !== y, lt: x < y, le: x <= y, gt: x > y, ge: x >= y }[operator];
          expect(holds(tensor("float64", x), condition("element", operator, exactly(b, halvings)))).toBe(expected);
        },
      ),
    );
  });
});

describe("the greatest element", () => {
  test("is told by its place, the first of equals", () => {
    expect(holds(tensor("float32", 1, 5, 5, -9), condition("argmax", "eq", "1"))).toBe(true);
    expect(holds(tensor("float32", -2, -0, 0), condition("argmax", "eq", "1"))).toBe(true);
    expect(holds(longs(1n, 1n << 62n, (1n << 62n) + 1n), condition("argmax", "ge", "2"))).toBe(true);
    const withInfinity = tensor("float64", 1, Number.POSITIVE_INFINITY, Number.MAX_VALUE);
    expect(holds(withInfinity, condition("argmax", "eq", "1"))).toBe(true);
  });

  test("is none where there is a NaN", () => {
    expect(holds(tensor("float32", 1, Number.NaN), condition("argmax", "ne", "99"))).toBe(false);
  });

  test("is the machine's own for any floats", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 40 }), (values) => {
        const place = values.indexOf(Math.max(...values.map((value) => value + 0)));
        expect(holds(tensor("float64", ...values), condition("argmax", "eq", String(place)))).toBe(true);
      }),
    );
  });
});

test("an output is named, and all conditions must hold; an error of the engine meets none", () => {
  const [logits, label] = [tensor("float32", 1, 2), longs(7n)];
  const declared = [declare("logits", logits), declare("label", label)];
  const both = [condition("argmax", "eq", "1", 0n, "logits"), condition("element", "eq", "7", 0n, "label")];
  checkConditions(both, declared);
  expect(areMet(both, declared, [logits, label])).toBe(true);
  expect(areMet([...both, condition("element", "eq", "8", 0n, "label")], declared, [logits, label])).toBe(false);
  expect(areMet(both, declared, [])).toBe(false);
  expect(refusal(() => checkConditions([condition("element", "eq", "1", 1n, "label")], declared))?.text).toMatch(
    /element 1 of 1 in output "label"/,
  );
});
