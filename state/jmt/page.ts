import { EMPTY, innerHash, leafHash } from "./hash.ts";

export interface Leaf {
  readonly kind: "leaf";
  readonly hash: Uint8Array;
  readonly path: Uint8Array;
  readonly valueRoot: Uint8Array;
  /** Height at which the value's bytes were written. */
  readonly version: number;
}

/** A subtree of two leaves or more: a page, stored under the height it was written at and its path. */
export interface Branch {
  readonly kind: "branch";
  readonly hash: Uint8Array;
  readonly version: number;
}

/** What stands at a position of the tree; undefined for an empty subtree. */
export type Slot = Leaf | Branch | undefined;

/**
 * Four levels of the binary tree: the 16 positions below a branch, by the next four bits of the path. Leaves are kept
 * in the page that holds them. Holds two leaves or more, in its slots or below them.
 */
export type Page = readonly Slot[];

/** Reads the page of the branch that was written at `version` and stands at the first `depth` nibbles of `path`. */
export type PageLoader = (version: number, depth: number, path: Uint8Array) => Page;

export function newLeaf(path: Uint8Array, valueRoot: Uint8Array, version: number): Leaf {
  return { kind: "leaf", hash: leafHash(path, valueRoot), path, valueRoot, version };
}

/** The `depth`-th four bits of a path. */
export function nibbleAt(path: Uint8Array, depth: number): number {
  const byte = path[depth >> 1] as number;
  return depth % 2 === 0 ? byte >> 4 : byte & 0x0f;
}

/**
 * The node over `count` (a power of two) slots of a page. This is where the tree collapses: a range with one leaf is
 * that leaf, an empty one nothing.
 */
export function foldSlots(page: Page, from: number, count: number, version: number): Slot {
  if (count === 1) return page[from];
  const half = count / 2;
  const left = foldSlots(page, from, half, version);
  const right = foldSlots(page, from + half, half, version);
  if (left === undefined && (right === undefined || right.kind === "leaf")) return right;
  if (right === undefined && left?.kind === "leaf") return left;
  return { kind: "branch", hash: innerHash(left?.hash ?? EMPTY, right?.hash ?? EMPTY), version };
}

const VERSION_BYTES = 6;
const BRANCH_BYTES = 32 + VERSION_BYTES;
const LEAF_BYTES = 64 + VERSION_BYTES;

/** A slot's bytes: a branch is hash ‖ version, a leaf path ‖ value root ‖ version (its hash is derived). */
function writeSlot(target: Buffer, offset: number, slot: Leaf | Branch): number {
  const start = slot.kind === "leaf" ? slot.path : slot.hash;
  target.set(start, offset);
  if (slot.kind === "leaf") target.set(slot.valueRoot, offset + 32);
  return target.writeUIntBE(slot.version, offset + (slot.kind === "leaf" ? 64 : 32), VERSION_BYTES);
}

function readSlot(source: Buffer, offset: number, kind: "leaf" | "branch"): Leaf | Branch {
  const bytes = (from: number): Uint8Array => new Uint8Array(source.subarray(from, from + 32));
  if (kind === "leaf") {
    return newLeaf(bytes(offset), bytes(offset + 32), source.readUIntBE(offset + 64, VERSION_BYTES));
  }
  return { kind, hash: bytes(offset), version: source.readUIntBE(offset + 32, VERSION_BYTES) };
}

/** Bit maps of occupied slots and of leaves, 16 bits each, then the occupied slots in order. */
export function encodePage(page: Page): Uint8Array {
  let occupied = 0;
  let leaves = 0;
  let size = 4;
  for (const [i, slot] of page.entries()) {
    if (slot === undefined) continue;
    occupied |= 1 << i;
    if (slot.kind === "leaf") leaves |= 1 << i;
    size += slot.kind === "leaf" ? LEAF_BYTES : BRANCH_BYTES;
  }
  const target = Buffer.alloc(size);
  target.writeUInt16BE(occupied, 0);
  target.writeUInt16BE(leaves, 2);
  let offset = 4;
  for (const slot of page) if (slot !== undefined) offset = writeSlot(target, offset, slot);
  return target;
}

/** @throws Error on bytes that are too short. */
export function decodePage(bytes: Uint8Array): Page {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const occupied = source.readUInt16BE(0);
  const leaves = source.readUInt16BE(2);
  const page: Slot[] = new Array<Slot>(16).fill(undefined);
  let offset = 4;
  for (let i = 0; i < 16; i++) {
    if (((occupied >> i) & 1) === 0) continue;
    const kind = ((leaves >> i) & 1) === 1 ? "leaf" : "branch";
    page[i] = readSlot(source, offset, kind);
    offset += kind === "leaf" ? LEAF_BYTES : BRANCH_BYTES;
  }
  return page;
}

/** The root is a page of one slot at most, so that it needs no encoding of its own. */
export function encodeRoot(root: Slot): Uint8Array {
  return encodePage([root]);
}

export function decodeRoot(bytes: Uint8Array): Slot {
  return decodePage(bytes)[0];
}
