import {
  DTYPES,
  MAX_OUTPUT_TENSOR_BYTES,
  MAX_RANK,
  MAX_TENSORS,
  type Tensor,
  type Tensors,
} from "../../../modules/inference/tensors.ts";
import { canonicalizeNan } from "../canonical-nan.ts";
import { mismatch, type TensorSpec } from "../model-spec.ts";
import { isRecord, parseBoundedJson } from "./bounded-json.ts";
import { type Datatype, datatypeNamed } from "./datatypes.ts";
import { storeJsonData } from "./json-data.ts";
import { refused, type Verdict } from "./verdict.ts";

/** What the answer has to fit. */
export interface Expected {
  readonly id: string;
  /** As the server knows it. */
  readonly modelName: string;
  readonly outputs: readonly TensorSpec[];
}

/** What is left of the bytes behind the JSON. */
interface Tail {
  readonly bytes: Uint8Array;
  /** Whether the server said that there are any. */
  readonly announced: boolean;
  at: number;
}

/**
 * Reads the answer of an inference request (Open Inference Protocol v2, "Inference Response JSON Object"), with tensors in JSON or behind
 * it. Nothing is taken that the model's manifest does not declare; nothing may be left over. NaN is canonicalised.
 * @param jsonLength the header Inference-Header-Content-Length, undefined when the server sent none.
 * @returns the outputs in the order of the manifest, with memory of their own.
 */
export function decodeInferResponse(
  body: Uint8Array,
  jsonLength: string | undefined,
  expected: Expected,
): Verdict<Tensors> {
  const length = jsonLength === undefined ? body.length : lengthIn(jsonLength, body.length);
  if (length === undefined) {
    return refused(
      `Inference-Header-Content-Length is ${JSON.stringify(jsonLength)} in a body of ${body.length} bytes`,
    );
  }
  const wide = expected.outputs.some(({ dtype }) => dtype === DTYPES.int64.code);
  const parsed = parseBoundedJson(body.subarray(0, length), wide);
  if (!parsed.ok) return parsed;
  const answer = parsed.value;
  if (!isRecord(answer)) return refused("the answer is not an object");
  const { id, model_name: modelName, outputs } = answer;
  if (id !== undefined && id !== "" && id !== expected.id) return refused("the answer is for another request");
  if (modelName !== undefined && modelName !== expected.modelName) return refused("the answer is of another model");
  if (!Array.isArray(outputs)) return refused("the answer has no outputs");
  if (outputs.length > MAX_TENSORS) return refused(`${outputs.length} outputs, at most ${MAX_TENSORS} are read`);
  const tail: Tail = { bytes: body.subarray(length), announced: jsonLength !== undefined, at: 0 };
  const tensors = new Map<string, Tensor>();
  for (const output of outputs) {
    const read = readOutput(output, expected.outputs, tail);
    if (!read.ok) return read;
    const { name, tensor } = read.value;
    if (tensors.has(name)) return refused(`output ${name} twice`);
    tensors.set(name, tensor);
  }
  const left = tail.bytes.length - tail.at;
  if (left > 0) return refused(`${left} bytes behind the last tensor`);
  return inOrder(tensors, expected.outputs);
}

function inOrder(tensors: ReadonlyMap<string, Tensor>, specs: readonly TensorSpec[]): Verdict<Tensors> {
  const ordered: Tensor[] = [];
  for (const { name } of specs) {
    const tensor = tensors.get(name);
    if (tensor === undefined) return refused(`output ${name} is missing`);
    ordered.push(tensor);
  }
  const wrong = mismatch(specs, ordered);
  return wrong === undefined ? { ok: true, value: ordered } : refused(wrong);
}

function lengthIn(text: string, bodyLength: number): number | undefined {
  const length = /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  return length <= bodyLength ? length : undefined;
}

function readOutput(
  output: unknown,
  specs: readonly TensorSpec[],
  tail: Tail,
): Verdict<{ readonly name: string; readonly tensor: Tensor }> {
  if (!isRecord(output)) return refused("an output is not an object");
  const spec = specs.find(({ name }) => name === output.name);
  if (spec === undefined) return refused(`an output with the undeclared name ${quote(output.name)}`);
  const { name } = spec;
  const datatype = datatypeNamed(output.datatype);
  if (datatype?.dtype !== spec.dtype)
    return refused(`${name}: datatype ${quote(output.datatype)} is not the declared one`);
  const { shape } = output;
  if (!isShape(shape)) return refused(`${name}: the shape ${quote(shape)} is none`);
  const size = shape.reduce((product, axis) => product * axis, datatype.size);
  if (size > MAX_OUTPUT_TENSOR_BYTES)
    return refused(`${name}: ${size} bytes, at most ${MAX_OUTPUT_TENSOR_BYTES} are read`);
  const data = readData(output, datatype, shape, size, tail);
  if (!data.ok) return refused(`${name}: ${data.reason}`);
  return { ok: true, value: { name, tensor: { dtype: datatype.dtype, shape: [...shape], data: data.value } } };
}

function readData(
  output: Readonly<Record<string, unknown>>,
  datatype: Datatype,
  shape: readonly number[],
  size: number,
  tail: Tail,
): Verdict<Uint8Array> {
  const announced = isRecord(output.parameters) ? output.parameters.binary_data_size : undefined;
  const data = new Uint8Array(size);
  if (announced === undefined) {
    const fault = storeJsonData(output.data, datatype, shape, data);
    return fault === undefined ? { ok: true, value: data } : refused(fault);
  }
  if (output.data !== undefined) return refused("data both in JSON and behind it");
  if (!tail.announced) return refused("binary_data_size without the header Inference-Header-Content-Length");
  if (announced !== size) return refused(`binary_data_size is ${quote(announced)}, the shape has ${size} bytes`);
  const left = tail.bytes.length - tail.at;
  if (size > left) return refused(`${size} bytes announced, ${left} are there`);
  data.set(tail.bytes.subarray(tail.at, tail.at + size));
  tail.at += size;
  if (datatype.name === "BOOL" && data.some((byte) => byte > 1)) return refused("a BOOL that is neither 0 nor 1");
  if (datatype.name === "FP32") canonicalizeNan(new Float32Array(data.buffer));
  if (datatype.name === "FP64") canonicalizeNan(new Float64Array(data.buffer));
  return { ok: true, value: data };
}

function isShape(shape: unknown): shape is readonly number[] {
  return (
    Array.isArray(shape) && shape.length <= MAX_RANK && shape.every((axis) => Number.isSafeInteger(axis) && axis >= 0)
  );
}

/** The text may be the server's: short. */
function quote(value: unknown): string {
  return (typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? "undefined")).slice(0, 80);
}
