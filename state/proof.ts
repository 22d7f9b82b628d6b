import { sha256 } from "@noble/hashes/sha2.js";
import type { StateProof } from "./store.ts";

/** One sibling for each bit of a path. */
const MAX_SIBLINGS = 256;

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === 32;
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function tagged(tag: number, left: Uint8Array, right: Uint8Array): Uint8Array {
  const preimage = new Uint8Array(65);
  preimage[0] = tag;
  preimage.set(left, 1);
  preimage.set(right, 33);
  return sha256(preimage);
}

function bitAt(path: Uint8Array, depth: number): number {
  return ((path[depth >> 3] as number) >> (7 - (depth & 7))) & 1;
}

function sharesBits(a: Uint8Array, b: Uint8Array, count: number): boolean {
  for (let depth = 0; depth < count; depth++) if (bitAt(a, depth) !== bitAt(b, depth)) return false;
  return true;
}

/** Proofs come from strangers: nothing about their shape is taken for granted. */
function isWellFormed(proof: StateProof): boolean {
  const { key, value, leaf, siblings } = proof;
  if (!(key instanceof Uint8Array) || (value !== undefined && !(value instanceof Uint8Array))) return false;
  if (leaf !== undefined && (typeof leaf !== "object" || leaf === null)) return false;
  if (leaf !== undefined && !(isHash(leaf.path) && isHash(leaf.valueRoot))) return false;
  if (!Array.isArray(siblings) || siblings.length > MAX_SIBLINGS) return false;
  for (const sibling of siblings) if (!isHash(sibling)) return false; // `every` would skip holes
  return true;
}

function isPresence({ leaf, value }: StateProof, path: Uint8Array, valueRoot: unknown): boolean {
  if (leaf === undefined || value === undefined || !isHash(valueRoot)) return false;
  return isEqual(leaf.path, path) && isEqual(leaf.valueRoot, valueRoot);
}

/** Nothing, or another leaf that stands in the place of the key's own, sharing every bit of the way there. */
function isAbsence({ leaf, value, siblings }: StateProof, path: Uint8Array): boolean {
  if (value !== undefined) return false;
  return leaf === undefined || (!isEqual(leaf.path, path) && sharesBits(leaf.path, path, siblings.length));
}

/**
 * Whether the state with this root holds `key` with a value of root `expected.valueRoot`, or does not hold it when
 * `expected` is undefined. Runs in browsers. Never throws, whatever the proof is made of; at most 258 hashes.
 *
 * The proof's `value` must be there for a member and not for another, but its bytes are not interpreted: a caller that
 * uses them passes their own hash_tree_root as `expected.valueRoot`.
 * Leaf and inner nodes hash under different first bytes and their parts have fixed lengths, so that neither can pass
 * for the other (RFC 6962 §2.1).
 * @param root 32 bytes, from a header that is trusted.
 */
export function verifyStateProof(
  root: Uint8Array,
  key: Uint8Array,
  expected: { readonly valueRoot: Uint8Array } | undefined,
  proof: StateProof,
): boolean {
  if (!isHash(root) || !(key instanceof Uint8Array) || typeof proof !== "object" || proof === null) return false;
  if (!isWellFormed(proof) || !isEqual(proof.key, key)) return false;
  const { leaf, siblings } = proof;
  const path = sha256(key);
  if (expected === undefined ? !isAbsence(proof, path) : !isPresence(proof, path, expected.valueRoot)) return false;
  let hash: Uint8Array = leaf === undefined ? new Uint8Array(32) : tagged(0x00, leaf.path, leaf.valueRoot);
  for (const [i, sibling] of siblings.entries()) {
    const onRight = bitAt(path, siblings.length - 1 - i) === 1;
    hash = onRight ? tagged(0x01, sibling, hash) : tagged(0x01, hash, sibling);
  }
  return isEqual(hash, root);
}
