import { expect, test } from "vitest";
import { TxBatch } from "../../node/gossip.ts";
import { createOutlet } from "../../node/outlet.ts";
import { fakeClock } from "../consensus/network.ts";

function scene() {
  const clock = fakeClock(() => Promise.resolve());
  const sent: number[][] = [];
  const outlet = createOutlet({
    publish: (topic, bytes) => void sent.push(topic === "tx" ? TxBatch.deserialize(bytes).map((tx) => tx[0] ?? 0) : []),
    pool: { addCommitment: () => "ignore", addReveal: () => "ignore" },
    onWork: () => undefined,
    clock,
  });
  const say = (...txs: readonly number[]): void => {
    for (const tx of txs) outlet.broadcastTx(Uint8Array.of(tx));
  };
  return { clock, sent, say };
}

test("a transaction that comes alone goes at once, those that come soon after go together", async () => {
  const { clock, sent, say } = scene();
  say(1, 2);
  await clock.advance(0);
  expect(sent).toEqual([[1, 2]]);
  say(3);
  await clock.advance(5);
  say(4);
  expect(sent.length).toBe(1);
  await clock.advance(15);
  expect(sent).toEqual([
    [1, 2],
    [3, 4],
  ]);
  await clock.advance(100);
  say(5);
  await clock.advance(0);
  expect(sent.at(-1)).toEqual([5]);
});

test("a message carries no more than its bounds, however many come at once, and none is lost", async () => {
  const { clock, sent, say } = scene();
  const many = Array.from({ length: 200 }, (_, i) => i);
  say(...many);
  await clock.advance(100);
  expect(sent.flat()).toEqual(many);
  expect(Math.max(...sent.map((batch) => batch.length))).toBeLessThanOrEqual(64);
});
