import { createProof, ProofType } from "@chainsafe/persistent-merkle-tree";
import { CompositeType, type Type } from "@chainsafe/ssz";
import { utf8 } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import { type FieldPath, fieldAt } from "../../chain/field-path.ts";
import { FieldProof, PROOF_OP, TreeProof } from "../../chain/types/proof-ops.ts";
import type { StateProof } from "../../state/store.ts";
import { valueTypeOf } from "../stored-types.ts";

/** CometBFT's form of one step of a proof. */
export interface ProofOp {
  readonly type: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
}

/** What a key holds, or one field of it, with the way from there to the state root. */
export interface ProvenValue {
  /** Serialised; undefined where the state does not hold the key. */
  readonly value: Uint8Array | undefined;
  /** From the value up. */
  readonly ops: readonly ProofOp[];
}

function treeOp({ key, leaf, siblings }: StateProof): ProofOp {
  const data = TreeProof.serialize({ leaf: leaf === undefined ? [] : [leaf], siblings: [...siblings] });
  return { type: PROOF_OP.state, key, data };
}

/** What stands at a path of names in a value, which has been found to be a path of its type. */
function valueAt(value: unknown, path: FieldPath): unknown {
  return path.reduce((found, name) => (found as Readonly<Record<string, unknown>>)[name], value);
}

function branchOf(type: Type<unknown>, value: unknown, gindex: bigint): Uint8Array[] {
  if (!(type instanceof CompositeType)) return []; // A basic value is its own leaf.
  const proof = createProof(type.value_toTree(value), { type: ProofType.single, gindex });
  return proof.type === ProofType.single ? proof.witnesses : [];
}

/**
 * Adds the way from a field to its value to a key's proof.
 * PERF: merkleises the value once: tens of hashes for a record, a few thousand for a set of validators.
 * @throws QueryError for a path that the key's values do not have.
 */
export function provenValue(proof: StateProof, path: FieldPath): ProvenValue {
  const tree = treeOp(proof);
  if (path.length === 0) return { value: proof.value, ops: [tree] };
  const type = valueTypeOf(proof.key);
  const field = type === undefined ? undefined : fieldAt(type, path);
  if (type === undefined || field === undefined) {
    throw new QueryError(GRPC.invalidArgument, `the values of this key have no field ${path.join(".").slice(0, 80)}`);
  }
  if (proof.value === undefined) return { value: undefined, ops: [tree] };
  const value = type.deserialize(proof.value);
  const branch = branchOf(type, value, field.gindex);
  const op = { type: PROOF_OP.field, key: utf8(path.join(".")), data: FieldProof.serialize({ branch }) };
  return { value: field.type.serialize(valueAt(value, path)), ops: [op, tree] };
}
