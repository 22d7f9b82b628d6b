import { Writer } from "protobufjs/minimal.js";

/** Writes the few messages of onnx.proto that the model needs; field numbers are those of onnx 1.19. */
type Fields = (writer: Writer) => void;

function message(...fields: readonly Fields[]): Uint8Array {
  const writer = Writer.create();
  for (const field of fields) field(writer);
  return new Uint8Array(writer.finish());
}

const bytes =
  (field: number, value: Uint8Array): Fields =>
  (writer) =>
    void writer.uint32((field << 3) | 2).bytes(value);

const text =
  (field: number, value: string): Fields =>
  (writer) =>
    void writer.uint32((field << 3) | 2).string(value);

const integer =
  (field: number, value: number): Fields =>
  (writer) =>
    void writer.uint32(field << 3).int64(value);

const TYPES = { float32: 1, uint8: 2, int64: 7 } as const;
export type ElementType = keyof typeof TYPES;

/** An operator of the default domain. An empty name leaves an optional input or output out. */
export function node(
  operator: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Readonly<Record<string, number | readonly number[]>> = {},
): Uint8Array {
  return message(
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, operator),
    ...Object.entries(attributes).map(([name, value]) =>
      bytes(
        5,
        typeof value === "number"
          ? message(text(1, name), integer(3, value), integer(20, 2))
          : message(text(1, name), ...value.map((item) => integer(8, item)), integer(20, 7)),
      ),
    ),
  );
}

/** A constant; floats are rounded to 32 bits. */
export function constant(
  name: string,
  type: ElementType,
  shape: readonly number[],
  values: ArrayLike<number>,
): Uint8Array {
  const list = Array.from(values);
  const size = { float32: 4, uint8: 1, int64: 8 }[type];
  const data = new Uint8Array(size * list.length);
  const view = new DataView(data.buffer);
  for (const [index, value] of list.entries()) {
    if (type === "float32") view.setFloat32(4 * index, value, true);
    else if (type === "uint8") view.setUint8(index, value);
    else view.setBigInt64(8 * index, BigInt(value), true);
  }
  return message(...shape.map((length) => integer(1, length)), integer(2, TYPES[type]), text(8, name), bytes(9, data));
}

/** A declared input or output, of a fixed shape. */
export function value(name: string, type: ElementType, shape: readonly number[]): Uint8Array {
  const lengths = message(...shape.map((length) => bytes(1, message(integer(1, length)))));
  const tensor = message(integer(1, TYPES[type]), bytes(2, lengths));
  return message(text(1, name), bytes(2, message(bytes(1, tensor))));
}

export interface Graph {
  readonly name: string;
  readonly nodes: readonly Uint8Array[];
  readonly constants: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

/** The file: IR version 8, operator set 17. */
export function model({ name, nodes, constants, inputs, outputs }: Graph): Uint8Array {
  const graph = message(
    ...nodes.map((item) => bytes(1, item)),
    text(2, name),
    ...constants.map((item) => bytes(5, item)),
    ...inputs.map((item) => bytes(11, item)),
    ...outputs.map((item) => bytes(12, item)),
  );
  return message(integer(1, 8), text(2, "assay"), bytes(7, graph), bytes(8, message(text(1, ""), integer(2, 17))));
}
