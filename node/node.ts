import { existsSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "../chain/bytes.ts";
import { UnknownSignatureError } from "../consensus/signer/known-signatures.ts";
import { SignStateError } from "../consensus/signer/sign-state.ts";
import { WalError } from "../consensus/wal/wal.ts";
import { models } from "../modules/inference/store.ts";
import { modules } from "../modules/registry.ts";
import { ExternalAddressError } from "../p2p/announced-address.ts";
import { DataFolderError } from "../state/level-store.ts";
import { keepAddressBook } from "./address-book-file.ts";
import type { NodeApi } from "./api.ts";
import { AttestationFileError } from "./attester/attestation-store.ts";
import { startAttesting } from "./attesting.ts";
import { wallClock } from "./clock.ts";
import { refuseWrongClock } from "./clock-check.ts";
import { composeNode, type NodeInputs, type NodeParts } from "./compose.ts";
import type { NodeConfig } from "./config.ts";
import { diskFault } from "./disk-fault.ts";
import { checkedEngine } from "./engine/checked-engine.ts";
import type { Engine } from "./engine/engine.ts";
import type { EngineMismatch } from "./engine/exact-engine.ts";
import { openEngines } from "./engine/registry.ts";
import { openRemote } from "./engine/remote/open-remote.ts";
import { NO_FAILPOINT, parseFailpoint } from "./failpoints.ts";
import { refuseAfterHalt } from "./halt.ts";
import { homePaths, readGenesis } from "./home.ts";
import { type Ed25519Key, loadIdentityKey, loadNodeKey, loadVoteKey } from "./keys/node-keys.ts";
import { createLog, type Logger } from "./log.ts";
import { openMempoolFile } from "./mempool-file.ts";
import { createMetrics, startMetrics } from "./metrics.ts";
import { replayStoredBlocks } from "./replay.ts";
import { PortInUseError } from "./rpc/listen.ts";
import { startRpc } from "./rpc/server.ts";
import { restoreWhenEmpty } from "./snapshots/restore-node.ts";
import { type Build, refuseWithoutUpgrade, THIS_BUILD, upgradeNeeded, upgradePolicy } from "./upgrade.ts";
import { UserError } from "./user-error.ts";

export interface NodeOptions {
  readonly home: string;
  readonly config: NodeConfig;
  readonly log?: Logger;
  /** What runs models; the canonical engine in a process of its own if not given. */
  readonly engine?: () => Engine;
  /** See NodeInputs. */
  readonly outlet?: NodeInputs["outlet"];
  /** See NodeInputs. */
  readonly protocols?: NodeInputs["protocols"];
  /** This build if not given: tests have others. */
  readonly build?: Build;
  /** Ends a start that takes long: one that begins with a snapshot. */
  readonly signal?: AbortSignal;
  /** `name:count`, for tests: see parseFailpoint. */
  readonly failpoint?: string | undefined;
}

export interface RunningNode {
  readonly api: NodeApi;
  /** `http://127.0.0.1:26657`. */
  readonly rpc: string;
  stop(): Promise<void>;
  /** Resolves after `stop`; rejects when the node fails by itself. */
  readonly finished: Promise<void>;
}

/** Peers that are up say within this time where they are; the others are not waited for before consensus begins. */
const SETTLING_MS = 2_000;

/** How often the blob store is looked through. */
const TIDY_MS = 60_000;

/** How long a node that needs an upgrade still answers its peers. */
const UPGRADE_LINGER_MS = 2000;

/** Errors whose message says what to do. */
const FOR_PEOPLE = [
  DataFolderError,
  WalError,
  SignStateError,
  UnknownSignatureError,
  AttestationFileError,
  ExternalAddressError,
] as const;

/** What a person can put right is one line; the rest is a bug and keeps its stack. */
function forPeople(error: unknown, folder: string): unknown {
  if (error instanceof PortInUseError)
    return new UserError(`${error.message}; is a node running already?`, { cause: error });
  const disk = diskFault(error, folder);
  if (disk !== undefined) return new UserError(disk, { cause: error });
  return FOR_PEOPLE.some((kind) => error instanceof kind)
    ? new UserError((error as Error).message, { cause: error })
    : error;
}

function createApi(
  parts: NodeParts,
  inputs: NodeInputs,
  identityKey: Ed25519Key | undefined,
  version: string,
): NodeApi {
  const { chain, network, app, mempool, driver, outlet, sync } = parts;
  const { genesis, config, metrics } = inputs;
  return {
    moniker: config.moniker,
    version,
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
      const { signer } = parts;
      if (signer === undefined) return undefined;
      return app
        .rotation(app.tip.height + 1)
        ?.validators.find((one) => equalBytes(one.voteKey, signer.consensus.publicKey));
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
    checkTx: (tx) => mempool.check(tx),
    submitAttack(evidence) {
      const message = { kind: "lightClientAttack", evidence } as const;
      const verdict = parts.evidence.hear(message);
      if (verdict !== "accept") return verdict === "reject" ? "refused" : "ignored";
      outlet.broadcastEvidence(message);
      driver.notifyWork();
      return "accepted";
    },
    uploads: parts.blobs.uploads,
    mempool: () => chain.mempool(),
    // What the RPC tells anybody may hear: a sentry says nothing of the validators behind it.
    peers: () => network.peers().filter((peer) => !config.p2p.privatePeers.includes(peer.peerId)),
    onCommit: (listener) => parts.onCommit(listener),
    searchTxs: (conditions) => chain.searchTxs(conditions),
  };
}

function readInputs(
  options: NodeOptions,
  log: Logger,
): Omit<NodeInputs, "metrics" | "onFault" | "onLast" | "onUpgrade"> & { identityKey: Ed25519Key | undefined } {
  const paths = homePaths(options.home);
  const hasKey = existsSync(paths.voteKey);
  const { socket } = options.config.signer;
  if (hasKey && socket !== "") {
    throw new UserError(
      `this home has a vote key (${paths.voteKey}) and settings that name a signer (signer.socket ${socket}), and two ` +
        'memories of what was signed: move the key to the signer with "assay signer init --from", or empty signer.socket',
    );
  }
  return {
    paths,
    config: options.config,
    genesis: readGenesis(paths.genesis, modules),
    nodeKey: loadNodeKey(paths.nodeKey),
    voteKey: hasKey ? loadVoteKey(paths.voteKey) : undefined,
    identityKey:
      (hasKey || socket !== "") && existsSync(paths.identityKey) ? loadIdentityKey(paths.identityKey) : undefined,
    log,
    upgrades: upgradePolicy(options.build ?? THIS_BUILD, options.config.upgrade),
    failpoint: options.failpoint === undefined ? NO_FAILPOINT : parseFailpoint(options.failpoint, log),
    ...(options.outlet === undefined ? {} : { outlet: options.outlet }),
    ...(options.protocols === undefined ? {} : { protocols: options.protocols }),
  };
}

/**
 * Starts a node from its home folder.
 * @throws UserError for what a person can put right: a used port, a data folder in use, a bad file.
 */
export async function startNode(options: NodeOptions): Promise<RunningNode> {
  const { config, build = THIS_BUILD } = options;
  const log = options.log ?? createLog({ level: config.log.level, name: config.moniker });
  const { registry, metrics } = createMetrics({ process: true });
  const finished = Promise.withResolvers<void>();
  finished.promise.catch(() => undefined); // Whoever waits for it sees the rejection; nobody has to.
  const { identityKey, ...read } = readInputs(options, log);
  const inputs: NodeInputs = {
    ...read,
    metrics,
    onLast() {
      log.info({}, "the node stops where it was told to");
      finished.resolve();
    },
    onUpgrade(plan) {
      const error = upgradeNeeded(plan, build);
      log.error({ reason: error.message }, "the node stops before an upgrade");
      // Others may still need its part of the last block.
      setTimeout(() => finished.reject(error), UPGRADE_LINGER_MS).unref();
    },
    onFault(error) {
      const shown = forPeople(error, inputs.paths.data);
      log.error(
        shown instanceof UserError ? { reason: shown.message } : { err: error },
        "the node has failed and stops",
      );
      finished.reject(shown);
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
    await restoreWhenEmpty(inputs, options.signal ?? new AbortController().signal);
    const parts = await composeNode(inputs);
    closers.push(() => parts.close());
    await replayStoredBlocks(parts.app, parts.store, log);
    refuseWithoutUpgrade(parts.store.latest, parts.app.tip.height, inputs.upgrades, build);
    refuseAfterHalt(config.halt, parts.app.tip);
    refuseWrongClock(parts.app.tip, wallClock.now());
    const waiting = openMempoolFile({
      path: join(inputs.paths.data, "mempool"),
      mempool: parts.mempool,
      log,
      every(ms, callback) {
        const timer = setInterval(callback, ms).unref();
        return () => clearInterval(timer);
      },
    });
    closers.push(async () => waiting.stop());
    const api = createApi(parts, inputs, identityKey, build.version);
    const rpc = await startRpc({ ...config.rpc, api, log, metrics, cors: true });
    closers.push(() => rpc.close());
    const metricsServer = await startMetrics({ ...config.metrics, registry });
    closers.push(() => metricsServer.close());
    const tidying = setInterval(() => {
      // A node that is behind does not know yet what is registered.
      if (!parts.sync.catchingUp) void parts.blobs.tidy();
    }, TIDY_MS).unref();
    closers.push(async () => clearInterval(tidying));
    const addressBook = keepAddressBook({
      path: inputs.paths.addressBook,
      known: () => parts.network.knownAddresses(),
      log,
    });
    closers.push(async () => addressBook.stop());
    await parts.network.start();
    closers.push(() => parts.network.stop());
    const { processes } = config.engine;
    const makeEngine =
      options.engine ??
      (() => {
        const remote = openRemote(config, log);
        return openEngines({ ...(processes === 0 ? {} : { processes }), ...(remote && { remote }), onMismatch });
      });
    const onMismatch = ({ modelRoot, reason, answered }: EngineMismatch): void => {
      metrics.observeEngineRun("native", "error", 0);
      log.error(
        { model: modelRoot, reason, answered },
        "native and canonical engine differ: native is off for this model",
      );
    };
    const declared = (root: Uint8Array) => models.get(parts.store.latest, root)?.manifest;
    closers.push(await startAttesting(parts, inputs, () => checkedEngine(makeEngine(), declared)));
    await parts.gate?.settled(SETTLING_MS);
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
    throw forPeople(error, inputs.paths.data);
  }
}
