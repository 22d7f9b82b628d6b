import { rmSync } from "node:fs";
import { join } from "node:path";
import type { NodeConfig } from "../../node/config.ts";
import type { FailpointName } from "../../node/failpoints.ts";
import { homePaths } from "../../node/home.ts";
import type { LocalNode } from "../../node/local-network.ts";
import { swellLog, tearLog } from "./log-file.ts";

/** How a node is brought to a point. */
export interface CrashCase {
  readonly point: FailpointName;
  /** How often it passes before it dies there. */
  readonly count: number;
  /** Done to the files of the stopped node first. */
  readonly prepare?: (node: LocalNode) => void;
  /**
   * What the point needs to be come by: a job, the first of which also brings a model that the node has not; or a database that was lost,
   * and a trusted block to begin anew from.
   */
  readonly needs?: "job" | "restore";
}

const ROTATED = 1_100_000;
const COMPACTED = 17 * 1024 * 1024;

/** It has to fetch again what it had. */
function dropBlobs({ home }: LocalNode): void {
  rmSync(join(homePaths(home).data, "blobs"), { recursive: true, force: true });
}

/** Each point once, in an order in which a node that has never run can go through all. */
export const CRASH_CASES: readonly CrashCase[] = [
  { point: "genesis.before", count: 1 },
  { point: "genesis.after", count: 1 },
  { point: "sign.create", count: 1 },
  { point: "attestation.replace", count: 1 },
  { point: "wal.create", count: 1 },
  { point: "state.commit.before", count: 5 },
  { point: "state.commit.after", count: 5 },
  { point: "wal.height", count: 5 },
  { point: "wal.append.before", count: 30 },
  { point: "wal.append.after", count: 31 },
  { point: "wal.sync.before", count: 5 },
  { point: "wal.sync.after", count: 5 },
  { point: "sign.save.before", count: 4 },
  { point: "sign.save.written", count: 5 },
  { point: "sign.save.after", count: 6 },
  { point: "wal.rotate", count: 1, prepare: (node) => swellLog(node, ROTATED) },
  { point: "wal.repair", count: 1, prepare: tearLog },
  { point: "wal.compact.written", count: 1, prepare: (node) => swellLog(node, COMPACTED) },
  { point: "wal.compact.renamed", count: 1, prepare: (node) => swellLog(node, COMPACTED) },
  { point: "blob.written", count: 1, needs: "job", prepare: dropBlobs },
  { point: "blob.renamed", count: 1, needs: "job", prepare: dropBlobs },
  { point: "attestation.before", count: 1, needs: "job" },
  { point: "attestation.written", count: 1, needs: "job" },
  { point: "attestation.after", count: 1, needs: "job" },
  { point: "snapshot.chunk.written", count: 1 },
  { point: "snapshot.chunk.renamed", count: 1 },
  { point: "snapshot.manifest.before", count: 1 },
  { point: "snapshot.manifest.written", count: 1 },
  { point: "snapshot.manifest.after", count: 1 },
  { point: "snapshot.retain", count: 1 },
  { point: "restore.chunk", count: 1, needs: "restore" },
  { point: "restore.built", count: 1, needs: "restore" },
  { point: "restore.renamed", count: 1, needs: "restore" },
  { point: "restore.after", count: 1, needs: "restore" },
];

/** One of each kind of recovery: what `npm test` has time for. `sign.*` is only come by once the node votes again. */
export const SHORT: readonly FailpointName[] = [
  "sign.create",
  "state.commit.after",
  "wal.append.after",
  "sign.save.after",
];

/** Often enough that each point of a snapshot is soon come by. */
export function withSnapshots(config: NodeConfig): NodeConfig {
  return { ...config, snapshots: { interval: 10, keep: 2 } };
}

/** Jobs stay open for long enough that a node which was down can still take part; being down costs it nothing. */
export const CRASH_PARAMS = {
  "slashing.signedBlocksWindow": 10_000n,
  "consensus.emptyBlockInterval": 250n,
  "inference.commitWindow": 8n,
  "inference.revealWindow": 8n,
};
