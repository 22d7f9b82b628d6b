import * as fc from "fast-check";
import { build, floatsAttribute, intAttribute, intsAttribute, op, textsAttribute } from "./graphs.ts";

/** A leaf's weight; or a feature, a threshold, how to compare, where a missing value goes, and what lies below. */
type Tree =
  | { readonly weight: number }
  | {
      readonly feature: number;
      readonly threshold: number;
      readonly mode: string;
      readonly missing: number;
      readonly branches: readonly [Tree, Tree];
    };

export const FEATURES = 6;

const number = fc.oneof(
  fc.float({ noNaN: true, noDefaultInfinity: true, min: -1000, max: 1000 }),
  fc.constantFrom(0, 0.5, 1, 1.5, 100.5, 255, Math.fround(0.1)),
);

const { tree } = fc.letrec<{ tree: Tree }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({ weight: number }),
    fc.record({
      feature: fc.nat(FEATURES - 1),
      threshold: number,
      mode: fc.constantFrom(
        "BRANCH_LEQ",
        "BRANCH_LEQ",
        "BRANCH_LT",
        "BRANCH_GT",
        "BRANCH_GTE",
        "BRANCH_EQ",
        "BRANCH_NEQ",
      ),
      missing: fc.nat(1),
      branches: fc.tuple(tie("tree"), tie("tree")),
    }),
  ),
}));

interface Columns {
  readonly ids: number[];
  readonly trees: number[];
  readonly features: number[];
  readonly values: number[];
  readonly modes: string[];
  readonly yes: number[];
  readonly no: number[];
  readonly missing: number[];
  readonly leaves: { readonly tree: number; readonly id: number; readonly weight: number }[];
}

/** Appends a tree from a place on. @returns the next free one. */
function append(columns: Columns, index: number, one: Tree, id: number): number {
  const at = columns.ids.length;
  const isLeaf = "weight" in one;
  columns.ids.push(id);
  columns.trees.push(index);
  columns.features.push(isLeaf ? 0 : one.feature);
  columns.values.push(isLeaf ? 0 : one.threshold);
  columns.modes.push(isLeaf ? "LEAF" : one.mode);
  columns.missing.push(isLeaf ? 0 : one.missing);
  columns.yes.push(0);
  columns.no.push(0);
  if (isLeaf) {
    columns.leaves.push({ tree: index, id, weight: one.weight });
    return id + 1;
  }
  const no = append(columns, index, one.branches[0], id + 1);
  columns.yes[at] = id + 1;
  columns.no[at] = no;
  return append(columns, index, one.branches[1], no);
}

/** A TreeEnsembleRegressor over x of [1, FEATURES] with one or two targets. */
export const randomTrees: fc.Arbitrary<Uint8Array> = fc
  .record({ trees: fc.array(tree, { minLength: 1, maxLength: 12 }), targets: fc.integer({ min: 1, max: 2 }) })
  .map(({ trees, targets }) => {
    const columns: Columns = {
      ...{ ids: [], trees: [], features: [], values: [], modes: [] },
      ...{ yes: [], no: [], missing: [], leaves: [] },
    };
    for (const [index, one] of trees.entries()) append(columns, index, one, 0);
    const { leaves } = columns;
    const node = op(
      "TreeEnsembleRegressor",
      ["x"],
      ["y"],
      intAttribute("n_targets", targets),
      intsAttribute("nodes_nodeids", columns.ids),
      intsAttribute("nodes_treeids", columns.trees),
      intsAttribute("nodes_featureids", columns.features),
      intsAttribute("nodes_truenodeids", columns.yes),
      intsAttribute("nodes_falsenodeids", columns.no),
      intsAttribute("nodes_missing_value_tracks_true", columns.missing),
      floatsAttribute("nodes_values", columns.values),
      textsAttribute("nodes_modes", columns.modes),
      intsAttribute(
        "target_ids",
        leaves.map(({ id }) => id % targets),
      ),
      intsAttribute(
        "target_nodeids",
        leaves.map(({ id }) => id),
      ),
      intsAttribute(
        "target_treeids",
        leaves.map((leaf) => leaf.tree),
      ),
      floatsAttribute(
        "target_weights",
        leaves.map(({ weight }) => weight),
      ),
    );
    const inputs = [{ name: "x", shape: [1, FEATURES] }];
    const outputs = [{ name: "y", shape: [1, targets] }];
    return build({ nodes: [{ ...node, domain: "ai.onnx.ml" }], inputs, outputs });
  });
