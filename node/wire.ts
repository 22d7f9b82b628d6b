import { BooleanType, ByteListType, ContainerType, ListCompositeType, type Type, type ValueOf } from "@chainsafe/ssz";
import { Reveal } from "../chain/types/attestation.ts";
import { Header } from "../chain/types/header.ts";
import { MAX_BLOCK_BYTES, MAX_INLINE_OUTPUT } from "../chain/types/limits.ts";
import { Bytes32, Uint32, Uint64 } from "../chain/types/primitives.ts";
import { Vote } from "../chain/types/vote.ts";

/** What travels between nodes besides the objects of chain/types. All of it is SSZ. */

/** A reveal as gossiped: with the output, so that whoever proposes next can put it into the block. */
export const RevealMessage = new ContainerType(
  { reveal: Reveal, output: new ByteListType(MAX_INLINE_OUTPUT) },
  { typeName: "RevealMessage" },
);
export type RevealMessage = ValueOf<typeof RevealMessage>;

/** Most reveals of a message; its bytes are bounded by the topic. */
export const MAX_REVEAL_BATCH = 256;
/** What a member reveals after a block: one message, whatever the number of jobs. */
export const RevealBatch = new ListCompositeType(RevealMessage, MAX_REVEAL_BATCH);

/** The answer to an empty status request. */
export const StatusResponse = new ContainerType(
  { height: Uint64, blockId: Bytes32, earliestHeight: Uint64 },
  { typeName: "StatusResponse" },
);
export type StatusResponse = ValueOf<typeof StatusResponse>;

export const BlocksRequest = new ContainerType({ from: Uint64, count: Uint32 }, { typeName: "BlocksRequest" });

/** Serialised CertifiedBlocks of consecutive heights; fewer than asked for when they would be too large. */
export const BlocksResponse = new ListCompositeType(new ByteListType(MAX_BLOCK_BYTES), 256);

/** What a node that is stuck asks for; `wantProposal` when it lacks the round's proposal. */
export const VotesRequest = new ContainerType(
  { height: Uint64, round: Uint32, wantProposal: new BooleanType() },
  { typeName: "VotesRequest" },
);

/** `proposal` is a serialised SignedProposal or empty. */
export const VotesResponse = new ContainerType(
  { votes: new ListCompositeType(Vote, 4096), proposal: new ByteListType(MAX_BLOCK_BYTES) },
  { typeName: "VotesResponse" },
);

export const LightRequest = new ContainerType({ height: Uint64 }, { typeName: "LightRequest" });

export const HeadersRequest = new ContainerType({ from: Uint64, count: Uint32 }, { typeName: "HeadersRequest" });

/** Most headers in one answer, about 300 bytes each. */
export const MAX_HEADERS = 1024;
/** Of `from` and the heights below it, downwards; fewer than asked for where they end. */
export const HeadersResponse = new ListCompositeType(Header, MAX_HEADERS);

/** What a node says of one of its snapshots. `manifest` is the manifest's hash_tree_root. */
export const SnapshotOffer = new ContainerType(
  { height: Uint64, blockId: Bytes32, manifest: Bytes32 },
  { typeName: "SnapshotOffer" },
);
export type SnapshotOffer = ValueOf<typeof SnapshotOffer>;

/** The answer to an empty request, the newest first. */
export const SnapshotsResponse = new ListCompositeType(SnapshotOffer, 16);

/** Asks for a manifest by its hash_tree_root, or for a chunk by its SHA-256. */
export const ChunkRequest = new ContainerType(
  { isManifest: new BooleanType(), hash: Bytes32 },
  { typeName: "ChunkRequest" },
);

/**
 * Decodes what a stranger sent. Only the one serialisation of a value counts: the library reads integers above 2^53 as others, so the
 * same object could arrive in several forms, or change its root on the way through a database.
 * PERF: serialises once more, a copy of the bytes.
 * @returns the value, or undefined for bytes that are none: they are judged, they are no fault of ours.
 */
export function decodeWire<T>(type: Type<T>, bytes: Uint8Array): T | undefined {
  try {
    const value = type.deserialize(bytes);
    return Buffer.compare(type.serialize(value), bytes) === 0 ? value : undefined;
  } catch {
    return undefined; // Whatever the decoder objects to, the bytes are not of this type.
  }
}
