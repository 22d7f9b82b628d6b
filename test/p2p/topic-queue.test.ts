import { expect, test } from "vitest";
import { createTopicQueue, type TopicHandler, type TopicQueue } from "../../p2p/topic-queue.ts";
import type { TopicSpec, Verdict } from "../../p2p/topics.ts";

const SPEC: TopicSpec = { maxBytes: 10, queue: 3, queuePerPeer: 100, order: "fifo", drop: "oldest", doc: "" };

interface Bench {
  readonly queue: TopicQueue;
  readonly handled: number[];
  readonly drops: string[];
  readonly faults: unknown[];
  /** Lets the handler go on: it stops at each message until then. */
  release(): void;
}

function bench(spec: Partial<TopicSpec>, verdict: TopicHandler = () => "accept"): Bench {
  const handled: number[] = [];
  const drops: string[] = [];
  const faults: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  const queue = createTopicQueue({
    spec: { ...SPEC, ...spec },
    handler: async (bytes, from) => {
      handled.push(bytes[0] ?? -1);
      await gate.promise;
      return verdict(bytes, from);
    },
    onDrop: (reason) => drops.push(reason),
    onFault: (error) => faults.push(error),
  });
  return { queue, handled, drops, faults, release: gate.resolve };
}

async function pushAll(b: Bench, count: number, from: (index: number) => string = () => "p"): Promise<Verdict[]> {
  const verdicts = Array.from({ length: count }, (_, i) => b.queue.push(Uint8Array.of(i), from(i)));
  b.release();
  return Promise.all(verdicts);
}

test("fifo, dropping the oldest: the first is under way, of the rest the last three are kept", async () => {
  const b = bench({});
  expect(await pushAll(b, 6)).toEqual(["accept", "ignore", "ignore", "accept", "accept", "accept"]);
  expect(b.handled).toEqual([0, 3, 4, 5]);
});

test("fifo, dropping the newest", async () => {
  const b = bench({ drop: "newest" });
  expect(await pushAll(b, 6)).toEqual(["accept", "accept", "accept", "accept", "ignore", "ignore"]);
  expect(b.handled).toEqual([0, 1, 2, 3]);
  expect(b.drops).toEqual(["full", "full"]);
});

test("lifo", async () => {
  const b = bench({ order: "lifo" });
  await pushAll(b, 6);
  expect(b.handled).toEqual([0, 5, 4, 3]);
});

test("a flooding peer is stopped at its own bound and the others are heard", async () => {
  const b = bench({ queue: 100, queuePerPeer: 2 });
  await pushAll(b, 20, (i) => (i % 5 === 4 ? `honest ${i}` : "flooder"));
  expect(b.handled).toEqual([0, 1, 2, 4, 9, 14, 19]);
  expect(new Set(b.drops)).toEqual(new Set(["peerFull"]));
});

test("one message at a time, and a handler that throws is a fault of the node and an ignored message", async () => {
  let running = 0;
  let most = 0;
  const faults: unknown[] = [];
  const queue = createTopicQueue({
    spec: { ...SPEC, queue: 100, queuePerPeer: 100 },
    handler: async (bytes): Promise<Verdict> => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      if (bytes[0] === 3) throw new Error("planted");
      return "reject";
    },
    onDrop: () => undefined,
    onFault: (error) => faults.push(error),
  });
  const verdicts = await Promise.all([1, 2, 3, 4].map((byte) => queue.push(Uint8Array.of(byte), "p")));
  expect(verdicts).toEqual(["reject", "reject", "ignore", "reject"]);
  expect(most).toBe(1);
  expect(faults).toHaveLength(1);
});

test("clearing answers all that waits", async () => {
  const b = bench({});
  const verdicts = [1, 2, 3].map((byte) => b.queue.push(Uint8Array.of(byte), "p"));
  b.queue.clear();
  expect(b.queue.length).toBe(0);
  b.release();
  expect(await Promise.all(verdicts)).toEqual(["accept", "ignore", "ignore"]);
});

test("with concurrency a handler that waits for a later message gets it, and a peer's bound counts what is under way", async () => {
  const waiting: ((verdict: Verdict) => void)[] = [];
  const drops: string[] = [];
  const queue = createTopicQueue({
    spec: { ...SPEC, queue: 100, queuePerPeer: 3, concurrency: 10 },
    handler: (bytes) => {
      if (bytes[0] === 9) for (const answer of waiting.splice(0)) answer("accept");
      return bytes[0] === 9 ? "accept" : new Promise((resolve) => waiting.push(resolve));
    },
    onDrop: (reason) => drops.push(reason),
    onFault: () => undefined,
  });
  const verdicts = [0, 1, 2, 3, 4].map((byte) => queue.push(Uint8Array.of(byte), "p"));
  expect(waiting).toHaveLength(4);
  expect(drops).toEqual(["peerFull"]);
  verdicts.push(queue.push(Uint8Array.of(9), "other"));
  expect(await Promise.all(verdicts)).toEqual(["accept", "accept", "accept", "accept", "ignore", "accept"]);
});
