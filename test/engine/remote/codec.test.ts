import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DTYPES, type Tensor } from "../../../modules/inference/tensors.ts";
import { canonicalizeNan } from "../../../node/engine/canonical-nan.ts";
import {
  MAX_EXACT_VALUES,
  MAX_JSON_BYTES,
  MAX_JSON_VALUES,
  parseBoundedJson,
} from "../../../node/engine/remote/bounded-json.ts";
import { DATATYPES, datatypeNamed, datatypeOf } from "../../../node/engine/remote/datatypes.ts";
import {
  encodeInferRequest,
  JSON_LENGTH_HEADER,
  type TensorFormat,
} from "../../../node/engine/remote/infer-request.ts";
import { decodeInferResponse } from "../../../node/engine/remote/infer-response.ts";
import { storeJsonData } from "../../../node/engine/remote/json-data.ts";

describe("datatypes", () => {
  test.each(Object.entries(DTYPES))("%s of a model has one, of its size", (_name, { code, size }) => {
    expect(datatypeOf(code)?.size).toBe(size);
  });

  test("sizes of the protocol's table", () => {
    const sizes = Object.fromEntries(DATATYPES.map(({ name, size }) => [name, size]));
    expect(sizes).toEqual({
      BOOL: 1,
      UINT8: 1,
      UINT16: 2,
      UINT32: 4,
      UINT64: 8,
      INT8: 1,
      INT16: 2,
      INT32: 4,
      INT64: 8,
      FP16: 2,
      FP32: 4,
      FP64: 8,
    });
    expect(new Set(DATATYPES.map(({ dtype }) => dtype)).size).toBe(DATATYPES.length);
  });

  test("others are unknown", () => {
    expect([datatypeNamed("BYTES"), datatypeNamed("BF16"), datatypeNamed("constructor"), datatypeNamed(7)]).toEqual(
      Array(4).fill(undefined),
    );
  });

  test.each<[string, unknown, string | undefined]>([
    ["UINT8", 255, "ff"],
    ["UINT8", 256, undefined],
    ["UINT8", -1, undefined],
    ["INT8", -128, "80"],
    ["INT8", 1.5, undefined],
    ["UINT16", 65535, "ffff"],
    ["INT16", -32768, "0080"],
    ["UINT32", 4294967295, "ffffffff"],
    ["INT32", -2147483648, "00000080"],
    ["INT32", 2147483648, undefined],
    ["INT64", 9223372036854775807n, "ffffffffffffff7f"],
    ["INT64", 9223372036854775808n, undefined],
    ["INT64", 2 ** 53, undefined],
    ["UINT64", 18446744073709551615n, "ffffffffffffffff"],
    ["UINT64", -1, undefined],
    ["BOOL", true, "01"],
    ["BOOL", 1, undefined],
    ["FP32", 1.5, "0000c03f"],
    ["FP32", -0, "00000080"],
    ["FP32", 3.5e38, undefined],
    ["FP64", "1", undefined],
    ["FP64", null, undefined],
    ["FP64", 1e308, "a0c8eb85f3cce17f"],
  ])("%s from %s", (name, value, hex) => {
    const datatype = datatypeNamed(name);
    const data = new Uint8Array(datatype?.size ?? 0);
    const stored = datatype?.json?.store(new DataView(data.buffer), 0, value);
    expect(stored === true ? Buffer.from(data).toString("hex") : undefined).toBe(hex);
  });

  test("FP16 has no form in JSON", () => {
    const half = datatypeNamed("FP16");
    if (half === undefined) throw new Error("no FP16");
    expect(storeJsonData([1], half, [1], new Uint8Array(2))).toBe("FP16 has no form in JSON, only as binary data");
  });
});

/** Tensors of any type and bits; those of BOOL are 0 and 1. */
const anyTensor: fc.Arbitrary<Tensor> = fc
  .record({
    type: fc.constantFrom(...Object.values(DTYPES)),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    seed: fc.uint8Array({ minLength: 512, maxLength: 512 }),
  })
  .map(({ type, shape, seed }) => {
    const data = seed.slice(
      0,
      shape.reduce((product, length) => product * length, type.size),
    );
    return { dtype: type.code, shape, data: type.code === DTYPES.bool.code ? data.map((byte) => byte & 1) : data };
  });

/** The inputs of a request, as the outputs of an answer. */
function echo(tensors: readonly Tensor[], format: TensorFormat): ReturnType<typeof decodeInferResponse> {
  const inputs = tensors.map(({ dtype, shape }, i) => ({ name: `t${i}`, dtype, shape }));
  const encoded = encodeInferRequest("1", { inputs, outputs: [] }, tensors, format);
  if (!encoded.ok) return encoded;
  const { headers, body } = encoded.value;
  const length = Number(headers[JSON_LENGTH_HEADER] ?? body.length);
  const request = Buffer.from(body.subarray(0, length)).toString();
  const json = Buffer.from(request.replace(',"outputs":[]', "").replace('"inputs":', '"outputs":'));
  const answer = Buffer.concat([json, body.subarray(length)]);
  return decodeInferResponse(answer, format === "binary" ? String(json.length) : undefined, {
    id: "1",
    modelName: "m",
    outputs: inputs,
  });
}

const FLOATS = new Map<number, typeof Float32Array | typeof Float64Array>([
  [DTYPES.float32.code, Float32Array],
  [DTYPES.float64.code, Float64Array],
]);

function isFiniteTensor({ dtype, data }: Tensor): boolean {
  const View = FLOATS.get(dtype);
  return View === undefined || new View(data.slice().buffer).every(Number.isFinite);
}

function canonical(tensor: Tensor): Tensor {
  const data = tensor.data.slice();
  const View = FLOATS.get(tensor.dtype);
  if (View !== undefined) canonicalizeNan(new View(data.buffer));
  return { ...tensor, data };
}

describe("property: what is sent is what is read", () => {
  test("as bytes, but for NaN", () => {
    fc.assert(
      fc.property(fc.array(anyTensor, { maxLength: 5 }), (tensors) => {
        expect(echo(tensors, "binary")).toEqual({ ok: true, value: tensors.map(canonical) });
      }),
    );
  });

  test("as JSON, to the bit, unless there is a number that it does not have", () => {
    fc.assert(
      fc.property(fc.array(anyTensor, { maxLength: 5 }), (tensors) => {
        const echoed = echo(tensors, "json");
        if (tensors.every(isFiniteTensor)) expect(echoed).toEqual({ ok: true, value: tensors });
        else expect(echoed.ok).toBe(false);
      }),
    );
  });
});

test("a BOOL that is neither 0 nor 1 is refused", () => {
  const echoed = echo([{ dtype: DTYPES.bool.code, shape: [2], data: Uint8Array.of(1, 2) }], "binary");
  expect(echoed).toEqual({ ok: false, reason: "t0: a BOOL that is neither 0 nor 1" });
});

test("property: any bytes are read or refused, and nothing is thrown", () => {
  const outputs = [{ name: "y", dtype: 7, shape: [-1] }];
  const anything = fc.oneof(
    fc.json(),
    fc.string(),
    fc
      .record({ name: fc.constant("y"), datatype: fc.constant("INT64"), shape: fc.jsonValue(), data: fc.jsonValue() })
      .map((output) => JSON.stringify({ outputs: [output] })),
  );
  fc.assert(
    fc.property(anything, fc.uint8Array(), fc.option(fc.string(), { nil: undefined }), (text, tail, length) => {
      const read = decodeInferResponse(Buffer.concat([Buffer.from(text), tail]), length, {
        id: "1",
        modelName: "m",
        outputs,
      });
      expect(typeof read.ok).toBe("boolean");
    }),
  );
});

describe("bounds of JSON", () => {
  const parse = (text: string, exact = false): unknown => {
    const parsed = parseBoundedJson(Buffer.from(text), exact);
    return parsed.ok ? parsed.value : parsed.reason;
  };

  test("depth, which brackets in text are no part of", () => {
    expect(parse(`${"[".repeat(16)}${"]".repeat(16)}`)).toHaveLength(1);
    expect(parse(`${"[".repeat(17)}${"]".repeat(17)}`)).toBe("JSON nested more than 16 deep");
    expect(parse(`["${"[".repeat(99)}\\"${"{".repeat(99)}"]`)).toHaveLength(1);
    expect(parse('{"a":'.repeat(17))).toBe("JSON nested more than 16 deep");
  });

  test("values and bytes", () => {
    expect(parse(`[${"0,".repeat(MAX_JSON_VALUES - 1)}0]`)).toHaveLength(MAX_JSON_VALUES);
    expect(parse(`[${"0,".repeat(MAX_JSON_VALUES)}0]`)).toBe(`more than ${MAX_JSON_VALUES} values in JSON`);
    expect(parse(" ".repeat(MAX_JSON_BYTES + 1))).toContain("bytes of JSON, at most");
  });

  test("integers beyond doubles where they are wanted", () => {
    expect(parse("[9007199254740993]", true)).toEqual([9007199254740993n]);
    expect(parse(`[${"0,".repeat(MAX_EXACT_VALUES)}9007199254740993]`, true)).toContain(
      "beside an integer beyond 2^53",
    );
    expect(parse(`["${"9".repeat(20)}", 0.1234567890123456789]`, true)).toEqual(["9".repeat(20), 0.12345678901234568]);
    expect(parse("[9007199254740993]")).toEqual([2 ** 53]);
    expect(parse("[1e300, -7, 0.5]", true)).toEqual([1e300, -7, 0.5]);
    expect(parse(`[1${"0".repeat(300)}]`, true)).toEqual([1e300]);
  });
});
