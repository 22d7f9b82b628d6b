import { multiaddr } from "@multiformats/multiaddr";
import { expect, test } from "vitest";
import { fromLocal, fromWire } from "../../p2p/envelope.ts";
import { encodeFrame } from "../../p2p/frames.ts";
import { MAX_ANNOUNCEMENT_BYTES } from "../../p2p/neighbours.ts";
import type { NetworkOptions } from "../../p2p/network.ts";
import { peerIdOf } from "../../p2p/node-key.ts";
import { protocolId } from "../../p2p/protocols.ts";
import { compress } from "../../p2p/snappy.ts";
import { readFrame } from "../../p2p/stream-io.ts";
import { NEIGHBOURS_TOPIC, topicId } from "../../p2p/topics.ts";
import { freePorts } from "../node/child.ts";
import {
  addressOf,
  GENESIS_ROOT,
  seed,
  sleep,
  startAttacker,
  startListener,
  startNode,
  type TestNode,
  type TestNodeOptions,
  until,
} from "./fixture.ts";

type Discovery = NonNullable<NetworkOptions["discovery"]>;

const DISCOVERY: Discovery = { outbound: 4, bootstrap: [], allowPrivate: true, known: [], paceMs: 20 };

/** A node that listens on a port that it can tell others. */
async function startFinder(discovery: Partial<Discovery> = {}, options: TestNodeOptions = {}): Promise<TestNode> {
  const [port] = await freePorts(1);
  return startNode({
    listen: `/ip4/127.0.0.1/tcp/${port}`,
    discovery: { ...DISCOVERY, ...discovery },
    ...options,
  });
}

function isConnected(node: TestNode, other: TestNode): boolean {
  return node.network.peers().some((peer) => peer.peerId === other.network.peerId);
}

function told(node: TestNode): string {
  return JSON.stringify(node.network.knownAddresses());
}

test("a node that knows one address finds the others through it", async () => {
  const hub = await startFinder();
  const first = await startFinder({ bootstrap: [addressOf(hub)] });
  await until(() => (hub.counters.get("p2p_addresses_verified ok") ?? 0) === 1, "the hub has dialled the first back");
  const second = await startFinder({ bootstrap: [addressOf(hub)] });
  await until(() => isConnected(second, first), "the second has found the first");
  expect(second.network.peers().find((peer) => peer.peerId === first.network.peerId)?.outbound).toBe(true);
  first.network.publish("vote", Uint8Array.of(1));
  await until(() => second.received.length > 0, "gossip between them");
});

test("an address that an earlier process has known is verified anew before it is told", async () => {
  const [port] = await freePorts(1);
  const peerId = await peerIdOf(seed(236));
  const address = `/ip4/127.0.0.1/tcp/${port}/p2p/${peerId}`;
  const hub = await startFinder({ outbound: 0, known: [{ address, tried: true, source: peerId }] });
  const first = await startNode({
    seed: seed(236),
    listen: `/ip4/127.0.0.1/tcp/${port}`,
    discovery: { ...DISCOVERY, bootstrap: [addressOf(hub)] },
  });
  await until(() => hub.counters.get("p2p_addresses_verified ok") === 1, "verified");
  const second = await startFinder({ bootstrap: [addressOf(hub)] });
  await until(() => isConnected(second, first), "told");
});

test("an address that nobody can be reached at is not passed on", async () => {
  const hub = await startFinder();
  const [closed] = await freePorts(1);
  const liar = await startFinder({ bootstrap: [addressOf(hub)], externalAddress: `/ip4/127.0.0.1/tcp/${closed}` });
  await until(() => (hub.counters.get("p2p_addresses_verified failed") ?? 0) > 0, "the hub has tried");
  const asker = await startFinder({ bootstrap: [addressOf(hub)] });
  await until(() => asker.counters.get("p2p_requests_out peer_exchange ok") === 1, "asked");
  expect(told(asker)).not.toContain(liar.network.peerId);
  expect(told(asker)).toContain(hub.network.peerId);
});

test("a private node is reached by its sentry alone, and no stranger hears of it", async () => {
  const [sentryPort, privatePort] = await freePorts(2);
  const ids = await Promise.all([seed(230), seed(231)].map(peerIdOf));
  const addresses = [
    `/ip4/127.0.0.1/tcp/${sentryPort}/p2p/${ids[0]}`,
    `/ip4/127.0.0.1/tcp/${privatePort}/p2p/${ids[1]}`,
  ];
  const sentry = await startNode({
    seed: seed(230),
    listen: `/ip4/127.0.0.1/tcp/${sentryPort}`,
    peers: [addresses[1] ?? ""],
    privatePeers: [ids[1] ?? ""],
    discovery: DISCOVERY,
  });
  const hidden = await startNode({
    seed: seed(231),
    listen: `/ip4/127.0.0.1/tcp/${privatePort}`,
    peers: [addresses[0] ?? ""],
    isPrivate: true,
    // Though it be asked to, a private node does not look around.
    discovery: { ...DISCOVERY, bootstrap: [addresses[0] ?? ""] },
  });
  const stranger = await startFinder({ bootstrap: [addressOf(sentry)] });
  await until(() => isConnected(sentry, hidden) && isConnected(stranger, sentry), "connected through the sentry");
  await until(() => stranger.counters.get("p2p_requests_out peer_exchange ok") === 1, "the stranger has asked");
  await until(() => sentry.counters.get("p2p_peer_events ready") === 2, "gossip is ready");
  hidden.network.publish("vote", Uint8Array.of(1));
  stranger.network.publish("vote", Uint8Array.of(2));
  await until(() => stranger.received.length === 1 && hidden.received.length === 1, "votes through the sentry");
  expect(told(stranger)).not.toContain(hidden.network.peerId);
  expect(told(sentry)).not.toContain(hidden.network.peerId);
  expect(told(sentry)).toContain(stranger.network.peerId);

  // A stranger who has its address all the same.
  const intruder = await startNode({ peers: [addressOf(hidden)] });
  await until(
    () => (intruder.counters.get("p2p_dials failed") ?? 0) + (intruder.counters.get("p2p_dials ok") ?? 0) >= 3,
    "tried",
  );
  expect(hidden.network.peers().map((peer) => peer.peerId)).toEqual([sentry.network.peerId]);
  expect(hidden.counters.get("p2p_peer_events connected")).toBe(1);
  expect(hidden.counters.get("p2p_requests_in peer_exchange ok")).toBeUndefined();
});

test("without privatePeers the same sentry would tell: the check above can fail", async () => {
  const hidden = await startFinder();
  const sentry = await startFinder({}, { peers: [addressOf(hidden)] });
  const stranger = await startFinder({ bootstrap: [addressOf(sentry)] });
  await until(() => told(stranger).includes(hidden.network.peerId), "told");
});

test.each([
  [true, 0],
  [false, 1],
])("private %s: what a node says of its neighbours names %i of its peers to a stranger", async (isHidden, named) => {
  const id = await peerIdOf(seed(235));
  const sentry = await startNode(isHidden ? { privatePeers: [id] } : {});
  await startNode({ seed: seed(235), peers: [addressOf(sentry)] });
  await until(() => sentry.counters.get("p2p_peer_events ready") === 1, "the private peer is there");
  const { host, heard } = await startListener(topicId(GENESIS_ROOT, NEIGHBOURS_TOPIC));
  await host.dial(multiaddr(addressOf(sentry)));
  const told = () =>
    heard.flatMap((wire) => {
      const local = fromWire(wire, MAX_ANNOUNCEMENT_BYTES);
      const payload = fromLocal(local)?.payload;
      return payload === undefined ? [] : [new TextDecoder().decode(payload)];
    });
  const names = () => told().filter((text) => text.includes(id)).length;
  await until(() => told().length >= 3 && (isHidden || names() > 0), "announcements");
  expect(Math.min(1, names())).toBe(named);
});

test("a private peer finds a place where strangers find none", async () => {
  const id = await peerIdOf(seed(232));
  const sentry = await startNode({ maxConnections: 2, privatePeers: [id] });
  const strangers = await Promise.all([0, 1].map(() => startNode({ peers: [addressOf(sentry)] })));
  await until(() => strangers.filter((node) => isConnected(sentry, node)).length === 1, "one place for strangers");
  const validator = await startNode({ seed: seed(232), peers: [addressOf(sentry)] });
  await until(() => isConnected(sentry, validator), "the private peer is in");
});

test("a node without exchange answers nobody", async () => {
  const silent = await startNode();
  const asker = await startFinder({ bootstrap: [addressOf(silent)] });
  await until(() => (asker.counters.get("p2p_requests_out peer_exchange unsupported") ?? 0) > 0, "refused");
  expect(asker.network.peers()[0]?.score).toBe(0);
});

const STRANGER = "/ip4/192.0.2.7/tcp/26656/p2p/";

/** An attacker that answers whoever asks it for addresses with these bytes. */
async function startTeller(answer: (self: string) => string) {
  const attacker = await startAttacker();
  await attacker.handle(protocolId(GENESIS_ROOT, "peer_exchange"), async (stream) => {
    await readFrame(stream, 4096, AbortSignal.timeout(2000));
    const body = compress(new TextEncoder().encode(answer(attacker.peerId.toString())));
    stream.send(encodeFrame(Uint8Array.of(0), body));
    await stream.close();
  });
  const [address] = attacker.getMultiaddrs();
  return { attacker, address: String(address) };
}

test.each([
  ["garbage", () => "no address"],
  [
    "more than 32 addresses",
    () => Array.from({ length: 33 }, (_, i) => `/ip4/192.0.2.${i + 1}/tcp/26656/p2p/12D3`).join("\n"),
  ],
  ["the same twice", (self: string) => `${STRANGER}${self}\n${STRANGER}${self}`],
  ["names that would have to be looked up", (self: string) => `/dns4/example.org/tcp/26656/p2p/${self}`],
  ["more bytes than fit", () => "x".repeat(9000)],
])("an answer with %s costs the peer points and is not taken", async (_name, answer) => {
  const { attacker, address } = await startTeller(answer);
  const node = await startFinder({ bootstrap: [address] });
  const id = attacker.peerId.toString();
  await until(() => (node.network.peers().find((peer) => peer.peerId === id)?.score ?? 0) < 0, "charged");
  expect(node.network.knownAddresses().map((known) => known.address)).toEqual([address]);
});

test("own and unroutable addresses in an answer are passed over; what is honest beside them is kept", async () => {
  const self = await peerIdOf(seed(233));
  const other = await peerIdOf(seed(234));
  const { address } = await startTeller(() =>
    [
      `/ip4/192.0.2.1/tcp/1/p2p/${self}`,
      `/ip4/0.0.0.0/tcp/1/p2p/${other}`,
      `/ip4/224.0.0.1/tcp/1/p2p/${other}`,
      `/ip4/192.0.2.2/tcp/1/p2p/${other}`,
    ].join("\n"),
  );
  const node = await startFinder({ bootstrap: [address] }, { seed: seed(233) });
  await until(() => told(node).includes(other), "heard");
  expect(node.network.knownAddresses().map((known) => known.address)).toEqual([
    address,
    `/ip4/192.0.2.2/tcp/1/p2p/${other}`,
  ]);
});

test("whoever gives another's address for its own, or asks too often, is charged", async () => {
  const node = await startFinder();
  const other = await peerIdOf(seed(234));
  const attacker = await startAttacker();
  const [address] = node.network.addresses;
  const connection = await attacker.dial(multiaddr(address));
  const ask = async (text: string) => {
    const stream = await connection.newStream(protocolId(GENESIS_ROOT, "peer_exchange"));
    stream.send(encodeFrame(compress(new TextEncoder().encode(text))));
    await stream.close();
    await readFrame(stream, 65_536, AbortSignal.timeout(1000));
  };
  const id = attacker.peerId.toString();
  const score = () => node.network.peers().find((peer) => peer.peerId === id)?.score ?? 0;
  await ask("");
  expect(score()).toBe(0);
  await ask(`${STRANGER}${other}`);
  expect(score()).toBeLessThan(-30);
  const before = score();
  for (let i = 0; i < 6; i++) await ask("");
  await until(() => score() < before, "charged for the flood");
  await sleep(50);
  expect(told(node)).not.toContain(other);
});

test.each([
  ["/ip4/0.0.0.0/tcp/26656", "only for p2p.listen"],
  ["/ip4/192.0.2.1/udp/26656", "must be an IP address and port"],
  ["nonsense", "must be an IP address and port"],
  ["/ip4/192.0.2.1/tcp/26656/p2p/12D3KooWQmJmyYfYbWSJWZHkw4ff2gc9KNTYDZTMQ5mJCTHYwcvK", "leave /p2p/… out"],
])("the external address %s is refused", async (externalAddress, reason) => {
  await expect(startFinder({ externalAddress })).rejects.toThrow(reason);
});
