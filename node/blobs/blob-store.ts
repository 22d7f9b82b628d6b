import { mkdirSync, readdirSync, rmSync, statSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import {
  BLOB_CHUNK_BYTES,
  Blob,
  blobManifest,
  chunkBytes,
  isConsistentBlob,
  MAX_BLOB_CHUNKS,
} from "../../chain/types/blob.ts";

export interface BlobStoreOptions {
  /** Most bytes of files in the folder. */
  readonly maxBytes: number;
  /** Called when a file is not what its name says (the blob then counts as missing until it is put again) or can't be read. */
  readonly onDamage?: (root: Uint8Array, reason: string) => void;
  readonly failpoint?: ((point: BlobPoint) => void) | undefined;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type BlobPoint = "blob.written" | "blob.renamed";

/** Blobs by root. Everything that is read is verified, so a caller never sees bytes that do not hash to the root. */
export interface BlobStore {
  /** Bytes of all files. */
  readonly bytes: number;
  has(root: Uint8Array): boolean;
  get(root: Uint8Array): Promise<Uint8Array | undefined>;
  /** Durable when it resolves. Rejects with BlobStoreFullError, or with what the disk says. */
  put(bytes: Uint8Array): Promise<Uint8Array>;
  manifest(root: Uint8Array): Promise<Blob | undefined>;
  chunk(root: Uint8Array, index: number): Promise<Uint8Array | undefined>;
  delete(root: Uint8Array): Promise<void>;
  list(): readonly Uint8Array[];
}

export class BlobStoreFullError extends Error {}

/** A file is `u32 length of manifest, little-endian ‖ manifest (SSZ Blob) ‖ bytes`. */
const LENGTH_BYTES = 4;
const MAX_MANIFEST_BYTES = 12 + 32 * MAX_BLOB_CHUNKS;
const NAME = /^[0-9a-f]{64}\.blob$/;
const UNFINISHED = /\.tmp$/;

/** Opens or makes the folder. Files that a crash left unfinished are removed. Reads file names and sizes, no contents. */
export function openBlobStore(directory: string, options: BlobStoreOptions): BlobStore {
  mkdirSync(directory, { recursive: true });
  /** Sizes of files, by root in hexadecimal. */
  const sizes = new Map<string, number>();
  for (const name of readdirSync(directory)) {
    if (UNFINISHED.test(name)) rmSync(join(directory, name));
    else if (NAME.test(name)) sizes.set(name.slice(0, 64), statSync(join(directory, name)).size);
  }
  let total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  /** Writes under way, by root. */
  const writing = new Map<string, Promise<void>>();
  const pathOf = (key: string): string => join(directory, `${key}.blob`);

  async function write(key: string, parts: readonly Uint8Array[]): Promise<void> {
    const size = parts.reduce((sum, part) => sum + part.length, 0);
    if (total + size > options.maxBytes) {
      throw new BlobStoreFullError(`blob of ${size} bytes: ${total} of ${options.maxBytes} are in use`);
    }
    // Counted first, so that writes at the same time can't exceed the limit together.
    total += size;
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
        const header = await readManifest(file, root);
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

function encodeHeader(manifest: Blob): Uint8Array {
  const encoded = Blob.serialize(manifest);
  const header = new Uint8Array(LENGTH_BYTES + encoded.length);
  new DataView(header.buffer).setUint32(0, encoded.length, true);
  header.set(encoded, LENGTH_BYTES);
  return header;
}

async function readManifest(file: FileHandle, root: Uint8Array): Promise<{ manifest: Blob; start: number } | string> {
  const prefix = await readExactly(file, 0, LENGTH_BYTES);
  if (prefix === undefined) return "the file is too short";
  const length = new DataView(prefix.buffer, prefix.byteOffset).getUint32(0, true);
  if (length > MAX_MANIFEST_BYTES) return `a manifest of ${length} bytes`;
  const encoded = await readExactly(file, LENGTH_BYTES, length);
  if (encoded === undefined) return "the file is too short";
  let manifest: Blob;
  try {
    manifest = Blob.deserialize(encoded);
  } catch (error) {
    return `no manifest: ${error instanceof Error ? error.message : String(error)}`;
  }
  if (!equalBytes(Blob.hashTreeRoot(manifest), root)) return "the manifest does not hash to the root";
  return isConsistentBlob(manifest) ? { manifest, start: LENGTH_BYTES + length } : "the manifest contradicts itself";
}

async function readExactly(file: FileHandle, at: number, length: number): Promise<Uint8Array | undefined> {
  const bytes = new Uint8Array(length);
  let got = 0;
  while (got < length) {
    const { bytesRead } = await file.read(bytes, got, length - got, at + got);
    if (bytesRead === 0) return undefined;
    got += bytesRead;
  }
  return bytes;
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
  if (process.platform === "win32") return; // There, folders can't be opened to be synced.
  const folder = await open(directory, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
