import { connect } from "node:net";
import { RPC } from "@libp2p/gossipsub/message";
import type { Connection, Stream } from "@libp2p/interface";
import { multiaddr } from "@multiformats/multiaddr";
import { expect, onTestFinished, test } from "vitest";
import { concatBytes } from "../../chain/bytes.ts";
import { toLocal, toWire } from "../../p2p/envelope.ts";
import { encodeFrame } from "../../p2p/frames.ts";
import { MAX_GOSSIP_FRAME } from "../../p2p/gossip.ts";
import { MAX_ANNOUNCEMENT_BYTES } from "../../p2p/neighbours.ts";
import { PROTOCOLS, protocolId } from "../../p2p/protocols.ts";
import { ANSWER } from "../../p2p/request-server.ts";
import { compress } from "../../p2p/snappy.ts";
import { NEIGHBOURS_TOPIC, TOPICS, topicId } from "../../p2p/topics.ts";
import {
  type Attacker,
  addressOf,
  bytesOf,
  GENESIS_ROOT,
  sleep,
  startAttacker,
  startNode,
  type TestNode,
  type TestNodeOptions,
  trySend,
  until,
} from "./fixture.ts";

const VOTE = topicId(GENESIS_ROOT, "vote");

interface Scene {
  readonly node: TestNode;
  readonly host: Attacker;
  readonly connection: Connection;
  readonly peer: string;
  score(): number;
}

async function attack(options: TestNodeOptions = {}): Promise<Scene> {
  const node = await startNode(options);
  const host = await startAttacker();
  const connection = await host.dial(multiaddr(addressOf(node)));
  await until(() => node.network.peers().length === 1, "attacker connected");
  const score = (): number => node.network.peers()[0]?.score ?? Number.NEGATIVE_INFINITY;
  return { node, host, connection, peer: host.peerId.toString(), score };
}

async function gossipStream(scene: Scene): Promise<Stream> {
  return scene.connection.newStream("/meshsub/1.1.0", { maxOutboundStreams: 1000 });
}

function gossipFrame(topic: string, ...data: readonly Uint8Array[]): Uint8Array {
  return encodeFrame(RPC.encode({ subscriptions: [], messages: data.map((bytes) => ({ topic, data: bytes })) }));
}

/** The attacked node must go on serving others as if nothing had happened. */
async function expectAlive(node: TestNode): Promise<void> {
  const friend = await startNode({ peers: [addressOf(node)] });
  await until(() => friend.counters.get("p2p_peer_events ready") === 1, "an honest peer is let in");
  const before = node.received.length;
  friend.network.publish("vote", Uint8Array.of(200));
  await until(() => node.received.length > before, "an honest vote is heard");
  const echo = await friend.network.request(node.network.peerId, "status", Uint8Array.of(1));
  expect(echo).toEqual(Uint8Array.of(1));
}

async function expectBanned(scene: Scene): Promise<void> {
  await until(() => scene.node.network.peers().length === 0, "attacker disconnected");
  expect(scene.node.logs.some((line) => line.startsWith("warn peer banned"))).toBe(true);
  await until(() => scene.connection.status !== "open", "seen by the attacker");
  const again = await scene.host.dial(multiaddr(addressOf(scene.node))).catch(() => undefined);
  await until(() => again === undefined || again.status !== "open", "turned away");
  await expectAlive(scene.node);
}

test("the instrument works: a well-formed message of a bare host is heard and costs nothing", async () => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  stream.send(gossipFrame(VOTE, toWire(toLocal(0, bytesOf(TOPICS.vote.maxBytes, 1)))));
  await until(() => scene.node.received.length === 1, "heard");
  expect(scene.score()).toBe(0);
});

test("garbage in well-formed gossip frames ends in a ban", async () => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  for (let i = 0; i < 8; i++) trySend(stream, encodeFrame(bytesOf(50 + i, 0xff)));
  await expectBanned(scene);
});

test("garbage instead of gossip frames costs the connection at once", async () => {
  const scene = await attack();
  trySend(await gossipStream(scene), bytesOf(100_000, 0xff));
  await until(() => scene.node.network.peers().length === 0, "disconnected");
  await expectAlive(scene.node);
});

test("an oversized gossip frame costs the connection before it is received", async () => {
  const scene = await attack();
  const frame = encodeFrame(bytesOf(MAX_GOSSIP_FRAME + 1, 0));
  trySend(await gossipStream(scene), frame.subarray(0, 100));
  await until(() => scene.node.network.peers().length === 0, "disconnected");
  await expectAlive(scene.node);
});

test.each([
  ["one byte over the topic's bound", toWire(toLocal(0, bytesOf(TOPICS.vote.maxBytes + 1, 1)))],
  ["a bomb: a gibibyte claimed in ten bytes", Uint8Array.of(0, 0, 0, 0, 0x80, 0x80, 0x80, 0x80, 0x04, 0xfe, 1, 0)],
  ["a literal that turns some decoders back for ever", Uint8Array.of(0, 0, 0, 0, 10, 252, 250, 255, 255, 255, 0, 0, 0)],
  ["no snappy at all", bytesOf(300, 0xee)],
])("a payload that is %s is refused, charged and in number ends in a ban", async (_, wire) => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  stream.send(gossipFrame(VOTE, wire));
  await until(() => scene.score() < 0, "charged");
  expect(scene.node.received).toEqual([]);
  for (let i = 1; i < 4; i++) trySend(stream, gossipFrame(VOTE, concatBytes(Uint8Array.of(i), wire.subarray(1))));
  await expectBanned(scene);
  expect(scene.node.received.filter((message) => message.bytes[0] !== 200)).toEqual([]);
});

test("messages on topics of no chain end in a ban", async () => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  for (let i = 0; i < 12; i++) trySend(stream, gossipFrame(`/other/${i}`, Uint8Array.of(1)));
  await expectBanned(scene);
});

test("a stranger's claims of neighbours are not believed, and false or oversized ones end in a ban", async () => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  const topic = topicId(GENESIS_ROOT, NEIGHBOURS_TOPIC);
  const claim = (text: string, nonce: number): Uint8Array =>
    gossipFrame(topic, toWire(toLocal(nonce, new TextEncoder().encode(text))));
  const friend = await startNode({ peers: [addressOf(scene.node)] });
  await until(() => friend.counters.get("p2p_peer_events ready") === 1, "a friend");
  await sleep(1200); // Two heartbeats, so that the friend is in the mesh.
  stream.send(claim(`${scene.peer}\n${friend.network.peerId}`, 1));
  stream.send(gossipFrame(VOTE, toWire(toLocal(0, Uint8Array.of(7)))));
  await until(() => friend.received.length === 1, "passed on in spite of the claim");
  expect(scene.score()).toBe(0);
  stream.send(claim(`${friend.network.peerId}\n${scene.peer}`, 2));
  stream.send(gossipFrame(topic, toWire(toLocal(3, bytesOf(MAX_ANNOUNCEMENT_BYTES + 1, 0x61)))));
  for (let i = 4; i < 8; i++) trySend(stream, claim("nonsense", i));
  await until(() => scene.node.logs.some((line) => line.startsWith("warn peer banned")), "banned");
});

test("more messages than the queue holds are dropped, and the rest are answered", async () => {
  const gate = Promise.withResolvers<void>();
  const scene = await attack({ handlers: { evidence: async () => gate.promise.then(() => "accept" as const) } });
  const stream = await gossipStream(scene);
  const topic = topicId(GENESIS_ROOT, "evidence");
  for (let i = 0; i < 40; i++) stream.send(gossipFrame(topic, toWire(toLocal(0, Uint8Array.of(i)))));
  const dropped = 40 - 1 - TOPICS.evidence.queuePerPeer;
  await until(() => scene.node.counters.get("p2p_gossip_dropped evidence peerFull") === dropped, "dropped");
  gate.resolve();
  await until(() => scene.node.received.length === 40 - dropped, "the rest");
  await expectAlive(scene.node);
});

test("a flood of tiny frames costs the connection", async () => {
  const scene = await attack();
  const stream = await gossipStream(scene);
  const many = concatBytes(
    ...Array.from({ length: 40_000 }, () => encodeFrame(RPC.encode({ subscriptions: [], messages: [] }))),
  );
  trySend(stream, many);
  await until(() => scene.node.network.peers().length === 0, "disconnected");
  await expectAlive(scene.node);
});

test.each([
  ["an oversized frame", Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0)],
  ["an endless prefix", bytesOf(64, 0xff)],
  ["a body over the bound", encodeFrame(compress(bytesOf(PROTOCOLS.status.maxRequestBytes + 1, 1)))],
  ["no snappy", encodeFrame(bytesOf(20, 0xff))],
  ["a second frame", concatBytes(encodeFrame(compress(Uint8Array.of(1))), Uint8Array.of(1, 1))],
])("a request that is %s is refused and charged, and in number ends in a ban", async (_, bytes) => {
  const scene = await attack();
  for (let i = 0; i < 4 && scene.connection.status === "open"; i++) {
    const stream = await scene.connection.newStream(protocolId(GENESIS_ROOT, "status")).catch(() => undefined);
    if (stream === undefined) break;
    trySend(stream, bytes);
    await until(() => stream.status !== "open" || scene.score() < 0, "charged");
    await sleep(20);
  }
  await expectBanned(scene);
});

test("requests beyond the rate are turned away and charged", async () => {
  const scene = await attack();
  const answers = new Map<number, number>();
  const { burst } = PROTOCOLS.status;
  for (let i = 0; i < burst + 20; i++) {
    const stream = await scene.connection.newStream(protocolId(GENESIS_ROOT, "status"));
    const answer = new Promise<number>((resolve) => {
      stream.addEventListener("message", (event) => resolve([...event.data.subarray()][1] ?? -1), { once: true });
    });
    stream.send(encodeFrame(compress(Uint8Array.of(1))));
    const status = await answer;
    answers.set(status, (answers.get(status) ?? 0) + 1);
    await stream.close();
  }
  expect(answers.get(ANSWER.ok)).toBeGreaterThanOrEqual(burst);
  expect(answers.get(ANSWER.busy)).toBeGreaterThan(5);
  expect(scene.score()).toBeLessThan(-5);
  await expectAlive(scene.node);
});

test("streams that are opened and never used, and requests that never end, are cut off and charged", async () => {
  const scene = await attack();
  const streams: Stream[] = [];
  for (let i = 0; i < 4; i++) {
    const stream = await scene.connection.newStream(protocolId(GENESIS_ROOT, "votes"), { maxOutboundStreams: 1000 });
    if (i % 2 === 0) trySend(stream, Uint8Array.of(50, 1, 2));
    streams.push(stream);
  }
  await until(() => scene.score() <= -30, "charged for each");
  await until(() => streams.every((stream) => stream.status !== "open"), "cut off");
  expect(scene.node.network.peers()).toHaveLength(1);
  await expectAlive(scene.node);
});

test("a peer that opens more streams than a protocol allows does not get them", async () => {
  const scene = await attack();
  const opening = Array.from({ length: 60 }, () =>
    scene.connection.newStream(protocolId(GENESIS_ROOT, "blocks"), { maxOutboundStreams: 1000 }).catch(() => undefined),
  );
  const streams = await Promise.all(opening);
  for (const stream of streams) if (stream !== undefined) trySend(stream, Uint8Array.of(9));
  const alive = (): number => streams.filter((stream) => stream?.status === "open").length;
  await until(() => alive() <= PROTOCOLS.blocks.concurrentPerPeer + 4, "the rest is refused");
  await expectAlive(scene.node);
});

test("an unknown protocol is not answered, and a peer that takes no part in gossip is let go", async () => {
  const scene = await attack();
  await expect(scene.connection.newStream("/nonsense/1")).rejects.toThrow();
  expect(scene.score()).toBe(0);
  scene.node.skip(11_000);
  await until(() => scene.node.network.peers().length === 0, "let go");
  await expectAlive(scene.node);
});

test("raw TCP garbage and connections that say nothing do not stop a node", async () => {
  const node = await startNode();
  const port = Number(/tcp\/(\d+)/.exec(addressOf(node))?.[1]);
  const sockets = Array.from({ length: 12 }, (_, i) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => undefined);
    if (i % 2 === 0) socket.write(Buffer.alloc(70_000, i));
    return socket;
  });
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
  });
  await sleep(100);
  await expectAlive(node);
});

test("strangers get no more places than are left, and a configured peer always finds one", async () => {
  const friendSeed = bytesOf(32, 250);
  const { peerIdOf } = await import("../../p2p/node-key.ts");
  const unused = `/ip4/127.0.0.1/tcp/1/p2p/${await peerIdOf(friendSeed)}`;
  const node = await startNode({ maxConnections: 3, peers: [unused] });
  const hosts = await Promise.all([startAttacker(), startAttacker(), startAttacker(), startAttacker()]);
  for (const host of hosts) await host.dial(multiaddr(addressOf(node))).catch(() => undefined);
  await sleep(100);
  expect(node.network.peers()).toHaveLength(2);
  const friend = await startNode({ seed: friendSeed, peers: [addressOf(node)] });
  await until(() => friend.counters.get("p2p_peer_events ready") === 1, "a place for the configured peer");
});
