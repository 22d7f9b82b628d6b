import { Writer } from "protobufjs/minimal.js";
import { sha256 } from "../../../chain/crypto/hash.ts";
import type { RunRequest } from "../../../node/engine/engine.ts";
import {
  bytesField,
  encodeGraph,
  type Fields,
  intField,
  message,
  model,
  type TestNode,
  textField,
  X,
  Y,
} from "../onnx-builder.ts";

/** A file that means harm. It takes x and gives y, two floats each, as far as it gets. */
export interface HostileModel {
  readonly name: string;
  /** Made when wanted: some are large. */
  readonly bytes: () => Uint8Array;
  /** What the static check says; undefined when it lets the file pass. */
  readonly check: RegExp | undefined;
  /** What comes of a run when the check is bypassed. */
  readonly engine: "ok" | "execError" | "absent";
  /** Takes seconds, or a lot of memory: for test/long. */
  readonly slow?: true;
}

const attribute = (name: string, type: number, ...fields: readonly Fields[]): Uint8Array =>
  message(textField(1, name), ...fields, intField(20, type));
export const int = (name: string, value: number): Uint8Array => attribute(name, 2, intField(3, value));
/** Packed, as for long lists. */
export const ints = (name: string, values: readonly number[]): Uint8Array => {
  const packed = Writer.create();
  for (const value of values) packed.int64(value);
  return attribute(name, 7, bytesField(8, packed.finish()));
};
export const floats = (name: string, values: readonly number[]): Uint8Array =>
  attribute(name, 6, bytesField(7, new Uint8Array(Float32Array.from(values).buffer)));
export const text = (name: string, value: string): Uint8Array => attribute(name, 3, textField(4, value));
export const texts = (name: string, values: readonly string[]): Uint8Array =>
  attribute(name, 8, (writer) => {
    for (const value of values) textField(9, value)(writer);
  });
export const tensorOf = (name: string, value: Uint8Array): Uint8Array => attribute(name, 4, bytesField(5, value));

/** A float32 tensor. */
export function floatTensor(name: string, shape: readonly number[], values: readonly number[]): Uint8Array {
  return rawTensor(name, 1, shape, new Uint8Array(Float32Array.from(values).buffer));
}

/** An int64 vector. */
export function longs(name: string, ...values: readonly number[]): Uint8Array {
  return rawTensor(name, 7, [values.length], new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer));
}

/** A TensorProto that need not make sense. */
export function rawTensor(
  name: string,
  dtype: number,
  shape: readonly number[],
  data: Uint8Array,
  ...more: readonly Fields[]
): Uint8Array {
  const lengths = shape.map((length) => intField(1, length));
  return message(...lengths, intField(2, dtype), textField(8, name), bytesField(9, data), ...more);
}

/** y is what the nodes make of x. */
export function graphOf(nodes: readonly TestNode[], initializers: readonly Uint8Array[] = []): Uint8Array {
  return encodeGraph({ nodes, inputs: [X], outputs: [Y], initializers });
}

export function modelOf(nodes: readonly TestNode[], initializers: readonly Uint8Array[] = []): Uint8Array {
  return model(
    graphOf(nodes, initializers),
    bytesField(8, message(textField(1, "ai.onnx.ml"), intField(2, 3))),
    bytesField(8, message(textField(1, "com.microsoft"), intField(2, 1))),
  );
}

/** One node that makes y. */
export const one = (node: Omit<TestNode, "outputs">, ...weights: readonly Uint8Array[]): Uint8Array =>
  modelOf([{ outputs: ["y"], ...node }], weights);

/** A request for a run of it, with -1 and 2. */
export function requestOf(bytes: Uint8Array, timeoutMs: number): RunRequest {
  return {
    modelRoot: sha256(bytes),
    modelBytes: async () => bytes,
    spec: { inputs: [{ name: "x", dtype: 1, shape: [2] }], outputs: [{ name: "y", dtype: 1, shape: [2] }] },
    inputs: [{ dtype: 1, shape: [2], data: new Uint8Array(Float32Array.of(-1, 2).buffer) }],
    timeoutMs,
    priority: "high",
  };
}
