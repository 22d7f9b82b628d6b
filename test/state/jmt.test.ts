import fc from "fast-check";
import { expect, test } from "vitest";
import { pathOf } from "../../state/jmt/hash.ts";
import { decodePage, decodeRoot, encodePage, encodeRoot, newLeaf, type Page, type Slot } from "../../state/jmt/page.ts";
import { type LeafChange, type PageId, updateTree } from "../../state/jmt/update.ts";
import { findLeaf, wayTo } from "../../state/jmt/walk.ts";
import { bit, inner, leaf, naiveRoot, sha256, text, ZERO } from "./model.ts";

const hexOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const idOf = ({ version, depth, path }: PageId): string => `${version}/${hexOf(path).slice(0, depth)}`;

/** A tree whose pages live in a map, encoded as a database would hold them. */
function tree() {
  const pages = new Map<string, Uint8Array>();
  let root: Slot;
  let version = 0;
  const load = (v: number, depth: number, path: Uint8Array): Page => {
    const bytes = pages.get(idOf({ version: v, depth, path }));
    if (bytes === undefined) throw new Error("no such page");
    return decodePage(bytes);
  };
  return {
    pages,
    load,
    get slot() {
      return root;
    },
    get root() {
      return root?.hash ?? ZERO;
    },
    /** Also drops what became stale, so that a page that is still needed would be missed. */
    change(...changes: readonly (readonly [path: Uint8Array, valueRoot: Uint8Array | undefined])[]) {
      version++;
      const leaves = changes.map(
        ([path, valueRoot]): LeafChange => ({
          path,
          leaf: valueRoot === undefined ? undefined : newLeaf(path, valueRoot, version),
        }),
      );
      const update = updateTree(load, root, version, leaves);
      for (const id of update.stale) expect(pages.delete(idOf(id))).toBe(true);
      for (const [id, page] of update.written) pages.set(idOf(id), encodePage(page));
      root = decodeRoot(encodeRoot(update.root));
      return update;
    },
  };
}

const path = (prefix: string): Uint8Array => new Uint8Array(Buffer.from(prefix.padEnd(64, "0"), "hex"));
const root = (n: number): Uint8Array => new Uint8Array(32).fill(n);

test("published digests: the empty tree is zero, a path is SHA-256 of its key", () => {
  expect(tree().root).toEqual(new Uint8Array(32));
  expect(hexOf(pathOf(text("abc")))).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

test("one leaf is the root", () => {
  const t = tree();
  t.change([path("80"), root(1)]);
  expect(t.root).toEqual(leaf(path("80"), root(1)));
  // sha256(0x00 ‖ 80 00… ‖ 01 01…), computed by another program.
  expect(hexOf(t.root)).toBe("ebd325884ebdc1991025810c3d6a199b67c47427b00a275a4290595cd05e8f36");
});

test("two leaves that part at the first bit", () => {
  const t = tree();
  t.change([path("80"), root(1)], [path("00"), root(2)]);
  expect(t.root).toEqual(inner(leaf(path("00"), root(2)), leaf(path("80"), root(1))));
  expect(hexOf(t.root)).toBe("02bbcfdec26a44a06a19544404314f58be1a2d1bb78cb27294e37224b1cfc58c");
});

test("three leaves, two of which share five bits: an empty sibling at each shared bit", () => {
  const t = tree();
  t.change([path("80"), root(1)], [path("84"), root(2)], [path("00"), root(3)]);
  const pair = inner(leaf(path("80"), root(1)), leaf(path("84"), root(2)));
  const down = [1, 2, 3, 4].reduce((below) => inner(below, ZERO), pair);
  expect(t.root).toEqual(inner(leaf(path("00"), root(3)), down));
  expect(hexOf(t.root)).toBe("507dfccbbb9086359b9f70046bd40f6138da73665379c86165be5f79dd40afb8");
  const { end, siblings } = wayTo(t.load, t.slot, path("84"));
  expect(end?.valueRoot).toEqual(root(2));
  expect(siblings).toEqual([leaf(path("80"), root(1)), ZERO, ZERO, ZERO, ZERO, leaf(path("00"), root(3))]);
});

test("leaves that part at the last bit of 256", () => {
  const t = tree();
  const last = path("");
  last[31] = 1;
  t.change([path(""), root(1)], [last, root(2)]);
  expect(t.root).toEqual(
    naiveRoot([
      [path(""), root(1)],
      [last, root(2)],
    ]),
  );
  expect(wayTo(t.load, t.slot, last).siblings).toHaveLength(256);
  t.change([last, undefined]);
  expect(t.root).toEqual(leaf(path(""), root(1)));
  expect(t.pages.size).toBe(0);
});

test("deleting collapses again, across pages, and leaves no page behind", () => {
  const t = tree();
  t.change([path("8000"), root(1)]);
  const alone = t.root;
  t.change([path("8001"), root(2)]);
  expect(t.pages.size).toBe(4);
  t.change([path("8001"), undefined]);
  expect(t.root).toEqual(alone);
  expect(t.pages.size).toBe(0);
  t.change([path("8000"), undefined]);
  expect(t.root).toEqual(ZERO);
});

test("changes without effect write nothing", () => {
  const t = tree();
  t.change([path("10"), root(1)], [path("11"), root(2)]);
  const before = t.slot;
  const missing = t.change([path("12"), undefined], [path("f0"), undefined]);
  expect([missing.written, missing.stale]).toEqual([[], []]);
  const same = newLeaf(path("10"), root(1), 1);
  expect(updateTree(t.load, t.slot, 9, [{ path: path("10"), leaf: same }])).toEqual({
    root: before,
    written: [],
    stale: [],
  });
});

test("two changes at one path are refused", () => {
  expect(() => tree().change([path("10"), root(1)], [path("10"), undefined])).toThrow("changed twice");
});

/** Paths that share long prefixes far more often than digests would. */
const closePath = fc
  .tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 3 }))
  .map(([first, depth, tail]) => {
    const bytes = new Uint8Array(32);
    bytes[0] = first * 0x51;
    bytes[depth % 32] = (bytes[depth % 32] ?? 0) ^ (0x80 >> (depth % 8));
    bytes[31] = (bytes[31] ?? 0) ^ tail;
    return bytes;
  });
const anyPath = fc.oneof(
  closePath,
  fc.integer({ min: 0, max: 300 }).map((n) => sha256(Uint8Array.of(n >> 8, n))),
);
const batch = fc.uniqueArray(fc.tuple(anyPath, fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined })), {
  maxLength: 30,
  selector: ([p]) => hexOf(p),
});

test("over many heights the root, every leaf and every way are those of the definition", () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 6 }), anyPath, (batches, absent) => {
      const t = tree();
      const model = new Map<string, readonly [Uint8Array, Uint8Array]>();
      for (const changes of batches) {
        for (const [p, n] of changes) {
          if (n === undefined) model.delete(hexOf(p));
          else model.set(hexOf(p), [p, root(n)]);
        }
        t.change(...changes.map(([p, n]) => [p, n === undefined ? undefined : root(n)] as const));
        expect(t.root).toEqual(naiveRoot([...model.values()]));
      }
      for (const [p, valueRoot] of model.values()) expect(findLeaf(t.load, t.slot, p)?.valueRoot).toEqual(valueRoot);
      for (const p of [absent, ...[...model.values()].map(([present]) => present)]) {
        const { end, siblings } = wayTo(t.load, t.slot, p);
        const start = end === undefined ? ZERO : leaf(end.path, end.valueRoot);
        const up = siblings.reduce(
          (below, sibling, i) =>
            bit(p, siblings.length - 1 - i) === 1 ? inner(sibling, below) : inner(below, sibling),
          start,
        );
        expect(up).toEqual(t.root);
        expect(end !== undefined && hexOf(end.path) === hexOf(p)).toBe(model.has(hexOf(p)));
      }
    }),
    { numRuns: 150 },
  );
});

test("the root does not depend on the order or grouping of changes, and emptying the tree leaves no page", () => {
  fc.assert(
    fc.property(batch, fc.array(fc.nat({ max: 1000 }), { minLength: 30, maxLength: 30 }), (changes, order) => {
      const puts = changes.map(([p, n]) => [p, root(n ?? 0)] as const);
      const together = tree();
      together.change(...puts);
      const shuffled = puts.map((put, i) => [order[i] ?? 0, put] as const).sort(([a], [b]) => a - b);
      const oneByOne = tree();
      for (const [, put] of shuffled) oneByOne.change(put);
      expect(oneByOne.root).toEqual(together.root);
      expect(oneByOne.pages.size).toBe(together.pages.size);
      for (const [, [p]] of shuffled) oneByOne.change([p, undefined]);
      expect([oneByOne.root, oneByOne.pages.size]).toEqual([ZERO, 0]);
    }),
    { numRuns: 60 },
  );
});

test("the comparison with the definition catches a wrong tree", () => {
  const t = tree();
  t.change([path("80"), root(1)], [path("84"), root(2)]);
  expect(t.root).not.toEqual(inner(leaf(path("80"), root(1)), leaf(path("84"), root(2))));
  expect(t.root).not.toEqual(naiveRoot([[path("80"), root(1)]]));
});
