import { sha256 } from "./crypto/hash.ts";
import { BLOB_CHUNK_BYTES, Blob, MAX_BLOB_BYTES } from "./types/blob.ts";

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
