import { expect, test } from "vitest";
import { TOPICS } from "../../p2p/topics.ts";
import { bytesOf, startMesh, type TestNode, until } from "./fixture.ts";

test("far more than a window passes, in both directions, in small messages and in the largest", async () => {
  const nodes = (await startMesh(2)) as [TestNode, TestNode];
  const [a, b] = nodes;
  const size = TOPICS.vote.maxBytes;
  // Four times yamux's first window of 256 KiB, and distinct: a payload is sent once.
  for (let i = 0; i < 1024; i++) {
    const payload = bytesOf(size, 1);
    new DataView(payload.buffer, payload.byteOffset).setUint32(0, i);
    a.network.publish("vote", payload);
    b.network.publish(
      "vote",
      payload.map((byte) => byte ^ 0xff),
    );
    if (i % 64 === 63) await until(() => nodes.every((node) => node.received.length === i + 1), `${i + 1} votes`);
  }
  a.network.publish("proposal", bytesOf(TOPICS.proposal.maxBytes, 5));
  await until(() => b.received.some(({ topic }) => topic === "proposal"), "the largest proposal");
  expect(nodes.map((node) => node.network.peers()[0]?.score)).toEqual([0, 0]);
});
