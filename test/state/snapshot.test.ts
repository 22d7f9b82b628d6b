import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { createStore } from "../../state/create-store.ts";
import { loadKeySets } from "../../state/key-sets.ts";
import { openBulkWriter, openLevelStore } from "../../state/level-store.ts";
import { createMemoryBackend } from "../../state/memory-backend.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import {
  decodeChunk,
  encodeChunks,
  MAX_SNAPSHOT_CHUNK_BYTES,
  SNAPSHOT_CHUNK_BYTES,
} from "../../state/snapshot-chunks.ts";
import { finishRestore, restoreState, SnapshotContentError } from "../../state/snapshot-restore.ts";
import type { StateStore } from "../../state/store.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-snapshot-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const spill = join(folder, "tree");

const sha = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash("sha256").update(bytes).digest());
/** Of toy values: all but the one that begins with 0xff is a value. */
const rootOf = (_: Uint8Array, bytes: Uint8Array): Uint8Array | undefined =>
  bytes[0] === 0xff ? undefined : sha(bytes);
type Values = readonly (readonly [key: Uint8Array, value: Uint8Array | undefined])[];

async function write(
  store: StateStore,
  values: Values,
  height = store.initialised ? store.height + 1 : 0,
): Promise<void> {
  const overlay = createOverlay(store.latest);
  for (const [key, bytes] of values) {
    if (bytes === undefined) overlay.delete(key);
    else overlay.set(key, { bytes, root: sha(bytes) });
  }
  await store.commit(store.prepare(height, overlay.changes()), []);
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

async function* each<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

async function chunksOf(store: StateStore): Promise<Uint8Array[]> {
  const frozen = store.freeze();
  try {
    return await all(encodeChunks(frozen.entries()));
  } finally {
    await frozen.release();
  }
}

const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
const values = (count: number, size = 40): Values =>
  Array.from({ length: count }, (_, i) => [
    sha(Buffer.from(`key ${i}`)).subarray(0, 22),
    new Uint8Array(size).fill(i % 255),
  ]);

const backends = [
  ["memory", async () => createMemoryStore()],
  ["level", async () => openLevelStore(mkdtempSync(join(folder, "level-")), { retention: 3 })],
] as const;

describe.each(backends)("a frozen state in %s", (_, open) => {
  test("stays as it was while blocks are committed, and reads in key order", async () => {
    const store = await open();
    await write(store, values(300));
    const frozen = store.freeze();
    const root = store.root;
    const reading = frozen.entries()[Symbol.asyncIterator]();
    const first = await reading.next();
    for (let n = 0; n < 5; n++) await write(store, [...values(100, n + 1), [Uint8Array.of(1, n), Uint8Array.of(n)]]);
    await write(
      store,
      values(50).map(([key]) => [key, undefined]),
    );
    const rest: unknown[] = [first.value];
    for (let next = await reading.next(); next.done !== true; next = await reading.next()) rest.push(next.value);
    await frozen.release();
    const expected = values(300).toSorted(([a], [b]) => Buffer.compare(a, b));
    expect(rest).toEqual(expected);
    expect([frozen.height, frozen.root]).toEqual([0, root]);
    await store.close();
  });
});

test("any state is restored to the same root, and goes on as the one it was taken from", async () => {
  const changes = fc.uniqueArray(fc.tuple(bytes(1, 6), bytes(0, 20)), {
    maxLength: 80,
    selector: ([key]) => Buffer.from(key).toString("hex"),
  });
  await fc.assert(
    fc.asyncProperty(changes, changes, async (before, after) => {
      const source = createMemoryStore();
      await write(
        source,
        before.filter(([, value]) => value[0] !== 0xff),
      );
      const backend = createMemoryBackend();
      const root = await restoreState(backend, each(await chunksOf(source)), { height: 7, folder: spill, rootOf });
      expect(root).toEqual(source.root);
      await finishRestore(backend, 7, [[Uint8Array.of(9), Uint8Array.of(1)]]);
      const restored = createStore(backend, await loadKeySets(backend), { retention: 2 });
      expect([restored.height, restored.oldestHeight, restored.root]).toEqual([7, 7, source.root]);
      expect(restored.getSide(Uint8Array.of(9))).toEqual(Uint8Array.of(1));
      expect(restored.at(6)).toBeUndefined();
      for (let n = 0; n < 4; n++) {
        const half = after.filter(([, value], i) => value[0] !== 0xff && i % 4 <= n);
        await write(
          source,
          half.map(([key, value], i) => [key, i % 3 === 0 ? undefined : value]),
        );
        await write(
          restored,
          half.map(([key, value], i) => [key, i % 3 === 0 ? undefined : value]),
        );
        expect(restored.root).toEqual(source.root);
        expect(restored.rootAt(restored.oldestHeight)).toBeDefined();
      }
    }),
    { numRuns: 30 },
  );
});

test("chunks are the same whatever the history, bounded, and hold every entry once", async () => {
  const store = createMemoryStore();
  await write(store, values(2000, 300));
  const other = createMemoryStore();
  for (let n = 0; n < 3; n++)
    await write(
      other,
      values(2000, 300).filter((_, i) => i % 3 === n),
    );
  const chunks = await chunksOf(store);
  expect(chunks.length).toBeGreaterThan(2);
  expect(await chunksOf(other)).toEqual(chunks);
  expect(chunks.every((chunk) => chunk.length <= SNAPSHOT_CHUNK_BYTES)).toBe(true);
  expect(chunks.flatMap((chunk) => decodeChunk(chunk) ?? [])).toHaveLength(2000);
});

test("a large value has a chunk of its own, and one over the bound is refused", async () => {
  const large = (size: number): Values => [...values(3), [Uint8Array.of(0), new Uint8Array(size)]];
  const store = createMemoryStore();
  await write(store, large(MAX_SNAPSHOT_CHUNK_BYTES - 7));
  expect((await chunksOf(store)).map((chunk) => decodeChunk(chunk)?.length)).toEqual([1, 3]);
  await write(store, large(MAX_SNAPSHOT_CHUNK_BYTES - 6));
  await expect(chunksOf(store)).rejects.toThrow("fits no snapshot chunk");
});

test.each<[string, (chunks: Uint8Array[]) => Uint8Array[], string]>([
  ["cut short", ([first]) => [first?.subarray(0, -1) ?? new Uint8Array(1)], "no list of entries"],
  ["a lone byte", () => [Uint8Array.of(1)], "no list of entries"],
  ["a key over the bound", () => [new Uint8Array(2000).fill(0x7f, 0, 2)], "no list of entries"],
  ["out of order", (chunks) => chunks.toReversed(), "out of order"],
  ["the same twice", ([first]) => [first ?? new Uint8Array(1), first ?? new Uint8Array(1)], "out of order"],
  ["a value that is none", () => [Uint8Array.of(0, 1, 0, 0, 0, 1, 5, 0xff)], "none of the state"],
])("chunks that are %s are refused", async (_, lie, reason) => {
  const store = createMemoryStore();
  await write(store, values(1500, 300));
  const restoring = restoreState(createMemoryBackend(), each(lie(await chunksOf(store))), {
    height: 1,
    folder: spill,
    rootOf,
  });
  await expect(restoring).rejects.toThrow(SnapshotContentError);
  await expect(restoring).rejects.toThrow(reason);
  expect(readdirSync(folder)).not.toContain("tree");
});

test("buckets that do not fit their buffers go through files", async () => {
  const store = createMemoryStore();
  const crowded = values(3000, 3).filter(([key]) => (sha(key)[0] ?? 0) < 4 || (key[0] ?? 0) < 16);
  const same = Array.from({ length: 400_000 }, (_, i) => Uint8Array.of(i >> 16, i >> 8, i)).filter(
    (key) => sha(key)[0] === 7,
  );
  await write(store, [...crowded, ...same.map((key) => [key, Uint8Array.of(1)] as const)]);
  const root = await restoreState(createMemoryBackend(), each(await chunksOf(store)), {
    height: 1,
    folder: spill,
    rootOf,
  });
  expect(same.length).toBeGreaterThan(1024);
  expect(root).toEqual(store.root);
});

test("a changed value, a missing and an added entry each give another root", async () => {
  const store = createMemoryStore();
  await write(store, values(500));
  const entries = (await chunksOf(store)).flatMap((chunk) => decodeChunk(chunk) ?? []);
  const [first, ...others] = entries;
  if (first === undefined) throw new Error("no entries");
  const lies = [
    [[first[0], Uint8Array.of(1)] as const, ...others],
    others,
    [[Uint8Array.of(0), Uint8Array.of(1)] as const, ...entries],
  ];
  for (const lie of lies) {
    const root = await restoreState(createMemoryBackend(), encodeChunks(each(lie)), {
      height: 1,
      folder: spill,
      rootOf,
    });
    expect(root).not.toEqual(store.root);
  }
});

test("level: a database that was not finished is no store, a finished one is", async () => {
  const source = createMemoryStore();
  await write(source, values(2000));
  const path = join(folder, "restored");
  const chunks = await chunksOf(source);
  const writer = await openBulkWriter(path);
  await restoreState(writer, each(chunks), { height: 12, folder: spill, rootOf });
  await writer.close();
  const half = await openLevelStore(path, { retention: 5 });
  expect(half.initialised).toBe(false);
  await half.close();
  const again = await openBulkWriter(path);
  await finishRestore(again, 12, []);
  await again.close();
  const store = await openLevelStore(path, { retention: 5 });
  expect([store.height, store.root]).toEqual([12, source.root]);
  const [[key]] = values(1) as [readonly [Uint8Array, Uint8Array]];
  expect(store.latest.get(key)).toEqual(source.latest.get(key));
  expect(store.prove(key, 12)?.value).toEqual(source.latest.get(key));
  await write(store, values(30, 3));
  await write(source, values(30, 3));
  expect(store.root).toEqual(source.root);
  await store.close();
});
