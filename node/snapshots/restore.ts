import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { equalBytes } from "../../chain/bytes.ts";
import type { CertifiedBlock } from "../../chain/types/block.ts";
import type { LightBlock } from "../../chain/types/light-block.ts";
import type { LightEnv } from "../../consensus/light/advance.ts";
import { lightBlockId, type TrustRoot } from "../../consensus/light/verify.ts";
import { openBulkWriter } from "../../state/level-store.ts";
import { finishRestore, restoreState, SnapshotContentError } from "../../state/snapshot-restore.ts";
import { restoredBlockWrites } from "../block-store.ts";
import { networkWrites } from "../genesis-state.ts";
import type { Logger } from "../log.ts";
import { storedRootOf } from "../stored-types.ts";
import { UserError } from "../user-error.ts";
import { fetchTrusted, verifyFrom } from "./checkpoint.ts";
import { fetchChunks } from "./fetch-chunks.ts";
import type { SnapshotManifest } from "./manifest.ts";
import {
  createPeerSource,
  LIE,
  NobodyHasError,
  type Offer,
  type Patience,
  type PeerSource,
  type RestorePeers,
} from "./peer-source.ts";
import type { SnapshotStore } from "./snapshot-store.ts";

export interface RestoreStateOptions {
  /** The node's data folder. */
  readonly folder: string;
  readonly snapshots: SnapshotStore;
  readonly peers: RestorePeers;
  readonly env: LightEnv;
  readonly trust: TrustRoot;
  readonly rootOf?: typeof storedRootOf;
  readonly log: Pick<Logger, "debug" | "info" | "warn">;
  readonly signal: AbortSignal;
  readonly failpoint?: (point: RestorePoint) => void;
  /** For snapshots. */
  readonly patience?: Patience;
  /** For everything else. */
  readonly askAgain?: Patience;
}

/** Where a test may end the process; what is on disk at each is told in node/failpoints.ts. */
export type RestorePoint = "restore.chunk" | "restore.built" | "restore.renamed" | "restore.after";

const PATIENCE: Patience = { rounds: 60, pauseMs: 1000 };

/** Whether the data folder holds a state: only a folder that holds a whole one has this name. */
export function hasState(folder: string): boolean {
  return existsSync(join(folder, "state", "CURRENT"));
}

/**
 * Fills an empty data folder with the state of a snapshot that the trusted block vouches for. The database appears under its name whole
 * and flushed, or not at all; chunks that have been fetched stay for the next attempt.
 * @throws UserError when the trusted block or a snapshot is not to be had.
 */
export async function restoreFromPeers(options: RestoreStateOptions): Promise<number> {
  const { peers, env, trust, log, signal, patience = PATIENCE } = options;
  const source = createPeerSource(peers, log, signal, options.askAgain);
  const penalise = (peerId: string, points: number, reason: string): void => peers.penalise(peerId, points, reason);
  const checkpoint = { source, penalise, env, trust };
  log.info({ height: trust.height }, "beginning with a snapshot: looking for the trusted block");
  const trusted = await fetchTrusted(checkpoint);
  /** Manifests that gave another state, so that nobody is asked for them again. */
  const refuted = new Set<string>();
  /** How often what a peer offered was not to be had. */
  const failures = new Map<string, number>();
  for (let round = 0; round < patience.rounds; round++) {
    if (round > 0) await sleep(patience.pauseMs, undefined, { signal });
    // Asked for anew each time: by the time one snapshot has failed, the others of its list may be pruned.
    const offer = likeliest(await source.offers(), failures, refuted);
    if (offer === undefined) continue;
    try {
      const block = await verifyFrom(trusted, offer, checkpoint);
      if (block === undefined) blame(options, offer, "a snapshot of a block that is not of this chain");
      else if (await restoreOffer(options, source, offer, block)) return offer.height;
      refuted.add(manifestKey(offer));
    } catch (error) {
      if (!(error instanceof NobodyHasError)) throw error;
      log.warn({ height: offer.height, reason: error.message }, "a snapshot can't be had now");
      for (const peerId of offer.peers) failures.set(peerId, (failures.get(peerId) ?? 0) + 1);
    }
  }
  throw new UserError(
    "no connected peer offers a snapshot that the trusted block vouches for: connect to a node with snapshots.interval set, " +
      "or remove sync.trustHeight to begin with block 1",
  );
}

function manifestKey({ manifest }: Offer): string {
  return Buffer.from(manifest).toString("hex");
}

/** The newest of those whose peers have failed least, so that who offers what it does not give holds up nobody for long. */
function likeliest(
  offers: readonly Offer[],
  failures: ReadonlyMap<string, number>,
  refuted: ReadonlySet<string>,
): Offer | undefined {
  const failed = ({ peers }: Offer): number => Math.min(...peers.map((peerId) => failures.get(peerId) ?? 0));
  const open = offers.filter((offer) => !refuted.has(manifestKey(offer)));
  return open.toSorted((a, b) => failed(a) - failed(b))[0];
}

function blame({ peers, log }: RestoreStateOptions, offer: Offer, reason: string): void {
  log.warn({ height: offer.height, peers: offer.peers, reason }, "a snapshot is a lie: its peers are banned");
  for (const peerId of offer.peers) peers.penalise(peerId, LIE, reason);
}

/** @returns false, and blames who offered it, for a snapshot that is not what its header says. */
async function restoreOffer(
  options: RestoreStateOptions,
  source: PeerSource,
  offer: Offer,
  light: LightBlock,
): Promise<boolean> {
  const { log } = options;
  const { header } = light;
  const manifest = await source.manifest(offer);
  const isOf = manifest.height === header.height && equalBytes(manifest.stateRoot, header.stateRoot);
  if (!isOf || !equalBytes(manifest.blockId, offer.blockId)) {
    blame(options, offer, "a manifest of another state");
    return false;
  }
  const block = await source.block(header, lightBlockId(light));
  const fields = { height: header.height, chunks: manifest.chunks.length, bytes: manifest.bytes };
  log.info({ ...fields, peers: offer.peers.length }, "restoring the state from a snapshot");
  const begun = performance.now();
  const wrong = await buildDatabase(options, source, offer, manifest, { block, commit: light.commit });
  if (wrong !== undefined) {
    blame(options, offer, wrong);
    return false;
  }
  await options.snapshots.add(manifest);
  options.failpoint?.("restore.after");
  log.info({ height: header.height, ms: Math.round(performance.now() - begun) }, "the state has been restored");
  return true;
}

/** @returns what is wrong with the snapshot; undefined when the database is in its place. */
async function buildDatabase(
  options: RestoreStateOptions,
  source: PeerSource,
  offer: Offer,
  manifest: SnapshotManifest,
  block: CertifiedBlock,
): Promise<string | undefined> {
  const { folder, snapshots, rootOf = storedRootOf, signal, env, log, failpoint } = options;
  const { height } = manifest;
  const work = join(folder, "restore");
  const built = join(work, "state");
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work, { recursive: true });
  const writer = await openBulkWriter(built);
  let held = 0;
  try {
    const onChunk = (fromDisk: boolean): void => {
      failpoint?.("restore.chunk");
      if (fromDisk) held++;
    };
    const chunks = fetchChunks({ source, snapshots, hashes: manifest.chunks, peers: offer.peers, onChunk });
    const watched = abortable(chunks, signal);
    const root = await restoreState(writer, watched, { height, folder: join(work, "tree"), rootOf });
    if (!equalBytes(root, manifest.stateRoot)) return "a snapshot that gives another state than its header names";
    if (held > 0) log.info({ held, of: manifest.chunks.length }, "chunks were there from an earlier attempt");
    await finishRestore(writer, height, [...restoredBlockWrites(block), ...networkWrites(env.params.genesisRoot)]);
  } catch (error) {
    if (error instanceof SnapshotContentError) return error.message;
    throw error;
  } finally {
    await writer.close();
  }
  flushFolder(built);
  failpoint?.("restore.built");
  renameSync(built, join(folder, "state"));
  flush(folder);
  failpoint?.("restore.renamed");
  rmSync(work, { recursive: true, force: true });
  return undefined;
}

async function* abortable<T>(items: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T> {
  for await (const item of items) {
    signal.throwIfAborted();
    yield item;
  }
}

function flush(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** After a bulk write: the database itself has flushed nothing. */
function flushFolder(folder: string): void {
  for (const name of readdirSync(folder)) flush(join(folder, name));
  flush(folder);
}
