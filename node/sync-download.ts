import type { SyncPeers } from "./sync-peers.ts";
import type { SyncRequests } from "./sync-requests.ts";

/** Blocks of consecutive heights as one peer gave them, not looked at yet. */
export interface Batch {
  readonly from: number;
  readonly peerId: string;
  readonly blocks: readonly Uint8Array[];
}

/** Ranges of blocks, asked of several peers at once and handed out in order. */
export interface Download {
  /** The blocks from the height after the tip on; undefined when nobody has them, or the download has been ended. */
  next(): Promise<Batch | undefined>;
  /** From this height on what the peer gave is of no use: it is asked of others. */
  discard(from: number): void;
}

export interface DownloadPorts {
  readonly peers: SyncPeers;
  readonly requests: Pick<SyncRequests, "blocks">;
  readonly tip: () => number;
  readonly signal: AbortSignal;
}

export const BLOCKS_PER_REQUEST = 64;
/** What a peer answers at once; the protocol allows two. */
const REQUESTS_PER_PEER = 2;
/** Ranges that are asked for or wait to be taken. Each answer is about a mebibyte, or one block of up to 16. */
const MAX_RANGES = 8;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

interface Range {
  readonly from: number;
  count: number;
  asked: boolean;
  batch: Batch | undefined;
}

/** @param onFailure a peer did not answer; it is forgotten until it says again where it is. */
export function createDownload(ports: DownloadPorts, onFailure: (peerId: string, error: unknown) => void): Download {
  const { peers, requests, tip, signal } = ports;
  /** In order, without gaps. */
  let ranges: Range[] = [];
  const busy = new Map<string, number>();
  let waitingBytes = 0;
  /** The height after the last block that was handed out. */
  let handed = 0;
  let wake = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => wake.resolve());

  function drop(range: Range): void {
    waitingBytes -= bytesOf(range.batch);
    range.batch = undefined;
  }

  function extend(): void {
    const last = ranges.at(-1);
    let from = last === undefined ? Math.max(tip() + 1, handed) : last.from + last.count;
    const highest = peers.highest();
    while (ranges.length < MAX_RANGES && from <= highest) {
      const count = Math.min(BLOCKS_PER_REQUEST, highest - from + 1);
      ranges.push({ from, count, asked: false, batch: undefined });
      from += count;
    }
  }

  function request(): void {
    for (const [index, range] of ranges.entries()) {
      if (range.asked || range.batch !== undefined) continue;
      // The first one is always asked for: what waits behind it can't be used before.
      if (index > 0 && waitingBytes > MAX_WAITING_BYTES) return;
      const peer = peers.next(range.from, (peerId) => (busy.get(peerId) ?? 0) < REQUESTS_PER_PEER);
      if (peer === undefined && index === 0) return;
      if (peer === undefined) continue;
      const count = Math.min(range.count, peer.claim.height - range.from + 1);
      range.asked = true;
      busy.set(peer.peerId, (busy.get(peer.peerId) ?? 0) + 1);
      void requests
        .blocks(peer.peerId, { ...peer.claim, from: range.from, count })
        .then(
          (blocks) => receive(range, peer.peerId, blocks),
          (error: unknown) => {
            peers.forget(peer.peerId);
            onFailure(peer.peerId, error);
          },
        )
        .finally(() => {
          range.asked = false;
          const left = (busy.get(peer.peerId) ?? 1) - 1;
          if (left === 0) busy.delete(peer.peerId);
          else busy.set(peer.peerId, left);
          wake.resolve();
        });
    }
  }

  function receive(range: Range, peerId: string, blocks: readonly Uint8Array[] | undefined): void {
    if (!ranges.includes(range)) return;
    if (blocks === undefined || blocks.length === 0) {
      peers.forget(peerId);
      return;
    }
    range.batch = { from: range.from, peerId, blocks };
    waitingBytes += bytesOf(range.batch);
    const missing = range.count - blocks.length;
    if (missing <= 0) return;
    const rest: Range = { from: range.from + blocks.length, count: missing, asked: false, batch: undefined };
    range.count = blocks.length;
    ranges.splice(ranges.indexOf(range) + 1, 0, rest);
  }

  return {
    async next() {
      while (!signal.aborted) {
        const first = ranges[0];
        // Consensus may have been faster.
        if (first !== undefined && first.from <= tip()) {
          drop(first);
          ranges = first.from + first.count - 1 <= tip() ? ranges.slice(1) : [];
          continue;
        }
        extend();
        wake = Promise.withResolvers<void>();
        request();
        const head = ranges[0];
        if (head?.batch !== undefined) {
          const { batch } = head;
          drop(head);
          ranges = ranges.slice(1);
          handed = batch.from + batch.blocks.length;
          extend();
          request();
          return batch;
        }
        if (head === undefined || !ranges.some(({ asked }) => asked)) return undefined;
        await wake.promise;
      }
      return undefined;
    },
    discard(from) {
      const count = (ranges[0]?.from ?? handed) - from;
      if (ranges.length === 0) handed = from;
      else if (count > 0) ranges.unshift({ from, count, asked: false, batch: undefined });
    },
  };
}

function bytesOf(batch: Batch | undefined): number {
  return batch === undefined ? 0 : batch.blocks.reduce((sum, { length }) => sum + length, 0);
}
