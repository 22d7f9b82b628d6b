import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob } from "../../chain/types/blob.ts";
import { BlobStoreFullError, openBlobStore } from "../../node/blobs/blob-store.ts";
import { BLOB_REQUEST_KIND, BlobRequest, MAX_BLOB_RESPONSE } from "../../node/blobs/messages.ts";
import { serveBlob } from "../../node/blobs/serve.ts";

const MIB = 1024 * 1024;
const BYTES = new Uint8Array(2 * BLOB_CHUNK_BYTES + 1000).map((_, i) => (i * 7 + (i >> 9)) % 256);
const ROOT = blobRoot(BYTES);
let directory = "";
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "assay-blobs-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** As `toEqual`, which takes a second for each MiB of bytes. */
function expectBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(actual !== undefined && equalBytes(actual, expected)).toBe(true);
}

const fileOf = (root: Uint8Array): string => join(directory, `${toHex(root)}.blob`);

test("what was put comes back, whole, by chunk and as manifest, in the next process too", async () => {
  expect(await openBlobStore(directory, { maxBytes: MIB }).put(BYTES)).toEqual(ROOT);
  const store = openBlobStore(directory, { maxBytes: MIB });
  expect(store.has(ROOT)).toBe(true);
  expect(store.list()).toEqual([ROOT]);
  expectBytes(await store.get(ROOT), BYTES);
  expect(await store.manifest(ROOT)).toEqual(blobManifest(BYTES));
  expectBytes(await store.chunk(ROOT, 2), BYTES.subarray(2 * BLOB_CHUNK_BYTES));
  expect(await store.chunk(ROOT, 3)).toBeUndefined();
  expect(store.has(ROOT)).toBe(true);
});

test("an empty blob is a blob", async () => {
  const store = openBlobStore(directory, { maxBytes: MIB });
  const root = await store.put(new Uint8Array(0));
  expect(await store.get(root)).toEqual(new Uint8Array(0));
});

test("what is not there is undefined", async () => {
  const store = openBlobStore(directory, { maxBytes: MIB });
  expect(store.has(ROOT)).toBe(false);
  expect(await store.get(ROOT)).toBeUndefined();
  expect(await store.manifest(ROOT)).toBeUndefined();
  await store.delete(ROOT);
});

const HEADER = 4 + Blob.serialize(blobManifest(BYTES)).length;
test.each<[string, (file: Buffer) => Buffer, RegExp]>([
  ["a flipped bit in a chunk", (file) => flip(file, HEADER + BLOB_CHUNK_BYTES + 5), /chunk 1 does not match/],
  ["a flipped bit in the manifest", (file) => flip(file, 20), /manifest does not hash to the root/],
  ["a bad offset in the manifest", (file) => flip(file, 12), /manifest/],
  ["a huge manifest", (file) => flip(file, 3), /manifest of \d+ bytes/],
  ["a missing end", (file) => file.subarray(0, file.length - 1), /too short/],
  ["nothing in it", () => Buffer.alloc(0), /too short/],
])("%s is reported and the blob counts as missing until it is put again", async (_name, damage, reason) => {
  await openBlobStore(directory, { maxBytes: MIB }).put(BYTES);
  writeFileSync(fileOf(ROOT), damage(readFileSync(fileOf(ROOT))));
  const onDamage = vi.fn();
  const store = openBlobStore(directory, { maxBytes: MIB, onDamage });
  expect(await store.get(ROOT)).toBeUndefined();
  expect(onDamage).toHaveBeenCalledExactlyOnceWith(ROOT, expect.stringMatching(reason));
  expect(store.has(ROOT)).toBe(false);
  await store.put(BYTES);
  expectBytes(await store.get(ROOT), BYTES);
});

function flip(file: Buffer, at: number): Buffer {
  file[at] = (file[at] ?? 0) ^ 0x10;
  return file;
}

test("a damaged chunk is never served, its neighbours are", async () => {
  await openBlobStore(directory, { maxBytes: MIB }).put(BYTES);
  writeFileSync(fileOf(ROOT), flip(readFileSync(fileOf(ROOT)), HEADER + BLOB_CHUNK_BYTES + 5));
  const store = openBlobStore(directory, { maxBytes: MIB });
  expectBytes(await store.chunk(ROOT, 0), BYTES.subarray(0, BLOB_CHUNK_BYTES));
  expect(await store.chunk(ROOT, 1)).toBeUndefined();
});

test("a file that can not be read is reported and keeps its place", async () => {
  const onDamage = vi.fn();
  const store = openBlobStore(directory, { maxBytes: MIB, onDamage });
  await store.put(BYTES);
  rmSync(fileOf(ROOT));
  expect(await store.get(ROOT)).toBeUndefined();
  expect(onDamage).toHaveBeenCalledExactlyOnceWith(ROOT, expect.stringContaining("ENOENT"));
});

test("a full store refuses, also two puts at once, and takes again after a deletion", async () => {
  const store = openBlobStore(directory, { maxBytes: 1000 });
  const [a, b] = [new Uint8Array(500).fill(1), new Uint8Array(500).fill(2)];
  const results = await Promise.allSettled([store.put(a), store.put(b)]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
  await expect(store.put(b)).rejects.toThrow(BlobStoreFullError);
  await store.delete(blobRoot(a));
  expect(store.bytes).toBe(0);
  await store.put(b);
  expect(store.list()).toEqual([blobRoot(b)]);
});

test("the same blob put twice at once is written and counted once", async () => {
  const store = openBlobStore(directory, { maxBytes: MIB });
  await Promise.all([store.put(BYTES), store.put(BYTES)]);
  expect(store.bytes).toBe(HEADER + BYTES.length);
  expectBytes(await store.get(ROOT), BYTES);
});

test("what a crash left unfinished is removed, other files are left alone", () => {
  writeFileSync(`${fileOf(ROOT)}.tmp`, "half");
  writeFileSync(join(directory, "README"), "mine");
  expect(openBlobStore(directory, { maxBytes: MIB }).list()).toEqual([]);
  expect(readdirSync(directory)).toEqual(["README"]);
  expect(existsSync(`${fileOf(ROOT)}.tmp`)).toBe(false);
});

test("requests of peers are answered within the bound of the protocol, malformed ones not at all", async () => {
  const store = openBlobStore(directory, { maxBytes: MIB });
  await store.put(BYTES);
  const ask = (kind: number, index: number, root = ROOT): Promise<Uint8Array | undefined> =>
    serveBlob(store, BlobRequest.serialize({ root, kind, index }));
  const manifest = await ask(BLOB_REQUEST_KIND.manifest, 0);
  expect(manifest).toEqual(Blob.serialize(blobManifest(BYTES)));
  const chunk = await ask(BLOB_REQUEST_KIND.chunk, 0);
  expectBytes(chunk, BYTES.subarray(0, BLOB_CHUNK_BYTES));
  expect(chunk?.length).toBeLessThan(MAX_BLOB_RESPONSE);
  expect(await ask(BLOB_REQUEST_KIND.chunk, 0xffffffff)).toBeUndefined();
  expect(await ask(7, 0)).toBeUndefined();
  expect(await ask(BLOB_REQUEST_KIND.manifest, 0, new Uint8Array(32))).toBeUndefined();
  for (const length of [0, 36, 38, 10_000]) expect(await serveBlob(store, new Uint8Array(length))).toBeUndefined();
});
