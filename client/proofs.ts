import type { Type } from "@chainsafe/ssz";
import { sha256 } from "@noble/hashes/sha2.js";
import { concatBytes, equalBytes, fromUtf8 } from "../chain/bytes.ts";
import { type FieldAt, type FieldPath, fieldAt } from "../chain/field-path.ts";
import { FieldProof, MAX_BRANCH, PROOF_OP, TreeProof } from "../chain/types/proof-ops.ts";
import { verifyStateProof } from "../state/proof.ts";
import { NodeError } from "./errors.ts";

/** A step of a proof as CosmJS reads it. */
export interface ProofOp {
  readonly type: string;
  readonly key: Uint8Array;
  readonly data: Uint8Array;
}

/** What is asked of the state: a key, what its values are, and which of their fields; without a path the whole value. */
export interface StateQuestion<T, P extends FieldPath = readonly []> {
  /** As a collection makes it: `balances.storeKey([address, "uassay"])`. */
  readonly key: Uint8Array;
  readonly type: Type<T>;
  readonly path?: P;
}

/** What a node answers. `value` is serialised, and empty where the key is absent. */
export interface StateAnswer {
  readonly value: Uint8Array;
  readonly ops: readonly ProofOp[];
}

/** `value` is undefined where the state is proven not to hold the key. */
export type StateVerdict<V> =
  | { readonly valid: true; readonly value: V | undefined }
  | { readonly valid: false; readonly reason: string };

const invalid = (reason: string): { readonly valid: false; readonly reason: string } => ({ valid: false, reason });

/** Of a stranger's bytes: exactly one value, or undefined. */
function decode<T>(type: Type<T>, bytes: Uint8Array): T | undefined {
  if (bytes.length > type.maxSize) return undefined;
  try {
    const value = type.deserialize(bytes);
    return equalBytes(type.serialize(value), bytes) ? value : undefined;
  } catch {
    return undefined; // Not this type: a verdict on a stranger's bytes, not a fault.
  }
}

/** The root of a value, of one of its fields and the hashes beside the way up; undefined when they are not of that length. */
function rootAbove(leaf: Uint8Array, gindex: bigint, branch: readonly Uint8Array[]): Uint8Array | undefined {
  let at = gindex;
  let hash = leaf;
  for (const sibling of branch) {
    if (at <= 1n) return undefined;
    hash = sha256(at % 2n === 1n ? concatBytes(sibling, hash) : concatBytes(hash, sibling));
    at /= 2n;
  }
  return at === 1n ? hash : undefined;
}

/**
 * Checks what a node answers about the state against a header's `stateRoot`, down into a single field: the field's root and the hashes
 * beside its way give the value's root, that and the hashes beside the key's way the state root. Never throws; at most 300 hashes
 * beside those of the field.
 *
 * @param stateRoot 32 bytes, of a header that is trusted.
 * @example
 * const path = ["tokens"] as const;
 * const verdict = verifyState(header.stateRoot, { key: validators.storeKey(operator), type: validators.type, path }, answer);
 */
export function verifyState<T, const P extends FieldPath = readonly []>(
  stateRoot: Uint8Array,
  question: StateQuestion<T, P>,
  answer: StateAnswer,
): StateVerdict<FieldAt<T, P>> {
  const { key, path = [] } = question;
  const field = fieldAt(question.type, path);
  if (field === undefined) return invalid(`there is no field ${path.join(".")}`);
  const treeOp = answer.ops.at(-1);
  if (treeOp?.type !== PROOF_OP.state || !equalBytes(treeOp.key, key)) return invalid("the proof is not of this key");
  const tree = decode(TreeProof, treeOp.data);
  if (tree === undefined) return invalid("the proof can't be read");
  const [leaf] = tree.leaf;
  const { siblings } = tree;
  if (leaf === undefined || !equalBytes(leaf.path, sha256(key))) {
    const isProven = verifyStateProof(stateRoot, key, undefined, { key, value: undefined, leaf, siblings });
    if (answer.ops.length !== 1 || answer.value.length > 0)
      return invalid("the answer has a value, its proof has none");
    return isProven ? { valid: true, value: undefined } : invalid("the proof does not lead to the state root");
  }
  const fieldValue = decode(field.type, answer.value);
  if (fieldValue === undefined) return invalid("the value can't be read");
  const branch = branchOf(answer.ops, path);
  if (branch === undefined) return invalid("the proof is not of this field");
  const valueRoot = rootAbove(field.type.hashTreeRoot(fieldValue), field.gindex, branch);
  if (valueRoot === undefined) return invalid("the proof is not of this field");
  const proof = { key, value: answer.value, leaf, siblings };
  if (!verifyStateProof(stateRoot, key, { valueRoot }, proof))
    return invalid("the proof does not lead to the state root");
  return { valid: true, value: fieldValue as FieldAt<T, P> };
}

/** The hashes beside a field's way: none for the whole value, which has no step of its own. */
function branchOf(ops: readonly ProofOp[], path: FieldPath): readonly Uint8Array[] | undefined {
  if (path.length === 0) return ops.length === 1 ? [] : undefined;
  const [op] = ops;
  if (ops.length !== 2 || op?.type !== PROOF_OP.field) return undefined;
  if (op.key.length > 256 || fromUtf8(op.key) !== path.join(".")) return undefined;
  const branch = decode(FieldProof, op.data)?.branch;
  return branch === undefined || branch.length > MAX_BRANCH ? undefined : branch;
}

/** The part of CosmJS's Comet client that is used: `cometClient(url)` is one. */
export interface AbciQuerier {
  abciQuery(params: {
    readonly path: string;
    readonly data: Uint8Array;
    readonly height: number;
    readonly prove: boolean;
  }): Promise<{
    readonly code?: number | undefined;
    readonly log?: string | undefined;
    readonly value: Uint8Array;
    readonly height?: number | undefined;
    readonly proof?: { readonly ops: readonly ProofOp[] } | undefined;
  }>;
}

/** A header that is trusted: `(await lightClient.update()).header`. */
export interface TrustedHeader {
  readonly height: number;
  readonly stateRoot: Uint8Array;
}

/**
 * Asks a node about the state after a block, for whoever checks the answer himself or hands it on: see `verifyState`.
 * @param path fields of the value; none for the whole of it.
 * @throws NodeError when the node does not answer or holds no state of that height.
 */
export async function fetchState(
  comet: AbciQuerier,
  height: number,
  key: Uint8Array,
  path: FieldPath = [],
): Promise<StateAnswer> {
  const query = ["/store/key", ...(path.length === 0 ? [] : [path.join(".")])].join("/");
  const answer = await comet.abciQuery({ path: query, data: key, height, prove: true });
  if ((answer.code ?? 0) !== 0) throw new NodeError(`the node does not answer: ${(answer.log ?? "").slice(0, 500)}`);
  if (answer.height !== height) {
    throw new NodeError(`the node answers with the state of height ${answer.height}, asked for ${height}`);
  }
  return { value: answer.value, ops: answer.proof?.ops ?? [] };
}

/**
 * Asks a node about the state after a block and checks the answer against that block's header. The node needs no trust.
 * @returns undefined where the state does not hold the key.
 * @throws NodeError when the node does not answer, holds no state of that height, or can't prove what it says.
 * @example
 * const { header } = await lightClient.update();
 * const amount = await provenState(comet, header, { key: balances.storeKey([address, "uassay"]), type: balances.type });
 */
export async function provenState<T, const P extends FieldPath = readonly []>(
  comet: AbciQuerier,
  header: TrustedHeader,
  question: StateQuestion<T, P>,
): Promise<FieldAt<T, P> | undefined> {
  const answer = await fetchState(comet, header.height, question.key, question.path);
  const verdict = verifyState(header.stateRoot, question, answer);
  if (!verdict.valid) throw new NodeError(`the node's answer is not proven: ${verdict.reason}`);
  return verdict.value;
}
