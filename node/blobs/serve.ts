import { Blob } from "../../chain/types/blob.ts";
import type { BlobStore } from "./blob-store.ts";
import { BLOB_REQUEST_KIND, BlobRequest } from "./messages.ts";

/**
 * Answers one request of a peer, from disk: at most one manifest or one chunk is read. Undefined when the request is malformed or the
 * blob is not here.
 */
export async function serveBlob(
  store: Pick<BlobStore, "manifest" | "chunk">,
  requestBytes: Uint8Array,
): Promise<Uint8Array | undefined> {
  if (requestBytes.length !== BlobRequest.fixedSize) return undefined;
  const { root, kind, index } = BlobRequest.deserialize(requestBytes);
  switch (kind) {
    case BLOB_REQUEST_KIND.manifest: {
      const manifest = await store.manifest(root);
      return manifest === undefined ? undefined : Blob.serialize(manifest);
    }
    case BLOB_REQUEST_KIND.chunk:
      return store.chunk(root, index);
    default:
      return undefined;
  }
}
