import { ContainerType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Uint8, Uint32 } from "../../chain/types/primitives.ts";

/** What is asked for: the manifest (answered by the SSZ Blob) or one chunk (answered by its bytes). */
export const BLOB_REQUEST_KIND = { manifest: 0, chunk: 1 } as const;

/** A request of the protocol `blob`, 37 bytes. `index` is 0 for a manifest. An empty answer means: not here. */
export const BlobRequest = new ContainerType(
  { root: Bytes32, kind: Uint8, index: Uint32 },
  { typeName: "BlobRequest" },
);
export type BlobRequest = ValueOf<typeof BlobRequest>;

/** More than any answer: a manifest has at most 131,084 bytes, a chunk 262,144. */
export const MAX_BLOB_RESPONSE = 300 * 1024;
