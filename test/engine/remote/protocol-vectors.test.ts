import { describe, expect, test } from "vitest";
import type { Tensor } from "../../../modules/inference/tensors.ts";
import { encodeInferRequest } from "../../../node/engine/remote/infer-request.ts";
import { decodeInferResponse } from "../../../node/engine/remote/infer-response.ts";
import { metadataFault } from "../../../node/engine/remote/model-metadata.ts";

/**
 * The examples of the Open Inference Protocol v2 (kserve/open-inference-protocol, specification/protocol/inference_rest.md) and of the
 * Binary Tensor Data Extension (triton-inference-server/server, docs/protocol/extension_binary_data.md). The first one's request has one
 * value for three of input1, and its answer lacks a comma: both are put right here.
 */
const UINT32 = 12;
const BOOL = 9;
const FLOAT32 = 1;
const SPEC = {
  inputs: [
    { name: "input0", dtype: UINT32, shape: [2, 2] },
    { name: "input1", dtype: BOOL, shape: [3] },
  ],
  outputs: [{ name: "output0", dtype: FLOAT32, shape: [3, 2] }],
};
const INPUTS: readonly Tensor[] = [
  { dtype: UINT32, shape: [2, 2], data: new Uint8Array(Uint32Array.of(1, 2, 3, 4).buffer) },
  { dtype: BOOL, shape: [3], data: Uint8Array.of(1, 0, 1) },
];
const EXPECTED = { id: "42", modelName: "mymodel", outputs: SPEC.outputs };
const VALUES = Float32Array.of(1, 1.1, 2, 2.1, 3, 3.1);
const OUTPUTS: readonly Tensor[] = [{ dtype: FLOAT32, shape: [3, 2], data: new Uint8Array(VALUES.buffer) }];

describe("the request of the example", () => {
  test("with tensors in JSON", () => {
    const encoded = encodeInferRequest("42", SPEC, INPUTS, "json");
    if (!encoded.ok) throw new Error(encoded.reason);
    expect(encoded.value.headers).toEqual({ "content-type": "application/json" });
    expect(JSON.parse(Buffer.from(encoded.value.body).toString())).toEqual({
      id: "42",
      inputs: [
        { name: "input0", shape: [2, 2], datatype: "UINT32", data: [1, 2, 3, 4] },
        { name: "input1", shape: [3], datatype: "BOOL", data: [true, false, true] },
      ],
      outputs: [{ name: "output0" }],
    });
  });

  test("with 19 bytes behind the JSON", () => {
    const encoded = encodeInferRequest("42", SPEC, INPUTS, "binary");
    if (!encoded.ok) throw new Error(encoded.reason);
    const { headers, body } = encoded.value;
    expect(headers).toEqual({
      "content-type": "application/octet-stream",
      "inference-header-content-length": String(body.length - 19),
    });
    expect(JSON.parse(Buffer.from(body.subarray(0, -19)).toString())).toEqual({
      id: "42",
      inputs: [
        { name: "input0", shape: [2, 2], datatype: "UINT32", parameters: { binary_data_size: 16 } },
        { name: "input1", shape: [3], datatype: "BOOL", parameters: { binary_data_size: 3 } },
      ],
      outputs: [{ name: "output0", parameters: { binary_data: true } }],
    });
    expect(Buffer.from(body.subarray(-19)).toString("hex")).toBe("01000000020000000300000004000000010001");
  });
});

describe("the answer of the example", () => {
  const HEAD = '{ "id" : "42", "outputs" : [ { "name" : "output0", "shape" : [ 3, 2 ], "datatype"  : "FP32", ';

  test.each([
    ["flat", "[ 1.0, 1.1, 2.0, 2.1, 3.0, 3.1 ]"],
    ["nested", "[ [ 1.0, 1.1 ], [ 2.0, 2.1 ], [ 3.0, 3.1 ] ]"],
  ])("with tensors in JSON, %s", (_form, data) => {
    const body = Buffer.from(`${HEAD}"data" : ${data} } ] }`);
    expect(decodeInferResponse(body, undefined, EXPECTED)).toEqual({ ok: true, value: OUTPUTS });
  });

  test("with 24 bytes behind the JSON", () => {
    const json = Buffer.from(`${HEAD}"parameters" : { "binary_data_size" : 24 } } ] }`);
    const body = Buffer.concat([json, Buffer.from(VALUES.buffer)]);
    expect(decodeInferResponse(body, String(json.length), EXPECTED)).toEqual({ ok: true, value: OUTPUTS });
  });
});

/** "Model Metadata Response JSON Object": variable lengths are -1. */
describe("metadata", () => {
  const TENSORS = {
    inputs: [
      { name: "input0", datatype: "UINT32", shape: [-1, 2] },
      { name: "input1", datatype: "BOOL", shape: [3] },
    ],
    outputs: [
      { name: "output0", datatype: "FP32", shape: [-1, 2] },
      { name: "another", datatype: "BYTES", shape: [1] },
    ],
  };
  const faultOf = (changes: object): string | undefined =>
    metadataFault(Buffer.from(JSON.stringify({ name: "mymodel", platform: "x", ...TENSORS, ...changes })), SPEC);

  test("of the model", () => expect(faultOf({})).toBeUndefined());

  test.each<[string, object, string]>([
    ["another input", { inputs: TENSORS.inputs.slice(1) }, "the server's model has no input input0"],
    ["one input more", { inputs: [...TENSORS.inputs, { name: "z" }] }, "has 3 inputs, 2 are declared"],
    ["no output", { outputs: [] }, "has no output output0"],
    ["another datatype", { outputs: [{ ...TENSORS.outputs[0], datatype: "FP64" }] }, "has another datatype"],
    ["another length", { outputs: [{ ...TENSORS.outputs[0], shape: [3, 3] }] }, "has another shape"],
    ["another rank", { outputs: [{ ...TENSORS.outputs[0], shape: [6] }] }, "has another shape"],
    ["no list", { inputs: {} }, "metadata: no list of inputs"],
  ])("of a model with %s", (_name, changes, fault) => expect(faultOf(changes)).toContain(fault));

  test("that is none", () => {
    expect(metadataFault(Buffer.from("[]"), SPEC)).toBe("metadata: not an object");
    expect(metadataFault(Buffer.from("<"), SPEC)).toContain("metadata: not JSON");
  });
});
