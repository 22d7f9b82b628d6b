import { Socket } from "node:net";
import { beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { equalBytes } from "../../chain/bytes.ts";
import { TOPIC_NAMES, TOPICS, type TopicName } from "../../p2p/topics.ts";
import {
  addressOf,
  allReady,
  bytesOf,
  sleep,
  startConfigured,
  startMesh,
  startNode,
  type TestNode,
  until,
} from "./fixture.ts";

function copies(node: TestNode, topic: TopicName, first: number): number {
  return node.received.filter((message) => message.topic === topic && message.bytes[0] === first).length;
}

let rejectFrom: string | undefined;
beforeEach(() => {
  rejectFrom = undefined;
});

test("four nodes form a mesh and every publication on every topic reaches all the others once", async () => {
  const nodes = await startMesh(4);
  nodes.forEach((node, i) => {
    for (const [t, topic] of TOPIC_NAMES.entries()) node.network.publish(topic, Uint8Array.of(16 * i + t, 1, 2, 3));
  });
  await until(() => nodes.every((node) => node.received.length >= 3 * TOPIC_NAMES.length), "all deliveries");
  await sleep(100);
  nodes.forEach((node, i) => {
    for (const [author] of nodes.entries()) {
      for (const [t, topic] of TOPIC_NAMES.entries()) {
        expect(copies(node, topic, 16 * author + t)).toBe(author === i ? 0 : 1);
      }
    }
    expect(node.network.peers()).toHaveLength(3);
    expect(node.network.peers().every((peer) => peer.score === 0)).toBe(true);
  });
});

test("a message that is not accepted goes no further, and a rejected one costs its sender points", async () => {
  // In a line: a - b - c.
  const a = await startNode();
  const b = await startNode({
    peers: [addressOf(a)],
    handlers: { tx: (bytes, from) => (bytes[0] === 1 ? "reject" : from === rejectFrom ? "ignore" : "accept") },
  });
  const c = await startNode({ peers: [addressOf(b)] });
  await until(() => b.counters.get("p2p_peer_events ready") === 2, "b in the middle");
  await until(() => c.counters.get("p2p_peer_events ready") === 1, "c ready");
  a.network.publish("tx", Uint8Array.of(1));
  a.network.publish("tx", Uint8Array.of(2));
  await until(() => copies(c, "tx", 2) === 1, "the accepted one arrives two hops away");
  rejectFrom = a.network.peerId;
  a.network.publish("tx", Uint8Array.of(3));
  await until(() => copies(b, "tx", 3) === 1, "b sees the ignored one");
  await sleep(100);
  expect(copies(c, "tx", 1)).toBe(0);
  expect(copies(c, "tx", 3)).toBe(0);
  const seen = b.network.peers().find((peer) => peer.peerId === a.network.peerId);
  expect(seen?.score).toBeLessThan(-15);
  expect(c.network.peers()[0]?.score).toBe(0);
});

test("enough rejected messages end the connection for the length of a ban", async () => {
  const [honest, liar] = (await startMesh(2, (i) => ({
    handlers: i === 0 ? { vote: () => "reject" } : {},
  }))) as [TestNode, TestNode];
  for (let i = 0; i < 6; i++) liar.network.publish("vote", Uint8Array.of(i));
  await until(() => honest.network.peers().length === 0, "disconnected");
  expect(honest.logs.some((line) => line.startsWith("warn peer banned"))).toBe(true);
  await sleep(700);
  expect(honest.network.peers()).toEqual([]);
  honest.skip(600_000);
  await until(() => honest.network.peers().length === 1, "let in again after the ban");
});

test("a payload is sent once, again only when asked, and a repetition is not passed on by those who have it", async () => {
  const a = await startNode();
  const b = await startNode({ peers: [addressOf(a)] });
  const c = await startNode({ peers: [addressOf(b)] });
  await until(() => b.counters.get("p2p_peer_events ready") === 2 && c.network.peers().length === 1, "a - b - c");
  await until(() => c.counters.get("p2p_peer_events ready") === 1, "c ready");
  const vote = Uint8Array.of(9, 9, 9);
  a.network.publish("vote", vote);
  await until(() => c.received.length === 1, "first time");
  a.network.publish("vote", vote);
  a.network.publish("vote", Uint8Array.of(1));
  await until(() => c.received.length === 2, "a later message");
  expect(copies(b, "vote", 9)).toBe(1);
  a.network.publish("vote", vote, { again: true });
  await until(() => copies(b, "vote", 9) === 2, "again at the direct peer");
  await sleep(100);
  expect(copies(c, "vote", 9)).toBe(1);
});

test("a late peer gets what is published again when it is ready", async () => {
  const a = await startNode();
  a.network.publish("vote", Uint8Array.of(5));
  a.network.onPeer((event) => {
    if (event.type === "ready") a.network.publish("vote", Uint8Array.of(5), { again: true });
  });
  const late = await startNode({ peers: [addressOf(a)] });
  await until(() => copies(late, "vote", 5) === 1, "the vote that was cast before");
});

test("the largest message of a topic arrives, and one byte more is not sent", async () => {
  const [a, b] = (await startMesh(2)) as [TestNode, TestNode];
  a.network.publish("vote", bytesOf(TOPICS.vote.maxBytes + 1, 1));
  a.network.publish("vote", bytesOf(TOPICS.vote.maxBytes, 2));
  const block = bytesOf(TOPICS.proposal.maxBytes, 0);
  for (let i = 0; i < block.length; i += 7) block[i] = (i * 2654435761) >>> 13;
  block[0] = 3;
  a.network.publish("proposal", block);
  await until(() => copies(b, "vote", 2) === 1 && copies(b, "proposal", 3) === 1, "both at their bounds");
  const received = b.received.find((message) => message.topic === "proposal")?.bytes ?? new Uint8Array();
  expect(equalBytes(received, block)).toBe(true);
  expect(copies(b, "vote", 1)).toBe(0);
  expect(a.logs.some((line) => line.startsWith("error a vote of 1025 bytes is not sent"))).toBe(true);
});

test("publishing without peers, before the start or after the stop does nothing and does not throw", async () => {
  const a = await startNode();
  a.network.publish("tx", Uint8Array.of(1));
  await a.network.stop();
  a.network.publish("tx", Uint8Array.of(2));
  expect(a.received).toEqual([]);
});

test("a handler that throws neither harms the peer nor stops the queue", async () => {
  let calls = 0;
  const [a, b] = (await startMesh(2, (i) =>
    i === 1
      ? {
          handlers: {
            tx: () => {
              if (++calls === 1) throw new Error("planted");
              return "accept";
            },
          },
        }
      : {},
  )) as [TestNode, TestNode];
  await allReady([a, b]);
  a.network.publish("tx", Uint8Array.of(1));
  a.network.publish("tx", Uint8Array.of(2));
  await until(() => calls === 2, "both handled");
  await until(() => b.logs.some((line) => line.startsWith("error the tx handler failed")), "logged");
  expect(b.network.peers()[0]?.score).toBe(0);
});

test("in a full mesh of configured peers nobody passes on what all have got, and everyone gets it", async () => {
  const nodes = await startConfigured(4, () => true);
  await allReady(nodes);
  const [author] = nodes as [TestNode];
  const covered = (): number =>
    nodes.reduce((sum, node) => sum + (node.counters.get("p2p_gossip_covered vote") ?? 0), 0);
  // Announcements follow the mesh, which forms within some heartbeats.
  let sent = 0;
  await until(() => {
    author.network.publish("vote", Uint8Array.of(1, ++sent % 256, sent >> 8));
    return covered() >= 3;
  }, "announcements heard");
  await sleep(200);
  const before = covered();
  author.network.publish("vote", Uint8Array.of(2));
  await until(() => nodes.slice(1).every((node) => copies(node, "vote", 2) === 1), "all deliveries");
  await sleep(50);
  expect(covered() - before).toBe(3);
});

test("in a line of configured peers the middle passes everything on", async () => {
  const nodes = await startConfigured(3, (i, j) => Math.abs(i - j) === 1);
  const [first, middle, last] = nodes as [TestNode, TestNode, TestNode];
  await until(() => middle.counters.get("p2p_peer_events ready") === 2, "a line");
  await sleep(1500); // Long enough for meshes to be announced.
  for (let i = 0; i < 5; i++) first.network.publish("vote", Uint8Array.of(3, i));
  await until(() => copies(last, "vote", 3) === 5, "the far end has got all");
  expect(middle.counters.get("p2p_gossip_covered vote") ?? 0).toBe(0);
});

test("what is sent at one moment is written at once, and every cork comes out again", async () => {
  const cork = vi.spyOn(Socket.prototype, "cork");
  const uncork = vi.spyOn(Socket.prototype, "uncork");
  onTestFinished(() => {
    cork.mockRestore();
    uncork.mockRestore();
  });
  const [a, b] = (await startMesh(2)) as [TestNode, TestNode];
  const before = cork.mock.calls.length;
  for (let i = 0; i < 10; i++) a.network.publish("tx", Uint8Array.of(4, i));
  await until(() => copies(b, "tx", 4) === 10, "ten messages");
  expect(cork.mock.calls.length).toBeGreaterThan(before);
  await until(() => uncork.mock.calls.length === cork.mock.calls.length, "all uncorked");
});
