import { Writer } from "protobufjs/minimal.js";
import { concatBytes } from "../../../chain/bytes.ts";
import {
  bytesField,
  encodeGraph,
  type Fields,
  intField,
  message,
  model,
  node,
  textField,
  unary,
  valueInfo,
  X,
  Y,
} from "../onnx-builder.ts";
import { graphOf, type HostileModel, modelOf, rawTensor } from "./hostile-model.ts";

/** Files that are not what protobuf, or ONNX, or both of two readers, take them for. */

const GOOD = unary("Neg");
const NEG = { op: "Neg", inputs: ["x"], outputs: ["y"] } as const;
const raw =
  (...bytes: readonly number[]): Fields =>
  (writer) => {
    for (const byte of bytes) writer.uint32(byte);
  };
const opset = (version: number): Fields => bytesField(8, message(textField(1, ""), intField(2, version)));
/** A graph whose operator, or name of an input, is these bytes. */
const named = (op: Uint8Array, input: Uint8Array): Uint8Array => {
  const bad = message(bytesField(1, input), textField(2, "y"), bytesField(4, op));
  return model(
    message(bytesField(1, bad), textField(2, "g"), bytesField(11, valueInfo(X)), bytesField(12, valueInfo(Y))),
  );
};
const ascii = (value: string): Uint8Array => new Uint8Array(Buffer.from(value, "latin1"));
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 167 + (i >> 3)) % 251);

/** A message in a message in a message, all of them field `field`. */
function nested(field: number, depth: number, inner: Uint8Array): Uint8Array {
  // From the inside; a writer for each would copy everything at each level.
  const heads: Uint8Array[] = [];
  let length = inner.length;
  for (let i = 0; i < depth; i++) {
    const head = new Uint8Array(
      Writer.create()
        .uint32((field << 3) | 2)
        .uint32(length)
        .finish(),
    );
    heads.push(head);
    length += head.length;
  }
  return concatBytes(...heads.reverse(), inner);
}

/** An attribute that holds a graph with a node with an attribute …, as bytes of alternating fields. */
function graphsInGraphs(depth: number): Uint8Array {
  const heads: Uint8Array[] = [];
  let length = 0;
  for (let i = 0; i < depth; i++) {
    for (const field of [6, 5, 1]) {
      const head = new Uint8Array(
        Writer.create()
          .uint32((field << 3) | 2)
          .uint32(length)
          .finish(),
      );
      heads.push(head);
      length += head.length;
    }
  }
  return model(concatBytes(...heads.reverse(), graphOf([NEG])));
}

/** An input of the type sequence of sequence of …. */
function typeInType(depth: number): Uint8Array {
  // TypeProto.sequence_type = 4, Sequence.elem_type = 1.
  let heads: Uint8Array[] = [];
  const inner = message(bytesField(1, message(intField(1, 1))));
  let length = inner.length;
  for (let i = 0; i < depth; i++) {
    for (const field of [1, 4]) {
      const head = new Uint8Array(
        Writer.create()
          .uint32((field << 3) | 2)
          .uint32(length)
          .finish(),
      );
      heads = [...heads, head];
      length += head.length;
    }
  }
  const type = concatBytes(...heads.reverse(), inner);
  const input = message(textField(1, "s"), bytesField(2, type));
  return model(
    message(
      bytesField(1, node(NEG)),
      textField(2, "g"),
      bytesField(11, valueInfo(X)),
      bytesField(11, input),
      bytesField(12, valueInfo(Y)),
    ),
  );
}

const external = (location: string, ...more: readonly [string, string][]): Uint8Array => {
  const entries = ([["location", location], ...more] as const).map(([key, value]) =>
    bytesField(13, message(textField(1, key), textField(2, value))),
  );
  const tensor = message(intField(1, 2), intField(2, 1), textField(8, "w"), ...entries, intField(14, 1));
  return modelOf([{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }], [tensor]);
};

const ELSEWHERE = /has its data in another file/;

export const WIRE: readonly HostileModel[] = [
  { name: "nothing", bytes: () => new Uint8Array(0), check: /no graph/, engine: "execError" },
  { name: "noise", bytes: () => pattern(65_536), check: /./, engine: "execError" },
  { name: "only 0xff", bytes: () => new Uint8Array(4096).fill(0xff), check: /./, engine: "execError" },
  {
    name: "a file cut in the middle",
    bytes: () => GOOD.subarray(0, GOOD.length >> 1),
    check: /./,
    engine: "execError",
  },
  {
    name: "a file with noise at its end",
    bytes: () => concatBytes(GOOD, pattern(100)),
    check: /./,
    engine: "execError",
  },
  {
    name: "a field that is longer than the file",
    bytes: () => concatBytes(GOOD, Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0x7f)),
    check: /./,
    engine: "execError",
  },
  {
    name: "a field of negative length",
    bytes: () => concatBytes(GOOD, Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01)),
    check: /./,
    engine: "execError",
  },
  {
    name: "a number of eleven bytes",
    bytes: () => concatBytes(GOOD, Uint8Array.of(0x28, ...new Uint8Array(10).fill(0x80), 1)),
    check: /./,
    engine: "execError",
  },
  {
    name: "a padded tag",
    bytes: () => concatBytes(GOOD, Uint8Array.of(0x88, 0x80, 0x00, 8)),
    check: /padded varint/,
    engine: "ok",
  },
  { name: "a group", bytes: () => concatBytes(GOOD, Uint8Array.of(0x5b, 0x5c)), check: /wire type/, engine: "ok" },
  {
    name: "field number 0",
    bytes: () => concatBytes(GOOD, Uint8Array.of(0x00, 0x00)),
    check: /field number 0/,
    engine: "execError",
  },
  {
    name: "two graphs, which protobuf merges",
    bytes: () => concatBytes(GOOD, message(bytesField(7, graphOf([{ op: "Abs", inputs: ["x"], outputs: ["z"] }])))),
    check: /field 7 twice/,
    engine: "execError",
  },
  {
    name: "two operator types in one node",
    bytes: () =>
      model(
        message(
          bytesField(1, message(textField(1, "x"), textField(2, "y"), textField(4, "Abs"), textField(4, "Neg"))),
          textField(2, "g"),
          bytesField(11, valueInfo(X)),
          bytesField(12, valueInfo(Y)),
        ),
      ),
    check: /field 4 twice/,
    engine: "ok",
  },
  {
    name: "a tensor with two sets of data",
    bytes: () =>
      modelOf(
        [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
        [rawTensor("w", 1, [2], new Uint8Array(8), bytesField(9, pattern(8)))],
      ),
    check: /field 9 twice/,
    engine: "ok",
  },
  {
    name: "half a million unknown fields",
    bytes: () =>
      concatBytes(
        GOOD,
        new Uint8Array(1_000_000).map((_, i) => (i % 2 === 0 ? 0x78 : 1)),
      ),
    check: undefined,
    engine: "ok",
  },
  {
    name: "an operator that is not UTF-8",
    bytes: () => named(Uint8Array.of(0xc0, 0x80, 0xff), ascii("x")),
    check: /not UTF-8/,
    engine: "execError",
  },
  {
    name: "a name that is not UTF-8",
    bytes: () => named(ascii("Neg"), Uint8Array.of(0xed, 0xa0, 0x80)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an operator with a name of 16 MiB",
    bytes: () => named(new Uint8Array(2 ** 24).fill(0x41), ascii("x")),
    check: /an operator of 16777216 bytes/,
    engine: "absent",
    slow: true,
  },
  {
    name: "an input with a name of 16 MiB",
    bytes: () => named(ascii("Neg"), new Uint8Array(2 ** 24).fill(0x41)),
    check: undefined,
    engine: "execError",
    slow: true,
  },
  {
    name: "messages nested 100,000 deep in an unknown field",
    bytes: () => concatBytes(GOOD, nested(15, 100_000, new Uint8Array(0))),
    check: undefined,
    engine: "ok",
  },
  { name: "graphs nested 5,000 deep", bytes: () => graphsInGraphs(5000), check: /nested deeper/, engine: "execError" },
  { name: "a type nested 5,000 deep", bytes: () => typeInType(5000), check: /./, engine: "execError" },
  {
    name: "a file in the format of onnxruntime itself",
    bytes: () => concatBytes(Uint8Array.of(0x20, 0, 0, 0), ascii("ORTM"), pattern(4096)),
    check: /ORT format/,
    engine: "execError",
  },
  {
    name: "no operator set",
    bytes: () => message(intField(1, 8), bytesField(7, graphOf([NEG]))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "operator set 2^31",
    bytes: () => message(intField(1, 8), bytesField(7, graphOf([NEG])), opset(2 ** 31)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "operator set -1",
    bytes: () => message(intField(1, 8), bytesField(7, graphOf([NEG])), opset(-1)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a version of the format that does not exist",
    bytes: () => message(intField(1, 9999), bytesField(7, graphOf([NEG])), opset(17)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "weights in /etc/passwd",
    bytes: () => external("../../../../../../etc/passwd"),
    check: ELSEWHERE,
    engine: "execError",
  },
  {
    name: "weights at an address in memory",
    bytes: () => external("*/_ORT_MEM_ADDR_/*", ["offset", "4096"], ["length", "8"]),
    check: ELSEWHERE,
    engine: "execError",
  },
  {
    name: "weights at an address beyond memory",
    bytes: () => external("*/_ORT_MEM_ADDR_/*", ["offset", "4294967280"], ["length", "8"]),
    check: ELSEWHERE,
    engine: "execError",
  },
  {
    name: "a graph without inputs and outputs",
    bytes: () => model(encodeGraph({ nodes: [], inputs: [], outputs: [] })),
    check: /0 inputs/,
    engine: "absent",
    slow: true,
  },
  {
    name: "a number written as text",
    bytes: () => concatBytes(GOOD, message(raw(0x0a), raw(1), raw(65))),
    check: /field 1 twice/,
    engine: "ok",
  },
];
