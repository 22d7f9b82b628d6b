import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { consensusParams } from "../chain/consensus-params.ts";
import { type BlsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { readValidators } from "../chain/executor/chain-state.ts";
import type { Runtime } from "../chain/executor/runtime.ts";
import type { ChainSpec } from "../chain/module.ts";
import { createDriver, type Driver } from "../consensus/driver/driver.ts";
import type { Application, Clock } from "../consensus/driver/ports.ts";
import { createSigner } from "../consensus/signer/signer.ts";
import { createWal } from "../consensus/wal/wal.ts";
import type { Genesis } from "../genesis/document.ts";
import { ante } from "../modules/auth/ante.ts";
import { modules } from "../modules/registry.ts";
import { createNetwork, type Network } from "../p2p/network.ts";
import { openLevelStore } from "../state/level-store.ts";
import type { StateStore } from "../state/store.ts";
import type { StoredBlock } from "./api.ts";
import { createApplication } from "./application.ts";
import { createAttestationPool, type NodeAttestationPool } from "./attestation-pool.ts";
import { type BlobStore, openBlobStore } from "./blobs/blob-store.ts";
import { readCertifiedBytes } from "./block-store.ts";
import { type ChainApi, createChainApi } from "./chain-api.ts";
import { commitListeners } from "./commit-listeners.ts";
import type { NodeConfig } from "./config.ts";
import { createEvidencePool } from "./evidence-pool.ts";
import { ensureGenesis } from "./genesis-state.ts";
import { gossipHandlers } from "./gossip.ts";
import type { HomePaths } from "./home.ts";
import type { Ed25519Key } from "./keys/node-keys.ts";
import { greetPeers, isOverdue } from "./liveness.ts";
import type { Logger } from "./log.ts";
import { createMempool, type Mempool } from "./mempool.ts";
import type { NodeMetrics } from "./metrics.ts";
import { observeCommit } from "./observe.ts";
import { createOutlet, type Outlet } from "./outlet.ts";
import { pendingBlocks } from "./pending-block.ts";
import { protocolHandlers } from "./protocols.ts";
import { createSync, type Sync } from "./sync.ts";

/** What a node is made from, all of it read and checked. */
export interface NodeInputs {
  readonly paths: HomePaths;
  readonly config: NodeConfig;
  readonly genesis: Genesis;
  readonly nodeKey: Ed25519Key;
  /** Undefined for a full node that does not vote. */
  readonly voteKey: BlsSecretKey | undefined;
  readonly log: Logger;
  readonly metrics: NodeMetrics;
  /** What the node says to the others; the identity for every honest node. */
  readonly outlet?: (honest: Outlet, voteKey: BlsSecretKey | undefined, spec: ChainSpec) => Outlet;
  /** The node has failed and must stop. Called once. */
  readonly onFault: (error: unknown) => void;
}

/** The parts of a node, put together and not yet started. */
export interface NodeParts {
  readonly runtime: Runtime;
  readonly store: StateStore;
  readonly blobs: BlobStore;
  readonly mempool: Mempool;
  readonly pool: NodeAttestationPool;
  readonly app: Application;
  readonly driver: Driver;
  readonly network: Network;
  readonly outlet: Outlet;
  readonly sync: Sync;
  readonly chain: ChainApi;
  /** After each commit, once everything can be read. The returned function unsubscribes. */
  onCommit(listener: (block: StoredBlock) => void): () => void;
  /** Lets go of files, in the reverse order of opening them. */
  close(): Promise<void>;
}

const MAX_BLOB_BYTES = 4 * 1024 * 1024 * 1024;
const MAX_CONNECTIONS = 64;

const clock: Clock = {
  now: () => Date.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

function createRuntime(genesis: Genesis): Runtime {
  return { spec: genesis.spec, modules, ante, bls: createBls() };
}

/** Opens the files of a node's data folder. @throws DataFolderError when another process has it. */
async function openFiles({ paths, config, log }: NodeInputs): Promise<{ store: StateStore; blobs: BlobStore }> {
  mkdirSync(paths.data, { recursive: true });
  const store = await openLevelStore(join(paths.data, "state"), { retention: config.retention.heights });
  const blobs = openBlobStore(join(paths.data, "blobs"), {
    maxBytes: MAX_BLOB_BYTES,
    onDamage: (root, reason) => log.error({ root, reason }, "a stored blob is damaged"),
  });
  return { store, blobs };
}

/** Puts a node together. The only place where all parts meet. */
export async function composeNode(inputs: NodeInputs): Promise<NodeParts> {
  const runtime = createRuntime(inputs.genesis);
  const { store, blobs } = await openFiles(inputs);
  try {
    await ensureGenesis(runtime, store, inputs.genesis, inputs.paths.data);
    return await connect(inputs, runtime, store, blobs);
  } catch (error) {
    await store.close(); // Or nobody could open it again in this process.
    throw error;
  }
}

async function connect(inputs: NodeInputs, runtime: Runtime, store: StateStore, blobs: BlobStore): Promise<NodeParts> {
  const { paths, config, genesis, voteKey, log, metrics } = inputs;
  const registry = new Map(modules.flatMap((module) => module.messages.map((type) => [type.typeUrl, type] as const)));
  const queries = new Map(modules.flatMap((module) => module.queries.map((query) => [query.path, query] as const)));

  const commits = commitListeners(log);
  const evidence = createEvidencePool();
  const pendingBlock = pendingBlocks(runtime, store);
  const pool = createAttestationPool({
    view: () => ({ block: pendingBlock(), store: store.latest, bls: runtime.bls }),
    onLateCommitment: (commitment) => outlet.broadcastCommitment(commitment),
    onLateReveal: (message) => outlet.broadcastReveal(message),
    onEvidence(found) {
      log.warn({ validator: found.validator, job: found.a.jobId }, "a validator has attested two outputs of one job");
      outlet.broadcastEvidence(found);
      driver.notifyWork();
    },
    log,
  });
  const mempool = createMempool({
    runtime,
    registry,
    latest: () => store.latest,
    block: pendingBlock,
    maxTxs: config.mempool.maxTxs,
    maxBytes: config.mempool.maxBytes,
    log,
  });
  mempool.onAdded(() => metrics.setMempool(mempool.count, mempool.bytes));
  const app = createApplication({
    runtime,
    registry,
    store,
    mempool,
    sources: {
      select: (context) => pool.select(context),
      duplicateVotes: () => evidence.waiting(),
      addDuplicateVote: (found) => evidence.add(found),
      hasWork: () => pool.hasWork || evidence.waiting().length > 0,
    },
    retainBlocks: config.retention.heights,
    log,
    onExecuted: (seconds) => metrics.observeExecution(seconds),
    onCommitted(block) {
      const { header, body } = block.block;
      const { evidenceMaxAgeBlocks } = consensusParams.read(pendingBlock().params);
      evidence.committed(body.duplicateVotes, header.height - Number(evidenceMaxAgeBlocks));
      pool.committed();
      observeCommit(metrics, block, readValidators(store.latest, header.height - 1) ?? [], store.latest, network);
      metrics.setMempool(mempool.count, mempool.bytes);
      commits.notify(block);
    },
  });

  const honest = createOutlet({
    publish: (...message) => network.publish(...message),
    pool,
    onWork: () => driver.notifyWork(),
  });
  const outlet = inputs.outlet?.(honest, voteKey, genesis.spec) ?? honest;
  const signer =
    voteKey === undefined
      ? undefined
      : createSigner({
          path: join(paths.data, "sign-state"),
          secretKey: voteKey,
          genesisRoot: genesis.spec.genesisRoot,
        });
  const driver = createDriver({
    app,
    signer,
    network: outlet,
    clock,
    wal: createWal({
      path: join(paths.data, "consensus.wal"),
      genesisRoot: genesis.spec.genesisRoot,
      onTornTail: (found) => log.warn(found, "the end of the write-ahead log was torn and has been cut off"),
    }),
    bls: runtime.bls,
    log,
    onFault: inputs.onFault,
  });
  const chain = createChainApi({
    runtime,
    registry,
    store,
    mempool,
    queries,
    pendingBlock,
    rotation: (height) => app.rotation(height),
  });
  const network = await createNetwork({
    seed: inputs.nodeKey.seed,
    listen: config.p2p.listen,
    peers: config.p2p.peers,
    genesisRoot: genesis.spec.genesisRoot,
    handlers: gossipHandlers({ driver, mempool, pool, onAhead: (peerId) => sync.hint(peerId) }),
    protocols: protocolHandlers({
      app,
      driver,
      blobs,
      certifiedBytes: (height) => readCertifiedBytes(store, height),
      earliestHeight: () => chain.earliestHeight,
    }),
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
    position: () => driver.status(),
    onVote: (vote, from) => driver.onVote(vote, from),
    onProposal: (proposal, from) => driver.onProposal(proposal, from),
    isOverdue: () => isOverdue(driver.status(), app, clock.now()),
    log,
  });
  greetPeers(network, sync, mempool, outlet);
  return {
    runtime,
    store,
    blobs,
    mempool,
    pool,
    app,
    driver,
    network,
    outlet,
    sync,
    chain,
    onCommit: (listener) => commits.add(listener),
    async close() {
      signer?.close();
      await store.close();
    },
  };
}
