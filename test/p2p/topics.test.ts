import { expect, test } from "vitest";
import { MAX_GOSSIP_FRAME } from "../../p2p/gossip.ts";
import { PROTOCOL_NAMES, PROTOCOLS, protocolId } from "../../p2p/protocols.ts";
import { type PerTopic, TOPIC_NAMES, TOPICS, topicId } from "../../p2p/topics.ts";

const ROOT = Uint8Array.from({ length: 32 }, (_, i) => i + 0xf0);

test("topic and protocol names carry the first eight hex digits of the genesis root", () => {
  expect(topicId(ROOT, "vote")).toBe("/assay/f0f1f2f3/vote/1");
  expect(protocolId(ROOT, "blocks")).toBe("/assay/f0f1f2f3/blocks/1");
});

test("the tables have the rows of the design", () => {
  expect([...TOPIC_NAMES]).toEqual(["proposal", "vote", "tx", "commitment", "reveal", "evidence"]);
  expect([...PROTOCOL_NAMES]).toEqual([
    "status",
    "blocks",
    "votes",
    "blob",
    "light",
    "headers",
    "snapshots",
    "chunk",
    "peer_exchange",
  ]);
});

test.each(TOPIC_NAMES)("the bounds of topic %s hold together", (name) => {
  const spec = TOPICS[name];
  expect(spec.maxBytes).toBeLessThan(MAX_GOSSIP_FRAME);
  expect(spec.queuePerPeer).toBeLessThanOrEqual(spec.queue);
  expect(spec.maxBytes * spec.queue).toBeLessThanOrEqual(1024 * 1_048_576);
});

test.each(PROTOCOL_NAMES)("the bounds of protocol %s hold together", (name) => {
  const spec = PROTOCOLS[name];
  expect(spec.concurrentPerPeer).toBeLessThanOrEqual(spec.concurrent);
  expect(spec.maxResponseBytes * spec.concurrent).toBeLessThanOrEqual(128 * 1_048_576);
});

test("a value for each topic must be complete", () => {
  // @ts-expect-error evidence is missing
  const incomplete: PerTopic<number> = { proposal: 1, vote: 1, tx: 1, commitment: 1, reveal: 1 };
  expect(incomplete).toBeDefined();
});
