import { Writer } from "protobufjs/minimal.js";

/** Writes small ONNX models for tests, field by field, so that malformed ones can be written as well. */
export type Fields = (writer: Writer) => void;

export function message(...fields: readonly Fields[]): Uint8Array {
  const writer = Writer.create();
  for (const field of fields) field(writer);
  return new Uint8Array(writer.finish());
}

export const bytesField =
  (field: number, value: Uint8Array): Fields =>
  (writer) =>
    void writer.uint32((field << 3) | 2).bytes(value);

export const textField =
  (field: number, value: string): Fields =>
  (writer) =>
    void writer.uint32((field << 3) | 2).string(value);

export const intField =
  (field: number, value: number): Fields =>
  (writer) =>
    void writer.uint32(field << 3).int64(value);

export interface TestNode {
  readonly op: string;
  readonly domain?: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: readonly Uint8Array[];
}

export interface TestTensor {
  readonly name: string;
  readonly dtype?: number;
  /** A string is a symbolic length. */
  readonly shape: readonly (number | string)[];
}

export interface TestGraph {
  readonly nodes: readonly TestNode[];
  readonly inputs: readonly TestTensor[];
  readonly outputs: readonly TestTensor[];
  readonly initializers?: readonly Uint8Array[];
}

export function node({ op, domain, inputs, outputs, attributes = [] }: TestNode): Uint8Array {
  return message(
    ...inputs.map((name) => textField(1, name)),
    ...outputs.map((name) => textField(2, name)),
    textField(4, op),
    ...attributes.map((attribute) => bytesField(5, attribute)),
    ...(domain === undefined ? [] : [textField(7, domain)]),
  );
}

export function valueInfo({ name, dtype = 1, shape }: TestTensor): Uint8Array {
  const dims = shape.map((length) =>
    bytesField(1, message(typeof length === "number" ? intField(1, length) : textField(2, length))),
  );
  const tensorType = message(intField(1, dtype), bytesField(2, message(...dims)));
  return message(textField(1, name), bytesField(2, message(bytesField(1, tensorType))));
}

/** A TensorProto with raw data. */
export function tensor(name: string, dtype: number, shape: readonly number[], data: Uint8Array): Uint8Array {
  return message(
    ...shape.map((length) => intField(1, length)),
    intField(2, dtype),
    textField(8, name),
    bytesField(9, data),
  );
}

/** An int64 scalar. */
export function int64(name: string, value: bigint): Uint8Array {
  return tensor(name, 7, [], new Uint8Array(BigInt64Array.of(value).buffer));
}

export function graphAttribute(name: string, graph: TestGraph): Uint8Array {
  return message(textField(1, name), bytesField(6, encodeGraph(graph)), intField(20, 5));
}

export function encodeGraph({ nodes, inputs, outputs, initializers = [] }: TestGraph): Uint8Array {
  return message(
    ...nodes.map((value) => bytesField(1, node(value))),
    textField(2, "graph"),
    ...initializers.map((value) => bytesField(5, value)),
    ...inputs.map((value) => bytesField(11, valueInfo(value))),
    ...outputs.map((value) => bytesField(12, valueInfo(value))),
  );
}

/** A ModelProto of IR version 8 with operator set 17. */
export function model(graph: Uint8Array, ...more: readonly Fields[]): Uint8Array {
  return message(
    intField(1, 8),
    bytesField(7, graph),
    bytesField(8, message(textField(1, ""), intField(2, 17))),
    ...more,
  );
}

export const X: TestTensor = { name: "x", shape: [2] };
export const Y: TestTensor = { name: "y", shape: [2] };

/** y = op(x) over two floats. */
export function unary(op: string): Uint8Array {
  return model(encodeGraph({ nodes: [{ op, inputs: ["x"], outputs: ["y"] }], inputs: [X], outputs: [Y] }));
}

/** y = x + 1, 2^62 times over: a run that does not end. */
export function endless(): Uint8Array {
  const body: TestGraph = {
    nodes: [
      { op: "Identity", inputs: ["go"], outputs: ["still"] },
      { op: "Add", inputs: ["v", "v"], outputs: ["next"] },
    ],
    inputs: [
      { name: "i", dtype: 7, shape: [] },
      { name: "go", dtype: 9, shape: [] },
      { name: "v", shape: [2] },
    ],
    outputs: [
      { name: "still", dtype: 9, shape: [] },
      { name: "next", shape: [2] },
    ],
  };
  const loop = { op: "Loop", inputs: ["trips", "", "x"], outputs: ["y"], attributes: [graphAttribute("body", body)] };
  return model(encodeGraph({ nodes: [loop], inputs: [X], outputs: [Y], initializers: [int64("trips", 2n ** 62n)] }));
}

/** y = 1 repeated `elements` times, reduced to one number; takes 4 bytes an element to run. */
export function greedy(): Uint8Array {
  return model(
    encodeGraph({
      nodes: [
        { op: "ConstantOfShape", inputs: ["n"], outputs: ["big"] },
        { op: "ReduceSum", inputs: ["big"], outputs: ["y"] },
      ],
      inputs: [{ name: "n", dtype: 7, shape: [1] }],
      outputs: [{ name: "y", shape: [1] }],
    }),
  );
}
