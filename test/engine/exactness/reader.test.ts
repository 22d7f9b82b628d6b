import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { exactness } from "../../../node/engine/exactness/exactness.ts";
import { readOnnx } from "../../../node/engine/exactness/onnx-reader.ts";
import { MalformedModelError } from "../../../node/engine/onnx-wire.ts";
import {
  bytesField,
  encodeGraph,
  graphAttribute,
  intField,
  message,
  model,
  tensor,
  textField,
  unary,
  valueInfo,
  X,
  Y,
} from "../onnx-builder.ts";
import { build, constant, op, scalar, WHOLE, WHOLE_CONSTANTS } from "./graphs.ts";

const load = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(join(import.meta.dirname, `../../fixtures/models/${name}.onnx`)));

function reasonOf(bytes: Uint8Array): string {
  try {
    exactness(bytes);
    return "read";
  } catch (error) {
    if (error instanceof MalformedModelError) return error.message;
    throw error;
  }
}

test("a subgraph is read with its graph", () => {
  const branch = { nodes: [op("Identity", ["x"], ["z"])], inputs: [], outputs: [{ name: "z", shape: [2] }] };
  const bytes = build({
    nodes: [op("If", ["c"], ["y"], graphAttribute("then_branch", branch), graphAttribute("else_branch", branch))],
    constants: [constant("c", "bool", [], [1])],
  });
  const attributes = readOnnx(bytes).graph.node[0]?.attribute ?? [];
  expect(attributes.map(({ name, g }) => [name, g?.node[0]?.opType])).toEqual([
    ["then_branch", "Identity"],
    ["else_branch", "Identity"],
  ]);
  expect(exactness(bytes).operators[0]).toMatchObject({ verdict: "refused", reason: "control flow is not followed" });
});

test("numbers of 64 bits are the nearest doubles", () => {
  const ends = [-1n, 2n ** 63n - 1n, -(2n ** 63n), 0n, 127n, 128n, 2n ** 49n, -(2n ** 53n) - 1n];
  const shape = message(
    ...ends.map((value) => (writer: { uint32(tag: number): { int64(value: string): unknown } }) => {
      writer.uint32(7 << 3).int64(value.toString());
    }),
    intField(1, ends.length),
    intField(2, 7),
    textField(8, "c"),
  );
  const bytes = build({ nodes: [op("Identity", ["x"], ["y"])], constants: [shape] });
  expect(readOnnx(bytes).graph.initializer[0]?.int64Data).toEqual(ends.map(Number));
});

const single = (...nodes: Parameters<typeof op>[]): Uint8Array => build({ nodes: nodes.map((one) => op(...one)) });

test.each([
  ["what the gate refuses", /random numbers/, unary("RandomNormalLike")],
  ["a value that is made twice", /y is made twice/, single(["Neg", ["x"], ["y"]], ["Neg", ["x"], ["y"]])],
  ["a value that is an input, too", /x is made twice/, single(["Neg", ["x"], ["x"]], ["Neg", ["x"], ["y"]])],
  [
    "a cycle",
    /used before it is made/,
    single(["Add", ["x", "b"], ["a"]], ["Neg", ["a"], ["b"]], ["Neg", ["b"], ["y"]]),
  ],
  ["an output from nowhere", /output y is never made/, single(["Neg", ["x"], ["z"]])],
  [
    "two initialisers of one name",
    /c is made twice/,
    build({ nodes: [op("Neg", ["x"], ["y"])], constants: [scalar("c", "u8", 1), scalar("c", "u8", 2)] }),
  ],
  [
    "a name that is not UTF-8",
    /not UTF-8/,
    model(
      message(
        bytesField(1, message(bytesField(1, Uint8Array.of(0xff)), textField(4, "Neg"))),
        bytesField(11, valueInfo(X)),
        bytesField(12, valueInfo(Y)),
      ),
    ),
  ],
  [
    "fewer bytes than its shape takes",
    /3 bytes, its shape takes 16/,
    build({ nodes: [op("Neg", ["x"], ["y"])], constants: [tensor("c", 1, [4], new Uint8Array(3))] }),
  ],
  [
    "values twice",
    /values twice/,
    build({
      nodes: [op("Neg", ["x"], ["y"])],
      constants: [
        message(intField(1, 1), intField(2, 2), textField(8, "c"), intField(5, 1), bytesField(9, Uint8Array.of(1))),
      ],
    }),
  ],
  [
    "values of another type",
    /another type/,
    build({
      nodes: [op("Neg", ["x"], ["y"])],
      constants: [message(intField(1, 1), intField(2, 2), textField(8, "c"), intField(7, 1))],
    }),
  ],
  [
    "a number that its type does not hold",
    /holds 300/,
    build({
      nodes: [op("Neg", ["x"], ["y"])],
      constants: [message(intField(1, 1), intField(2, 2), textField(8, "c"), intField(5, 300))],
    }),
  ],
  [
    "an attribute twice",
    /attribute axis of Flatten twice/,
    single(["Flatten", ["x"], ["y"], message(textField(1, "axis")), message(textField(1, "axis"))]),
  ],
  ["a type of types without end", /max depth|not an ONNX model/, nestedTypes(150)],
] as const)("%s", (_, reason, bytes) => {
  expect(reasonOf(bytes)).toMatch(reason);
});

/** A value_info, which nothing but this reader looks at, whose type is a sequence of a sequence of … */
function nestedTypes(depth: number): Uint8Array {
  let type = message();
  for (let i = 0; i < depth; i++) type = message(bytesField(4, message(bytesField(1, type))));
  const info = message(textField(1, "deep"), bytesField(2, type));
  const graph = encodeGraph({ nodes: [op("Neg", ["x"], ["y"])], inputs: [X], outputs: [Y] });
  return model(Buffer.concat([graph, message(bytesField(13, info))]));
}

test("too many numbers outside raw data", () => {
  const zeros = bytesField(5, new Uint8Array(16_000_001));
  const bytes = build({
    nodes: [op("Neg", ["x"], ["y"])],
    constants: [message(intField(1, 16_000_001), intField(2, 2), textField(8, "c"), zeros)],
  });
  expect(reasonOf(bytes)).toMatch(/more than 16000000 numbers/);
});

test("too many fields", () => {
  const infos = Buffer.alloc(2 * 1_000_001, Buffer.from([(13 << 3) | 2, 0]));
  const graph = encodeGraph({ nodes: [op("Neg", ["x"], ["y"])], inputs: [X], outputs: [Y] });
  expect(reasonOf(model(Buffer.concat([graph, infos])))).toMatch(/more than 1000000 protobuf fields/);
});

const SEEDS = [
  load("cnn_qop_u8u8"),
  load("logreg_iris"),
  build({ nodes: [...WHOLE, op("Add", ["q", "q"], ["y"])], constants: WHOLE_CONSTANTS }),
];

test("whatever the bytes, the checker gives a verdict or its own error", () => {
  let read = 0;
  const change = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }), cut: fc.nat({ max: 3 }) });
  fc.assert(
    fc.property(fc.constantFrom(...SEEDS), fc.array(change, { minLength: 1, maxLength: 4 }), (seed, changes) => {
      let bytes = seed.slice();
      for (const { at, byte, cut } of changes) {
        const place = at % bytes.length;
        bytes[place] = byte;
        if (cut === 0) bytes = new Uint8Array(Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + 1)]));
      }
      if (reasonOf(bytes) === "read") read++;
    }),
    { numRuns: 1500 },
  );
  expect(read).toBeGreaterThan(100); // Not all of them are stopped by the gate.
});

test("no bytes, and bytes of chance", () => {
  expect(reasonOf(new Uint8Array(0))).not.toBe("read");
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => reasonOf(bytes) !== "read"));
});
