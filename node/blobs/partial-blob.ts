import { type FileHandle, open } from "node:fs/promises";
import { equalBytes } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { BLOB_CHUNK_BYTES, type Blob, chunkBytes } from "../../chain/types/blob.ts";
import { encodeHeader, readExactly, readHeader } from "./blob-file.ts";

/**
 * A blob of which some chunks are there: a file as that of a whole one, with holes. Nothing but the file says which: whoever opens it
 * again hashes what it finds, so that a chunk that was cut off by a crash counts as missing.
 */
export interface PartialBlob {
  readonly manifest: Blob;
  /** Bytes of its manifest. */
  readonly headerBytes: number;
  /** Numbers of the chunks that are missing, ascending. */
  missing(): readonly number[];
  has(index: number): boolean;
  /** Bytes of the chunks that are there. */
  readonly bytes: number;
  /** Takes a chunk that `chunkFault` found nothing wrong with. It is in the system's cache when this resolves. */
  write(index: number, bytes: Uint8Array): Promise<void>;
  /** Everything is on disk when this resolves. */
  flush(): Promise<void>;
}

/** What keeps bytes from being chunk `index` of a blob. */
export function chunkFault(
  { length, chunks }: Blob,
  index: number,
  bytes: Uint8Array,
): "noSuchChunk" | "chunkLength" | "chunkHash" | undefined {
  const hash = chunks[index];
  if (hash === undefined) return "noSuchChunk";
  if (bytes.length !== chunkBytes(length, index)) return "chunkLength";
  return equalBytes(sha256(bytes), hash) ? undefined : "chunkHash";
}

async function withFile<T>(path: string, flags: string, use: (file: FileHandle) => Promise<T>): Promise<T> {
  const file = await open(path, flags);
  try {
    return await use(file);
  } finally {
    await file.close();
  }
}

function partialBlob(path: string, manifest: Blob, headerBytes: number, there: Set<number>): PartialBlob {
  const { length, chunks } = manifest;
  let present = 0;
  for (const index of there) present += chunkBytes(length, index);
  return {
    manifest,
    headerBytes,
    missing: () => [...chunks.keys()].filter((index) => !there.has(index)),
    has: (index) => there.has(index),
    get bytes() {
      return present;
    },
    async write(index, bytes) {
      await withFile(path, "r+", async (file) => {
        const at = headerBytes + index * BLOB_CHUNK_BYTES;
        for (let done = 0; done < bytes.length; ) {
          done += (await file.write(bytes, done, bytes.length - done, at + done)).bytesWritten;
        }
      });
      if (!there.has(index)) present += bytes.length;
      there.add(index);
    },
    flush: () => withFile(path, "r+", (file) => file.sync()),
  };
}

/** Makes the file, with the manifest and no chunk. */
export async function createPartial(path: string, manifest: Blob): Promise<PartialBlob> {
  const header = encodeHeader(manifest);
  await withFile(path, "w", (file) => file.writeFile(header));
  return partialBlob(path, manifest, header.length, new Set());
}

/** Opens a file that an earlier process left. PERF: reads and hashes it whole. A text says why it is none. */
export async function openPartial(path: string, root: Uint8Array): Promise<PartialBlob | string> {
  return withFile(path, "r", async (file) => {
    const header = await readHeader(file, root);
    if (typeof header === "string") return header;
    const { manifest, start } = header;
    const there = new Set<number>();
    for (const index of manifest.chunks.keys()) {
      const bytes = await readExactly(file, start + index * BLOB_CHUNK_BYTES, chunkBytes(manifest.length, index));
      if (bytes !== undefined && chunkFault(manifest, index, bytes) === undefined) there.add(index);
    }
    return partialBlob(path, manifest, start, there);
  });
}
