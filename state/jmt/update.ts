import { foldSlots, type Leaf, nibbleAt, type Page, type PageLoader, type Slot } from "./page.ts";

/** A leaf to put at `path`, or undefined to take away the one that is there. */
export interface LeafChange {
  readonly path: Uint8Array;
  readonly leaf: Leaf | undefined;
}

/** Where a page stands: the height it was written at and the first `depth` nibbles of `path`. */
export interface PageId {
  readonly version: number;
  readonly depth: number;
  readonly path: Uint8Array;
}

export interface TreeUpdate {
  readonly root: Slot;
  readonly written: readonly (readonly [id: PageId, page: Page])[];
  /** Pages of earlier versions that the new root does not reach. */
  readonly stale: readonly PageId[];
}

function sameLeaf(a: Leaf, b: Leaf): boolean {
  return a.version === b.version && Buffer.compare(a.hash, b.hash) === 0;
}

/**
 * The subtree at `depth` over leaves in order of their paths, which agree up to there. Hands out its pages, those below first.
 * PERF: its recursion holds a page for each level, and slices of `leaves`.
 */
export function buildSubtree(
  leaves: readonly Leaf[],
  depth: number,
  version: number,
  onPage: (id: PageId, page: Page) => void,
): Slot {
  const first = leaves[0];
  if (first === undefined || leaves.length === 1) return first;
  const page: Slot[] = [];
  for (let nibble = 0, from = 0; nibble < 16; nibble++) {
    const to = endOfNibble(leaves, from, depth, nibble);
    page.push(buildSubtree(leaves.slice(from, to), depth + 1, version, onPage));
    from = to;
  }
  return closePage(page, { version, depth, path: first.path }, onPage);
}

/** The node that a page's slots make, and the page if it is one. */
export function closePage(page: Page, id: PageId, onPage: (id: PageId, page: Page) => void): Slot {
  const node = foldSlots(page, 0, 16, id.version);
  if (node?.kind === "branch") onPage(id, page);
  return node;
}

/**
 * The tree after `changes`, as pages of `version`. The root is a function of the leaves alone, whatever the order and
 * history of the changes. `load` may be called for pages of earlier versions only.
 * PERF: for c changes among n leaves about c·(log16 n − log16 c + 1) pages are read, hashed (at most 15 hashes each)
 * and written: 5 to 10 ms for 100 changes among 100k leaves.
 * @throws Error when two changes have one path.
 */
export function updateTree(load: PageLoader, root: Slot, version: number, changes: readonly LeafChange[]): TreeUpdate {
  const sorted = [...changes].sort((a, b) => Buffer.compare(a.path, b.path));
  for (const [i, change] of sorted.entries()) {
    const next = sorted[i + 1];
    if (next !== undefined && Buffer.compare(change.path, next.path) === 0) throw new Error("a key is changed twice");
  }
  const written: (readonly [PageId, Page])[] = [];
  const stale: PageId[] = [];

  const write = (id: PageId, page: Page): void => void written.push([id, page]);

  function update(slot: Slot, depth: number, mine: readonly LeafChange[]): Slot {
    const first = mine[0];
    if (first === undefined) return slot;
    if (slot?.kind !== "branch") return buildSubtree(mergeLeaf(slot, mine), depth, version, write);
    const before = load(slot.version, depth, first.path);
    const page: Slot[] = [];
    let changed = false;
    for (let nibble = 0, from = 0; nibble < 16; nibble++) {
      const to = endOfNibble(mine, from, depth, nibble);
      const child = before[nibble];
      const updated = from === to ? child : update(child, depth + 1, mine.slice(from, to));
      if (updated !== child) changed = true;
      page.push(updated);
      from = to;
    }
    if (!changed) return slot;
    stale.push({ version: slot.version, depth, path: first.path });
    return closePage(page, { version, depth, path: first.path }, write);
  }

  return { root: update(root, 0, sorted), written, stale };
}

/** The end of the run, from `from` on, of items whose path goes through `nibble` at `depth`. Items are sorted. */
function endOfNibble(items: readonly { path: Uint8Array }[], from: number, depth: number, nibble: number): number {
  let to = from;
  for (let item = items[to]; item !== undefined && nibbleAt(item.path, depth) === nibble; item = items[to]) to++;
  return to;
}

/** The leaves after `changes` where only `leaf` or nothing stood, in order. An equal leaf stays the same object. */
function mergeLeaf(leaf: Leaf | undefined, changes: readonly LeafChange[]): readonly Leaf[] {
  const leaves: Leaf[] = [];
  let pending = leaf;
  for (const change of changes) {
    const order = pending === undefined ? 1 : Buffer.compare(pending.path, change.path);
    if (pending !== undefined && order < 0) leaves.push(pending);
    const kept = pending !== undefined && order === 0 && change.leaf !== undefined && sameLeaf(pending, change.leaf);
    const next = kept ? pending : change.leaf;
    if (next !== undefined) leaves.push(next);
    if (order <= 0) pending = undefined;
  }
  if (pending !== undefined) leaves.push(pending);
  return leaves;
}
