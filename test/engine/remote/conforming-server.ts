import type { IncomingMessage, ServerResponse } from "node:http";
import { bodyOf, sendJson } from "./test-server.ts";

/**
 * A server of the Open Inference Protocol v2, for tests, that shares no code with the client. Each of its models has the input `x` and
 * the output `y` of the same datatype and any length: y = 2x, for BOOL y = x.
 */
const VIEWS = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  INT8: Int8Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP32: Float32Array,
  FP64: Float64Array,
} as const;
export type ServedDatatype = keyof typeof VIEWS;
type Values = InstanceType<(typeof VIEWS)[ServedDatatype]>;

interface Input {
  readonly name: string;
  readonly shape: readonly number[];
  readonly datatype: ServedDatatype;
  readonly parameters?: { readonly binary_data_size?: number };
  readonly data?: readonly (number | boolean)[];
}

interface InferRequest {
  readonly id: string;
  readonly inputs: readonly Input[];
  readonly outputs: readonly { readonly name: string; readonly parameters?: { readonly binary_data?: boolean } }[];
}

export interface Served {
  /** Model names, with their datatypes. */
  readonly models: Readonly<Record<string, ServedDatatype>>;
}

/** Answers everything but what it does not know. */
export function conformingServer({ models }: Served): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const [, version, kind, name = "", ...rest] = (request.url ?? "").split("/");
    if (version !== "v2") return sendJson(response, { error: "no such path" }, 404);
    if (kind === "health") return sendJson(response, name === "live" ? { live: true } : { ready: true });
    const datatype = Object.hasOwn(models, name) ? models[name] : undefined;
    if (kind !== "models" || datatype === undefined) return sendJson(response, { error: `no model ${name}` }, 404);
    const call = (rest[0] === "versions" ? rest.slice(2) : rest)[0];
    if (call === undefined) return sendJson(response, metadata(name, datatype));
    if (call === "ready") return sendJson(response, { name, ready: true });
    if (call !== "infer" || request.method !== "POST") return sendJson(response, { error: "no such path" }, 404);
    void bodyOf(request).then((body) => infer(name, request.headers, body, response));
  };
}

function metadata(name: string, datatype: ServedDatatype): object {
  const tensor = { datatype, shape: [-1] };
  return {
    name,
    versions: ["1"],
    platform: "onnxruntime_onnx",
    inputs: [{ name: "x", ...tensor }],
    outputs: [{ name: "y", ...tensor }],
  };
}

function infer(name: string, headers: IncomingMessage["headers"], body: Buffer, response: ServerResponse): void {
  const header = headers["inference-header-content-length"];
  const length = header === undefined ? body.length : Number(header);
  const asked = JSON.parse(body.toString("utf8", 0, length)) as InferRequest;
  const [input] = asked.inputs;
  if (input === undefined || input.name !== "x") {
    sendJson(response, { error: "there must be an input x" }, 400);
    return;
  }
  const values = read(input, body.subarray(length));
  if (input.datatype !== "BOOL") double(values);
  const head = { name: "y", shape: input.shape, datatype: input.datatype };
  const answer = (output: object): string =>
    JSON.stringify({ model_name: name, model_version: "1", id: asked.id, outputs: [output] });
  if (asked.outputs[0]?.parameters?.binary_data !== true) {
    const texts = [...values].map((value) => (input.datatype === "BOOL" ? String(Number(value) === 1) : String(value)));
    response.writeHead(200, { "content-type": "application/json" });
    response.end(answer({ ...head, data: "DATA" }).replace('"DATA"', `[${texts.join(",")}]`));
    return;
  }
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const json = Buffer.from(answer({ ...head, parameters: { binary_data_size: bytes.length } }));
  response.writeHead(200, {
    "content-type": "application/octet-stream",
    "inference-header-content-length": json.length,
    "content-length": json.length + bytes.length,
  });
  response.end(Buffer.concat([json, bytes]));
}

function double(values: Values): void {
  if (values instanceof BigInt64Array) for (const [i, value] of values.entries()) values[i] = 2n * value;
  else for (let i = 0; i < values.length; i++) values[i] = 2 * (values[i] as number);
}

function read({ datatype, shape, parameters, data }: Input, tail: Buffer): Values {
  const View = VIEWS[datatype];
  const size = parameters?.binary_data_size;
  if (size !== undefined) return new View(new Uint8Array(tail.subarray(0, size)).buffer);
  const values = new View(shape.reduce((product, axis) => product * axis, 1));
  for (const [i, value] of (data ?? []).entries()) {
    values[i] = values instanceof BigInt64Array ? BigInt(value) : Number(value);
  }
  return values;
}
