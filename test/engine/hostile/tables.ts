import type { HostileModel } from "./hostile-model.ts";
import { floats, int, ints, longs, modelOf, one, texts } from "./hostile-model.ts";

/** Trees, vector machines and linear models whose lists of numbers contradict each other. */

interface Tree {
  readonly modes: readonly string[];
  readonly yes: readonly number[];
  readonly no: readonly number[];
  readonly features?: readonly number[];
}

/** A tree ensemble over x as one row. */
function tree(
  { modes, yes, no, features = modes.map(() => 0) }: Tree,
  weightsOf: readonly number[] = [modes.length - 1],
): Uint8Array {
  const zeros = modes.map(() => 0);
  return modelOf(
    [
      { op: "Reshape", inputs: ["x", "row"], outputs: ["r"] },
      {
        op: "TreeEnsembleRegressor",
        domain: "ai.onnx.ml",
        inputs: ["r"],
        outputs: ["t"],
        attributes: [
          int("n_targets", 1),
          ints("nodes_treeids", zeros),
          ints(
            "nodes_nodeids",
            modes.map((_, i) => i),
          ),
          ints("nodes_featureids", features),
          floats("nodes_values", zeros),
          texts("nodes_modes", modes),
          ints("nodes_truenodeids", yes),
          ints("nodes_falsenodeids", no),
          ints(
            "target_treeids",
            weightsOf.map(() => 0),
          ),
          ints("target_nodeids", weightsOf),
          ints(
            "target_ids",
            weightsOf.map(() => 0),
          ),
          floats(
            "target_weights",
            weightsOf.map(() => 1),
          ),
        ],
      },
      { op: "Add", inputs: ["x", "t"], outputs: ["z"] },
      { op: "Reshape", inputs: ["z", "flat"], outputs: ["y"] },
    ],
    [longs("row", 1, 2), longs("flat", -1)],
  );
}
const LEQ = "BRANCH_LEQ";
const LEAF = "LEAF";

/** Each node's first child is the next, its second the last leaf. */
function deepTree(depth: number): Uint8Array {
  const modes = Array.from({ length: depth + 1 }, (_, i) => (i < depth - 1 ? LEQ : LEAF));
  const yes = modes.map((_, i) => (i < depth - 1 ? i + 1 : 0));
  return tree({ modes, yes, no: modes.map((_, i) => (i < depth - 1 ? depth : 0)) });
}

const svm = (...attributes: readonly Uint8Array[]): Uint8Array =>
  modelOf(
    [
      { op: "Reshape", inputs: ["x", "row"], outputs: ["r"] },
      { op: "SVMRegressor", domain: "ai.onnx.ml", inputs: ["r"], outputs: ["t"], attributes },
      { op: "Add", inputs: ["x", "t"], outputs: ["y"] },
    ],
    [longs("row", 1, 2)],
  );

export const TABLES: readonly HostileModel[] = [
  {
    name: "a tree that is its own child",
    bytes: () => tree({ modes: [LEQ, LEAF], yes: [0, 0], no: [0, 0] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tree whose children are each other's parents",
    bytes: () => tree({ modes: [LEQ, LEQ, LEAF], yes: [1, 0, 0], no: [1, 0, 0] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tree whose child does not exist",
    bytes: () => tree({ modes: [LEQ, LEAF], yes: [1_000_000, 0], no: [-7, 0] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tree that asks for feature 2^30",
    bytes: () => tree({ modes: [LEQ, LEAF, LEAF], yes: [1, 0, 0], no: [2, 0, 0], features: [2 ** 30, 0, 0] }),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tree with weights for a leaf that does not exist",
    bytes: () => tree({ modes: [LEAF], yes: [0], no: [0] }, [12_345]),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a tree that is 200,000 nodes deep",
    bytes: () => deepTree(200_000),
    check: undefined,
    engine: "absent",
    slow: true,
  },
  {
    name: "a support vector machine without its vectors",
    bytes: () => svm(int("n_supports", 1_000_000), floats("coefficients", [1]), floats("rho", [0]), texts("none", [])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a support vector machine without a threshold",
    bytes: () => svm(int("n_supports", 1), floats("coefficients", [1]), floats("support_vectors", [1, 1])),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a linear model with too few coefficients",
    bytes: () =>
      modelOf(
        [
          { op: "Reshape", inputs: ["x", "row"], outputs: ["r"] },
          {
            op: "LinearRegressor",
            domain: "ai.onnx.ml",
            inputs: ["r"],
            outputs: ["t"],
            attributes: [floats("coefficients", [1]), int("targets", 1000)],
          },
          { op: "ReduceSum", inputs: ["t"], outputs: ["s"], attributes: [int("keepdims", 0)] },
          { op: "Add", inputs: ["x", "s"], outputs: ["y"] },
        ],
        [longs("row", 1, 2)],
      ),
    check: undefined,
    engine: "execError",
  },
  {
    name: "a scaler with offsets for other features",
    bytes: () =>
      one({
        op: "Scaler",
        domain: "ai.onnx.ml",
        inputs: ["x"],
        attributes: [
          floats(
            "offset",
            Array.from({ length: 999 }, () => 1),
          ),
          floats("scale", [1]),
        ],
      }),
    check: undefined,
    engine: "execError",
  },
];
