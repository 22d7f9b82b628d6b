import { createServer } from "node:http";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { boundTo, type Listening, listenError } from "./rpc/listen.ts";
import type { RpcMetrics } from "./rpc/server.ts";

/** Times of blocks are in milliseconds since the Unix epoch, durations in seconds, as Prometheus has them. */
export interface ConsensusMetrics {
  /** After each commit. @param round in which the block was decided. */
  observeCommit(height: number, time: number, txs: number, round: number): void;
  /** At the start of each round. */
  observeRound(round: number): void;
  /** @param missing validators whose precommit the last commit lacks, and their power. */
  setMissingValidators(missing: number, power: bigint): void;
  observeExecution(seconds: number): void;
  /** @param margin power that may vanish before no block can be decided; negative when none can. */
  setMarginToHalt(margin: bigint, total: bigint): void;
}

export interface MempoolMetrics {
  setMempool(count: number, bytes: number): void;
  observeSubmittedTx(accepted: boolean): void;
}

export interface P2pMetrics {
  setPeers(inbound: number, outbound: number): void;
  /**
   * Adds one to the counter `assay_<name>_total`, which is made when first used: messages, rejections, dials and the
   * like by topic, protocol or outcome. A counter keeps the label names of its first use.
   */
  increment(name: string, labels: Readonly<Record<string, string>>): void;
}

export interface InferenceMetrics {
  /** Jobs by status, all of them at once: what is left out is zero. */
  setJobs(byStatus: Readonly<Record<string, number>>): void;
  observeEngineRun(engine: string, outcome: "output" | "error" | "absent", seconds: number): void;
  /** Blocks from a job's request to its end. */
  observeJobEnd(outcome: string, blocks: number): void;
}

export interface SignerMetrics {
  /** Whether the remote signer answers; a node with its key in its own process has no such gauge. */
  setSignerConnected(connected: boolean): void;
}

/** What a node reports. Every function is cheap and none throws for a value it doesn't know. */
export type NodeMetrics = ConsensusMetrics &
  MempoolMetrics &
  P2pMetrics &
  InferenceMetrics &
  SignerMetrics &
  RpcMetrics;

const SECONDS = [0.001, 0.005, 0.02, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30];
const MAX_LABEL_VALUES = 64;
/** Counters that `increment` makes. */
const MAX_COUNTERS = 64;

/** A label takes this many different values and no more: what comes after counts as `other`, since each costs memory for good. */
function boundedLabel(): (value: string) => string {
  const known = new Set<string>();
  return (value) => {
    if (known.has(value)) return value;
    if (known.size >= MAX_LABEL_VALUES || value.length > 100) return "other";
    known.add(value);
    return value;
  };
}

function consensusMetrics(registers: [Registry]): ConsensusMetrics {
  const height = new Gauge({ name: "assay_consensus_height", help: "Height of the last block", registers });
  const round = new Gauge({ name: "assay_consensus_round", help: "Round of the current height", registers });
  const interval = new Histogram({
    name: "assay_consensus_block_interval_seconds",
    help: "Time between the timestamps of a block and its parent",
    buckets: SECONDS,
    registers,
  });
  const txs = new Counter({ name: "assay_consensus_transactions_total", help: "Transactions committed", registers });
  const rounds = new Histogram({
    name: "assay_consensus_rounds",
    help: "Rounds that a height took before the one that decided",
    buckets: [0, 1, 2, 3, 5, 10],
    registers,
  });
  const missing = new Gauge({
    name: "assay_consensus_missing_validators",
    help: "Validators whose precommit the last commit lacks",
    registers,
  });
  const missingPower = new Gauge({
    name: "assay_consensus_missing_power",
    help: "Their voting power",
    registers,
  });
  const margin = new Gauge({
    name: "assay_consensus_margin_to_halt_power",
    help: "Voting power that may vanish before no block can be decided",
    registers,
  });
  const marginRatio = new Gauge({
    name: "assay_consensus_margin_to_halt_ratio",
    help: "The same as a part of all voting power: a third when all are present",
    registers,
  });
  const execution = new Histogram({
    name: "assay_consensus_execution_seconds",
    help: "Time to execute a block",
    buckets: SECONDS,
    registers,
  });
  let last: { readonly height: number; readonly time: number } | undefined;
  return {
    observeCommit(committed, time, count, decidedIn) {
      if (last !== undefined && committed === last.height + 1) interval.observe((time - last.time) / 1000);
      last = { height: committed, time };
      height.set(committed);
      txs.inc(count);
      rounds.observe(decidedIn);
    },
    observeRound: (value) => round.set(value),
    setMissingValidators(count, power) {
      missing.set(count);
      missingPower.set(Number(power));
    },
    observeExecution: (seconds) => execution.observe(seconds),
    setMarginToHalt(power, total) {
      margin.set(Number(power));
      marginRatio.set(total === 0n ? 0 : Number(power) / Number(total));
    },
  };
}

function mempoolMetrics(registers: [Registry]): MempoolMetrics {
  const count = new Gauge({ name: "assay_mempool_transactions", help: "Transactions that wait", registers });
  const bytes = new Gauge({ name: "assay_mempool_bytes", help: "Bytes of the transactions that wait", registers });
  const submitted = new Counter({
    name: "assay_mempool_submitted_total",
    help: "Transactions submitted, by whether the mempool took them",
    labelNames: ["result"],
    registers,
  });
  return {
    setMempool(transactions, size) {
      count.set(transactions);
      bytes.set(size);
    },
    observeSubmittedTx: (accepted) => submitted.inc({ result: accepted ? "accepted" : "refused" }),
  };
}

function p2pMetrics(registers: [Registry]): P2pMetrics {
  const peers = new Gauge({
    name: "assay_p2p_peers",
    help: "Connected peers, by who dialled",
    labelNames: ["direction"],
    registers,
  });
  const counters = new Map<string, (labels: Readonly<Record<string, string>>) => void>();
  const counterOf = (name: string, labelNames: readonly string[]) => {
    const counter = new Counter({ name: `assay_${name}_total`, help: `Count of ${name}`, labelNames, registers });
    const bounded = labelNames.map((label) => [label, boundedLabel()] as const);
    return (labels: Readonly<Record<string, string>>) =>
      counter.inc(Object.fromEntries(bounded.map(([label, bound]) => [label, bound(labels[label] ?? "")])));
  };
  return {
    setPeers(inbound, outbound) {
      peers.set({ direction: "in" }, inbound);
      peers.set({ direction: "out" }, outbound);
    },
    increment(name, labels) {
      let add = counters.get(name);
      if (add === undefined) {
        if (counters.size >= MAX_COUNTERS || !/^[a-z0-9_]{1,64}$/.test(name)) return;
        add = counterOf(name, Object.keys(labels));
        counters.set(name, add);
      }
      add(labels);
    },
  };
}

function signerMetrics(registers: [Registry]): SignerMetrics {
  let connected: Gauge | undefined;
  return {
    setSignerConnected(value) {
      connected ??= new Gauge({ name: "assay_signer_connected", help: "Whether the remote signer answers", registers });
      connected.set(value ? 1 : 0);
    },
  };
}

function inferenceMetrics(registers: [Registry]): InferenceMetrics {
  const jobs = new Gauge({
    name: "assay_inference_jobs",
    help: "Jobs by status",
    labelNames: ["status"],
    registers,
  });
  const runs = new Histogram({
    name: "assay_inference_engine_seconds",
    help: "Time of an engine's run, by what came of it",
    labelNames: ["engine", "outcome"],
    buckets: SECONDS,
    registers,
  });
  const ends = new Histogram({
    name: "assay_inference_job_blocks",
    help: "Blocks from a job's request to its end",
    labelNames: ["outcome"],
    buckets: [1, 2, 3, 5, 10, 20, 50, 100],
    registers,
  });
  const statusLabel = boundedLabel();
  const engineLabel = boundedLabel();
  const outcomeLabel = boundedLabel();
  return {
    setJobs(byStatus) {
      jobs.reset();
      for (const [status, count] of Object.entries(byStatus)) jobs.set({ status: statusLabel(status) }, count);
    },
    observeEngineRun: (engine, outcome, seconds) => runs.observe({ engine: engineLabel(engine), outcome }, seconds),
    observeJobEnd: (outcome, blocks) => ends.observe({ outcome: outcomeLabel(outcome) }, blocks),
  };
}

function rpcMetrics(registers: [Registry]): RpcMetrics {
  const calls = new Histogram({
    name: "assay_rpc_call_seconds",
    help: "Time to answer a call, by method",
    labelNames: ["method", "result"],
    buckets: SECONDS,
    registers,
  });
  const clients = new Gauge({ name: "assay_rpc_websocket_clients", help: "Connected websocket clients", registers });
  const methodLabel = boundedLabel();
  return {
    observeRpcCall: (method, ok, seconds) =>
      calls.observe({ method: methodLabel(method), result: ok ? "ok" : "error" }, seconds),
    setWebsocketClients: (count) => clients.set(count),
  };
}

/**
 * A registry of its own for each node, so that several in one process do not mix.
 * @param process also reports the process: memory, event loop, garbage collection. Once in a process is enough.
 */
export function createMetrics(options: { readonly process: boolean }): {
  readonly registry: Registry;
  readonly metrics: NodeMetrics;
} {
  const registry = new Registry();
  const registers: [Registry] = [registry];
  if (options.process) collectDefaultMetrics({ register: registry });
  const metrics: NodeMetrics = {
    ...consensusMetrics(registers),
    ...mempoolMetrics(registers),
    ...p2pMetrics(registers),
    ...inferenceMetrics(registers),
    ...signerMetrics(registers),
    ...rpcMetrics(registers),
  };
  return { registry, metrics };
}

/**
 * Serves a registry at `/metrics` in Prometheus' text format.
 * @param options.port 0 for any free port.
 * @throws PortInUseError
 */
export async function startMetrics(options: {
  readonly host: string;
  readonly port: number;
  readonly registry: Registry;
}): Promise<Listening> {
  const { host, port, registry } = options;
  const server = createServer((request, response) => {
    if (request.url !== "/metrics" || request.method !== "GET") {
      response.writeHead(404, { "content-type": "text/plain" }).end("metrics are at /metrics\n");
      return;
    }
    registry.metrics().then(
      (text) => response.writeHead(200, { "content-type": registry.contentType }).end(text),
      (error: unknown) => response.writeHead(500, { "content-type": "text/plain" }).end(`${String(error)}\n`),
    );
  });
  server.maxConnections = 64;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(listenError(error, port)));
    server.listen(port, host, resolve);
  });
  return {
    ...boundTo(server),
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error === undefined ? resolve() : reject(error)));
        server.closeAllConnections();
      }),
  };
}
