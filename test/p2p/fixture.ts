import { noise } from "@chainsafe/libp2p-noise";
import { yamux } from "@chainsafe/libp2p-yamux";
import { gossipsub, StrictNoSign } from "@libp2p/gossipsub";
import { identify } from "@libp2p/identify";
import type { Stream } from "@libp2p/interface";
import { tcp } from "@libp2p/tcp";
import { createLibp2p } from "libp2p";
import { onTestFinished } from "vitest";
import { messageId } from "../../p2p/envelope.ts";
import { createNetwork, type Network, type NetworkOptions } from "../../p2p/network.ts";
import { peerIdOf } from "../../p2p/node-key.ts";
import type { TopicHandler } from "../../p2p/topic-queue.ts";
import type { PerTopic, TopicName } from "../../p2p/topics.ts";
import { freePorts } from "../node/child.ts";

export const GENESIS_ROOT = new Uint8Array(32).fill(0xa5);

export interface Received {
  readonly topic: TopicName;
  readonly bytes: Uint8Array;
  readonly from: string;
}

export interface TestNode {
  readonly network: Network;
  readonly received: Received[];
  readonly logs: string[];
  readonly counters: Map<string, number>;
  /** Moves this node's clock ahead. */
  skip(ms: number): void;
}

export interface TestNodeOptions extends Partial<Omit<NetworkOptions, "handlers" | "protocols">> {
  readonly handlers?: Partial<PerTopic<TopicHandler>>;
  readonly protocols?: Partial<NetworkOptions["protocols"]>;
}

export function seed(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

/** A started node on a free port, stopped when the test ends. */
export async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const node = await makeNode(options);
  await node.network.start();
  onTestFinished(() => node.network.stop());
  return node;
}

let nextSeed = 1;

export async function makeNode(options: TestNodeOptions = {}): Promise<TestNode> {
  const received: Received[] = [];
  const logs: string[] = [];
  const counters = new Map<string, number>();
  let skew = 0;
  const record =
    (topic: TopicName): TopicHandler =>
    (bytes, from) => {
      received.push({ topic, bytes, from });
      return options.handlers?.[topic]?.(bytes, from) ?? "accept";
    };
  const network = await createNetwork({
    seed: seed(nextSeed++),
    listen: "/ip4/127.0.0.1/tcp/0",
    peers: [],
    genesisRoot: GENESIS_ROOT,
    maxConnections: 32,
    log: (level, message, fields) => logs.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    metrics: {
      increment(name, labels) {
        const key = [name, ...Object.values(labels)].join(" ");
        counters.set(key, (counters.get(key) ?? 0) + 1);
      },
    },
    now: () => Date.now() + skew,
    ...options,
    handlers: {
      proposal: record("proposal"),
      vote: record("vote"),
      tx: record("tx"),
      commitment: record("commitment"),
      reveal: record("reveal"),
      evidence: record("evidence"),
    },
    protocols: {
      status: async (request) => request,
      blocks: async () => undefined,
      votes: async () => undefined,
      blob: async () => undefined,
      light: async () => undefined,
      headers: async () => undefined,
      snapshots: async () => undefined,
      chunk: async () => undefined,
      ...options.protocols,
    },
  });
  return {
    network,
    received,
    logs,
    counters,
    skip(ms) {
      skew += ms;
    },
  };
}

export function addressOf(node: TestNode): string {
  const [address] = node.network.addresses;
  if (address === undefined) throw new Error("the node does not listen");
  return address;
}

/** Resolves once both sides of all pairs gossip with each other. */
export async function allReady(nodes: readonly TestNode[]): Promise<void> {
  await until(
    () => nodes.every((node) => node.counters.get("p2p_peer_events ready") === nodes.length - 1),
    "all ready",
  );
}

/** Four nodes (or as many as asked), each configured with those before it. */
export async function startMesh(
  count: number,
  options: (index: number) => TestNodeOptions = () => ({}),
): Promise<TestNode[]> {
  const nodes: TestNode[] = [];
  for (let i = 0; i < count; i++) nodes.push(await startNode({ peers: nodes.map(addressOf), ...options(i) }));
  await allReady(nodes);
  return nodes;
}

/** Nodes that are configured with each other, as validators are, where `linked` says so (for both ways round). */
export async function startConfigured(count: number, linked: (i: number, j: number) => boolean): Promise<TestNode[]> {
  const ports = await freePorts(count);
  const seeds = ports.map(() => seed(nextSeed++));
  const ids = await Promise.all(seeds.map(peerIdOf));
  const addresses = ids.map((id, i) => `/ip4/127.0.0.1/tcp/${ports[i]}/p2p/${id}`);
  return Promise.all(
    seeds.map((own, i) =>
      startNode({
        seed: own,
        listen: `/ip4/127.0.0.1/tcp/${ports[i]}`,
        peers: addresses.filter((_, j) => j !== i && linked(i, j)),
      }),
    ),
  );
}

export async function until(condition: () => boolean, what: string, timeoutMs = 8_000): Promise<void> {
  const end = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`waited ${timeoutMs} ms in vain: ${what}`);
    await sleep(5);
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** A host that joins the gossip of one topic, whatever it is for, and writes down what comes, as it came. */
export async function startListener(topic: string, genesisRoot: Uint8Array = GENESIS_ROOT) {
  const heard: Uint8Array[] = [];
  const host = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise({ prologueBytes: genesisRoot })],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: {
      identify: identify({ protocolPrefix: "assay" }),
      gossip: gossipsub({
        globalSignaturePolicy: StrictNoSign,
        msgIdFn: (message) => messageId(message.topic, message.data),
      }),
    },
  });
  onTestFinished(() => host.stop());
  host.services.gossip.addEventListener("message", (event) => heard.push(event.detail.data));
  host.services.gossip.subscribe(topic);
  return { host, heard };
}

/** A bare libp2p host that knows the chain's genesis and nothing of its manners. */
export async function startAttacker(genesisRoot: Uint8Array = GENESIS_ROOT) {
  const host = await createLibp2p({
    addresses: { listen: ["/ip4/127.0.0.1/tcp/0"] },
    transports: [tcp()],
    connectionEncrypters: [noise({ prologueBytes: genesisRoot })],
    streamMuxers: [yamux()],
    connectionMonitor: { enabled: false },
    services: { identify: identify({ protocolPrefix: "assay" }) },
  });
  onTestFinished(() => host.stop());
  return host;
}

export type Attacker = Awaited<ReturnType<typeof startAttacker>>;

/** Sends to a stream that the other side may already have reset. */
export function trySend(stream: Stream, bytes: Uint8Array): boolean {
  try {
    stream.send(bytes);
    return true;
  } catch {
    // The stream is gone, which is what attacks are meant to end in.
    return false;
  }
}

export function bytesOf(length: number, fill: number): Uint8Array {
  return new Uint8Array(length).fill(fill);
}
