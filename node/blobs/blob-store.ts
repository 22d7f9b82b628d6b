import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { blobManifest } from "../../chain/blob-root.ts";
import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { BLOB_CHUNK_BYTES, Blob, chunkBytes } from "../../chain/types/blob.ts";
import { encodeHeader, readExactly, readHeader, syncFolder } from "./blob-file.ts";

export interface BlobStoreOptions {
  /** Most bytes of files in the folder. */
  readonly maxBytes: number;
  /** Called when a file is not what its name says (the blob then counts as missing until it is put again) or can't be read. */
  readonly onDamage?: (root: Uint8Array, reason: string) => void;
  readonly failpoint?: ((point: BlobPoint) => void) | undefined;
  /** Called when there is no room for so many bytes; what it deletes makes some. */
  readonly onFull?: (bytes: number) => Promise<void>;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type BlobPoint = "blob.written" | "blob.renamed";

/** Blobs by root. Everything that is read is verified, so a caller never sees bytes that do not hash to the root. */
export interface BlobStore {
  /** Bytes of all files, and what is reserved. */
  readonly bytes: number;
  has(root: Uint8Array): boolean;
  get(root: Uint8Array): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. Rejects with BlobStoreFullError, or with what the disk says. */
  put(bytes: Uint8Array): Promise<Uint8Array>;
  manifest(root: Uint8Array): Promise<Blob | undefined>;
  chunk(root: Uint8Array, index: number): Promise<Uint8Array | undefined>;
  delete(root: Uint8Array): Promise<void>;
  list(): readonly Uint8Array[];
  /** Bytes of a blob's file; 0 for none. */
  size(root: Uint8Array): number;
  /** When a file that was there at the opening was written, Unix milliseconds; undefined for any other. */
  writtenAt(root: Uint8Array): number | undefined;
  /** Counts bytes that are written beside the blobs. Rejects with BlobStoreFullError. */
  reserve(bytes: number): Promise<void>;
  release(bytes: number): void;
  /** Takes over a whole, flushed file of the same folder for which `bytes` are reserved. */
  adopt(root: Uint8Array, path: string, bytes: number): Promise<void>;
}

export class BlobStoreFullError extends Error {}

const NAME = /^[0-9a-f]{64}\.blob$/;
const UNFINISHED = /\.tmp$/;

/** Opens or makes the folder. Files that a crash left unfinished are removed. Reads file names and sizes, no contents. */
export function openBlobStore(directory: string, options: BlobStoreOptions): BlobStore {
  mkdirSync(directory, { recursive: true });
  /** Sizes of files, by root in hexadecimal. */
  const sizes = new Map<string, number>();
  const times = new Map<string, number>();
  for (const name of readdirSync(directory)) {
    if (UNFINISHED.test(name)) rmSync(join(directory, name));
    if (!NAME.test(name)) continue;
    const { size, mtimeMs } = statSync(join(directory, name));
    sizes.set(name.slice(0, 64), size);
    times.set(name.slice(0, 64), mtimeMs);
  }
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  /** Writes under way, by root. */
  const writing = new Map<string, Promise<void>>();
  const pathOf = (key: string): string => join(directory, `${key}.blob`);

  /** Counted before anything is written, so that writes at the same time can't exceed the limit together. */
  async function reserve(bytes: number): Promise<void> {
    if (total + bytes > options.maxBytes) await options.onFull?.(total + bytes - options.maxBytes);
    if (total + bytes > options.maxBytes) {
      throw new BlobStoreFullError(`${bytes} bytes more: ${total} of ${options.maxBytes} are in use`);
    }
    total += bytes;
  }

  async function write(key: string, parts: readonly Uint8Array[]): Promise<void> {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    await reserve(size);
    try {
      await writeDurably(directory, pathOf(key), parts, options.failpoint);
      sizes.set(key, size);
    } catch (error) {
      total -= size;
      throw error;
    }
  }

  function forget(key: string): void {
    total -= sizes.get(key) ?? 0;
    sizes.delete(key);
    times.delete(key);
  }

  /** Reads with `read`, which returns a string to say that the file is damaged. */
  async function verified<T extends object>(
    root: Uint8Array,
    read: (file: FileHandle, manifest: Blob, start: number) => Promise<T | string>,
  ): Promise<T | undefined> {
    const key = toHex(root);
    if (!sizes.has(key)) return undefined;
    try {
      const file = await open(pathOf(key), "r");
      try {
        const header = await readHeader(file, root);
        const result = typeof header === "string" ? header : await read(file, header.manifest, header.start);
        if (typeof result !== "string") return result;
        forget(key);
        options.onDamage?.(root, result);
      } finally {
        await file.close();
      }
    } catch (error) {
      // The disk's own failure may pass: the blob keeps its place.
      options.onDamage?.(root, error instanceof Error ? error.message : String(error));
    }
    return undefined;
  }

  return {
    get bytes() {
      return total;
    },
    has: (root) => sizes.has(toHex(root)),
    list: () => [...sizes.keys()].map(fromHex),
    size: (root) => sizes.get(toHex(root)) ?? 0,
    writtenAt: (root) => times.get(toHex(root)),
    reserve,
    release(bytes) {
      total -= bytes;
    },
    async adopt(root, path, bytes) {
      const key = toHex(root);
      await rename(path, pathOf(key));
      await syncFolder(directory);
      total -= sizes.get(key) ?? 0; // It came from a peer meanwhile.
      sizes.set(key, bytes);
    },
    get: (root) =>
      verified(root, async (file, manifest, start) => {
        const bytes = await readExactly(file, start, manifest.length);
        if (bytes === undefined) return "the file is too short";
        const index = manifest.chunks.findIndex(
          (hash, i) => !equalBytes(hash, sha256(bytes.subarray(i * BLOB_CHUNK_BYTES, (i + 1) * BLOB_CHUNK_BYTES))),
        );
        return index < 0 ? bytes : `chunk ${index} does not match its hash`;
      }),
    manifest: (root) => verified(root, async (_file, manifest) => manifest),
    chunk: async (root, index) => {
      const found = await verified<{ bytes?: Uint8Array }>(root, async (file, manifest, start) => {
        const hash = manifest.chunks[index];
        if (hash === undefined) return {};
        const bytes = await readExactly(file, start + index * BLOB_CHUNK_BYTES, chunkBytes(manifest.length, index));
        return bytes !== undefined && equalBytes(hash, sha256(bytes))
          ? { bytes }
          : `chunk ${index} does not match its hash`;
      });
      return found?.bytes;
    },
    put: async (bytes) => {
      const manifest = blobManifest(bytes);
      const root = Blob.hashTreeRoot(manifest);
      const key = toHex(root);
      if (sizes.has(key)) return root;
      let begun = writing.get(key);
      if (begun === undefined) {
        begun = write(key, [encodeHeader(manifest), bytes]).finally(() => writing.delete(key));
        writing.set(key, begun);
      }
      await begun;
      return root;
    },
    delete: async (root) => {
      const key = toHex(root);
      forget(key);
      await rm(pathOf(key), { force: true });
    },
  };
}

/** The file appears under its name complete and synced, or not at all. */
async function writeDurably(
  directory: string,
  path: string,
  parts: readonly Uint8Array[],
  failpoint: BlobStoreOptions["failpoint"],
): Promise<void> {
  const temporary = `${path}.tmp`;
  try {
    const file = await open(temporary, "w");
    try {
      for (const part of parts) await file.writeFile(part);
      await file.sync();
    } finally {
      await file.close();
    }
    failpoint?.("blob.written");
    await rename(temporary, path);
    failpoint?.("blob.renamed");
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncFolder(directory);
}
