import { endless, graphAttribute, int64, type TestGraph, type TestNode } from "../onnx-builder.ts";
import { floats, floatTensor, type HostileModel, int, longs, modelOf, tensorOf } from "./hostile-model.ts";

/** Files that want all the time or all the memory there is. */

/** y = x + a sum over `big`, so that nothing of it can be left out. */
const sumInto = (big: string): readonly TestNode[] => [
  { op: "ReduceSum", inputs: [big], outputs: ["sum"], attributes: [int("keepdims", 0)] },
  { op: "Add", inputs: ["x", "sum"], outputs: ["y"] },
];

/** A shape that is known at run time only: constants times the length of x, halved. */
const computed = (
  ...lengths: readonly number[]
): { readonly nodes: readonly TestNode[]; readonly constants: readonly Uint8Array[] } => ({
  nodes: [
    { op: "ReduceMax", inputs: ["x"], outputs: ["max"] },
    { op: "Div", inputs: ["max", "two"], outputs: ["half"] },
    { op: "Cast", inputs: ["half"], outputs: ["one"], attributes: [int("to", 7)] },
    { op: "Mul", inputs: ["lengths", "one"], outputs: ["shape"] },
  ],
  constants: [longs("lengths", ...lengths), floatTensor("two", [], [2])],
});

/** Builds a tensor of a computed shape with `op` and sums it up. */
function grown(
  op: string,
  inputs: readonly string[],
  lengths: readonly number[],
  more: readonly Uint8Array[] = [],
): Uint8Array {
  const { nodes, constants } = computed(...lengths);
  return modelOf([...nodes, { op, inputs, outputs: ["big"] }, ...sumInto("big")], [...constants, ...more]);
}

const counter: TestGraph["inputs"] = [
  { name: "i", dtype: 7, shape: [] },
  { name: "go", dtype: 9, shape: [] },
];

/** A loop of 2^62 rounds. */
function loop(body: TestGraph, outputs: readonly string[] = ["y"]): Uint8Array {
  const node = { op: "Loop", inputs: ["trips", "", "x"], outputs, attributes: [graphAttribute("body", body)] };
  return modelOf([node], [int64("trips", 2n ** 62n)]);
}

/** A loop in a loop in a loop. */
function nestedLoops(depth: number): Uint8Array {
  let body: TestGraph = {
    nodes: [
      { op: "Identity", inputs: ["go"], outputs: ["still"] },
      { op: "Neg", inputs: ["v"], outputs: ["next"] },
    ],
    inputs: [...counter, { name: "v", shape: [2] }],
    outputs: [
      { name: "still", dtype: 9, shape: [] },
      { name: "next", shape: [2] },
    ],
  };
  for (let level = 0; level < depth; level++) {
    const suffix = String(level);
    body = {
      nodes: [
        { op: "Identity", inputs: [`go${suffix}`], outputs: [`still${suffix}`] },
        {
          op: "Loop",
          inputs: ["trips", "", `v${suffix}`],
          outputs: [`next${suffix}`],
          attributes: [graphAttribute("body", body)],
        },
      ],
      inputs: [
        { name: `i${suffix}`, dtype: 7, shape: [] },
        { name: `go${suffix}`, dtype: 9, shape: [] },
        { name: `v${suffix}`, shape: [2] },
      ],
      outputs: [
        { name: `still${suffix}`, dtype: 9, shape: [] },
        { name: `next${suffix}`, shape: [2] },
      ],
    };
  }
  return loop(body);
}

const doubling: TestGraph = {
  nodes: [
    { op: "Identity", inputs: ["go"], outputs: ["still"] },
    { op: "Concat", inputs: ["v", "v"], outputs: ["next"], attributes: [int("axis", 0)] },
  ],
  inputs: [...counter, { name: "v", shape: ["n"] }],
  outputs: [
    { name: "still", dtype: 9, shape: [] },
    { name: "next", shape: ["m"] },
  ],
};

const hoarding: TestGraph = {
  nodes: [
    { op: "Identity", inputs: ["go"], outputs: ["still"] },
    { op: "Neg", inputs: ["v"], outputs: ["next"] },
    { op: "Expand", inputs: ["v", "wide"], outputs: ["kept"] },
  ],
  inputs: [...counter, { name: "v", shape: [2] }],
  outputs: [
    { name: "still", dtype: 9, shape: [] },
    { name: "next", shape: [2] },
    { name: "kept", shape: ["a", "b"] },
  ],
  initializers: [longs("wide", 65_536, 2)],
};

/** Products of constant matrices, which the engine works out while it loads. */
function slowToLoad(): Uint8Array {
  const size = 1024;
  const nodes: TestNode[] = [
    {
      op: "ConstantOfShape",
      inputs: ["shape"],
      outputs: ["m0"],
      attributes: [tensorOf("value", floatTensor("", [1], [1]))],
    },
  ];
  for (let i = 0; i < 200; i++) nodes.push({ op: "MatMul", inputs: [`m${i}`, "m0"], outputs: [`m${i + 1}`] });
  return modelOf([...nodes, ...sumInto("m200")], [longs("shape", size, size)]);
}

/** A chain of Tile with one more factor of ten each. */
function bomb(levels: number): Uint8Array {
  const nodes: TestNode[] = [{ op: "Identity", inputs: ["x"], outputs: ["t0"] }];
  for (let i = 0; i < levels; i++) nodes.push({ op: "Tile", inputs: [`t${i}`, "ten"], outputs: [`t${i + 1}`] });
  return modelOf([...nodes, ...sumInto(`t${levels}`)], [longs("ten", 10)]);
}

/** The same of constants alone, for the engine to unfold while it loads. */
function constantBomb(): Uint8Array {
  const nodes: TestNode[] = [{ op: "Identity", inputs: ["seed"], outputs: ["t0"] }];
  for (let i = 0; i < 9; i++) nodes.push({ op: "Tile", inputs: [`t${i}`, "ten"], outputs: [`t${i + 1}`] });
  return modelOf([...nodes, ...sumInto("t9")], [longs("ten", 10), floatTensor("seed", [1], [1])]);
}

/** Products of matrices of a size that is known at run time only. */
function products(size: number, count: number): Uint8Array {
  const { nodes, constants } = computed(size, size);
  const steps: TestNode[] = [{ op: "Expand", inputs: ["half", "shape"], outputs: ["m0"] }];
  for (let i = 0; i < count; i++) steps.push({ op: "MatMul", inputs: [`m${i}`, "m0"], outputs: [`m${i + 1}`] });
  return modelOf([...nodes, ...steps, ...sumInto(`m${count}`)], constants);
}

const GIB = 2 ** 30;

export const GREED: readonly HostileModel[] = [
  { name: "a loop without end", bytes: endless, check: undefined, engine: "absent" },
  {
    name: "fifteen loops without end in each other",
    bytes: () => nestedLoops(13),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "a loop that doubles its state",
    bytes: () => loop(doubling),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "a loop that keeps every round's output",
    bytes: () => loop(hoarding, ["y", "all"]),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  { name: "work for minutes while it is loaded", bytes: slowToLoad, check: undefined, engine: "absent" },
  {
    name: "4 GiB of zeros, known when it is loaded",
    bytes: () =>
      modelOf([{ op: "ConstantOfShape", inputs: ["n"], outputs: ["big"] }, ...sumInto("big")], [longs("n", GIB)]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "4 GiB of zeros, known when it runs",
    bytes: () => grown("ConstantOfShape", ["shape"], [GIB]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "2^62 zeros",
    bytes: () => grown("ConstantOfShape", ["shape"], [2 ** 31, 2 ** 31]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a shape whose product is 2^64",
    bytes: () => grown("ConstantOfShape", ["shape"], [2 ** 32, 2 ** 32]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a negative number of zeros",
    bytes: () => grown("ConstantOfShape", ["shape"], [-5]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a number spread over 16 GiB",
    bytes: () => grown("Expand", ["half", "shape"], [2 ** 16, 2 ** 16]),
    check: undefined,
    engine: "execError",
  },
  { name: "tiles of tiles of tiles", bytes: () => bomb(9), check: undefined, engine: "absent", slow: true },
  { name: "a few bytes of constants that unfold to 4 GB", bytes: constantBomb, check: undefined, engine: "absent" },
  {
    name: "a negative number of tiles",
    bytes: () => grown("Tile", ["x", "shape"], [-3]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a range of 2^62 numbers",
    bytes: () =>
      modelOf(
        [
          { op: "Range", inputs: ["from", "to", "by"], outputs: ["r"] },
          { op: "Cast", inputs: ["r"], outputs: ["big"], attributes: [int("to", 1)] },
          ...sumInto("big"),
        ],
        [int64("from", 0n), int64("to", 2n ** 62n), int64("by", 1n)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a range that makes no step",
    bytes: () =>
      modelOf(
        [
          { op: "Range", inputs: ["from", "to", "by"], outputs: ["r"] },
          { op: "Cast", inputs: ["r"], outputs: ["big"], attributes: [int("to", 1)] },
          ...sumInto("big"),
        ],
        [int64("from", 0n), int64("to", 9n), int64("by", 0n)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a range of NaN numbers",
    bytes: () =>
      modelOf(
        [{ op: "Range", inputs: ["nan", "to", "by"], outputs: ["big"] }, ...sumInto("big")],
        [floatTensor("nan", [], [Number.NaN]), floatTensor("to", [], [9]), floatTensor("by", [], [1])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a shape of NaN",
    bytes: () =>
      modelOf([
        { op: "Log", inputs: ["x"], outputs: ["nan"] },
        { op: "Cast", inputs: ["nan"], outputs: ["shape"], attributes: [int("to", 7)] },
        { op: "ConstantOfShape", inputs: ["shape"], outputs: ["big"] },
        ...sumInto("big"),
      ]),
    check: undefined,
    engine: "ok",
  },
  {
    name: "a shape of infinity",
    bytes: () =>
      modelOf(
        [
          { op: "Div", inputs: ["x", "zero"], outputs: ["inf"] },
          { op: "Cast", inputs: ["inf"], outputs: ["shape"], attributes: [int("to", 7)] },
          { op: "ConstantOfShape", inputs: ["shape"], outputs: ["big"] },
          ...sumInto("big"),
        ],
        [floatTensor("zero", [], [0])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a one-hot vector of 2^40",
    bytes: () =>
      modelOf(
        [
          { op: "Cast", inputs: ["x"], outputs: ["at"], attributes: [int("to", 7)] },
          { op: "OneHot", inputs: ["at", "depth", "values"], outputs: ["big"] },
          ...sumInto("big"),
        ],
        [int64("depth", 2n ** 40n), floatTensor("values", [2], [0, 1])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "padding by 2^40",
    bytes: () =>
      modelOf(
        [{ op: "Pad", inputs: ["x", "pads"], outputs: ["big"] }, ...sumInto("big")],
        [longs("pads", 2 ** 40, 2 ** 40)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "padding that leaves less than nothing",
    bytes: () =>
      modelOf(
        [{ op: "Pad", inputs: ["x", "pads"], outputs: ["big"] }, ...sumInto("big")],
        [longs("pads", -(2 ** 40), 1)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a picture enlarged a thousand million times",
    bytes: () =>
      modelOf(
        [{ op: "Resize", inputs: ["x", "", "scales"], outputs: ["big"] }, ...sumInto("big")],
        [floatTensor("scales", [1], [1e9])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a picture shrunk to a negative size",
    bytes: () =>
      modelOf(
        [{ op: "Resize", inputs: ["x", "", "scales"], outputs: ["big"] }, ...sumInto("big")],
        [floatTensor("scales", [1], [-3])],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "3 GiB of zeros, which WebAssembly could address",
    bytes: () => grown("ConstantOfShape", ["shape"], [3 * 2 ** 28]),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "products of matrices that take minutes",
    bytes: () => products(2048, 50),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "an output of 900 MiB, which is copied out of WebAssembly",
    bytes: () =>
      modelOf(
        [
          ...computed(225 * 2 ** 20).nodes,
          {
            op: "ConstantOfShape",
            inputs: ["shape"],
            outputs: ["y"],
            attributes: [tensorOf("value", floatTensor("", [1], [1]))],
          },
        ],
        computed(225 * 2 ** 20).constants,
      ),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "an imputed value for each of 10,000 features",
    bytes: () =>
      modelOf([
        {
          op: "Imputer",
          domain: "ai.onnx.ml",
          inputs: ["x"],
          outputs: ["y"],
          attributes: [
            floats(
              "imputed_value_floats",
              Array.from({ length: 10_000 }, () => 1),
            ),
          ],
        },
      ]),
    check: undefined,
    engine: "ok",
  },
];
