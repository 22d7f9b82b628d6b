import { expect, test } from "vitest";
import { exactness } from "../../../node/engine/exactness/exactness.ts";
import type { TestTensor } from "../onnx-builder.ts";
import {
  build,
  CODES,
  constant,
  floatAttribute,
  floatsAttribute,
  type Graph,
  intAttribute,
  intsAttribute,
  op,
  scalar,
  tensorAttribute,
  textAttribute,
  textsAttribute,
  WHOLE,
  WHOLE_CONSTANTS,
} from "./graphs.ts";

function verdict(graph: Graph): string {
  const { exact, operators } = exactness(build(graph));
  return exact
    ? "exact"
    : operators.flatMap(({ verdict, reason }) => (verdict === "refused" ? [reason] : [])).join("; ");
}

/** y from q, whole floats from 0 to 15 of shape [1, 4]. */
const whole = (graph: Graph): Graph => ({
  ...graph,
  nodes: [...WHOLE, ...graph.nodes],
  constants: [...WHOLE_CONSTANTS, ...(graph.constants ?? [])],
});

const typed = (type: keyof typeof CODES, shape: TestTensor["shape"] = [1, 4]): readonly TestTensor[] => [
  { name: "x", dtype: CODES[type], shape },
];

const f32 = (name: string, shape: readonly number[], values: readonly number[]): Uint8Array =>
  constant(name, "float", shape, values);

const ones = (length: number, value = 1): number[] => Array.from({ length }, () => value);

interface QuantizedOptions {
  readonly x?: "u8" | "s8";
  readonly w?: "u8" | "s8";
  readonly weights?: readonly number[];
  readonly scale?: number;
}

/** y = QLinearMatMul(x, w), both of 4. */
function quantized({ x = "u8", w = "s8", weights = [64, -64, 3, 0], scale = 0.5 }: QuantizedOptions): Graph {
  return {
    nodes: [op("QLinearMatMul", ["x", "s", "xz", "w", "s", "wz", "s", "xz"], ["y"])],
    constants: [scalar("s", "float", scale), scalar("xz", x, 3), scalar("wz", w, 0), constant("w", w, [4, 1], weights)],
    inputs: typed(x),
    outputs: [{ name: "y", dtype: CODES[x], shape: [1, 1] }],
  };
}

function convolution(weight: number, bias: number | undefined, pads: number): Graph {
  return whole({
    nodes: [
      op("Reshape", ["q", "image"], ["i"]),
      op("Conv", bias === undefined ? ["i", "w"] : ["i", "w", "b"], ["y"], intsAttribute("pads", ones(4, pads))),
    ],
    constants: [
      constant("image", "i64", [4], [1, 1, 2, 2]),
      f32("w", [1, 1, 1, 1], [weight]),
      ...(bias === undefined ? [] : [f32("b", [1], [bias])]),
    ],
  });
}

const tree = (...more: readonly Uint8Array[]): Graph => ({
  nodes: [
    {
      ...op(
        "TreeEnsembleRegressor",
        ["x"],
        ["y"],
        intAttribute("n_targets", 1),
        floatsAttribute("nodes_values", [0.5, 0, 0]),
        floatsAttribute("target_weights", [1.5, -2.5]),
        textsAttribute("nodes_modes", ["BRANCH_LEQ", "LEAF", "LEAF"]),
        ...more,
      ),
      domain: "ai.onnx.ml",
    },
  ],
});

const EXACT: readonly (readonly [string, Graph])[] = [
  ["u8s8 with weights of 64", quantized({})],
  ["u8u8 of full range", quantized({ w: "u8", weights: [255, 0, 255, 1] })],
  ["s8s8 of full range", quantized({ x: "s8", weights: [127, -128, 0, 1] })],
  [
    "an integer product, as floats below 2^24",
    {
      nodes: [
        op("MatMulInteger", ["x", "w"], ["i"]),
        op("Cast", ["i"], ["f"], intAttribute("to", 1)),
        op("Mul", ["f", "half"], ["y"]),
      ],
      constants: [constant("w", "s8", [4, 1], [1, -2, 64, 3]), scalar("half", "float", 0.5)],
      inputs: typed("u8"),
      outputs: [{ name: "y", shape: [1, 1] }],
    },
  ],
  ["movement of any float", { nodes: [op("Transpose", ["x"], ["t"]), op("Identity", ["t"], ["y"])] }],
  ["whole floats, added", whole({ nodes: [op("Add", ["q", "q"], ["y"])] })],
  [
    "a matrix of multiples of 1/4",
    whole({
      nodes: [op("MatMul", ["q", "w"], ["y"])],
      constants: [f32("w", [4, 2], [0.25, ...ones(7, 1.75)])],
      outputs: [{ name: "y", shape: [1, 2] }],
    }),
  ],
  ["a bias settles the sign of zero", convolution(-1, 0, 0)],
  ["a positive weight does, too", convolution(1, undefined, 0)],
  [
    "an integer sum",
    { nodes: [op("Add", ["x", "x"], ["y"])], inputs: typed("i32"), outputs: [{ name: "y", dtype: 6, shape: [1, 4] }] },
  ],
  [
    "an integer division by 3",
    {
      nodes: [op("Div", ["x", "d"], ["y"])],
      constants: [scalar("d", "i32", 3)],
      inputs: typed("i32"),
      outputs: [{ name: "y", dtype: 6, shape: [1, 4] }],
    },
  ],
  [
    "a sum of four",
    whole({ nodes: [op("ReduceSum", ["q", "axes"], ["y"])], constants: [constant("axes", "i64", [1], [1])] }),
  ],
  ["trees", tree()],
  [
    "quantise and dequantise",
    {
      nodes: [op("QuantizeLinear", ["x", "s"], ["u"]), op("DequantizeLinear", ["u", "s"], ["y"])],
      constants: [scalar("s", "float", 0.1)],
    },
  ],
  [
    "a constant node",
    { nodes: [op("Constant", [], ["c"], tensorAttribute("value", f32("", [1], [2]))), op("Mul", ["c", "c"], ["y"])] },
  ],
];

test.each(EXACT)("exact: %s", (_, graph) => {
  expect(verdict(graph)).toBe("exact");
});

const whole8 = op("Cast", ["whole"], ["y"], intAttribute("to", CODES.u8));

const REFUSED: readonly (readonly [string, RegExp, Graph])[] = [
  ["u8s8 with one weight of 65", /up to 65, at most 64/, quantized({ weights: [65, 0, 0, 0] })],
  ["u8s8 with one weight of -65", /up to 65, at most 64/, quantized({ weights: [0, 0, 0, -65] })],
  ["s8u8", /int8 with uint8 was not measured/, quantized({ x: "s8", w: "u8", weights: [1, 1, 1, 1] })],
  ["a denormal scale", /scale is 1e-39|scale is 1\.0000/, quantized({ scale: 1e-39 })],
  [
    "weights that are an input",
    /not constants of the file/,
    {
      ...quantized({}),
      constants: quantized({}).constants?.slice(0, 3) ?? [],
      inputs: [...typed("u8"), { name: "w", dtype: 3, shape: [4, 1] }],
    },
  ],
  ["any float, added", /not proven to be whole/, { nodes: [op("Add", ["x", "x"], ["y"])] }],
  [
    "a weight of 0.1",
    /not proven to be whole|may be rounded/,
    whole({ nodes: [op("MatMul", ["q", "w"], ["y"])], constants: [f32("w", [4, 1], [0.1, 1, 1, 1])] }),
  ],
  [
    "a sum of 2^24",
    /not below 2\^24/,
    whole({ nodes: [op("MatMul", ["q", "w"], ["y"])], constants: [f32("w", [4, 1], ones(4, 2 ** 24 / 60))] }),
  ],
  ["a negative kernel on zeros", /zero whose sign/, convolution(-1, undefined, 0)],
  ["a positive weight beside padding", /zero whose sign/, convolution(1, undefined, 1)],
  ["a bias of -0", /zero whose sign/, convolution(-1, -0, 0)],
  [
    "a positive weight beside padding by Pad",
    /zero whose sign/,
    whole({
      nodes: [op("Reshape", ["q", "image"], ["i"]), op("Pad", ["i", "pads"], ["p"]), op("Conv", ["p", "w"], ["y"])],
      constants: [
        constant("image", "i64", [4], [1, 1, 2, 2]),
        constant("pads", "i64", [8], [0, 0, 1, 1, 0, 0, 1, 1]),
        f32("w", [1, 1, 2, 2], [1, -1, -1, -1]),
      ],
    }),
  ],
  [
    "bools from outside",
    /bytes other than 0 and 1/,
    { nodes: [op("Cast", ["x"], ["y"], intAttribute("to", CODES.float))], inputs: typed("bool") },
  ],
  [
    "a constant bool of 2",
    /neither 0 nor 1/,
    {
      nodes: [op("Cast", ["c"], ["y"], intAttribute("to", CODES.float))],
      constants: [constant("c", "bool", [1], [2])],
    },
  ],
  ["Relu of what may be -0", /zero whose sign/, { nodes: [op("Relu", ["x"], ["y"])] }],
  [
    "integers that do not fit, which the optimiser makes one with the Cast before",
    /may not fit uint8/,
    {
      nodes: [...WHOLE, whole8],
      constants: [scalar("least", "float", -1), scalar("most", "float", 15)],
      outputs: [{ name: "y", dtype: CODES.u8, shape: [1, 4] }],
    },
  ],
  [
    "any float to an integer",
    /may not fit int32/,
    { nodes: [op("Cast", ["x"], ["y"], intAttribute("to", 6))], outputs: [{ name: "y", dtype: 6, shape: [1, 4] }] },
  ],
  [
    "an integer division by -1",
    /division by -1/,
    {
      nodes: [op("Div", ["x", "d"], ["y"])],
      constants: [scalar("d", "i32", -1)],
      inputs: typed("i32"),
      outputs: [{ name: "y", dtype: 6, shape: [1, 4] }],
    },
  ],
  [
    "a division by 3",
    /no power of two/,
    whole({ nodes: [op("Div", ["q", "d"], ["y"])], constants: [scalar("d", "float", 3)] }),
  ],
  [
    "a sum over an open length",
    /how many are summed/,
    { ...whole({ nodes: [op("ReduceSum", ["q"], ["y"])] }), inputs: [{ name: "x", shape: ["N", 4] }] },
  ],
  ["trees with a sigmoid", /post_transform LOGISTIC/, tree(textAttribute("post_transform", "LOGISTIC"))],
  ["an average of trees", /aggregate_function AVERAGE/, tree(textAttribute("aggregate_function", "AVERAGE"))],
  ["trees over integers", /trees over int32/, { ...tree(), inputs: typed("i32") }],
  [
    "arithmetic on what was dequantised",
    /one 8-bit kernel/,
    {
      nodes: [
        op("QuantizeLinear", ["x", "s"], ["u"]),
        op("DequantizeLinear", ["u", "s"], ["f"]),
        op("Add", ["f", "f"], ["y"]),
      ],
      constants: [scalar("s", "float", 1)],
    },
  ],
  [
    "dynamic quantisation",
    /whole batch/,
    { nodes: [op("DynamicQuantizeLinear", ["x"], ["y", "s", "z"])], outputs: [{ name: "y", dtype: 2, shape: [1, 4] }] },
  ],
  [
    "QLinearAdd",
    /seen to differ/,
    {
      nodes: [{ ...op("QLinearAdd", ["x", "s", "z", "x", "s", "z", "s", "z"], ["y"]), domain: "com.microsoft" }],
      constants: [scalar("s", "float", 1), scalar("z", "u8", 0)],
      inputs: typed("u8"),
      outputs: [{ name: "y", dtype: 2, shape: [1, 4] }],
    },
  ],
  ["Softmax at the end", /polynomials/, whole({ nodes: [op("Softmax", ["q"], ["y"])] })],
  ["an operator of which nothing is known", /not among the operators/, { nodes: [op("Hardmax", ["x"], ["y"])] }],
  ["half floats", /element type 10/, { nodes: [op("Cast", ["x"], ["y"], intAttribute("to", 10))] }],
  [
    "alpha",
    /alpha and beta/,
    whole({
      nodes: [op("Gemm", ["q", "w"], ["y"], floatAttribute("alpha", 0.5))],
      constants: [f32("w", [4, 1], ones(4))],
    }),
  ],
];

test.each(REFUSED)("refused: %s", (_, reason, graph) => {
  expect(verdict(graph)).toMatch(reason);
});

test("an input that has a default is an input", () => {
  const graph = quantized({});
  const open = { ...graph, inputs: [...typed("u8"), { name: "w", dtype: 3, shape: [4, 1] }] };
  expect(verdict(graph)).toBe("exact");
  expect(verdict(open)).toMatch(/not constants of the file/);
});

test("an operator set below 13 is not read", () => {
  const bytes = build({ nodes: [op("Identity", ["x"], ["y"])] });
  const at = Buffer.from(bytes).lastIndexOf(Buffer.from([0x10, 17]));
  bytes[at + 1] = 12;
  expect(exactness(bytes).operators[0]?.reason).toMatch(/operator set 12, at least 13/);
});

test("many nodes that share a large constant do not keep the checker busy", () => {
  const weights = new Array<number>(1_000_000).fill(1);
  const nodes = Array.from({ length: 150 }, (_, i) => op("MatMul", ["q", "w"], [`y${i}`]));
  const outputs = [{ name: "y149", shape: [1, 250_000] }];
  const graph = whole({ nodes, constants: [f32("w", [4, 250_000], weights)], outputs });
  expect(verdict(graph)).toMatch(/a proof would take too long/);
});

test("a NaN among the constants is refused, and named", () => {
  expect(verdict({ nodes: [op("Add", ["x", "c"], ["y"])], constants: [scalar("c", "float", Number.NaN)] })).toMatch(
    /holds NaN/,
  );
});
