import { EMPTY } from "./hash.ts";
import { foldSlots, type Leaf, nibbleAt, type Page, type PageLoader, type Slot } from "./page.ts";

/** The leaf at `path`. PERF: one page for each four bits that the path shares with another leaf, 4 or 5 at 100k keys. */
export function findLeaf(load: PageLoader, root: Slot, path: Uint8Array): Leaf | undefined {
  let slot = root;
  for (let depth = 0; slot?.kind === "branch"; depth++) slot = load(slot.version, depth, path)[nibbleAt(path, depth)];
  return slot !== undefined && Buffer.compare(slot.path, path) === 0 ? slot : undefined;
}

/** Where the way to `path` ends, at its leaf, another one, or nothing; and the hashes beside the way, from there up. */
export interface Way {
  readonly end: Leaf | undefined;
  readonly siblings: readonly Uint8Array[];
}

export function wayTo(load: PageLoader, root: Slot, path: Uint8Array): Way {
  const downward: Uint8Array[] = [];
  let slot = root;
  for (let depth = 0; slot?.kind === "branch"; depth++) {
    slot = descend(load(slot.version, depth, path), nibbleAt(path, depth), downward);
  }
  return { end: slot, siblings: downward.reverse() };
}

/** Goes down through one page, to a leaf, nothing or the branch of the next page. */
function descend(page: Page, nibble: number, siblings: Uint8Array[]): Slot {
  let from = 0;
  let node: Slot;
  for (let half = 8; half >= 1; half /= 2) {
    const right = (nibble & half) !== 0;
    siblings.push(foldSlots(page, right ? from : from + half, half, 0)?.hash ?? EMPTY);
    if (right) from += half;
    node = foldSlots(page, from, half, 0);
    if (node?.kind !== "branch") return node;
  }
  return node;
}
