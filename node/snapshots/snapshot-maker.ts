import { setTimeout as sleep } from "node:timers/promises";
import { encodeChunks } from "../../state/snapshot-chunks.ts";
import type { FrozenState, StateStore } from "../../state/store.ts";
import type { StoredBlock } from "../api.ts";
import type { Logger } from "../log.ts";
import { MAX_SNAPSHOT_CHUNKS } from "./manifest.ts";
import type { HeldSnapshot, SnapshotStore } from "./snapshot-store.ts";

export interface SnapshotMakerOptions {
  readonly state: Pick<StateStore, "freeze">;
  readonly snapshots: SnapshotStore;
  /** Blocks between two snapshots; 0 makes none. */
  readonly interval: number;
  readonly keep: number;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

export interface SnapshotMaker {
  /** Called after each commit, before anything else can be committed: takes hold of the state where a snapshot is due. */
  committed(block: Pick<StoredBlock, "block" | "blockId">): void;
  /** Ends what is under way, which is then lost. */
  stop(): Promise<void>;
}

/** The part of the time that making a snapshot may take from the node: one in this many. */
const SHARE = 4;
const MAX_PAUSE_MS = 250;

/** Reads the frozen state chunk by chunk, with a pause after each that grows with what the chunk took. */
export async function makeSnapshot(
  frozen: FrozenState,
  blockId: Uint8Array,
  snapshots: SnapshotStore,
  signal: AbortSignal,
): Promise<HeldSnapshot> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  let started = performance.now();
  for await (const chunk of encodeChunks(frozen.entries())) {
    signal.throwIfAborted();
    if (chunks.length === MAX_SNAPSHOT_CHUNKS)
      throw new RangeError(`a state of more than ${MAX_SNAPSHOT_CHUNKS} chunks`);
    chunks.push(await snapshots.putChunk(chunk));
    bytes += chunk.length;
    await sleep(Math.min((performance.now() - started) * (SHARE - 1), MAX_PAUSE_MS), undefined, { signal });
    started = performance.now();
  }
  return snapshots.add({ height: frozen.height, blockId, stateRoot: frozen.root, bytes, chunks });
}

/**
 * Makes a snapshot every `interval` blocks, one at a time, beside everything else the node does. PERF: holds one chunk; while it
 * works the database keeps the values that were replaced since.
 */
export function createSnapshotMaker(options: SnapshotMakerOptions): SnapshotMaker {
  const { state, snapshots, interval, keep, log } = options;
  const abort = new AbortController();
  let underWay: Promise<void> | undefined;

  async function make(frozen: FrozenState, blockId: Uint8Array): Promise<void> {
    const { height } = frozen;
    const begun = performance.now();
    try {
      const { manifest } = await makeSnapshot(frozen, blockId, snapshots, abort.signal);
      await snapshots.retain(keep);
      const fields = { height, chunks: manifest.chunks.length, bytes: manifest.bytes };
      log.info({ ...fields, ms: Math.round(performance.now() - begun) }, "made a snapshot of the state");
    } catch (error) {
      if (!abort.signal.aborted) log.error({ err: error, height }, "a snapshot could not be made");
    } finally {
      await frozen.release();
    }
  }

  return {
    committed({ block, blockId }) {
      const { height } = block.header;
      if (interval === 0 || height % interval !== 0 || abort.signal.aborted) return;
      if (underWay !== undefined) {
        log.warn({ height }, "the snapshot before is not done: raise snapshots.interval");
        return;
      }
      underWay = make(state.freeze(), blockId).finally(() => {
        underWay = undefined;
      });
    },
    async stop() {
      abort.abort();
      await underWay;
    },
  };
}
