import type { PeerSource } from "./peer-source.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface ChunkFetch {
  readonly source: Pick<PeerSource, "chunk">;
  readonly snapshots: Pick<SnapshotStore, "chunk" | "putChunk">;
  readonly hashes: readonly Uint8Array[];
  /** Who offers the snapshot. */
  readonly peers: readonly string[];
  readonly onChunk?: (fromDisk: boolean) => void;
}

/** Chunks asked for ahead of the one that is needed: bounds the memory to as many mebibytes. */
const AHEAD = 12;

/**
 * The chunks in order, each from the disk or, several at a time, from peers; those are kept on the disk, so that a restore that was
 * interrupted does not ask for them again.
 */
export async function* fetchChunks({
  source,
  snapshots,
  hashes,
  peers,
  onChunk,
}: ChunkFetch): AsyncGenerator<Uint8Array> {
  const get = async (hash: Uint8Array): Promise<Uint8Array> => {
    const held = await snapshots.chunk(hash);
    const bytes = held ?? (await source.chunk(hash, peers));
    if (held === undefined) await snapshots.putChunk(bytes);
    onChunk?.(held !== undefined);
    return bytes;
  };
  const underWay: Promise<Uint8Array>[] = [];
  let next = 0;
  const request = (): void => {
    const hash = hashes[next++];
    if (hash === undefined) return;
    const asked = get(hash);
    asked.catch(() => undefined); // Seen when its turn comes; if the one before fails, it is of no interest.
    underWay.push(asked);
  };
  for (let i = 0; i < AHEAD; i++) request();
  for (let chunk = underWay.shift(); chunk !== undefined; chunk = underWay.shift()) {
    const bytes = await chunk;
    request();
    yield bytes;
  }
}
