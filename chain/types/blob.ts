import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { portable } from "./portable.ts";
import { Bytes32, Uint64 } from "./primitives.ts";

/** Bytes of every chunk of a blob but the last, which is shorter or as long. */
export const BLOB_CHUNK_BYTES = 256 * 1024;
/** With the chunk size, 1 GiB. */
export const MAX_BLOB_CHUNKS = 4096;
export const MAX_BLOB_BYTES = BLOB_CHUNK_BYTES * MAX_BLOB_CHUNKS;

/** A blob's manifest: its length, and the SHA-256 of each chunk. Its hash_tree_root names the blob (a model, say). */
export const Blob = new ContainerType(
  { length: Uint64, chunks: portable(() => new ListCompositeType(Bytes32, MAX_BLOB_CHUNKS)) },
  { typeName: "Blob" },
);
export type Blob = ValueOf<typeof Blob>;

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
