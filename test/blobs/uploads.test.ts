import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob } from "../../chain/types/blob.ts";
import { type BlobStore, openBlobStore } from "../../node/blobs/blob-store.ts";
import { createRetention } from "../../node/blobs/retention.ts";
import { openUploads, type Uploads, type UploadsOptions } from "../../node/blobs/uploads.ts";

const MIB = 1024 * 1024;
const filled = (length: number, seed: number): Uint8Array =>
  new Uint8Array(length).map((_, i) => (i * 7 + (i >> 9) + 3 * Math.floor(i / BLOB_CHUNK_BYTES) + seed) % 256);
const BYTES = filled(3 * BLOB_CHUNK_BYTES + 1000, 0);
const ROOT = blobRoot(BYTES);
const MANIFEST = Blob.serialize(blobManifest(BYTES));
const chunk = (index: number, bytes = BYTES): Uint8Array =>
  bytes.slice(index * BLOB_CHUNK_BYTES, (index + 1) * BLOB_CHUNK_BYTES);
const ALL = [0, 1, 2, 3];

let directory = "";
let now = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "assay-uploads-"));
  now = Date.now();
});
afterEach(() => rmSync(directory, { recursive: true }));

interface Setup {
  readonly registered?: ReadonlyMap<string, number>;
  readonly limits?: Partial<UploadsOptions["limits"]>;
  readonly maxBytes?: number;
  readonly fault?: string;
  /** What the chain refers to. */
  readonly referenced?: () => boolean;
  readonly wrap?: (store: BlobStore) => BlobStore;
}

async function setUp({ registered = new Map(), limits, maxBytes = 64 * MIB, fault, referenced, wrap }: Setup = {}) {
  const plain = openBlobStore(directory, { maxBytes, onFull: (bytes) => retention.makeRoom(bytes) });
  const store = wrap?.(plain) ?? plain;
  const retention = createRetention({
    store,
    references: () => (root) => referenced?.() ?? registered.has(toHex(root)),
    keepMs: 10_000,
    now: () => now,
  });
  const uploads = await openUploads({
    directory,
    store,
    retention,
    registered: (root) => registered.get(toHex(root)),
    fault: async () => fault,
    limits: { blobBytes: 8 * MIB, perClient: 4 * MIB, total: 8 * MIB, expiryMs: 1000, ...limits },
    now: () => now,
  });
  return { store, uploads, retention };
}

const filesOf = (): string[] => readdirSync(directory).sort();
const bytesOnDisk = (): number => filesOf().reduce((sum, name) => sum + statSync(join(directory, name)).size, 0);
const partOf = (root: Uint8Array): string => join(directory, `${toHex(root)}.part`);

async function upload(uploads: Uploads, bytes: Uint8Array, client: string) {
  const manifest = blobManifest(bytes);
  const root = Blob.hashTreeRoot(manifest);
  let outcome = await uploads.open(root, Blob.serialize(manifest), client);
  for (const index of manifest.chunks.keys()) {
    if ("refused" in outcome) return outcome;
    outcome = await uploads.put(root, index, chunk(index, bytes));
  }
  return outcome;
}

async function expectStored(store: BlobStore, bytes: Uint8Array): Promise<void> {
  const found = await store.get(blobRoot(bytes));
  expect(found !== undefined && equalBytes(found, bytes)).toBe(true);
}

test("chunks in any order make the blob; what is there is told at each step", async () => {
  const { uploads, store } = await setUp();
  expect(await uploads.status(ROOT)).toEqual({ refused: "unknown" });
  expect(await uploads.open(ROOT, MANIFEST, "a")).toEqual({ state: "open", length: BYTES.length, missing: ALL });
  await uploads.put(ROOT, 3, chunk(3));
  await uploads.put(ROOT, 0, chunk(0));
  expect(await uploads.put(ROOT, 0, chunk(0))).toMatchObject({ missing: [1, 2] });
  expect(await uploads.status(ROOT)).toMatchObject({ state: "open", missing: [1, 2] });
  expect(store.has(ROOT)).toBe(false);
  await uploads.put(ROOT, 2, chunk(2));
  const stored = { state: "stored", length: BYTES.length, missing: [] };
  expect(await uploads.put(ROOT, 1, chunk(1))).toEqual(stored);
  expect(await uploads.status(ROOT)).toEqual(stored);
  expect(await uploads.open(ROOT, MANIFEST, "b")).toEqual(stored);
  expect(await uploads.put(ROOT, 1, chunk(1))).toEqual(stored);
  await expectStored(store, BYTES);
  expect(filesOf()).toEqual([`${toHex(ROOT)}.blob`]);
  expect(store.bytes).toBe(bytesOnDisk());
});

test("two clients that send the same blob at once make one", async () => {
  const { uploads, store } = await setUp();
  await Promise.all([upload(uploads, BYTES, "a"), upload(uploads, BYTES, "b")]);
  await expectStored(store, BYTES);
  expect(store.bytes).toBe(bytesOnDisk());
});

test("a blob that comes from a peer meanwhile ends the upload", async () => {
  const { uploads, store } = await setUp();
  await uploads.open(ROOT, MANIFEST, "a");
  await uploads.put(ROOT, 0, chunk(0));
  await store.put(BYTES);
  expect(await uploads.put(ROOT, 1, chunk(1))).toMatchObject({ state: "stored", missing: [] });
  expect(filesOf()).toEqual([`${toHex(ROOT)}.blob`]);
  expect(store.bytes).toBe(bytesOnDisk());
});

test("no bytes for a manifest do more than be refused", async () => {
  const { uploads } = await setUp();
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      const outcome = await uploads.open(ROOT, bytes, "a");
      expect("refused" in outcome && ["badManifest", "wrongManifest"].includes(outcome.refused)).toBe(true);
    }),
  );
  expect(filesOf()).toEqual([]);
});

describe("after a crash", () => {
  test("the next process takes the upload up, with what is whole of it", async () => {
    const { uploads } = await setUp();
    await uploads.open(ROOT, MANIFEST, "a");
    for (const index of [0, 1, 3]) await uploads.put(ROOT, index, chunk(index));
    // The second chunk did not get to the disk whole.
    const file = readFileSync(partOf(ROOT));
    const at = MANIFEST.length + 4 + BLOB_CHUNK_BYTES + 77;
    file[at] = (file[at] ?? 0) ^ 1;
    writeFileSync(partOf(ROOT), file);
    const next = await setUp();
    expect(await next.uploads.status(ROOT)).toMatchObject({ state: "open", missing: [1, 2] });
    expect(next.store.bytes).toBe(MANIFEST.length + 4 + BLOB_CHUNK_BYTES + 1000);
    await next.uploads.put(ROOT, 1, chunk(1));
    expect(await next.uploads.put(ROOT, 2, chunk(2))).toMatchObject({ state: "stored" });
    await expectStored(next.store, BYTES);
    expect(next.store.bytes).toBe(bytesOnDisk());
  });

  test("one that lacked nothing but its name is ended by the next request", async () => {
    const { uploads } = await setUp({
      wrap: (store) => ({ ...store, adopt: () => Promise.reject(new Error("killed")) }),
    });
    await expect(upload(uploads, BYTES, "a")).rejects.toThrow("killed");
    const next = await setUp();
    expect(await next.uploads.status(ROOT)).toMatchObject({ state: "open", missing: [] });
    expect(await next.uploads.open(ROOT, MANIFEST, "a")).toMatchObject({ state: "stored" });
    await expectStored(next.store, BYTES);
  });

  test.each([
    ["nothing in it", () => new Uint8Array(0)],
    ["half a manifest", () => MANIFEST.subarray(0, 50)],
    ["the manifest of another blob", () => readFileSync(partOf(ROOT)).fill(1, 20, 30)],
  ])("a file with %s is deleted", async (_name, contents) => {
    const { uploads } = await setUp();
    await uploads.open(ROOT, MANIFEST, "a");
    writeFileSync(partOf(ROOT), contents());
    const next = await setUp();
    expect(filesOf()).toEqual([]);
    expect(next.store.bytes).toBe(0);
    expect(await next.uploads.status(ROOT)).toEqual({ refused: "unknown" });
  });
});

describe("what is not what it should be is refused and leaves nothing", () => {
  const other = Blob.serialize({ ...blobManifest(BYTES), length: BYTES.length - 1 });
  const lying = { length: 5 * BLOB_CHUNK_BYTES, chunks: blobManifest(BYTES).chunks };
  test.each<[string, Uint8Array, Uint8Array, string]>([
    ["no manifest", ROOT, Uint8Array.of(1, 2, 3), "badManifest"],
    ["another manifest", ROOT, other, "wrongManifest"],
    ["a manifest that contradicts itself", Blob.hashTreeRoot(lying), Blob.serialize(lying), "badLength"],
    ["an empty blob", blobRoot(new Uint8Array(0)), Blob.serialize(blobManifest(new Uint8Array(0))), "badLength"],
    ["more than a manifest", ROOT, new Uint8Array(200_000), "bodyTooLarge"],
  ])("%s", async (_name, root, manifest, refused) => {
    const { uploads, store } = await setUp();
    expect(await uploads.open(root, manifest, "a")).toMatchObject({ refused });
    expect(filesOf()).toEqual([]);
    expect(store.bytes).toBe(0);
  });

  test("chunks", async () => {
    const { uploads, store } = await setUp();
    expect(await uploads.put(ROOT, 0, chunk(0))).toEqual({ refused: "unknown" });
    await uploads.open(ROOT, MANIFEST, "a");
    const before = readFileSync(partOf(ROOT));
    const flipped = chunk(1);
    flipped[5] = (flipped[5] ?? 0) ^ 1;
    expect(await uploads.put(ROOT, 1, flipped)).toEqual({ refused: "chunkHash" });
    expect(await uploads.put(ROOT, 1, chunk(0))).toEqual({ refused: "chunkHash" });
    expect(await uploads.put(ROOT, 1, chunk(1).subarray(1))).toEqual({ refused: "chunkLength" });
    expect(await uploads.put(ROOT, 4, chunk(1))).toEqual({ refused: "noSuchChunk" });
    expect(readFileSync(partOf(ROOT)).equals(before)).toBe(true);
    expect(store.bytes).toBe(before.length);
  });

  test("a model that nobody would run is deleted again", async () => {
    const { uploads, store } = await setUp({ fault: "operator Random" });
    expect(await upload(uploads, BYTES, "a")).toEqual({ refused: "refusedModel", detail: "operator Random" });
    expect(filesOf()).toEqual([]);
    expect(store.bytes).toBe(0);
  });

  test("a blob that is too large, or registered with another length", async () => {
    const { uploads } = await setUp({ limits: { blobBytes: MIB / 2 }, registered: new Map([[toHex(ROOT), 5]]) });
    expect(await uploads.open(ROOT, MANIFEST, "a")).toEqual({ refused: "tooLarge" });
    const registered = await setUp({ registered: new Map([[toHex(ROOT), 5]]) });
    expect(await registered.uploads.open(ROOT, MANIFEST, "a")).toMatchObject({ refused: "otherLength" });
  });
});

describe("quotas", () => {
  const ONE = filled(MIB, 1);
  const TWO = filled(MIB, 2);

  test("one client's unregistered blobs are bounded, finished or not; another's and registered ones are not", async () => {
    const registered = new Map<string, number>();
    const { uploads } = await setUp({ limits: { perClient: 2 * MIB - 1 }, registered });
    expect(await upload(uploads, ONE, "a")).toMatchObject({ state: "stored" });
    expect(await upload(uploads, TWO, "a")).toEqual({ refused: "clientQuota" });
    const manifest = blobManifest(TWO);
    expect(await uploads.open(blobRoot(TWO), Blob.serialize(manifest), "b")).toMatchObject({ state: "open" });
    // Once the first is registered, it does not count any more.
    registered.set(toHex(blobRoot(ONE)), ONE.length);
    expect(await upload(uploads, filled(MIB, 3), "a")).toMatchObject({ state: "stored" });
    const fourth = filled(MIB, 4);
    registered.set(toHex(blobRoot(fourth)), fourth.length);
    expect(await upload(uploads, fourth, "a")).toMatchObject({ state: "stored" });
  });

  test("all clients' together are bounded by what has come, and nothing but registered blobs may be wanted", async () => {
    const { uploads } = await setUp({ limits: { total: 1.5 * MIB } });
    expect(await upload(uploads, ONE, "a")).toMatchObject({ state: "stored" });
    expect(await upload(uploads, TWO, "b")).toEqual({ refused: "nodeQuota" });
    expect(await uploads.status(blobRoot(TWO))).toMatchObject({ missing: [1, 2, 3] });
    const none = await setUp({ limits: { total: 0 } });
    expect(await none.uploads.open(ROOT, MANIFEST, "a")).toEqual({ refused: "unregistered" });
  });

  test("so is the number of a client's unfinished uploads", async () => {
    const { uploads } = await setUp();
    const begin = (seed: number) => {
      const manifest = blobManifest(filled(100, seed));
      return uploads.open(Blob.hashTreeRoot(manifest), Blob.serialize(manifest), "a");
    };
    for (let seed = 0; seed < 8; seed++) expect(await begin(seed)).toMatchObject({ state: "open" });
    expect(await begin(8)).toEqual({ refused: "tooManyUploads" });
  });

  test("what gets no chunk for a while is deleted, also from before a restart; what gets one stays", async () => {
    const { uploads } = await setUp();
    await uploads.open(ROOT, MANIFEST, "a");
    now += 900;
    await uploads.put(ROOT, 0, chunk(0));
    now += 900;
    await uploads.expire();
    expect(existsSync(partOf(ROOT))).toBe(true);
    utimesSync(partOf(ROOT), now / 1000, now / 1000);
    const { uploads: next, store } = await setUp();
    now += 1000;
    await next.expire();
    expect(filesOf()).toEqual([]);
    expect(store.bytes).toBe(0);
    expect(await next.put(ROOT, 1, chunk(1))).toEqual({ refused: "unknown" });
  });

  test("a full store refuses, after it has let go of what nothing refers to", async () => {
    const { uploads, retention } = await setUp({ maxBytes: 1.3 * MIB });
    expect(await upload(uploads, ONE, "a")).toMatchObject({ state: "stored" });
    expect(await upload(uploads, TWO, "b")).toMatchObject({ state: "stored" });
    expect(filesOf()).toEqual([`${toHex(blobRoot(TWO))}.blob`]);
    const three = filled(MIB, 3);
    const roots = new Map([TWO, three].map((bytes) => [toHex(blobRoot(bytes)), bytes.length]));
    const kept = await setUp({ maxBytes: 1.3 * MIB, registered: roots });
    expect(await upload(kept.uploads, three, "a")).toEqual({ refused: "full" });
    expect(kept.store.has(blobRoot(TWO))).toBe(true);
    expect(retention.held()).toBe(MIB + 4 + 12 + 4 * 32);
  });

  test("a full disk is told, and the upload goes on when there is room", async () => {
    let full = true;
    const wrap = (store: BlobStore): BlobStore => ({
      ...store,
      adopt: (...args) =>
        full ? Promise.reject(Object.assign(new Error("ENOSPC"), { code: "ENOSPC" })) : store.adopt(...args),
    });
    const { uploads, store } = await setUp({ wrap });
    expect(await upload(uploads, BYTES, "a")).toEqual({ refused: "diskFull" });
    full = false;
    expect(await uploads.open(ROOT, MANIFEST, "a")).toMatchObject({ state: "stored" });
    await expectStored(store, BYTES);
  });
});

test("whatever is sent in whatever order, with restarts between: only true chunks count", async () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant("put" as const), index: fc.nat({ max: 4 }), spoil: fc.boolean() }),
    fc.record({ kind: fc.constant("open" as const) }),
    fc.record({ kind: fc.constant("restart" as const) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(act, { maxLength: 12 }), async (acts) => {
      let { uploads } = await setUp();
      const there = new Set<number>();
      let opened = false;
      for (const one of acts) {
        if (one.kind === "restart") ({ uploads } = await setUp());
        else if (one.kind === "open") {
          await uploads.open(ROOT, MANIFEST, "a");
          opened = true;
        } else {
          const bytes = chunk(one.index);
          if (one.spoil && bytes.length > 0) bytes[0] = (bytes[0] ?? 0) ^ 1;
          await uploads.put(ROOT, one.index, bytes);
          if (opened && !one.spoil && one.index < ALL.length) there.add(one.index);
        }
        const missing = ALL.filter((index) => !there.has(index));
        const state = missing.length === 0 ? "stored" : "open";
        expect(await uploads.status(ROOT)).toMatchObject(opened ? { state, missing } : { refused: "unknown" });
      }
      for (const name of filesOf()) rmSync(join(directory, name));
    }),
    { numRuns: 30 },
  );
});
