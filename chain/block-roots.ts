import { BitArray } from "@chainsafe/ssz";
import { Body } from "./types/block.ts";
import { Header } from "./types/header.ts";

const roots = new WeakMap<object, Uint8Array>();

/** Records and lists become immutable. Bytes and bit lists can't be frozen: nobody writes into those of a block. */
function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value) || value instanceof BitArray) return;
  if (Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const part of Object.values(value)) freeze(part);
}

function once<V extends object>(value: V, compute: (value: V) => Uint8Array): Uint8Array {
  const known = roots.get(value);
  if (known !== undefined) return known.slice();
  freeze(value);
  const root = compute(value);
  roots.set(value, root);
  return root.slice();
}

/**
 * The block id: hash_tree_root of the header, which is frozen by it. PERF: a node asks for it at every step from proposal to commit,
 * 40 µs each time without the memory, which lasts as long as the header.
 */
export function headerRoot(header: Header): Uint8Array {
  return once(header, (value) => Header.hashTreeRoot(value));
}

/** hash_tree_root of the body, which is frozen by it, with all that is in it. Computed once for each object. */
export function bodyRootOf(body: Body): Uint8Array {
  return once(body, (value) => Body.hashTreeRoot(value));
}
