import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DTYPES, EXEC_ERROR, type Tensor } from "../../../modules/inference/tensors.ts";
import { withinTolerance } from "../../../node/engine/remote/tolerance.ts";

const bytes = (values: ArrayBufferView): Uint8Array => new Uint8Array(values.buffer as ArrayBuffer);
const f32 = (...values: number[]): Tensor => ({
  dtype: DTYPES.float32.code,
  shape: [values.length],
  data: bytes(Float32Array.from(values)),
});
const f64 = (...values: number[]): Tensor => ({
  dtype: DTYPES.float64.code,
  shape: [values.length],
  data: bytes(Float64Array.from(values)),
});
const i32 = (...values: number[]): Tensor => ({
  dtype: DTYPES.int32.code,
  shape: [values.length],
  data: bytes(Int32Array.from(values)),
});
const EXACT = { absolute: 0, relative: 0 };
const WIDE = { absolute: Number.MAX_VALUE, relative: Number.MAX_VALUE };
const { NaN: NAN, POSITIVE_INFINITY: INF, MAX_VALUE } = Number;

test.each<[string, Tensor, Tensor, { absolute: number; relative: number }]>([
  ["equal", f32(1, -2), f32(1, -2), EXACT],
  ["at the absolute bound", f64(1), f64(1.5), { absolute: 0.5, relative: 0 }],
  ["at the relative bound", f64(-8), f64(-9), { absolute: 0, relative: 0.125 }],
  ["at the sum of both", f64(8), f64(9.5), { absolute: 0.5, relative: 0.125 }],
  ["zeros of both signs", f32(0), f32(-0), EXACT],
  ["NaN and NaN", f32(NAN), f32(NAN), EXACT],
  ["the same infinities", f64(INF, -INF), f64(INF, -INF), EXACT],
  ["as far as doubles go", f64(0), f64(MAX_VALUE), WIDE],
  ["denormals", f64(5e-324), f64(0), { absolute: 5e-324, relative: 0 }],
  ["no elements", f32(), f32(), EXACT],
  ["equal integers", i32(7), i32(7), EXACT],
])("within: %s", (_name, reference, own, bound) => {
  expect(withinTolerance([reference], [own], bound)).toEqual({ within: true });
});

test.each<[string, Tensor, Tensor, { absolute: number; relative: number }, string]>([
  ["beyond the absolute bound", f64(1), f64(1.5000001), { absolute: 0.5, relative: 0 }, "element 0 is 1.5000001"],
  ["beyond below", f64(1), f64(0.4999999), { absolute: 0.5, relative: 0 }, "the reference has 1"],
  ["beyond the relative bound", f64(0, 8), f64(0, 9.1), { absolute: 0, relative: 0.125 }, "element 1 is 9.1"],
  ["relative to zero", f64(0), f64(1e-300), { absolute: 0, relative: 1e300 }, "element 0"],
  ["one step of float32", f32(1), f32(1 + 2 ** -23), EXACT, "element 0 is 1.0000001192092896"],
  ["NaN for a number", f32(1), f32(NAN), WIDE, "element 0 is NaN"],
  ["a number for NaN", f32(NAN), f32(1), WIDE, "the reference has NaN"],
  ["the other infinity", f64(INF), f64(-INF), WIDE, "element 0 is -Infinity"],
  ["an infinity for a number", f64(MAX_VALUE), f64(INF), WIDE, "element 0 is Infinity"],
  ["a number for an infinity", f64(INF), f64(MAX_VALUE), WIDE, "the reference has Infinity"],
  ["NaN for an infinity", f64(INF), f64(NAN), WIDE, "element 0 is NaN"],
  ["the ends of doubles", f64(MAX_VALUE), f64(-MAX_VALUE), WIDE, "element 0"],
  ["integers, whatever the bound", i32(7), i32(8), WIDE, "differs, and is not of floats"],
  ["another dtype", f32(1), { ...f32(1), dtype: DTYPES.int32.code }, WIDE, "dtype 6, the reference has 1"],
  ["another shape", f32(1, 2), { ...f32(1, 2), shape: [2, 1] }, WIDE, "shape [2, 1], the reference has [2]"],
  ["fewer bytes", f32(1, 2), { ...f32(1), shape: [2] }, WIDE, "4 bytes, the reference has 8"],
])("outside: %s", (_name, reference, own, bound, reason) => {
  const verdict = withinTolerance([reference], [own], bound);
  expect(verdict.within ? "" : verdict.reason).toContain(reason);
});

test("half an element is none", () => {
  const half = { dtype: DTYPES.float32.code, shape: [1], data: new Uint8Array(6) };
  expect(withinTolerance([half], [half], WIDE)).toMatchObject({ within: false });
});

test("tensors are counted, and the failed run is within itself alone", () => {
  expect(withinTolerance(EXEC_ERROR, EXEC_ERROR, EXACT)).toEqual({ within: true });
  expect(withinTolerance(EXEC_ERROR, [f32(1)], WIDE)).toEqual({
    within: false,
    reason: "1 tensors, the reference has 0",
  });
  expect(withinTolerance([f32(1)], EXEC_ERROR, WIDE)).toMatchObject({ within: false });
});

test.each([NAN, INF, -1])("a bound of %d is a bug", (part) => {
  expect(() => withinTolerance([], [], { absolute: part, relative: 0 })).toThrow(RangeError);
  expect(() => withinTolerance([], [], { absolute: 0, relative: part })).toThrow(RangeError);
});

describe("properties", () => {
  const double = fc.double();
  const part = fc.double({ min: 0, max: 1e6, noNaN: true });

  test("reflexive, for any bits", () => {
    fc.assert(
      fc.property(fc.array(double), (values) => withinTolerance([f64(...values)], [f64(...values)], EXACT).within),
    );
  });

  test("a wider bound takes all that a narrower one takes", () => {
    fc.assert(
      fc.property(double, double, part, part, part, (reference, own, absolute, relative, more) => {
        const narrow = withinTolerance([f64(reference)], [f64(own)], { absolute, relative });
        const wide = withinTolerance([f64(reference)], [f64(own)], { absolute: absolute + more, relative });
        return !narrow.within || wide.within;
      }),
    );
  });

  test("wherever the data lies in memory", () => {
    fc.assert(
      fc.property(fc.array(fc.float()), fc.nat(7), (values, offset) => {
        const tensor = f32(...values);
        const moved = new Uint8Array(tensor.data.length + offset);
        moved.set(tensor.data, offset);
        return withinTolerance([tensor], [{ ...tensor, data: moved.subarray(offset) }], EXACT).within;
      }),
    );
  });

  test("planted: one element of many beyond the bound is found, and named", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }), fc.nat(), (values, seed) => {
        const at = seed % values.length;
        const verdict = withinTolerance([f32(...values)], [f32(...values.with(at, (values[at] ?? 0) + 3))], {
          absolute: 2.5,
          relative: 0,
        });
        return !verdict.within && verdict.reason.includes(`element ${at} `);
      }),
    );
  });
});
