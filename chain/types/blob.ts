import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { sha256 } from "../crypto/hash.ts";
import { Bytes32, Uint64 } from "./primitives.ts";

/** Bytes of every chunk of a blob but the last, which is shorter or as long. */
export const BLOB_CHUNK_BYTES = 256 * 1024;
/** With the chunk size, 1 GiB. */
export const MAX_BLOB_CHUNKS = 4096;
export const MAX_BLOB_BYTES = BLOB_CHUNK_BYTES * MAX_BLOB_CHUNKS;

/** A blob's manifest: its length, and the SHA-256 of each chunk. Its hash_tree_root names the blob (a model, say). */
export const Blob = new ContainerType(
  { length: Uint64, chunks: new ListCompositeType(Bytes32, MAX_BLOB_CHUNKS) },
  { typeName: "Blob" },
);
export type Blob = ValueOf<typeof Blob>;

/** Manifest of `bytes`. Throws when there are more than MAX_BLOB_BYTES. */
export function blobManifest(bytes: Uint8Array): Blob {
  if (bytes.length > MAX_BLOB_BYTES) throw new Error(`blob of ${bytes.length} bytes, at most ${MAX_BLOB_BYTES}`);
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOB_CHUNK_BYTES) {
    chunks.push(sha256(bytes.subarray(at, at + BLOB_CHUNK_BYTES)));
  }
  return { length: bytes.length, chunks };
}

/** The name of a blob, 32 bytes. Hashes every byte once. */
export function blobRoot(bytes: Uint8Array): Uint8Array {
  return Blob.hashTreeRoot(blobManifest(bytes));
}

/** Whether a manifest has exactly the chunks that its length needs: a root can be made of any. */
export function isConsistentBlob({ length, chunks }: Blob): boolean {
  return (
    Number.isSafeInteger(length) && length <= MAX_BLOB_BYTES && chunks.length === Math.ceil(length / BLOB_CHUNK_BYTES)
  );
}

/** Bytes of chunk `index` of a blob of this length; 0 past the end. */
export function chunkBytes(length: number, index: number): number {
  return Math.max(0, Math.min(BLOB_CHUNK_BYTES, length - index * BLOB_CHUNK_BYTES));
}
