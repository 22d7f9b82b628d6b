import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "./portable.ts";
import { Bytes32 } from "./primitives.ts";

/**
 * Types of the steps of a proof, in CometBFT's form: each leads from what the one before it proves to what it is part of. The key of
 * `assay:ssz` is a path of fields (`commission.rate`), that of `assay:jmt` a key of the store.
 */
export const PROOF_OP = { field: "assay:ssz", state: "assay:jmt" } as const;

/** One for each bit of a path. */
const MAX_SIBLINGS = 256;
/** Deeper than any value in the state is nested. */
export const MAX_BRANCH = 32;

const TreeLeaf = new ContainerType({ path: Bytes32, valueRoot: Bytes32 }, { typeName: "TreeLeaf" });

/**
 * From a value's hash_tree_root, or its absence, to a state root. `leaf` holds what stands at the end of the key's way: its own leaf, another
 * one where the key is absent, or nothing. `siblings` go from there up. 8.3 KiB at most, about 600 bytes among 100,000 keys.
 */
export const TreeProof = new ContainerType(
  {
    leaf: portable(() => new ListCompositeType(TreeLeaf, 1)),
    siblings: portable(() => new ListCompositeType(Bytes32, MAX_SIBLINGS)),
  },
  { typeName: "TreeProof" },
);
export type TreeProof = ValueOf<typeof TreeProof>;

/** From a field's hash_tree_root to that of the value it is part of: the hashes beside the way, from the field up. */
export const FieldProof = new ContainerType(
  { branch: portable(() => new ListCompositeType(Bytes32, MAX_BRANCH)) },
  { typeName: "FieldProof" },
);
export type FieldProof = ValueOf<typeof FieldProof>;
