import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backend } from "../../state/backend.ts";
import { createStore } from "../../state/create-store.ts";
import { createKeySets, loadKeySets } from "../../state/key-sets.ts";
import { openLevelStore } from "../../state/level-store.ts";
import { createMemoryBackend } from "../../state/memory-backend.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { verifyStateProof } from "../../state/proof.ts";
import type { StateStore } from "../../state/store.ts";
import { type Contents, read, rootOf, slice, text, value, ZERO } from "./model.ts";

let folder: string;
let opened = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "assay-state-"));
});
afterAll(() => rm(folder, { recursive: true }));
const newPath = (): string => join(folder, String(opened++));

/** `undefined` deletes. */
type Block = readonly (readonly [key: string, content: string | undefined])[];

async function write(store: StateStore, block: Block): Promise<void> {
  const overlay = createOverlay(store.latest);
  for (const [key, content] of block) {
    if (content === undefined) overlay.delete(text(key));
    else overlay.set(text(key), value(content));
  }
  await store.commit(store.prepare(store.initialised ? store.height + 1 : 0, overlay.changes()), []);
}

/** The contents after each block. */
function histories(blocks: readonly Block[]): Contents[] {
  const heights: Contents[] = [];
  for (const block of blocks) {
    const contents = new Map(heights.at(-1));
    for (const [key, content] of block) {
      if (content === undefined) contents.delete(key);
      else contents.set(key, content);
    }
    heights.push(contents);
  }
  return heights;
}

const KEYS = Array.from({ length: 24 }, (_, n) => `k${String.fromCharCode(n * 11)}`);

/** Everything a store says, against the model: tip and each retained height, proofs of present and absent keys. */
function check(store: StateStore, heights: readonly Contents[], retention: number): void {
  const tip = heights.length - 1;
  expect(store.height).toBe(tip);
  expect(store.root).toEqual(rootOf(heights[tip] ?? new Map()));
  expect(store.oldestHeight).toBe(Math.max(0, tip - retention));
  expect([store.at(-1), store.at(tip + 1), store.at(0.5), store.rootAt(tip + 1)]).toEqual(Array(4).fill(undefined));
  for (const [height, contents] of heights.entries()) {
    const reader = store.at(height);
    if (height < store.oldestHeight) {
      const answers = [reader, store.rootAt(height), store.prove(text("k"), height)];
      expect(answers).toEqual([undefined, undefined, undefined]);
      continue;
    }
    if (reader === undefined) throw new Error(`height ${height} should be kept`);
    const root = store.rootAt(height);
    expect(root).toEqual(rootOf(contents));
    for (const source of height === tip ? [reader, store.latest] : [reader]) {
      for (const reverse of [false, true]) {
        expect(read(source, "", "\xff", reverse)).toEqual(slice(contents, "", "\xff", reverse));
        const [from, to] = [KEYS[5] ?? "", KEYS[17] ?? ""];
        expect(read(source, from, to, reverse)).toEqual(slice(contents, from, to, reverse));
      }
      for (const key of KEYS) {
        const content = contents.get(key);
        expect(source.get(text(key))).toEqual(content === undefined ? undefined : text(content));
      }
    }
    for (const key of KEYS.slice(0, 8)) {
      const content = contents.get(key);
      const proof = store.prove(text(key), height);
      const expected = content === undefined ? undefined : { valueRoot: value(content).root };
      if (root === undefined || proof === undefined) throw new Error("no proof");
      expect(verifyStateProof(root, text(key), expected, proof)).toBe(true);
      expect(proof.value).toEqual(content === undefined ? undefined : text(content));
    }
  }
}

const block = fc
  .array(fc.tuple(fc.constantFrom(...KEYS), fc.option(fc.constantFrom("", "a", "b", "long".repeat(20)), { freq: 2 })), {
    maxLength: 16,
  })
  .map((entries): Block => entries.map(([key, content]) => [key, content ?? undefined]));
const blocks = fc.array(block, { minLength: 1, maxLength: 9 });
const retentions = fc.constantFrom(0, 1, 3, Number.MAX_SAFE_INTEGER);

test("the memory store says at every retained height what the model says", async () => {
  await fc.assert(
    fc.asyncProperty(blocks, retentions, async (history, retention) => {
      const store = createMemoryStore({ retention });
      for (const b of history) await write(store, b);
      check(store, histories(history), retention);
    }),
    { numRuns: 60 },
  );
}, 60_000);

test("so does the level store, before and after it is opened again", async () => {
  await fc.assert(
    fc.asyncProperty(blocks, blocks, retentions, async (first, second, retention) => {
      const path = newPath();
      let store = await openLevelStore(path, { retention });
      for (const b of first) await write(store, b);
      check(store, histories(first), retention);
      await store.close();
      store = await openLevelStore(path, { retention });
      check(store, histories(first), retention);
      for (const b of second) await write(store, b);
      check(store, histories([...first, ...second]), retention);
      await store.close();
    }),
    { numRuns: 12 },
  );
}, 60_000);

test("the comparison catches a store that is wrong", async () => {
  const store = createMemoryStore();
  await write(store, [["ka", "1"]]);
  await write(store, [["ka", "2"]]);
  const right = histories([[["ka", "1"]], [["ka", "2"]]]);
  check(store, right, 100);
  expect(() => check(store, [right[1] ?? new Map(), ...right.slice(1)], 100)).toThrow();
  const stale = { ...store, height: 1, oldestHeight: 0, root: store.root, latest: store.at(0) ?? store.latest };
  expect(() => check(stale, right, 100)).toThrow();
});

test("genesis: height 0, once", async () => {
  const store = createMemoryStore();
  expect([store.initialised, store.height, store.at(0)]).toEqual([false, 0, undefined]);
  expect(store.root).toEqual(ZERO);
  expect(store.latest.get(text("a"))).toBeUndefined();
  await write(store, []);
  expect([store.initialised, store.height]).toEqual([true, 0]);
  expect(store.at(0)?.get(text("a"))).toBeUndefined();
  expect(() => store.prepare(0, [])).toThrow("height 1 comes next, not 0");
});

test("genesis: any height, from which the store goes on", async () => {
  const store = createMemoryStore({ retention: 1 });
  await store.commit(store.prepare(1000, [[text("a"), value("1")]]), []);
  expect([store.height, store.oldestHeight, store.at(999)]).toEqual([1000, 1000, undefined]);
  expect(() => store.prepare(1000, [])).toThrow("height 1001 comes next, not 1000");
  for (let height = 1001; height <= 1004; height++) {
    await store.commit(store.prepare(height, [[text("a"), value(String(height))]]), []);
  }
  expect([store.height, store.oldestHeight]).toEqual([1004, 1003]);
  expect(store.at(1003)?.get(text("a"))).toEqual(text("1003"));
});

test("preparing changes nothing; several from one tip, of which one is committed", async () => {
  const store = createMemoryStore();
  await write(store, [["a", "1"]]);
  const before = store.root;
  const one = store.prepare(1, [[text("a"), value("2")]]);
  const other = store.prepare(1, [[text("b"), value("3")]]);
  expect(store.root).toEqual(before);
  expect(one.root).toEqual(rootOf(new Map([["a", "2"]])));
  expect(other.root).not.toEqual(one.root);
  expect(store.prepare(1, [[text("a"), value("2")]]).root).toEqual(one.root);
  await store.commit(other, []);
  expect(read(store.latest, "", "z", false)).toEqual([
    ["a", "1"],
    ["b", "3"],
  ]);
  await expect(store.commit(one, [])).rejects.toThrow("prepared on another tip");
  await expect(store.commit(other, [])).rejects.toThrow("prepared on another tip");
  await expect(createMemoryStore().commit(one, [])).rejects.toThrow("has not prepared that update");
  await expect(store.commit({ height: 2, root: ZERO }, [])).rejects.toThrow("has not prepared that update");
});

test("refuses what can't be stored", () => {
  const store = createMemoryStore();
  const long = new Uint8Array(1025);
  expect(() => store.prepare(0, [[long, value("a")]])).toThrow("1024 is the most");
  expect(() => store.prepare(0, [[text("a"), { bytes: long, root: new Uint8Array(31) }]])).toThrow("value root");
  expect(() =>
    store.prepare(0, [
      [text("a"), value("1")],
      [text("a"), value("2")],
    ]),
  ).toThrow("changed twice");
  for (const retention of [-1, 0.5, Number.NaN]) expect(() => createMemoryStore({ retention })).toThrow("retention");
});

test("a prepared update doesn't follow later changes of the caller's arrays", async () => {
  const store = createMemoryStore();
  const changed = value("1");
  const key = text("a");
  const update = store.prepare(0, [[key, changed]]);
  key[0] = 0x7a;
  changed.bytes[0] = 0x39;
  changed.root.fill(0);
  await store.commit(update, []);
  expect(store.latest.get(text("a"))).toEqual(text("1"));
  expect(store.prove(text("a"), 0)?.leaf?.valueRoot).toEqual(value("1").root);
});

test("the same bytes under another root change the tree and not the value's history", async () => {
  const store = createMemoryStore();
  await write(store, [["a", "1"]]);
  const root = value("other type").root;
  const update = store.prepare(1, [[text("a"), { bytes: text("1"), root }]]);
  await store.commit(update, []);
  expect(store.rootAt(0)).not.toEqual(store.root);
  for (const [height, valueRoot] of [
    [0, value("1").root],
    [1, root],
  ] as const) {
    const proof = store.prove(text("a"), height);
    expect(proof?.value).toEqual(text("1"));
    expect(proof?.leaf?.valueRoot).toEqual(valueRoot);
  }
});

test("side values: written with the block, replaced, deleted, iterated in order", async () => {
  for (const store of [createMemoryStore(), await openLevelStore(newPath(), { retention: 0 })]) {
    const side = (key: string, content: string | undefined) =>
      [text(key), content === undefined ? undefined : text(content)] as const;
    await store.commit(store.prepare(0, []), [side("b", "1"), side("a", "2"), side("\xff", "3")]);
    await store.commit(store.prepare(1, [[text("a"), value("state")]]), [side("b", "4"), side("\xff", undefined)]);
    expect(store.getSide(text("b"))).toEqual(text("4"));
    expect(store.getSide(text("\xff"))).toBeUndefined();
    expect(store.getSide(text("c"))).toBeUndefined();
    const all = async (reverse: boolean) => {
      const found: (readonly [Uint8Array, Uint8Array])[] = [];
      for await (const entry of store.iterateSide({ start: text(""), end: text("\xff\xff"), reverse }))
        found.push(entry);
      return found;
    };
    const expected = [
      [text("a"), text("2")],
      [text("b"), text("4")],
    ];
    expect(await all(false)).toEqual(expected);
    expect(await all(true)).toEqual(expected.reverse());
    expect(read(store.latest, "", "\xff", false)).toEqual([["a", "state"]]);
    await store.close();
  }
});

/** A memory backend whose writes are visible at once, but are answered only when the test says so. */
function heldBackend() {
  const backend = createMemoryBackend();
  let answer: (() => void) | undefined;
  let fail: ((error: Error) => void) | undefined;
  const held: Backend = {
    ...backend,
    async write(writes) {
      await backend.write(writes);
      await new Promise<void>((resolve, reject) => {
        answer = resolve;
        fail = reject;
      });
    },
  };
  const settle = async (done: Promise<void>, error?: Error): Promise<void> => {
    await new Promise(setImmediate);
    if (error === undefined) answer?.();
    else fail?.(error);
    await done;
  };
  return { held, settle };
}

test("until a commit resolves, everything reads as the old tip although the disk is ahead", async () => {
  const history: Block[] = [
    [
      ["ka", "1"],
      ["kb", "1"],
      ["kc", "1"],
    ],
    [
      ["ka", "2"],
      ["kb", undefined],
      ["kd", "2"],
    ],
  ];
  const [first, second] = histories(history);
  if (first === undefined || second === undefined) throw new Error("no history");
  for (const retention of [0, 5]) {
    const { held, settle } = heldBackend();
    const store = createStore(held, createKeySets(), { retention });
    await settle(write(store, history[0] ?? []));
    const early = store.at(0);
    const committing = write(store, history[1] ?? []);
    await new Promise(setImmediate);
    check(store, [first], retention);
    expect(store.prepare(1, [[text("kb"), undefined]]).root).toEqual(
      rootOf(
        new Map([
          ["ka", "1"],
          ["kc", "1"],
        ]),
      ),
    );
    await expect(write(store, [])).rejects.toThrow("another commit is being written");
    await settle(committing);
    check(store, [first, second], retention);
    if (retention === 0) expect(() => early?.get(text("ka"))).toThrow("height 0 has been pruned");
  }
});

test("also when the old values have left the cache", async () => {
  const { held, settle } = heldBackend();
  const store = createStore(held, createKeySets(), { retention: 1 });
  const fillers = Array.from({ length: 40 }, (_, i) => text(`filler ${i}`));
  const large = { bytes: new Uint8Array(1024 * 1024), root: ZERO };
  const genesis = createOverlay(store.latest);
  for (const key of fillers) genesis.set(key, large);
  for (const key of ["ka", "kb"]) genesis.set(text(key), value("1"));
  await settle(store.commit(store.prepare(0, genesis.changes()), []));
  const committing = write(store, [
    ["ka", "2"],
    ["kb", undefined],
    ["kc", "2"],
  ]);
  await new Promise(setImmediate);
  for (const key of fillers) store.latest.get(key);
  expect(read(store.latest, "k", "l", false)).toEqual([
    ["ka", "1"],
    ["kb", "1"],
  ]);
  for (const key of fillers) store.latest.get(key);
  expect(store.latest.get(text("kb"))).toEqual(text("1"));
  await settle(committing);
  expect(read(store.latest, "k", "l", true)).toEqual([
    ["kc", "2"],
    ["ka", "2"],
  ]);
});

test("a height that the commit under way prunes is already gone, the tip is not", async () => {
  const { held, settle } = heldBackend();
  const store = createStore(held, createKeySets(), { retention: 1 });
  const history = ["0", "1", "2", "3"].map((content): Block => KEYS.map((key) => [key, content] as const));
  for (const b of history) await settle(write(store, b));
  const cold = createStore(held, await loadKeySets(held), { retention: 1 });
  const early = cold.at(2);
  expect(early?.get(text("k\x00"))).toEqual(text("2"));
  const committing = write(cold, [["k\x00", "4"]]);
  await new Promise(setImmediate);
  expect([cold.at(2), cold.oldestHeight, cold.height]).toEqual([undefined, 3, 3]);
  expect(() => early?.get(text(KEYS[3] ?? ""))).toThrow("height 2 has been pruned");
  expect(cold.at(3)?.get(text("k\x00"))).toEqual(text("3"));
  await settle(committing);
  check(cold, histories([...history, [["k\x00", "4"]]]), 1);
});

test("after a failed write the store reads the old tip and takes no more", async () => {
  const { held, settle } = heldBackend();
  const store = createStore(held, createKeySets(), { retention: 5 });
  await settle(write(store, [["ka", "1"]]));
  const failing = settle(write(store, [["ka", "2"]]), new Error("no space left on device"));
  await expect(failing).rejects.toThrow("no space left");
  expect(store.height).toBe(0);
  expect(store.latest.get(text("ka"))).toEqual(text("1"));
  await expect(write(store, [])).rejects.toThrow("an earlier commit failed");
});

async function tables(backend: Backend): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for await (const key of backend.keys({ start: text(""), end: text("\xff") })) {
    counts.set(key[0] ?? -1, (counts.get(key[0] ?? -1) ?? 0) + 1);
  }
  return counts;
}

test("pruning bounds what is kept, and an emptied state leaves nothing but its root", async () => {
  const memory = createMemoryBackend();
  let looked = 0;
  const backend: Backend = {
    ...memory,
    get(key) {
      if (key[0] === 6) looked++;
      return memory.get(key);
    },
  };
  const keys = createKeySets();
  const store = createStore(backend, keys, { retention: 2 });
  const sizes: number[] = [];
  for (let height = 0; height < 120; height++) {
    const changes = KEYS.filter((_, n) => (n * 7 + height) % 5 < 2);
    await write(
      store,
      changes.map((key, n) => [key, n % 3 === 0 ? undefined : `${height}`] as const),
    );
    if (height >= 20) sizes.push([...(await tables(backend)).values()].reduce((sum, count) => sum + count, 0));
  }
  const half = Math.max(...sizes.slice(0, 50));
  expect(Math.max(...sizes.slice(50))).toBeLessThanOrEqual(half * 1.1);
  await write(
    store,
    KEYS.map((key) => [key, undefined] as const),
  );
  for (let i = 0; i < 5; i++) await write(store, []);
  // Meta, the roots of three heights, and the two stale entries that still hold something back.
  expect([...(await tables(backend))]).toEqual([
    [0, 1],
    [5, 3],
    [6, 2],
  ]);
  expect([...keys.everKept({ start: text(""), end: text("\xff") })]).toEqual([]);
  // Each commit looks at one new stale entry, and for one that is not there.
  expect(looked).toBeLessThan(store.height * 3);
  const reopened = createStore(backend, await loadKeySets(backend), { retention: 2 });
  expect(read(reopened.at(reopened.oldestHeight) ?? reopened.latest, "", "\xff", false)).toEqual([]);
});

test("a key that was deleted twice is found between the deletions when the first has been pruned", async () => {
  const history: Block[] = [[["ka", "0"]], [["ka", undefined]], [["ka", "2"]], [["ka", undefined]], [], []];
  for (const retention of [2, 3]) {
    const backend = createMemoryBackend();
    const store = createStore(backend, createKeySets(), { retention });
    for (const [height, b] of history.entries()) {
      await write(store, b);
      check(store, histories(history.slice(0, height + 1)), retention);
      check(
        createStore(backend, await loadKeySets(backend), { retention }),
        histories(history.slice(0, height + 1)),
        retention,
      );
    }
  }
});

test("a shorter retention frees an old store by bounded steps; a longer one brings nothing back", async () => {
  const backend = createMemoryBackend();
  const long = createStore(backend, createKeySets(), { retention: 1000 });
  const history: Block[] = [];
  for (let height = 0; height < 60; height++) {
    const b: Block = [[KEYS[height % 24] ?? "", `${height}`]];
    history.push(b);
    await write(long, b);
  }
  const short = createStore(backend, await loadKeySets(backend), { retention: 3 });
  const roots = async (): Promise<number> => (await tables(backend)).get(5) ?? 0;
  let before = await roots();
  expect([before, short.oldestHeight]).toEqual([60, 0]);
  for (let i = 0; i < 20; i++) {
    history.push([]);
    await write(short, []);
    const now = await roots();
    expect(before - now).toBeLessThanOrEqual(6);
    before = now;
  }
  check(short, histories(history), 3);
  expect(before).toBeLessThanOrEqual(5);
  const again = createStore(backend, await loadKeySets(backend), { retention: 1000 });
  expect(again.oldestHeight).toBe(short.oldestHeight);
  await write(again, []);
  expect(again.oldestHeight).toBe(short.oldestHeight);
});

test("a missing page or value is named as damage, not read as absence", async () => {
  const backend = createMemoryBackend();
  const store = createStore(backend, createKeySets(), { retention: 9 });
  await write(
    store,
    KEYS.map((key) => [key, "1"] as const),
  );
  await write(
    store,
    KEYS.map((key) => [key, "2"] as const),
  );
  for await (const key of backend.keys({ start: Uint8Array.of(2), end: Uint8Array.of(3) })) {
    await backend.write([[key, undefined]]);
  }
  const reopened = createStore(backend, await loadKeySets(backend), { retention: 9 });
  expect(reopened.latest.get(text(KEYS[0] ?? ""))).toEqual(text("2"));
  expect(() => reopened.at(0)?.get(text(KEYS[0] ?? ""))).toThrow("the database is damaged");
  for await (const key of backend.keys({ start: Uint8Array.of(4), end: Uint8Array.of(5) })) {
    await backend.write([[key, undefined]]);
  }
  const bare = createStore(backend, await loadKeySets(backend), { retention: 9 });
  expect(() => bare.prepare(2, [[text("k"), value("1")]])).toThrow("the database is damaged");
});
