import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { concatBytes } from "../../chain/bytes.ts";
import { checkModel, MAX_MODEL_BYTES } from "../../node/engine/onnx-check.ts";
import {
  bytesField,
  encodeGraph,
  endless,
  type Fields,
  graphAttribute,
  intField,
  message,
  model,
  node,
  type TestGraph,
  type TestNode,
  tensor,
  textField,
  unary,
  valueInfo,
  X,
  Y,
} from "./onnx-builder.ts";

const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, `../fixtures/models/${name}.onnx`)));
const reasonOf = (bytes: Uint8Array): string => {
  const result = checkModel(bytes);
  return result.ok ? "accepted" : result.reason;
};
const single = (change: Partial<TestNode>): Uint8Array =>
  model(encodeGraph({ nodes: [{ op: "Neg", inputs: ["x"], outputs: ["y"], ...change }], inputs: [X], outputs: [Y] }));
const withInitializer = (value: Uint8Array): Uint8Array =>
  model(encodeGraph({ nodes: [], inputs: [X], outputs: [Y], initializers: [value] }));

test("the digits model", () => {
  expect(checkModel(load("cnn_digits"))).toEqual({
    ok: true,
    opset: 20,
    operators: ["BatchNormalization", "Conv", "Flatten", "Gemm", "MaxPool", "Relu", "Softmax"],
    inputs: [{ name: "x", dtype: 1, shape: [-1, 1, 8, 8] }],
    outputs: [
      { name: "logits", dtype: 1, shape: undefined },
      { name: "prob", dtype: 1, shape: undefined },
    ],
  });
});

test.each([
  ["rf_cancer", "ai.onnx.ml.TreeEnsembleClassifier"],
  ["gb_diabetes", "ai.onnx.ml.TreeEnsembleRegressor"],
  ["lstm_digits", "LSTM"],
  ["cnn_qop_u8s8", "QLinearConv"],
  ["transformer_enc", "LayerNormalization"],
])("%s uses %s", (name, operator) => {
  expect(checkModel(load(name))).toMatchObject({ ok: true, operators: expect.arrayContaining([operator]) });
});

test("an input with a value of its own is not asked for", () => {
  const graph: TestGraph = {
    nodes: [{ op: "Add", inputs: ["x", "b"], outputs: ["y"] }],
    inputs: [X, { name: "b", shape: [2] }],
    outputs: [Y],
    initializers: [tensor("b", 1, [2], new Uint8Array(8))],
  };
  expect(checkModel(model(encodeGraph(graph)))).toMatchObject({ ok: true, inputs: [{ name: "x" }] });
});

test.each<[string, Partial<TestNode>, string]>([
  ["a random one", { op: "RandomNormalLike" }, "operator RandomNormalLike draws random numbers"],
  ["Multinomial", { op: "Multinomial" }, "operator Multinomial draws random numbers"],
  [
    "Bernoulli, spelt with its domain",
    { op: "Bernoulli", domain: "ai.onnx" },
    "operator Bernoulli draws random numbers",
  ],
  ["one that shows the bits of NaN", { op: "BitCast" }, "operator BitCast shows the bits of NaN"],
  [
    "a hash of floats",
    { op: "MurmurHash3", domain: "com.microsoft" },
    "operator com.microsoft.MurmurHash3 shows the bits of NaN",
  ],
  ["one of an unknown domain", { domain: "evil" }, "operator Neg of the unknown domain evil"],
  ["one without name", { op: "" }, "a node without operator"],
  ["Dropout in training", { op: "Dropout", inputs: ["x", "", "t"] }, "operator Dropout with a training mode"],
  ["a sparse tensor", { attributes: [message(bytesField(22, new Uint8Array(0)))] }, "a sparse tensor"],
])("operators: %s is refused", (_name, change, reason) => {
  expect(reasonOf(single(change))).toBe(reason);
});

test("Dropout outside training is an ordinary operator", () => {
  expect(reasonOf(single({ op: "Dropout", inputs: ["x", "ratio", ""] }))).toBe("accepted");
});

function nested(depth: number): Uint8Array {
  let graph: TestGraph = { nodes: [{ op: "RandomUniform", inputs: [], outputs: ["y"] }], inputs: [], outputs: [Y] };
  for (let i = 1; i < depth; i++) {
    graph = {
      nodes: [{ op: "If", inputs: ["c"], outputs: ["y"], attributes: [graphAttribute("then_branch", graph)] }],
      inputs: [],
      outputs: [Y],
    };
  }
  return model(encodeGraph(graph));
}

test("a refused operator is found in the deepest subgraph allowed, and none is looked at below", () => {
  expect(reasonOf(nested(16))).toContain("RandomUniform");
  expect(reasonOf(nested(17))).toBe("graphs nested deeper than 16");
  expect(reasonOf(nested(1000))).toBe("graphs nested deeper than 16");
});

test.each<[string, Uint8Array, RegExp]>([
  [
    "external data",
    message(textField(8, "w"), bytesField(13, new Uint8Array(0))),
    /tensor w has its data in another file/,
  ],
  ["an external location", message(textField(8, "w"), intField(14, 1)), /another file/],
  ["a negative length", message(textField(8, "w"), intField(1, -1)), /tensor .* length of -1/],
  ["a huge length", message(intField(1, 2 ** 31)), /length of 2147483648/],
  ["too many elements", message(intField(1, 65536), intField(1, 65536)), /more than 2147483647 elements/],
  [
    "packed lengths that are negative",
    message(bytesField(1, Uint8Array.of(2, ...Array(9).fill(0xff), 1))),
    /length of -1/,
  ],
  ["packed lengths cut short", message(bytesField(1, Uint8Array.of(0x80))), /passes its end|out of range/],
  ["two names", message(textField(8, "a"), textField(8, "b")), /field 8 twice/],
])("a tensor with %s is refused", (_name, value, reason) => {
  expect(reasonOf(withInitializer(value))).toMatch(reason);
  expect(reasonOf(single({ attributes: [message(textField(1, "value"), bytesField(5, value))] }))).toMatch(reason);
});

function withInputType(...type: readonly Fields[]): Uint8Array {
  const input = message(textField(1, "x"), bytesField(2, message(...type)));
  return model(message(bytesField(11, input), bytesField(12, valueInfo(Y))));
}

test.each<[string, Uint8Array, RegExp]>([
  ["no inputs", model(encodeGraph({ nodes: [], inputs: [], outputs: [Y] })), /0 inputs/],
  [
    "17 outputs",
    model(
      encodeGraph({
        nodes: [],
        inputs: [X],
        outputs: Array.from({ length: 17 }, (_, i) => ({ name: `y${i}`, shape: [] })),
      }),
    ),
    /17 outputs/,
  ],
  [
    "float16",
    model(encodeGraph({ nodes: [], inputs: [{ ...X, dtype: 10 }], outputs: [Y] })),
    /input x has element type 10/,
  ],
  [
    "rank 9",
    model(encodeGraph({ nodes: [], inputs: [X], outputs: [{ name: "y", shape: Array(9).fill(1) }] })),
    /rank 9/,
  ],
  [
    "a negative length",
    model(encodeGraph({ nodes: [], inputs: [{ name: "x", shape: [-3] }], outputs: [Y] })),
    /length of -3/,
  ],
  ["the same name twice", model(encodeGraph({ nodes: [], inputs: [X, X], outputs: [Y] })), /input x twice/],
  ["an input without shape", withInputType(bytesField(1, message(intField(1, 1)))), /input x has no shape/],
  ["a sequence", withInputType(bytesField(4, new Uint8Array(0))), /element type 0/],
  [
    "two types",
    withInputType(bytesField(1, message(intField(1, 1))), bytesField(4, new Uint8Array(0))),
    /x has 2 types/,
  ],
])("an interface with %s is refused", (_name, bytes, reason) => {
  expect(reasonOf(bytes)).toMatch(reason);
});

const graph = encodeGraph({ nodes: [], inputs: [X], outputs: [Y] });

test.each<[string, Uint8Array, RegExp]>([
  ["empty", new Uint8Array(0), /no graph/],
  ["too large", new Uint8Array(MAX_MODEL_BYTES + 1), /67108865 bytes/],
  ["two graphs", concatBytes(model(graph), message(bytesField(7, graph))), /field 7 twice/],
  [
    "two operators in one node",
    model(
      message(
        bytesField(1, concatBytes(node({ op: "Neg", inputs: [], outputs: [] }), message(textField(4, "RandomNormal")))),
      ),
    ),
    /field 4 twice/,
  ],
  [
    "an operator set twice",
    model(graph, bytesField(8, message(textField(1, "ai.onnx"), intField(2, 9)))),
    /operator set ai.onnx twice/,
  ],
  ["local functions", model(graph, bytesField(25, new Uint8Array(0))), /local functions/],
  ["training information", model(graph, bytesField(20, new Uint8Array(0))), /training/],
  ["a group", Uint8Array.of((7 << 3) | 3), /wire type 3/],
  ["field number 0", Uint8Array.of(0, 0), /field number 0/],
  ["a length past the end", Uint8Array.of((7 << 3) | 2, 5, 0), /5 bytes .* 1 left/],
  ["a padded length", concatBytes(Uint8Array.of((7 << 3) | 2, 0x80 | graph.length, 0x80, 0), graph), /padded varint/],
  ["an endless varint", Uint8Array.of(1 << 3, ...Array(20).fill(0xff), 1), /varint of 21 bytes/],
  [
    "ORT format",
    concatBytes(
      Uint8Array.of(0x32, 40),
      new Uint8Array(2),
      Uint8Array.from(Buffer.from("ORTM")),
      new Uint8Array(34),
      model(graph),
    ),
    /ORT format/,
  ],
  ["a name that is not UTF-8", model(message(bytesField(1, message(bytesField(4, Uint8Array.of(0xff)))))), /not UTF-8/],
])("%s is refused", (_name, bytes, reason) => {
  expect(reasonOf(bytes)).toMatch(reason);
});

test("many empty nodes are refused in bounded time and memory", () => {
  const nodes = new Uint8Array(8_000_000);
  for (let i = 0; i < nodes.length; i += 2) nodes[i] = (1 << 3) | 2;
  expect(reasonOf(model(nodes))).toBe("a node without operator");
  const fields = new Uint8Array(9_000_000).fill(0);
  for (let i = 0; i < fields.length; i += 2) fields[i] = 1 << 3;
  expect(reasonOf(concatBytes(fields, model(graph)))).toMatch(/twice/);
  for (let i = 0; i < fields.length; i += 2) fields[i] = 9 << 3;
  expect(reasonOf(concatBytes(fields, model(graph)))).toBe("too many protobuf fields");
});

test("every cut of a model is refused, and no change of a byte makes it throw", () => {
  const bytes = endless();
  for (let length = 0; length < bytes.length; length++) {
    const result = checkModel(bytes.subarray(0, length));
    expect(result.ok && length < bytes.length - 8).toBe(false);
  }
  fc.assert(
    fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, value) => {
      const changed = Uint8Array.from(bytes);
      changed[at] = value;
      expect(typeof checkModel(changed).ok).toBe("boolean");
    }),
    { numRuns: 2000 },
  );
});

test("arbitrary bytes never make it throw", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void checkModel(bytes)),
    { numRuns: 2000 },
  );
  expect(reasonOf(unary("Neg"))).toBe("accepted");
});

test("the lengths of packed shapes count like fields, so that one tensor can't keep the check busy", () => {
  const shape = bytesField(1, new Uint8Array(4_000_001).fill(1));
  expect(reasonOf(withInitializer(message(shape)))).toBe("too many protobuf fields");
});
