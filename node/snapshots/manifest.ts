import { ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Bytes32, Uint64 } from "../../chain/types/primitives.ts";

/** With chunks of a quarter of a mebibyte, states of 8 GiB; their manifest fits one answer of a peer. */
export const MAX_SNAPSHOT_CHUNKS = 32_768;

/**
 * What a snapshot is made of. Its hash_tree_root names it. `chunks` are SHA-256 hashes in order of the chunks; who made up the
 * hashes is found out when the state that they give has another root than the header of `height`.
 */
export const SnapshotManifest = new ContainerType(
  {
    height: Uint64,
    blockId: Bytes32,
    /** After the block of `height`. */
    stateRoot: Bytes32,
    /** Of all chunks. */
    bytes: Uint64,
    chunks: new ListCompositeType(Bytes32, MAX_SNAPSHOT_CHUNKS),
  },
  { typeName: "SnapshotManifest" },
);
export type SnapshotManifest = ValueOf<typeof SnapshotManifest>;
