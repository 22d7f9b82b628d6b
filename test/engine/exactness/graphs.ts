import {
  bytesField,
  encodeGraph,
  intField,
  message,
  model,
  type TestNode,
  type TestTensor,
  tensor,
  textField,
} from "../onnx-builder.ts";

/** Attributes and constants for graphs of the exactness checker. */

export const intAttribute = (name: string, value: number): Uint8Array =>
  message(textField(1, name), intField(3, value), intField(20, 2));

export const intsAttribute = (name: string, values: readonly number[]): Uint8Array =>
  message(textField(1, name), ...values.map((value) => intField(8, value)), intField(20, 7));

export const textAttribute = (name: string, value: string): Uint8Array =>
  message(textField(1, name), bytesField(4, Buffer.from(value)), intField(20, 3));

export const floatAttribute = (name: string, value: number): Uint8Array =>
  message(textField(1, name), (writer) => void writer.uint32((2 << 3) | 5).float(value), intField(20, 1));

export const floatsAttribute = (name: string, values: readonly number[]): Uint8Array =>
  message(
    textField(1, name),
    (writer) => {
      for (const value of values) writer.uint32((7 << 3) | 5).float(value);
    },
    intField(20, 6),
  );

export const textsAttribute = (name: string, values: readonly string[]): Uint8Array =>
  message(textField(1, name), ...values.map((value) => bytesField(9, Buffer.from(value))), intField(20, 8));

export const tensorAttribute = (name: string, value: Uint8Array): Uint8Array =>
  message(textField(1, name), bytesField(5, value), intField(20, 4));

const bytesOf = (view: ArrayBufferView<ArrayBuffer>): Uint8Array => new Uint8Array(view.buffer);

export type ConstantType = "float" | "u8" | "s8" | "i32" | "i64" | "bool";

export const CODES = { float: 1, u8: 2, s8: 3, i32: 6, i64: 7, bool: 9 } as const;

export function constant(
  name: string,
  type: ConstantType,
  shape: readonly number[],
  values: readonly number[],
): Uint8Array {
  const data = {
    float: () => bytesOf(Float32Array.from(values)),
    u8: () => Uint8Array.from(values),
    s8: () => bytesOf(Int8Array.from(values)),
    i32: () => bytesOf(Int32Array.from(values)),
    i64: () => bytesOf(BigInt64Array.from(values, BigInt)),
    bool: () => Uint8Array.from(values),
  }[type]();
  return tensor(name, CODES[type], shape, data);
}

export const scalar = (name: string, type: ConstantType, value: number): Uint8Array =>
  constant(name, type, [], [value]);

export interface Graph {
  readonly nodes: readonly TestNode[];
  readonly constants?: readonly Uint8Array[];
  readonly inputs?: readonly TestTensor[];
  readonly outputs?: readonly TestTensor[];
}

/** From a float x of [1, 4] to a float y, unless said otherwise. */
export function build({ nodes, constants = [], inputs, outputs }: Graph): Uint8Array {
  const graph = encodeGraph({
    nodes,
    initializers: constants,
    inputs: inputs ?? [{ name: "x", shape: [1, 4] }],
    outputs: outputs ?? [{ name: "y", shape: [1, 4] }],
  });
  return model(graph, bytesField(8, message(textField(1, "ai.onnx.ml"), intField(2, 3))));
}

export const op = (
  name: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...attributes: readonly Uint8Array[]
): TestNode => ({ op: name, inputs, outputs, attributes });

/** x, any float, made whole numbers from 0 to 15 without -0: q. */
export const WHOLE: readonly TestNode[] = [
  op("Clip", ["x", "least", "most"], ["clipped"]),
  op("Round", ["clipped"], ["rounded"]),
  op("Cast", ["rounded"], ["whole"], intAttribute("to", CODES.i32)),
  op("Cast", ["whole"], ["q"], intAttribute("to", CODES.float)),
];
export const WHOLE_CONSTANTS = [scalar("least", "float", 0), scalar("most", "float", 15)];
