import { existsSync } from "node:fs";
import { equalBytes } from "../chain/bytes.ts";
import { blobRoot } from "../chain/types/blob.ts";
import { models } from "../modules/inference/store.ts";
import { modules } from "../modules/registry.ts";
import { DataFolderError } from "../state/level-store.ts";
import type { NodeApi } from "./api.ts";
import { startAttesting } from "./attesting.ts";
import { BlobStoreFullError } from "./blobs/blob-store.ts";
import { composeNode, type NodeInputs, type NodeParts } from "./compose.ts";
import type { NodeConfig } from "./config.ts";
import type { Engine } from "./engine/engine.ts";
import { homePaths, readGenesis } from "./home.ts";
import { type Ed25519Key, loadIdentityKey, loadNodeKey, loadVoteKey } from "./keys/node-keys.ts";
import { createLog, type Logger } from "./log.ts";
import { createMetrics, startMetrics } from "./metrics.ts";
import { PortInUseError } from "./rpc/listen.ts";
import { startRpc } from "./rpc/server.ts";
import { UserError } from "./user-error.ts";
import { VERSION } from "./version.ts";

export interface NodeOptions {
  readonly home: string;
  readonly config: NodeConfig;
  readonly log?: Logger;
  /** What runs models; the canonical engine in a process of its own if not given. */
  readonly engine?: () => Engine;
  /** See NodeInputs. */
  readonly outlet?: NodeInputs["outlet"];
}

export interface RunningNode {
  readonly api: NodeApi;
  /** `http://127.0.0.1:26657`. */
  readonly rpc: string;
  stop(): Promise<void>;
  /** Resolves after `stop`; rejects when the node fails by itself. */
  readonly finished: Promise<void>;
}

/** What a person can put right is one line; the rest is a bug and keeps its stack. */
function forPeople(error: unknown): unknown {
  if (error instanceof PortInUseError)
    return new UserError(`${error.message}; is a node running already?`, { cause: error });
  if (error instanceof DataFolderError) return new UserError(error.message, { cause: error });
  return error;
}

function createApi(parts: NodeParts, inputs: NodeInputs, identityKey: Ed25519Key | undefined): NodeApi {
  const { chain, network, app, mempool, driver, outlet, sync } = parts;
  const { genesis, config, voteKey, metrics } = inputs;
  return {
    moniker: config.moniker,
    version: VERSION,
    peerId: network.peerId,
    listenAddress: config.p2p.listen,
    genesis: genesis.document,
    genesisTime: genesis.time,
    spec: chain.spec,
    get earliestHeight() {
      return chain.earliestHeight;
    },
    get tip() {
      return chain.tip;
    },
    get catchingUp() {
      return sync.catchingUp;
    },
    get ownValidator() {
      if (voteKey === undefined) return undefined;
      return app.rotation(app.tip.height + 1)?.validators.find((one) => equalBytes(one.voteKey, voteKey.publicKey));
    },
    ownIdentityKey: identityKey?.publicKey,
    params: (height) => chain.params(height),
    block: (height) => chain.block(height),
    blockById: (id) => chain.blockById(id),
    txByHash: (hash) => chain.txByHash(hash),
    rotation: (height) => chain.rotation(height),
    query: (path, request, height) => chain.query(path, request, height),
    proveKey: (key, height) => chain.proveKey(key, height),
    simulate: (tx) => chain.simulate(tx),
    submitTx(tx) {
      const result = mempool.add(tx);
      metrics.observeSubmittedTx(result.code === 0);
      if (result.code === 0) {
        outlet.broadcastTx(tx);
        driver.notifyWork();
      }
      return Promise.resolve(result);
    },
    async putBlob(root, bytes) {
      if (models.get(parts.store.latest, root) === undefined) return "unknown";
      if (!equalBytes(blobRoot(bytes), root)) return "mismatch";
      try {
        await parts.blobs.put(bytes);
        return "stored";
      } catch (error) {
        if (error instanceof BlobStoreFullError) return "full";
        throw error;
      }
    },
    mempool: () => chain.mempool(),
    peers: () => network.peers(),
    onCommit: (listener) => parts.onCommit(listener),
    searchTxs: (conditions) => chain.searchTxs(conditions),
  };
}

function readInputs(
  options: NodeOptions,
  log: Logger,
): Omit<NodeInputs, "metrics" | "onFault"> & { identityKey: Ed25519Key | undefined } {
  const paths = homePaths(options.home);
  const isValidator = existsSync(paths.voteKey);
  return {
    paths,
    config: options.config,
    genesis: readGenesis(paths.genesis, modules),
    nodeKey: loadNodeKey(paths.nodeKey),
    voteKey: isValidator ? loadVoteKey(paths.voteKey) : undefined,
    identityKey: isValidator ? loadIdentityKey(paths.identityKey) : undefined,
    log,
    ...(options.outlet === undefined ? {} : { outlet: options.outlet }),
  };
}

/**
 * Starts a node from its home folder.
 * @throws UserError for what a person can put right: a used port, a data folder in use, a bad file.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { config } = options;
  const log = options.log ?? createLog({ level: config.log.level, name: config.moniker });
  const { registry, metrics } = createMetrics({ process: true });
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => undefined); // Whoever waits for it sees the rejection; nobody has to.
  const { identityKey, ...read } = readInputs(options, log);
  const inputs: NodeInputs = {
    ...read,
    metrics,
    onFault(error) {
      log.error({ err: error }, "the node has failed and stops");
      finished.reject(error);
    },
  };
  const closers: (() => Promise<void>)[] = [];
  /** Everything is closed, whatever fails on the way: what stays open would keep the next start from it. */
  const closeAll = async (): Promise<void> => {
    const errors: unknown[] = [];
    for (const close of closers.splice(0).reverse()) await close().catch((error: unknown) => errors.push(error));
    if (errors.length > 0) throw new AggregateError(errors, "closing the node failed");
  };
  try {
    const parts = await composeNode(inputs);
    closers.push(() => parts.close());
    const api = createApi(parts, inputs, identityKey);
    const rpc = await startRpc({ ...config.rpc, api, log, metrics, cors: true });
    closers.push(() => rpc.close());
    const metricsServer = await startMetrics({ ...config.metrics, registry });
    closers.push(() => metricsServer.close());
    await parts.network.start();
    closers.push(() => parts.network.stop());
    closers.push(await startAttesting(parts, inputs, options.engine));
    await parts.driver.start();
    closers.push(() => parts.driver.stop());
    parts.sync.start();
    closers.push(() => parts.sync.stop());
    log.info(
      { height: parts.app.tip.height, chainId: inputs.genesis.spec.chainId, peerId: parts.network.peerId },
      "node started",
    );
    return {
      api,
      rpc: `http://${rpc.address}:${rpc.port}`,
      finished: finished.promise,
      async stop() {
        await closeAll();
        log.info({ height: parts.app.tip.height }, "node stopped");
        finished.resolve();
      },
    };
  } catch (error) {
    await closeAll().catch((failure: unknown) => log.error({ err: failure }, "closing the node failed"));
    throw forPeople(error);
  }
}
