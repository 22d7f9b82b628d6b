import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type BlsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { type RememberingBls, rememberingBls } from "../chain/crypto/remembering-bls.ts";
import { readValidators } from "../chain/executor/chain-state.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { ChainSpec } from "../chain/module.ts";
import { createDriver, type Driver } from "../consensus/driver/driver.ts";
import type { Application } from "../consensus/driver/ports.ts";
import { createWal } from "../consensus/wal/wal.ts";
import type { Genesis } from "../genesis/document.ts";
import { ante } from "../modules/auth/ante.ts";
import { modulesFor } from "../modules/registry.ts";
import type { UpgradePlan, UpgradePolicy } from "../modules/upgrade/keeper.ts";
import { createNetwork, type Network } from "../p2p/network.ts";
import type { PerProtocol } from "../p2p/protocols.ts";
import type { RequestHandler } from "../p2p/request-server.ts";
import { openLevelStore } from "../state/level-store.ts";
import type { StateStore } from "../state/store.ts";
import { readAddressBook } from "./address-book-file.ts";
import type { StoredBlock } from "./api.ts";
import type { NodeAttestationPool } from "./attestation-pool.ts";
import { type Blobs, openBlobs } from "./blobs/open-blobs.ts";
import { readCertified, readCertifiedBytes } from "./block-store.ts";
import { type ChainApi, createChainApi } from "./chain-api.ts";
import { steadyClock, wallClock } from "./clock.ts";
import { commitListeners } from "./commit-listeners.ts";
import type { NodeConfig } from "./config.ts";
import { createDeferrableWal } from "./deferrable-wal.ts";
import type { EvidenceMessage } from "./evidence-message.ts";
import type { EvidencePool } from "./evidence-pool.ts";
import type { Failpoint } from "./failpoints.ts";
import { ensureGenesis } from "./genesis-state.ts";
import { gossipHandlers } from "./gossip.ts";
import { haltsAfter } from "./halt.ts";
import type { HomePaths } from "./home.ts";
import { createInlineRuns, type InlineRuns } from "./inline/inline-runs.ts";
import { invariantWatch } from "./invariant-watch.ts";
import type { Ed25519Key } from "./keys/node-keys.ts";
import { createLedger } from "./ledger.ts";
import { greetPeers, isOverdue } from "./liveness.ts";
import type { Logger } from "./log.ts";
import type { Mempool } from "./mempool.ts";
import type { NodeMetrics } from "./metrics.ts";
import { observeCommit } from "./observe.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { peerSettings } from "./peer-settings.ts";
import { protocolHandlers } from "./protocols.ts";
import { type NodeSigner, openNodeSigner } from "./signer/node-signer.ts";
import { snapshotHandlers } from "./snapshots/serve.ts";
import { createSnapshotMaker } from "./snapshots/snapshot-maker.ts";
import { openSnapshotStore } from "./snapshots/snapshot-store.ts";
import { createSync, type Sync } from "./sync.ts";
import { proveTogether } from "./sync-certificates.ts";
import { missingUpgrade } from "./upgrade.ts";
import { createVotingGate, type VotingGate } from "./voting-gate.ts";

/** What a node is made from, all of it read and checked. */
export interface NodeInputs {
  readonly paths: HomePaths;
  readonly config: NodeConfig;
  readonly genesis: Genesis;
  readonly nodeKey: Ed25519Key;
  /** Undefined for a full node that does not vote, and for one whose signer is in another process. */
  readonly voteKey: BlsSecretKey | undefined;
  readonly log: Logger;
  readonly metrics: NodeMetrics;
  /** What the node says to the others; the identity for every honest node. */
  readonly outlet?: (honest: Outlet, voteKey: BlsSecretKey | undefined, spec: ChainSpec) => Outlet;
  /** How it answers other nodes; the identity for every honest node. */
  readonly protocols?: (honest: PerProtocol<RequestHandler>) => PerProtocol<RequestHandler>;
  /** Does nothing but in a node under test. */
  readonly failpoint: Failpoint;
  /** The last block before a halt that the operator asked for is committed. Called once. */
  readonly onLast: () => void;
  /** What this build knows of upgrades, and which of them the operator wants to skip. */
  readonly upgrades: UpgradePolicy;
  /** The last block before an upgrade that this build does not know is committed. Called once. */
  readonly onUpgrade: (plan: UpgradePlan) => void;
  /** The node has failed and must stop. Called once. */
  readonly onFault: (error: unknown) => void;
}

/** The parts of a node, put together and not yet started. */
export interface NodeParts {
  readonly runtime: Runtime;
  readonly store: StateStore;
  readonly blobs: Blobs;
  readonly mempool: Mempool;
  readonly pool: NodeAttestationPool;
  readonly evidence: EvidencePool;
  readonly inline: InlineRuns;
  readonly app: Application;
  readonly driver: Driver;
  readonly network: Network;
  readonly outlet: Outlet;
  readonly sync: Sync;
  /** Undefined for a node that does not vote. */
  readonly signer: NodeSigner | undefined;
  /** Undefined for a node that does not vote. */
  readonly gate: VotingGate | undefined;
  readonly chain: ChainApi;
  /** After each commit, once everything can be read. The returned function unsubscribes. */
  onCommit(listener: (block: StoredBlock) => void): () => void;
  /** Lets go of files, in the reverse order of opening them. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 64;

function createRuntime(genesis: Genesis, upgrades: UpgradePolicy, bls: RememberingBls): Runtime {
  return { spec: genesis.spec, modules: modulesFor(upgrades), ante, bls };
}

/** Opens the files of a node's data folder. @throws DataFolderError when another process has it. */
async function openFiles({ paths, config, log, failpoint }: NodeInputs): Promise<{ store: StateStore; blobs: Blobs }> {
  mkdirSync(paths.data, { recursive: true });
  const store = await openLevelStore(join(paths.data, "state"), {
    retention: config.retention.heights,
    failpoint,
  });
  const blobs = await openBlobs({
    directory: join(paths.data, "blobs"),
    settings: config.blobs,
    state: () => store.latest,
    now: () => wallClock.now(),
    failpoint,
    log,
  });
  return { store, blobs };
}

/** Puts a node together. The only place where all parts meet. */
export async function composeNode(inputs: NodeInputs): Promise<NodeParts> {
  const bls = rememberingBls(createBls());
  const runtime = createRuntime(inputs.genesis, inputs.upgrades, bls);
  const { store, blobs } = await openFiles(inputs);
  try {
    await ensureGenesis(runtime, store, inputs.genesis, inputs.paths.data, inputs.failpoint);
    return await connect(inputs, runtime, bls, store, blobs);
  } catch (error) {
    await store.close(); // Or nobody could open it again in this process.
    throw error;
  }
}

function noteEvidence(log: Logger, message: EvidenceMessage): void {
  switch (message.kind) {
    case "attestation": {
      const { validator, a } = message.evidence;
      log.warn({ validator, job: a.jobId }, "a validator has attested two outputs of one job");
      return;
    }
    case "amnesiaChallenge": {
      const { height, round } = message.evidence.later;
      log.warn(
        { height, round },
        "validators voted against their own precommits, and no polka that was seen here excuses it",
      );
      return;
    }
    case "polka": {
      const { height, round } = message.evidence;
      log.info({ height, round }, "answering a challenge with a polka that was seen here");
      return;
    }
    case "duplicateVote": // The driver has said so.
    case "lightClientAttack": // Only ever heard of, not found out here.
  }
}

async function connect(
  inputs: NodeInputs,
  runtime: Runtime,
  bls: RememberingBls,
  store: StateStore,
  blobs: Blobs,
): Promise<NodeParts> {
  const { paths, config, genesis, voteKey, log, metrics, failpoint } = inputs;
  const queries = new Map(
    runtime.modules.flatMap((module) => module.queries.map((query) => [query.path, query] as const)),
  );

  const commits = commitListeners(log);
  const { interval, keep } = config.snapshots;
  const snapshots = openSnapshotStore(join(paths.data, "snapshots"), failpoint);
  await snapshots.retain(interval === 0 ? 0 : keep); // What an interrupted snapshot or restore has left.
  const snapshotMaker = createSnapshotMaker({ state: store, snapshots, interval, keep, log });
  const watch = invariantWatch(config.invariants.every, runtime.spec);
  const inline = createInlineRuns({
    state: () => store.latest,
    clock: steadyClock,
    onOutput: () => driver.notifyWork(),
  });
  const ledger = createLedger({
    runtime,
    store,
    inline,
    verifyInference: config.sync.verifyInference === "full",
    clock: steadyClock,
    mempool: { ...config.mempool, ttlMs: config.mempool.ttl * 1000, now: () => steadyClock.now() },
    retainBlocks: config.retention.heights,
    log,
    onLateCommitment: (commitment) => outlet.broadcastCommitment(commitment),
    onLateReveal: (message) => outlet.broadcastReveal(message),
    onEvidence(message) {
      noteEvidence(log, message);
      outlet.broadcastEvidence(message);
      driver.notifyWork();
    },
    onExecuted: (seconds) => metrics.observeExecution(seconds),
    onCommitted(block) {
      snapshotMaker.committed(block);
      const { height } = block.block.header;
      observeCommit(metrics, block, readValidators(store.latest, height - 1) ?? [], store.latest, network);
      metrics.setMempool(mempool.count, mempool.bytes);
      commits.notify(block);
      const broken = watch(store.latest, height);
      if (broken !== undefined) inputs.onFault(broken);
    },
  });
  const { registry, mempool, pool, app } = ledger;
  mempool.onAdded(() => metrics.setMempool(mempool.count, mempool.bytes));

  const honest = createOutlet({
    publish: (...message) => network.publish(...message),
    pool,
    onWork: () => driver.notifyWork(),
    clock: steadyClock,
  });
  const outlet = inputs.outlet?.(honest, voteKey, genesis.spec) ?? honest;
  const signer = await openNodeSigner(inputs, bls, store);
  if (signer === undefined) inline.abstain();
  const gate =
    signer &&
    createVotingGate({
      signer: signer.consensus,
      tip: () => app.tip.height,
      hasPeers: config.p2p.peers.length + config.p2p.bootstrap.length > 0,
      clock: steadyClock,
      log,
    });
  const wal = createDeferrableWal(
    createWal({
      path: join(paths.data, "consensus.wal"),
      genesisRoot: genesis.spec.genesisRoot,
      failpoint,
      onTornTail: (found) => log.warn(found, "the end of the write-ahead log was torn and has been cut off"),
    }),
  );
  const isHalt = haltsAfter(config.halt);
  const driver = createDriver({
    app,
    signer: gate?.signer,
    network: outlet,
    clock: wallClock,
    wal,
    bls,
    log,
    onFault: inputs.onFault,
    isLast: (header) => isHalt(header) || missingUpgrade(store.latest, header.height, inputs.upgrades) !== undefined,
    onLast() {
      const upgrade = missingUpgrade(store.latest, app.tip.height, inputs.upgrades);
      if (upgrade === undefined) inputs.onLast();
      else inputs.onUpgrade(upgrade);
    },
  });
  const chain = createChainApi({
    runtime,
    registry,
    store,
    mempool,
    queries,
    pendingBlock: () => ledger.pendingBlock(),
    inline,
    rotation: (height) => app.rotation(height),
  });
  const earliestHeight = (): number => chain.earliestHeight;
  const protocols = protocolHandlers({
    app,
    driver,
    blobs: blobs.store,
    certifiedBytes: (height) => readCertifiedBytes(store, height),
    earliestHeight,
    snapshots: snapshotHandlers({
      snapshots,
      certified: (height) => readCertified(store, height),
      validators: (height) => readValidators(store.latest, height),
      earliestHeight,
    }),
  });
  const network = await createNetwork({
    seed: inputs.nodeKey.seed,
    ...peerSettings(config, readAddressBook(paths.addressBook, log)),
    genesisRoot: genesis.spec.genesisRoot,
    handlers: gossipHandlers({
      driver,
      mempool,
      pool,
      evidence: ledger.evidence,
      onAhead: (peerId) => sync.hint(peerId),
      breathe: setImmediate,
    }),
    protocols: inputs.protocols?.(protocols) ?? protocols,
    log: (level, message, fields) => log[level](fields ?? {}, message),
    metrics,
    maxConnections: MAX_CONNECTIONS,
  });
  const sync = createSync({
    peers: () => network.peers(),
    request: (peerId, protocol, bytes, options) => network.request(peerId, protocol, bytes, options),
    penalise: (peerId, points, reason) => network.penalise(peerId, points, reason),
    tip: () => app.tip.height,
    certified: (block) => driver.certified(block),
    prove: (blocks) =>
      proveTogether(blocks, {
        bls,
        spec: genesis.spec,
        validators: () => app.rotation(app.tip.height + 1)?.validators,
      }),
    async together(commits) {
      store.defer();
      wal.defer();
      try {
        return await commits();
      } finally {
        await store.flush();
        wal.resume();
      }
    },
    onStanding: (standing) => gate?.stand(standing),
    position: () => driver.status(),
    onVote: (vote, from) => driver.onVote(vote, from),
    onProposal: (proposal, from) => driver.onProposal(proposal, from),
    isOverdue: () => isOverdue(driver.status(), app, wallClock.now()),
    clock: steadyClock,
    log,
  });
  greetPeers(network, sync, mempool, outlet);
  return {
    runtime,
    store,
    blobs,
    mempool,
    pool,
    evidence: ledger.evidence,
    inline,
    app,
    driver,
    network,
    outlet,
    sync,
    signer,
    gate,
    chain,
    onCommit: (listener) => commits.add(listener),
    async close() {
      signer?.consensus.close();
      await snapshotMaker.stop();
      await store.close();
    },
  };
}
