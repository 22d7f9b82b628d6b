import { readFileSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { Reader, Writer } from "protobufjs/minimal.js";
import { constant, node, value } from "../character-model/onnx.ts";

/** Fields of ModelProto and GraphProto, onnx 1.19. */
const GRAPH = 7;
const NODE = 1;
const CONSTANT = 5;
const INPUT = 11;
const LENGTH_DELIMITED = 2;

interface Field {
  readonly number: number;
  /** Tag and content, as they stand in the file. */
  readonly raw: Uint8Array;
  /** Content of a length-delimited field. */
  readonly content: Uint8Array | undefined;
}

function fieldsOf(bytes: Uint8Array): Field[] {
  const reader = Reader.create(bytes);
  const fields: Field[] = [];
  while (reader.pos < reader.len) {
    const from = reader.pos;
    const tag = reader.uint32();
    const type = tag & 7;
    const content = type === LENGTH_DELIMITED ? new Uint8Array(reader.bytes()) : undefined;
    if (content === undefined) reader.skipType(type);
    fields.push({ number: tag >>> 3, raw: bytes.subarray(from, reader.pos), content });
  }
  return fields;
}

function message(fields: readonly (Uint8Array | readonly [number: number, content: Uint8Array])[]): Uint8Array {
  const parts = fields.map((field) => {
    if (field instanceof Uint8Array) return field;
    const [number, content] = field;
    return new Uint8Array(
      Writer.create()
        .uint32((number << 3) | LENGTH_DELIMITED)
        .bytes(content)
        .finish(),
    );
  });
  return Uint8Array.from(Buffer.concat(parts));
}

export interface Preprocessing {
  /** Name of the model's input, float32, that is computed from now on. */
  readonly input: string;
  /** Its shape. */
  readonly shape: readonly number[];
  /** What the raw input is called, and its shape: bytes as a camera or a file gives them. */
  readonly raw: string;
  readonly rawShape: readonly number[];
  /** `(byte - mean) / scale`; a power of two as the scale is exact. */
  readonly mean: number;
  readonly scale: number;
}

/**
 * A model that takes raw bytes: the graph begins with a cast, a subtraction, a division and a reshape, and goes on as it was. Whoever asks then needs no
 * code that must agree with the one of the training to the last bit.
 */
export function withPreprocessing(file: Uint8Array, options: Preprocessing): Uint8Array {
  const { input, shape, raw, rawShape, mean, scale } = options;
  const model = fieldsOf(file);
  const graph = fieldsOf(model.find(({ number }) => number === GRAPH)?.content ?? new Uint8Array(0));
  // A ValueInfoProto begins with its name.
  const isInput = ({ number, content }: Field): boolean =>
    number === INPUT && content !== undefined && Buffer.from(fieldsOf(content)[0]?.content ?? []).toString() === input;
  if (!graph.some(isInput)) throw new Error(`the model has no input ${input}`);
  const before = [
    node("Cast", [raw], ["raw_float"], { to: 1 }),
    node("Sub", ["raw_float", "raw_mean"], ["raw_centred"]),
    node("Div", ["raw_centred", "raw_scale"], ["raw_scaled"]),
    node("Reshape", ["raw_scaled", "raw_shape"], [input]),
  ];
  const constants = [
    constant("raw_mean", "float32", [], [mean]),
    constant("raw_scale", "float32", [], [scale]),
    constant("raw_shape", "int64", [shape.length], shape),
  ];
  const wrapped = message([
    ...before.map((each) => [NODE, each] as const),
    ...graph.filter((field) => !isInput(field)).map((field) => field.raw),
    ...constants.map((each) => [CONSTANT, each] as const),
    [INPUT, value(raw, "uint8", rawShape)],
  ]);
  return message(model.map((field) => (field.number === GRAPH ? ([GRAPH, wrapped] as const) : field.raw)));
}

/** Of the digits: pixels from 0 to 16, eight rows of eight. */
export const DIGITS: Preprocessing = {
  input: "x",
  shape: [1, 1, 8, 8],
  raw: "pixels",
  rawShape: [1, 8, 8],
  mean: 0,
  scale: 16,
};

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [, , from, to] = process.argv;
  if (from === undefined || to === undefined) {
    throw new Error("usage: node scripts/preprocessing/wrap.ts <cnn_digits.onnx> <cnn_digits_raw.onnx>");
  }
  const bytes = withPreprocessing(readFileSync(from), DIGITS);
  writeFileSync(to, bytes);
  console.log(`${bytes.length} bytes to ${to}`);
}
