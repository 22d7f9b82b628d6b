import type { Type } from "@chainsafe/ssz";
import { SignedProposal } from "../chain/types/block.ts";
import { Vote } from "../chain/types/vote.ts";
import type { Driver } from "../consensus/driver/driver.ts";
import type { Application } from "../consensus/driver/ports.ts";
import { PeerError } from "../p2p/peer-error.ts";
import { PENALTIES } from "../p2p/penalties.ts";
import { type PerProtocol, PROTOCOLS } from "../p2p/protocols.ts";
import type { RequestHandler } from "../p2p/request-server.ts";
import type { BlobStore } from "./blobs/blob-store.ts";
import { serveBlob } from "./blobs/serve.ts";
import type { SnapshotHandlers } from "./snapshots/serve.ts";
import { BlocksRequest, BlocksResponse, decodeWire, StatusResponse, VotesRequest, VotesResponse } from "./wire.ts";

export interface ProtocolPorts {
  readonly app: Pick<Application, "tip">;
  readonly driver: Pick<Driver, "votes" | "proposal">;
  readonly blobs: Pick<BlobStore, "manifest" | "chunk">;
  /** A serialised CertifiedBlock, as it is stored. */
  certifiedBytes(height: number): Uint8Array | undefined;
  earliestHeight(): number;
  /** Answers nothing if not given. */
  readonly snapshots?: SnapshotHandlers;
}

const notHere: RequestHandler = () => Promise.resolve(undefined);
const NO_SNAPSHOTS: SnapshotHandlers = { light: notHere, headers: notHere, snapshots: notHere, chunk: notHere };

/** Room for the list's offsets and for what snappy may add. */
const OVERHEAD = 64 * 1024;

/** As many as a VotesResponse holds. */
const MAX_VOTES = 4096;
const VOTE_BYTES = Vote.serialize(Vote.defaultValue()).length;

/**
 * Bytes of blocks in one answer, if there is more than one block in it: compressing blocks the event loop, so that an answer of the
 * largest size would hold up consensus.
 */
const BLOCKS_BYTES = 1024 * 1024;
const MAX_BLOCKS = 256;

function serveBlocks(ports: ProtocolPorts, from: number, count: number): Uint8Array {
  const blocks: Uint8Array[] = [];
  let bytes = 0;
  const end = Math.min(from + Math.min(count, MAX_BLOCKS), ports.app.tip.height + 1);
  for (let height = from; height < end; height++) {
    const block = ports.certifiedBytes(height);
    if (block === undefined) break;
    bytes += block.length;
    if (blocks.length > 0 && bytes > BLOCKS_BYTES) break;
    blocks.push(block);
  }
  return BlocksResponse.serialize(blocks);
}

/** Undefined also where there is none: one that does not fit comes by gossip, or with its certificate. */
function proposalWithin(driver: ProtocolPorts["driver"], height: number, round: number, room: number) {
  const proposal = driver.proposal(height, round);
  if (proposal === undefined || SignedProposal.value_serializedSize(proposal) > room) return undefined;
  return SignedProposal.serialize(proposal);
}

function serveVotes(driver: ProtocolPorts["driver"], height: number, round: number, wantProposal: boolean): Uint8Array {
  const room = PROTOCOLS.votes.maxResponseBytes - OVERHEAD;
  const proposal = wantProposal ? proposalWithin(driver, height, round, room / 2) : undefined;
  const votes = driver.votes(height, round).slice(0, Math.min(MAX_VOTES, Math.floor(room / 2 / VOTE_BYTES)));
  return VotesResponse.serialize({ votes, proposal: proposal ?? new Uint8Array(0) });
}

/** Answers to other nodes' requests. Malformed ones are refused and charged to the peer. */
export function protocolHandlers(ports: ProtocolPorts): PerProtocol<RequestHandler> {
  const { app, driver, blobs } = ports;
  const parsed = <T>(type: Type<T>, bytes: Uint8Array, from: string): T => {
    const request = decodeWire(type, bytes);
    if (request === undefined) throw new PeerError(from, "malformed", PENALTIES.badRequest, "a request that is no SSZ");
    return request;
  };
  return {
    status: async () => {
      const { height, blockId } = app.tip;
      return StatusResponse.serialize({ height, blockId, earliestHeight: ports.earliestHeight() });
    },
    blocks: async (bytes, from) => {
      const request = parsed(BlocksRequest, bytes, from);
      return serveBlocks(ports, request.from, request.count);
    },
    votes: async (bytes, from) => {
      const { height, round, wantProposal } = parsed(VotesRequest, bytes, from);
      return serveVotes(driver, height, round, wantProposal);
    },
    blob: async (bytes) => (await serveBlob(blobs, bytes)) ?? new Uint8Array(0),
    ...(ports.snapshots ?? NO_SNAPSHOTS),
  };
}
