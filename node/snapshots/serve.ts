import type { CertifiedBlock } from "../../chain/types/block.ts";
import type { Header } from "../../chain/types/header.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { RequestHandler } from "../../p2p/request-server.ts";
import {
  ChunkRequest,
  decodeWire,
  HeadersRequest,
  HeadersResponse,
  LightRequest,
  MAX_HEADERS,
  SnapshotsResponse,
} from "../wire.ts";
import { SnapshotManifest } from "./manifest.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotServePorts {
  readonly snapshots: Pick<SnapshotStore, "list" | "chunk" | "isListed">;
  certified(height: number): CertifiedBlock | undefined;
  /** Who votes on a height. */
  validators(height: number): ValidatorSet | undefined;
  /** The oldest block that is kept. */
  earliestHeight(): number;
}

export type SnapshotHandlers = Readonly<Record<"light" | "headers" | "snapshots" | "chunk", RequestHandler>>;

/** Headers read for one answer: each is a whole block on the disk. */
const HEADERS_AT_ONCE = 256;

/**
 * Answers of the protocols that a new node begins with. Undefined (not here) also for a request that is malformed: it costs nothing.
 * A snapshot whose next block is gone is of no use to anybody and not offered.
 */
export function snapshotHandlers(ports: SnapshotServePorts): SnapshotHandlers {
  const { snapshots } = ports;
  return {
    async light(bytes) {
      const height = decodeWire(LightRequest, bytes)?.height;
      const found = height === undefined ? undefined : ports.certified(height);
      const validators = height === undefined ? undefined : ports.validators(height);
      if (found === undefined || validators === undefined) return undefined;
      return LightBlock.serialize({ header: found.block.header, commit: found.commit, validators: [...validators] });
    },
    async headers(bytes) {
      const request = decodeWire(HeadersRequest, bytes);
      if (request === undefined) return undefined;
      const headers: Header[] = [];
      const most = Math.min(request.count, MAX_HEADERS, HEADERS_AT_ONCE);
      for (let height = request.from; headers.length < most && height >= 1; height--) {
        const found = ports.certified(height);
        if (found === undefined) break;
        headers.push(found.block.header);
      }
      return headers.length === 0 ? undefined : HeadersResponse.serialize(headers);
    },
    async snapshots() {
      const earliest = ports.earliestHeight();
      const useful = snapshots.list().filter(({ manifest }) => manifest.height >= earliest);
      return SnapshotsResponse.serialize(
        useful.map(({ manifest: { height, blockId }, root }) => ({ height, blockId, manifest: root })),
      );
    },
    async chunk(bytes) {
      const request = decodeWire(ChunkRequest, bytes);
      if (request === undefined) return undefined;
      const { isManifest, hash } = request;
      if (!isManifest) return snapshots.isListed(hash) ? snapshots.chunk(hash) : undefined;
      const held = snapshots.list().find(({ root }) => Buffer.compare(root, hash) === 0);
      return held === undefined ? undefined : SnapshotManifest.serialize(held.manifest);
    },
  };
}
