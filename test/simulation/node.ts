import { type RememberingBls, rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { readTip } from "../../chain/executor/chain-state.ts";
import type { Runtime } from "../../chain/executor/runtime.ts";
import { createDriver, type Driver } from "../../consensus/driver/driver.ts";
import type { Clock, ConsensusNetwork, ConsensusSigner } from "../../consensus/driver/ports.ts";
import { signerOver } from "../../consensus/signer/signer.ts";
import { ante } from "../../modules/auth/ante.ts";
import { modules } from "../../modules/registry.ts";
import { type Attester, createAttester } from "../../node/attester/attester.ts";
import type { BlobStore } from "../../node/blobs/blob-store.ts";
import { oldestBlock, readBlock, readCertifiedBytes } from "../../node/block-store.ts";
import { gossipHandlers } from "../../node/gossip.ts";
import { createInlineRuns } from "../../node/inline/inline-runs.ts";
import { createLedger, type Ledger } from "../../node/ledger.ts";
import { isOverdue } from "../../node/liveness.ts";
import type { Logger } from "../../node/log.ts";
import { createOutlet } from "../../node/outlet.ts";
import { protocolHandlers } from "../../node/protocols.ts";
import { attestationSigner } from "../../node/signer/attestation-signer.ts";
import { createSync, type Sync, type SyncOptions } from "../../node/sync.ts";
import type { ProtocolName } from "../../p2p/protocols.ts";
import type { TopicHandler } from "../../p2p/topic-queue.ts";
import type { PerTopic, TopicName } from "../../p2p/topics.ts";
import { createStore } from "../../state/create-store.ts";
import { loadKeySets } from "../../state/key-sets.ts";
import type { StateStore } from "../../state/store.ts";
import { fakeEngine, MODEL_BYTES } from "./fake-engine.ts";
import { CrashedError, createLife, guarded, type Life } from "./life.ts";
import type { NodeOptions } from "./node-options.ts";
import { slowly } from "./slow-app.ts";
import { GENESIS_TIME, keyOf } from "./world.ts";

/** One run of a node's process. */
interface Process {
  readonly life: Life;
  readonly store: StateStore;
  readonly ledger: Ledger;
  readonly driver: Driver;
  readonly sync: Sync;
  readonly attester: Attester;
  readonly handlers: PerTopic<TopicHandler>;
  serve(protocol: ProtocolName, bytes: Uint8Array, from: string): Promise<Uint8Array | undefined>;
}

export interface SimNode {
  readonly index: number;
  /** Undefined while it is down. */
  readonly process: Process | undefined;
  /** Height of the last block that is on its disk. */
  readonly height: number;
  start(): void;
  /** The process ends after so many more effects, or at once. */
  crash(afterEffects?: number): void;
  /** Until then it does nothing, and what comes waits. */
  pause(until: number): void;
  receive(topic: TopicName, bytes: Uint8Array, from: number): void;
  /** Undefined while it is down. */
  serve(protocol: ProtocolName, bytes: Uint8Array, from: number): Promise<Uint8Array> | undefined;
  submit(tx: Uint8Array): boolean;
}

const RETAIN_HEIGHTS = 20;
const MEMPOOL = { maxTxs: 200, maxBytes: 1_000_000 };

export const peerId = (index: number): string => `node${index}`;
export const indexOf = (peer: string): number => Number(peer.slice("node".length));

const ignore = (): void => undefined;
const log: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore, child: () => log };

/** The one model is at hand wherever it is run. */
const NO_BLOBS: Pick<BlobStore, "manifest" | "chunk"> = {
  manifest: () => Promise.resolve(undefined),
  chunk: () => Promise.resolve(undefined),
};

/** A node of the real parts over a simulated machine and network. */
export function createNode(options: NodeOptions): SimNode {
  const { index, world, timeline, disk, watch, plant } = options;
  const { spec } = world.genesis;
  const rate = 1 + options.clock.drift;
  const name = peerId(index);
  let process: Process | undefined;
  let height = 0;
  let pausedUntil = 0;
  let isStarting = false;

  function later(ms: number, label: string, run: () => void): () => void {
    let cancel = timeline.after(ms, `${name} ${label}`, () => {
      if (timeline.now >= pausedUntil) return run();
      cancel = timeline.after(pausedUntil - timeline.now, `${name} woken ${label}`, run);
    });
    return () => cancel();
  }

  function clocks(life: Life): { readonly wall: Clock; readonly steady: Clock } {
    const after: Clock["after"] = (ms, callback) => life.later(Math.ceil(ms) / rate, "timer", callback);
    const steady = (): number => timeline.now * rate;
    return {
      steady: { now: steady, after },
      wall: { now: () => Math.floor(GENESIS_TIME + options.clock.skew + steady()), after },
    };
  }

  async function openStore(life: Life): Promise<StateStore> {
    const backend = disk.backend(life);
    const store = createStore(backend, await loadKeySets(backend), { retention: RETAIN_HEIGHTS });
    if (!store.initialised) await store.commit(store.prepare(0, world.changes), []);
    return plant.store?.(store) ?? store;
  }

  function syncPorts(life: Life): Pick<SyncOptions, "peers" | "request" | "penalise"> {
    const peers = options.peers.map((peer) => ({ peerId: peerId(peer) }));
    return {
      peers: () => peers,
      penalise(peer, _, reason) {
        if (life.isAlive) watch.onPenalty(indexOf(peer), reason);
      },
      // A process ends without giving anything up, so nobody listens to the signal.
      request: (peer, protocol, bytes, { timeoutMs }) =>
        new Promise((resolve, reject) => {
          const cancel = life.later(timeoutMs, "timeout", () => reject(new Error("no answer in time")));
          void options.request(indexOf(peer), protocol, bytes).then((answer) => {
            cancel();
            if (life.isAlive) resolve(answer);
          });
        }),
    };
  }

  function makeSigner(life: Life, bls: RememberingBls): ConsensusSigner {
    const { genesisRoot } = spec;
    const onSigned: RememberingBls["trust"] = (set) => bls.trust(set);
    const file = disk.signState(life);
    const honest = signerOver(plant.signState?.(file) ?? file, {
      secretKey: keyOf(world, index),
      genesisRoot,
      onSigned,
    });
    return options.signer?.(honest) ?? plant.signer?.(honest) ?? honest;
  }

  /** A process that has ended goes on in dead code until it finds out. */
  function onAttesterError(life: Life, fields: unknown): void {
    const cause = typeof fields === "object" && fields !== null && "err" in fields ? fields.err : fields;
    if (life.isAlive && !(cause instanceof CrashedError)) watch.onFault(cause);
  }

  async function boot(life: Life): Promise<Process> {
    const bls = rememberingBls(world.bls);
    const runtime: Runtime = { spec, modules: plant.modules?.(modules) ?? modules, ante, bls };
    const store = await openStore(life);
    // A process that ended between writing a block and saying so has committed it all the same, maybe as the only one.
    const last = readBlock(store, readTip(store.latest).height);
    if (last !== undefined) watch.onCommitted(last, store);
    const { wall, steady } = clocks(life);
    const inline = createInlineRuns({ state: () => store.latest, clock: steady, onOutput: () => driver.notifyWork() });
    const ledger = createLedger({
      runtime,
      store,
      inline,
      clock: steady,
      mempool: MEMPOOL,
      retainBlocks: 0,
      log,
      onLateCommitment: (commitment) => outlet.broadcastCommitment(commitment),
      onLateReveal: (message) => outlet.broadcastReveal(message),
      onEvidence: (found) => outlet.broadcastEvidence(found),
      onCommitted(block) {
        height = block.block.header.height;
        watch.onCommitted(block, store);
        attester.onCommit(store.latest);
      },
    });
    const { mempool, pool } = ledger;
    const honest = createOutlet({
      publish: (topic, bytes) => life.effect(`said ${topic}`, () => options.publish(topic, bytes)),
      pool,
      onWork: () => driver.notifyWork(),
      clock: steady,
    });
    const outlet = options.outlet?.(honest) ?? honest;
    const engine = fakeEngine(life, options.executionTime);
    const attestations = disk.attestations(life);
    const attester = createAttester({
      engine: options.engine?.(engine) ?? plant.engine?.(engine) ?? engine,
      signer: attestationSigner(keyOf(world, index), spec.genesisRoot, attestations),
      spec,
      store: attestations,
      loadModel: () => Promise.resolve(MODEL_BYTES),
      onRun: ignore,
      publishCommitment: (commitment) => outlet.broadcastCommitment(commitment),
      publishReveal: (message, bare) => outlet.broadcastReveal(message, bare),
      clock: steady,
      log: { ...log, error: (fields) => onAttesterError(life, fields) },
    });
    inline.attach(attester.runs);
    mempool.onAdded((tx) => attester.onPendingTx(tx.body.messages));
    const app = slowly(ledger.app, life, options.executionTime, (...found) => watch.onEvidence(...found));
    const watched: ConsensusNetwork = {
      broadcastProposal(proposal) {
        watch.onProposal(proposal);
        outlet.broadcastProposal(proposal);
      },
      broadcastVote(vote) {
        watch.onVote(vote);
        outlet.broadcastVote(vote);
      },
    };
    const wal = disk.wal(life);
    const driver = createDriver({
      app,
      signer: makeSigner(life, bls),
      network: plant.network?.(watched) ?? watched,
      clock: wall,
      wal: plant.wal?.(wal) ?? wal,
      bls,
      log,
      onFault(error) {
        if (life.isAlive) watch.onFault(error);
      },
    });
    const sync = createSync({
      ...syncPorts(life),
      tip: () => ledger.app.tip.height,
      certified: (block) => driver.certified(block),
      position: () => driver.status(),
      onVote: (vote, from) => driver.onVote(vote, from),
      onProposal: (proposal, from) => driver.onProposal(proposal, from),
      isOverdue: () => isOverdue(driver.status(), ledger.app, wall.now()),
      clock: steady,
      log,
    });
    const protocols = protocolHandlers({
      app: ledger.app,
      driver,
      blobs: NO_BLOBS,
      certifiedBytes: (at) => readCertifiedBytes(store, at),
      earliestHeight: () => oldestBlock(store),
    });
    return {
      life,
      store,
      ledger,
      driver,
      sync,
      attester,
      handlers: gossipHandlers({
        driver,
        mempool,
        pool,
        evidence: ledger.evidence,
        onAhead: (peer) => sync.hint(peer),
        // What a node does at one moment of virtual time takes none of it.
        breathe: async () => {},
      }),
      serve: (protocol, bytes, from) => protocols[protocol](bytes, from),
    };
  }

  async function run(life: Life): Promise<void> {
    const booted = await boot(life);
    if (!life.isAlive) return;
    process = booted;
    await booted.driver.start();
    booted.attester.onCommit(booted.store.latest);
    booted.sync.start();
  }

  function ended(effect: string): void {
    process?.life.end();
    process = undefined;
    isStarting = false;
    disk.crash();
    timeline.note(`${name} crashed after: ${effect}`);
    watch.onCrash(effect);
  }

  let life: Life | undefined;

  return {
    index,
    get process() {
      return process;
    },
    get height() {
      return height;
    },
    start() {
      if (process !== undefined || isStarting) return;
      isStarting = true;
      const begun = createLife({ later, onCrash: ended, onError: (error) => watch.onFault(error) });
      life = begun;
      run(begun).then(
        () => {
          isStarting = false;
        },
        (error: unknown) => {
          if (begun.isAlive) watch.onFault(error);
        },
      );
    },
    crash(afterEffects) {
      if (life?.isAlive !== true) return;
      if (afterEffects !== undefined) return life.crashAfter(afterEffects);
      life.end();
      ended("nothing in particular");
    },
    pause(until) {
      pausedUntil = Math.max(pausedUntil, until);
    },
    receive(topic, bytes, from) {
      const handle = (): void => {
        const verdict = guarded(
          () => process?.handlers[topic](bytes, peerId(from)),
          (error) => watch.onFault(error),
        );
        const at = process?.life;
        if (verdict === undefined) return;
        Promise.resolve(verdict).then(
          (value) => {
            if (at?.isAlive === true) watch.onVerdict(from, topic, value);
          },
          (error: unknown) => {
            if (!(error instanceof CrashedError)) watch.onFault(error);
          },
        );
      };
      if (timeline.now >= pausedUntil) handle();
      else later(pausedUntil - timeline.now, `woken ${topic}`, handle);
    },
    serve(protocol, bytes, from) {
      if (timeline.now < pausedUntil) return undefined;
      return process?.serve(protocol, bytes, peerId(from)).then((answer) => answer ?? new Uint8Array(0));
    },
    submit(tx) {
      if (process === undefined) return false;
      const { mempool } = process.ledger;
      if (mempool.add(tx).code !== 0) return false;
      guarded(
        () => process?.driver.notifyWork(),
        (error) => watch.onFault(error),
      );
      return true;
    },
  };
}
