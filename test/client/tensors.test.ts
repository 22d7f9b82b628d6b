import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Declaration,
  encodeInputs,
  encodeTensor,
  nameOutputs,
  type TensorElement,
  tensorValues,
} from "../../client/tensors.ts";
import { DTYPES, type DtypeName, Tensors } from "../../modules/inference/tensors.ts";

const ELEMENTS: { readonly [D in DtypeName]: fc.Arbitrary<TensorElement> } = {
  float32: fc.float(),
  float64: fc.double(),
  int8: fc.integer({ min: -128, max: 127 }),
  uint8: fc.nat(255),
  int32: fc.integer(),
  int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.boolean(),
};
const dtypes = Object.keys(DTYPES) as DtypeName[];

const tensor = fc.tuple(fc.constantFrom(...dtypes), fc.array(fc.nat(4), { maxLength: 3 })).chain(([dtype, shape]) => {
  const length = shape.reduce((product, axis) => product * axis, 1);
  const data = fc.array(ELEMENTS[dtype], { minLength: length, maxLength: length });
  return data.map((values) => ({ dtype, shape, data: values }));
});

test("tensors of every type come back as they were, through SSZ and by name", () => {
  fc.assert(
    fc.property(fc.array(tensor, { maxLength: 4 }), (tensors) => {
      const declared = tensors.map(({ dtype, shape }, i) => ({ name: `t${i}`, dtype, shape: shape.map(BigInt) }));
      const inputs = Object.fromEntries(tensors.map((one, i) => [`t${i}`, one]).reverse());
      const sent = Tensors.deserialize(Tensors.serialize(encodeInputs(declared, inputs)));
      const back = nameOutputs(declared, sent);
      expect(back.map(({ name, dtype, shape }) => ({ name, dtype, shape: shape.map(BigInt) }))).toEqual(declared);
      expect(back.map(tensorValues)).toEqual(tensors.map(({ data }) => data));
    }),
  );
});

test("elements are little-endian and row-major", () => {
  expect([...encodeTensor("x", { dtype: "int32", shape: [1, 2], data: [1, -2] }).data]).toEqual([
    1, 0, 0, 0, 0xfe, 0xff, 0xff, 0xff,
  ]);
  expect([...encodeTensor("x", { dtype: "float32", shape: [], data: [1] }).data]).toEqual([0, 0, 0x80, 0x3f]);
});

test("what JSON has no number for can be written as a text", () => {
  const { data } = encodeTensor("x", { dtype: "float64", shape: [3], data: ["NaN", "Infinity", "-Infinity"] });
  expect(tensorValues({ dtype: "float64", data })).toEqual([Number.NaN, Infinity, -Infinity]);
  const large = encodeTensor("x", { dtype: "int64", shape: [2], data: ["-9223372036854775808", 5] });
  expect(tensorValues({ dtype: "int64", data: large.data })).toEqual([-(2n ** 63n), 5n]);
});

describe("an element that the type does not hold is named", () => {
  test.each<[DtypeName, TensorElement]>([
    ["float32", "1"],
    ["float32", 1e39],
    ["float32", true],
    ["float64", "1e3"],
    ["int8", 128],
    ["int8", 1.5],
    ["uint8", -1],
    ["int32", 2 ** 31],
    ["int32", "1"],
    ["int64", 2 ** 53],
    ["int64", "9223372036854775808"],
    ["int64", "0x10"],
    ["int64", ""],
    ["bool", "true"],
    ["bool", 2],
  ])("%s: %s", (dtype, value) => {
    const fill = dtype === "bool" ? false : 0;
    expect(() => encodeTensor("x", { dtype, shape: [2], data: [fill, value] })).toThrow(
      `input x: element 1 is ${String(value)}, which is no ${dtype}`,
    );
  });
});

const x: Declaration = { name: "x", dtype: "float32", shape: [1n, 2n] };
const good = { dtype: "float32", shape: [1, 2], data: [1, 2] };

test.each<[string, Record<string, unknown>, string]>([
  ["missing", {}, "input x is missing: float32 [1, 2]"],
  ["unknown", { x: good, y: good }, "the model has no input y; it takes x"],
  ["of another type", { x: { ...good, dtype: "int8" } }, "input x is int8, the model takes float32"],
  ["of another shape", { x: { ...good, shape: [2, 1] } }, "input x has shape [2, 1], the model takes [1, 2]"],
  ["not filled", { x: { ...good, data: [1] } }, "input x: 1 values, the shape [1, 2] holds 2"],
  ["of a negative shape", { x: { ...good, shape: [-1, -2] } }, "input x: a shape is up to 8 whole numbers"],
  ["of a deep shape", { x: { ...good, shape: Array(9).fill(1) } }, "input x: a shape is up to 8 whole numbers"],
  ["without data", { x: { ...good, data: "12" } }, "input x: data must be a list"],
])("an input that is %s is named", (_, inputs, reason) => {
  expect(() => encodeInputs([x], inputs as Parameters<typeof encodeInputs>[1])).toThrow(reason);
});

test("names that every object has are names like any other", () => {
  const declared = [{ ...x, name: "constructor" }];
  expect(() => encodeInputs(declared, {})).toThrow("input constructor is missing");
  expect(encodeInputs(declared, { constructor: good } as never)).toHaveLength(1);
});

test.each<[string, Partial<Declaration>[], string]>([
  ["another number of them", [], "there are 1 outputs, the model declares 0"],
  ["another type", [{ dtype: "int32" }], "output x is of type 1, the model declares int32"],
  ["a type that is none", [{ dtype: "toString" }], "output x is of type 1, the model declares toString"],
  ["another shape", [{ shape: [2n] }], "output x has shape [1, 2], the model declares [2]"],
])("outputs that are not as declared are refused: %s", (_, changes, reason) => {
  const outputs = [encodeTensor("x", good)];
  const declared = changes.map((change) => ({ ...x, ...change }));
  expect(() => nameOutputs(declared, outputs)).toThrow(reason);
});

test("an output with too few bytes for its shape is refused", () => {
  const short = { ...encodeTensor("x", good), data: new Uint8Array(7) };
  expect(() => nameOutputs([x], [short])).toThrow("output x has 7 bytes, not 8");
});
