import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { base58 } from "@scure/base";
import { expect, test } from "vitest";
import { concatBytes, fromHex } from "../../chain/bytes.ts";
import { peerIdOf } from "../../p2p/node-key.ts";
import { addressOf, makeNode, seed, sleep, startNode, type TestNode, until } from "./fixture.ts";

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("the peer id follows from the seed, and a seed of another length is refused", async () => {
  // RFC 8032, section 7.1, test 1; a peer id is base58 of an identity multihash over the protobuf of the public key.
  const secret = fromHex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
  const publicKey = fromHex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a");
  expect(await peerIdOf(secret)).toBe(base58.encode(concatBytes(fromHex("002408011220"), publicKey)));
  await expect(peerIdOf(new Uint8Array(31))).rejects.toThrow("32 bytes, not 31");
});

test("a peer that starts late is dialled", async () => {
  const port = await freePort();
  const peer = `/ip4/127.0.0.1/tcp/${port}/p2p/${await peerIdOf(seed(200))}`;
  const early = await startNode({ peers: [peer] });
  await sleep(300);
  expect(early.network.peers()).toEqual([]);
  expect(early.counters.get("p2p_dials failed")).toBeGreaterThan(0);
  await startNode({ seed: seed(200), listen: `/ip4/127.0.0.1/tcp/${port}` });
  await until(() => early.counters.get("p2p_peer_events ready") === 1, "late peer");
  expect(early.network.peers()[0]?.outbound).toBe(true);
});

test("a node that restarts on the same port is connected again and hears what is published", async () => {
  const port = await freePort();
  const listen = `/ip4/127.0.0.1/tcp/${port}`;
  const first = await startNode({ seed: seed(201), listen });
  const other = await startNode({ peers: [addressOf(first)] });
  await until(() => other.counters.get("p2p_peer_events ready") === 1, "first time");
  await first.network.stop();
  await until(() => other.network.peers().length === 0, "noticed");
  const second = await startNode({ seed: seed(201), listen });
  await until(() => other.counters.get("p2p_peer_events ready") === 2, "second time");
  await until(() => second.counters.get("p2p_peer_events ready") === 1, "ready on its side");
  other.network.publish("vote", Uint8Array.of(1));
  await until(() => second.received.length === 1, "vote after the restart");
});

test("four nodes that are all configured with each other and start together find each other", async () => {
  const ports = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
  const seeds = [210, 211, 212, 213].map(seed);
  const ids = await Promise.all(seeds.map(peerIdOf));
  const peers = ids.map((id, i) => `/ip4/127.0.0.1/tcp/${ports[i]}/p2p/${id}`);
  const nodes = await Promise.all(
    seeds.map((nodeSeed, i) => startNode({ seed: nodeSeed, listen: `/ip4/127.0.0.1/tcp/${ports[i]}`, peers })),
  );
  await until(() => nodes.every((node) => node.counters.get("p2p_peer_events ready") === 3), "all ready");
  expect(nodes.map((node) => node.network.peers().length)).toEqual([3, 3, 3, 3]);
});

test("nodes of different genesis roots do not talk", async () => {
  const a = await startNode();
  // The first eight digits are the same, so only the handshake tells them apart.
  const genesisRoot = new Uint8Array(32).fill(0xa5);
  genesisRoot[31] = 0;
  const b = await startNode({ genesisRoot, peers: [addressOf(a)] });
  await until(() => (b.counters.get("p2p_dials failed") ?? 0) >= 2, "refused twice");
  expect([a.network.peers(), b.network.peers()]).toEqual([[], []]);
  expect(b.logs.some((line) => line.includes("on the same genesis?"))).toBe(true);
  expect([...a.counters.keys()].filter((key) => key.startsWith("p2p_peer_events"))).toEqual([]);
});

test("a configured peer is banned for seconds and a stranger for minutes; both are let in again after", async () => {
  const ports = await Promise.all([freePort(), freePort()]);
  const seeds = [seed(220), seed(221)];
  const ids = await Promise.all(seeds.map(peerIdOf));
  const listen = ports.map((port) => `/ip4/127.0.0.1/tcp/${port}`);
  const peers = ids.map((id, i) => `${listen[i]}/p2p/${id}`);
  const [a, b] = (await Promise.all(
    seeds.map((nodeSeed, i) => startNode({ seed: nodeSeed, listen: listen[i] ?? "", peers })),
  )) as [TestNode, TestNode];
  const stranger = await startNode({ peers: [addressOf(b)] });
  await until(() => b.counters.get("p2p_peer_events ready") === 2, "both ready");
  b.network.penalise(a.network.peerId, 100, "planted");
  b.network.penalise(stranger.network.peerId, 100, "planted");
  await until(() => b.network.peers().length === 0, "out");
  await sleep(250);
  expect(b.network.peers()).toEqual([]);
  b.skip(5_001);
  await until(() => b.network.peers().some((peer) => peer.peerId === a.network.peerId), "the configured peer is in");
  expect(b.network.peers()).toHaveLength(1);
  b.skip(600_000);
  await until(() => b.network.peers().some((peer) => peer.peerId === stranger.network.peerId), "the stranger is in");
});

test("an address without a peer id, or that is taken, is refused with its name", async () => {
  const a = await startNode();
  const listen = addressOf(a).replace(/\/p2p\/.*$/, "");
  await expect(makeNode({ peers: [listen] })).rejects.toThrow(`peer address ${listen} must end in /p2p/<peer id>`);
  const b = await makeNode({ listen });
  await expect(b.network.start()).rejects.toThrow();
  await b.network.stop();
});

test("a listener that throws or has unsubscribed does no harm", async () => {
  const a = await startNode();
  const seen: string[] = [];
  a.network.onPeer(() => {
    throw new Error("planted");
  });
  a.network.onPeer((event) => seen.push(`${event.type} ${event.peerId}`));
  const stop = a.network.onPeer(() => seen.push("unsubscribed"));
  stop();
  const b = await startNode({ peers: [addressOf(a)] });
  await until(() => seen.length === 2, "connected and ready");
  await b.network.stop();
  await until(() => seen.length === 3, "disconnected");
  const id = b.network.peerId;
  expect(seen).toEqual([`connected ${id}`, `ready ${id}`, `disconnected ${id}`]);
});
