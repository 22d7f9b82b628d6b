import { bytesField, graphAttribute, intField, message, textField } from "../onnx-builder.ts";
import {
  floatTensor,
  type HostileModel,
  int,
  ints,
  longs,
  modelOf,
  one,
  rawTensor,
  tensorOf,
  text,
} from "./hostile-model.ts";

/** Operators whose attributes or constants lead a kernel that trusts them out of bounds, into a division by zero or round in circles. */

/** x as a picture of one row, through `op` and its weights, back to a vector. */
function picture(
  op: string,
  attributes: readonly Uint8Array[],
  weights: readonly Uint8Array[] = [],
  names: readonly string[] = [],
): Uint8Array {
  return modelOf(
    [
      { op: "Reshape", inputs: ["x", "nchw"], outputs: ["p"] },
      { op, inputs: ["p", ...names], outputs: ["q"], attributes },
      { op: "Reshape", inputs: ["q", "flat"], outputs: ["y"] },
    ],
    [longs("nchw", 1, 1, 1, 2), longs("flat", -1), ...weights],
  );
}
const conv = (...attributes: readonly Uint8Array[]): Uint8Array =>
  picture("Conv", attributes, [floatTensor("w", [1, 1, 1, 1], [1])], ["w"]);
const pool = (...attributes: readonly Uint8Array[]): Uint8Array => picture("MaxPool", attributes);
const recurrent = (op: string, hidden: number, w: readonly number[], r: readonly number[]): Uint8Array => {
  const zeros = (shape: readonly number[]): readonly number[] =>
    Array.from({ length: shape.reduce((a, b) => a * Math.max(b, 0), 1) }, () => 0);
  return modelOf(
    [
      { op: "Reshape", inputs: ["x", "sequence"], outputs: ["s"] },
      { op, inputs: ["s", "w", "r"], outputs: ["h"], attributes: [int("hidden_size", hidden)] },
      { op: "Reshape", inputs: ["h", "flat"], outputs: ["y"] },
    ],
    [longs("sequence", 1, 1, 2), longs("flat", -1), floatTensor("w", w, zeros(w)), floatTensor("r", r, zeros(r))],
  );
};

const attention = (heads: number): Uint8Array =>
  modelOf(
    [
      { op: "Reshape", inputs: ["x", "bsh"], outputs: ["s"] },
      {
        op: "Attention",
        domain: "com.microsoft",
        inputs: ["s", "w", "b"],
        outputs: ["a"],
        attributes: [int("num_heads", heads)],
      },
      { op: "Reshape", inputs: ["a", "flat"], outputs: ["y"] },
    ],
    [
      longs("bsh", 1, 1, 2),
      longs("flat", -1),
      floatTensor(
        "w",
        [2, 6],
        Array.from({ length: 12 }, () => 1),
      ),
      floatTensor("b", [6], [0, 0, 0, 0, 0, 0]),
    ],
  );

export const ATTRIBUTES: readonly HostileModel[] = [
  {
    name: "a convolution with strides of 0",
    bytes: () => conv(ints("strides", [0, 0])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a convolution with dilations of -1",
    bytes: () => conv(ints("dilations", [-1, -1])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a convolution with a kernel of 0",
    bytes: () => conv(ints("kernel_shape", [0, 0])),
    check: undefined,
    engine: "execError",
  },
  { name: "a convolution in 0 groups", bytes: () => conv(int("group", 0)), check: undefined, engine: "execError" },
  {
    name: "a convolution in 2^40 groups",
    bytes: () => conv(int("group", 2 ** 40)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a convolution padded by 2^40",
    bytes: () => conv(ints("pads", [2 ** 40, 2 ** 40, 2 ** 40, 2 ** 40])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a transposed convolution with an output of 2^60",
    bytes: () =>
      picture("ConvTranspose", [ints("strides", [2 ** 30, 2 ** 30])], [floatTensor("w", [1, 1, 1, 1], [1])], ["w"]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "pooling with strides of 0",
    bytes: () => pool(ints("kernel_shape", [1, 1]), ints("strides", [0, 0])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "pooling with a kernel of 2^31",
    bytes: () => pool(ints("kernel_shape", [2 ** 31, 2 ** 31])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "pooling with negative padding",
    bytes: () => pool(ints("kernel_shape", [1, 1]), ints("pads", [-9, -9, -9, -9])),
    check: undefined,
    engine: "execError",
  },
  { name: "pooling without a kernel", bytes: () => pool(), check: undefined, engine: "execError" },
  {
    name: "an LSTM without memory",
    bytes: () => recurrent("LSTM", 0, [1, 0, 2], [1, 0, 0]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an LSTM with less than no memory",
    bytes: () => recurrent("LSTM", -1, [1, 4, 2], [1, 4, 1]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a GRU whose weights are too few",
    bytes: () => recurrent("GRU", 1000, [1, 3, 2], [1, 3, 1]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an index far outside",
    bytes: () => one({ op: "Gather", inputs: ["x", "i"] }, longs("i", 2 ** 40, -(2 ** 40))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "writing to an index far outside",
    bytes: () =>
      one({ op: "ScatterElements", inputs: ["x", "i", "u"] }, longs("i", 2 ** 40, 0), floatTensor("u", [2], [1, 1])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "writing to many places far outside",
    bytes: () =>
      one(
        { op: "ScatterND", inputs: ["x", "i", "u"] },
        rawTensor("i", 7, [1, 1], new Uint8Array(BigInt64Array.of(-(2n ** 62n)).buffer)),
        floatTensor("u", [1], [1]),
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a slice with steps of 0",
    bytes: () => one({ op: "Slice", inputs: ["x", "a", "b", "a", "a"] }, longs("a", 0), longs("b", 2)),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an axis of 2^40",
    bytes: () => one({ op: "Softmax", inputs: ["x"], attributes: [int("axis", 2 ** 40)] }),
    check: undefined,
    engine: "ok",
  },
  {
    name: "a transposition by axes that do not exist",
    bytes: () => one({ op: "Transpose", inputs: ["x"], attributes: [ints("perm", [7, -3])] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "blocks of 0 pixels",
    bytes: () => picture("SpaceToDepth", [int("blocksize", 0)]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a sum with an equation of garbage",
    bytes: () => one({ op: "Einsum", inputs: ["x"], attributes: [text("equation", `${"...,".repeat(1000)}->`)] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a constant that is empty",
    bytes: () =>
      one(
        { op: "ConstantOfShape", inputs: ["s"], attributes: [tensorOf("value", floatTensor("", [0], []))] },
        longs("s", 2),
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a division of integers by 0",
    bytes: () =>
      modelOf(
        [
          { op: "Cast", inputs: ["x"], outputs: ["i"], attributes: [int("to", 7)] },
          { op: "Div", inputs: ["i", "zero"], outputs: ["q"] },
          { op: "Cast", inputs: ["q"], outputs: ["y"], attributes: [int("to", 1)] },
        ],
        [longs("zero", 0)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a remainder of integers by 0",
    bytes: () =>
      modelOf(
        [
          { op: "Cast", inputs: ["x"], outputs: ["i"], attributes: [int("to", 6)] },
          { op: "Mod", inputs: ["i", "zero"], outputs: ["q"] },
          { op: "Cast", inputs: ["q"], outputs: ["y"], attributes: [int("to", 1)] },
        ],
        [rawTensor("zero", 6, [1], new Uint8Array(4))],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "weights of 0 bits",
    bytes: () =>
      modelOf(
        [
          { op: "Reshape", inputs: ["x", "row"], outputs: ["r"] },
          {
            op: "MatMulNBits",
            domain: "com.microsoft",
            inputs: ["r", "w", "s"],
            outputs: ["y"],
            attributes: [int("K", 2), int("N", 2), int("bits", 0), int("block_size", 0)],
          },
        ],
        [longs("row", 1, 2), rawTensor("w", 2, [2, 1, 16], new Uint8Array(32)), floatTensor("s", [2], [1, 1])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a branch without branches",
    bytes: () =>
      modelOf([
        { op: "Cast", inputs: ["x"], outputs: ["c"], attributes: [int("to", 9)] },
        { op: "If", inputs: ["c"], outputs: ["y"] },
      ]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a loop whose body has no outputs",
    bytes: () =>
      modelOf(
        [
          {
            op: "Loop",
            inputs: ["n", "", "x"],
            outputs: ["y"],
            attributes: [graphAttribute("body", { nodes: [], inputs: [], outputs: [] })],
          },
        ],
        [longs("n", 3)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an attribute without type",
    bytes: () => one({ op: "Softmax", inputs: ["x"], attributes: [message(textField(1, "axis"), intField(3, 0))] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an attribute of another type than it holds",
    bytes: () =>
      one({
        op: "Softmax",
        inputs: ["x"],
        attributes: [message(textField(1, "axis"), bytesField(5, floatTensor("", [1], [1])), intField(20, 2))],
      }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an attribute of an unknown type",
    bytes: () =>
      one({
        op: "Softmax",
        inputs: ["x"],
        attributes: [message(textField(1, "axis"), intField(3, 0), intField(20, 999))],
      }),
    check: undefined,
    engine: "execError",
  },
  { name: "attention with 0 heads", bytes: () => attention(0), check: undefined, engine: "execError" },
  { name: "attention with 7 heads for 2 values", bytes: () => attention(7), check: undefined, engine: "execError" },
];
