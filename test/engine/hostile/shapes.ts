import {
  bytesField,
  encodeGraph,
  graphAttribute,
  intField,
  message,
  model,
  type TestGraph,
  type TestNode,
  textField,
  valueInfo,
  X,
  Y,
} from "../onnx-builder.ts";
import { floatTensor, graphOf, type HostileModel, int, longs, modelOf, rawTensor } from "./hostile-model.ts";

/** Files whose graph or tensors can not be: lengths, types, names, edges, functions. */

const NEG = { op: "Neg", inputs: ["x"], outputs: ["y"] } as const;
const plus = (constant: Uint8Array): Uint8Array =>
  modelOf([{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }], [constant]);
const reshaped = (...shape: readonly number[]): Uint8Array =>
  modelOf([{ op: "Reshape", inputs: ["x", "shape"], outputs: ["y"] }], [longs("shape", ...shape)]);

/** If in If in If, on the sign of x. */
function ifs(depth: number): Uint8Array {
  let inner: TestGraph = {
    nodes: [{ op: "Neg", inputs: ["x"], outputs: ["r"] }],
    inputs: [],
    outputs: [{ name: "r", shape: [2] }],
  };
  for (let i = 0; i < depth; i++) {
    const name = `r${i}`;
    const branches = [
      graphAttribute("then_branch", inner),
      graphAttribute("else_branch", {
        nodes: [{ op: "Abs", inputs: ["x"], outputs: [`e${i}`] }],
        inputs: [],
        outputs: [{ name: `e${i}`, shape: [2] }],
      }),
    ];
    inner = {
      nodes: [{ op: "If", inputs: ["c"], outputs: [name], attributes: branches }],
      inputs: [],
      outputs: [{ name, shape: [2] }],
    };
  }
  const last = inner.nodes[0];
  if (last === undefined) throw new Error("no node");
  return modelOf([
    { op: "ReduceMax", inputs: ["x"], outputs: ["m"], attributes: [int("keepdims", 0)] },
    { op: "Cast", inputs: ["m"], outputs: ["c"], attributes: [int("to", 9)] },
    { ...last, outputs: ["y"] },
  ]);
}

function chain(length: number): Uint8Array {
  const nodes: TestNode[] = Array.from({ length }, (_, i) => ({
    op: "Neg",
    inputs: [i === 0 ? "x" : `v${i}`],
    outputs: [i === length - 1 ? "y" : `v${i + 1}`],
  }));
  return modelOf(nodes);
}

/** FunctionProto: name, input, output, node, opset_import, domain. */
const localFunction = (name: string, ...nodes: readonly Uint8Array[]): Uint8Array =>
  message(
    textField(1, name),
    textField(4, "a"),
    textField(5, "b"),
    ...nodes.map((node) => bytesField(7, node)),
    bytesField(9, message(textField(1, ""), intField(2, 17))),
    bytesField(9, message(textField(1, "own"), intField(2, 1))),
    textField(10, "own"),
  );
const call = (name: string, input: string, output: string, domain = "own"): Uint8Array =>
  message(textField(1, input), textField(2, output), textField(4, name), textField(7, domain));

function withFunctions(...functions: readonly Uint8Array[]): Uint8Array {
  return model(
    graphOf([{ op: "F0", domain: "own", inputs: ["x"], outputs: ["y"] }]),
    bytesField(8, message(textField(1, "own"), intField(2, 1))),
    ...functions.map((one) => bytesField(25, one)),
  );
}

/** Each function calls the next ten times: 10^levels nodes of a few hundred bytes. */
function laughs(levels: number): Uint8Array {
  const names = Array.from({ length: 11 }, (_, i) => (i === 0 ? "a" : i === 10 ? "b" : `v${i}`));
  const functions = Array.from({ length: levels }, (_, level) =>
    localFunction(
      `F${level}`,
      ...names
        .slice(1)
        .map((output, i) =>
          level === levels - 1
            ? call("Neg", names[i] ?? "", output, "")
            : call(`F${level + 1}`, names[i] ?? "", output),
        ),
    ),
  );
  return withFunctions(...functions);
}

/** The graph, which comes first in these files, calls them. */
const FUNCTIONS = /unknown domain own/;

export const SHAPES: readonly HostileModel[] = [
  {
    name: "a tensor of negative length",
    bytes: () => plus(rawTensor("w", 1, [-1], new Uint8Array(8))),
    check: /with a length of -1/,
    engine: "execError",
  },
  {
    name: "a tensor of 2^30 elements in four bytes",
    bytes: () => plus(rawTensor("w", 1, [2 ** 30], new Uint8Array(4))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tensor of 2^64 elements",
    bytes: () => plus(rawTensor("w", 1, [2 ** 32, 2 ** 32], new Uint8Array(8))),
    check: /with a length of 4294967296/,
    engine: "execError",
  },
  {
    name: "a tensor whose size overflows to 8 bytes",
    bytes: () => plus(rawTensor("w", 1, [2 ** 31 + 1, 2], new Uint8Array(8))),
    check: /with a length of/,
    engine: "execError",
  },
  {
    name: "a tensor of rank 10,000",
    bytes: () =>
      plus(
        rawTensor(
          "w",
          1,
          Array.from({ length: 10_000 }, () => 1),
          new Uint8Array(4),
        ),
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tensor of an unknown type",
    bytes: () => plus(rawTensor("w", 99, [2], new Uint8Array(8))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tensor of a negative type",
    bytes: () => plus(rawTensor("w", -1, [2], new Uint8Array(8))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "text as raw bytes",
    bytes: () => plus(rawTensor("w", 8, [2], new Uint8Array(8))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "4-bit numbers without data",
    bytes: () => plus(rawTensor("w", 22, [2 ** 20], new Uint8Array(1))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "complex numbers",
    bytes: () => plus(rawTensor("w", 14, [1], new Uint8Array(8))),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a segment of a tensor",
    bytes: () =>
      plus(rawTensor("w", 1, [2], new Uint8Array(8), bytesField(3, message(intField(1, 0), intField(2, 2 ** 40))))),
    check: undefined,
    engine: "ok",
  },
  {
    name: "a sparse tensor with an index outside",
    bytes: () =>
      model(
        message(
          bytesField(1, message(textField(1, "x"), textField(1, "w"), textField(2, "y"), textField(4, "Add"))),
          textField(2, "g"),
          bytesField(
            15,
            message(bytesField(1, floatTensor("w", [1], [7])), bytesField(2, longs("", 2 ** 40)), intField(3, 2)),
          ),
          bytesField(11, valueInfo(X)),
          bytesField(12, valueInfo(Y)),
        ),
      ),
    check: /sparse/,
    engine: "execError",
  },
  {
    name: "an input of negative length",
    bytes: () => model(encodeGraph({ nodes: [NEG], inputs: [{ name: "x", shape: [-7] }], outputs: [Y] })),
    check: /a length of -7/,
    engine: "ok",
  },
  {
    name: "an input of rank 1,000",
    bytes: () =>
      model(
        encodeGraph({
          nodes: [NEG],
          inputs: [{ name: "x", shape: Array.from({ length: 1000 }, () => 1) }],
          outputs: [Y],
        }),
      ),
    check: /rank 1000/,
    engine: "execError",
  },
  { name: "two lengths to be inferred", bytes: () => reshaped(-1, -1), check: undefined, engine: "execError" },
  {
    name: "a shape of 2^63 elements",
    bytes: () => reshaped(2 ** 32, 2 ** 31, -1),
    check: undefined,
    engine: "execError",
  },
  { name: "a shape with a length of -2", bytes: () => reshaped(-2, -1), check: undefined, engine: "execError" },
  {
    name: "a node that feeds itself",
    bytes: () => modelOf([{ op: "Add", inputs: ["x", "y"], outputs: ["y"] }]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "two nodes that feed each other",
    bytes: () =>
      modelOf([
        { op: "Add", inputs: ["x", "b"], outputs: ["a"] },
        { op: "Add", inputs: ["x", "a"], outputs: ["b"] },
        { op: "Neg", inputs: ["a"], outputs: ["y"] },
      ]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "two nodes that write one value",
    bytes: () => modelOf([NEG, { op: "Abs", inputs: ["x"], outputs: ["y"] }]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an input that nothing makes",
    bytes: () => modelOf([{ op: "Add", inputs: ["x", "ghost"], outputs: ["y"] }]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "an output that nothing makes",
    bytes: () => modelOf([{ op: "Neg", inputs: ["x"], outputs: ["z"] }]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "two constants of one name",
    bytes: () =>
      modelOf(
        [{ op: "Add", inputs: ["x", "w"], outputs: ["y"] }],
        [floatTensor("w", [2], [1, 1]), floatTensor("w", [2], [2, 2])],
      ),
    check: undefined,
    engine: "ok",
  },
  {
    name: "a node without operator",
    bytes: () => modelOf([{ ...NEG, op: "" }]),
    check: /without operator/,
    engine: "execError",
  },
  {
    name: "an operator of a domain of its own",
    bytes: () => modelOf([{ ...NEG, domain: "org.evil" }]),
    check: /unknown domain org.evil/,
    engine: "execError",
  },
  {
    name: "an operator that runs code of its own",
    bytes: () => modelOf([{ op: "EPContext", domain: "com.microsoft", inputs: ["x"], outputs: ["y"] }]),
    check: /runs code of its own/,
    engine: "execError",
  },
  {
    name: "an operator with 50,000 inputs",
    bytes: () => modelOf([{ op: "Sum", inputs: Array.from({ length: 50_000 }, () => "x"), outputs: ["y"] }]),
    check: undefined,
    engine: "ok",
  },
  { name: "1,000 nodes in a row", bytes: () => chain(1000), check: undefined, engine: "ok" },
  { name: "100,001 nodes", bytes: () => chain(100_001), check: /more than 100000 nodes/, engine: "absent", slow: true },
  { name: "ten branches in each other", bytes: () => ifs(10), check: undefined, engine: "ok" },
  { name: "60 branches in each other", bytes: () => ifs(60), check: /nested deeper/, engine: "execError" },
  {
    name: "a function that calls itself",
    bytes: () => withFunctions(localFunction("F0", call("F0", "a", "b"))),
    check: FUNCTIONS,
    engine: "execError",
  },
  {
    name: "two functions that call each other",
    bytes: () => withFunctions(localFunction("F0", call("F1", "a", "b")), localFunction("F1", call("F0", "a", "b"))),
    check: FUNCTIONS,
    engine: "execError",
  },
  {
    name: "functions that unfold to 10^9 nodes",
    bytes: () => laughs(9),
    check: FUNCTIONS,
    engine: "absent",
    slow: true,
  },
];
