import { expect, test } from "vitest";
import { revealBatches } from "../../node/reveal-batches.ts";
import { MAX_REVEAL_BATCH, RevealBatch, RevealMessage } from "../../node/wire.ts";
import { TOPICS } from "../../p2p/topics.ts";
import { fakeClock } from "../consensus/network.ts";

function scene() {
  const clock = fakeClock(() => Promise.resolve());
  const sent: { readonly count: number; readonly bytes: number; readonly again: boolean }[] = [];
  const known = new Set<string>();
  const say = revealBatches({
    publish: (_, bytes, options) =>
      void sent.push({
        count: RevealBatch.deserialize(bytes).length,
        bytes: bytes.length,
        again: options?.again === true,
      }),
    wasSent: (id) => known.size === known.add(id).size,
    clock,
  });
  return { clock, sent, say };
}

function message(number: number, outputBytes = 0): RevealMessage {
  const { reveal } = RevealMessage.defaultValue();
  const signature = new Uint8Array(96);
  new DataView(signature.buffer).setUint32(0, number);
  return { reveal: { ...reveal, signature }, output: new Uint8Array(outputBytes) };
}

test("what one block makes due is one message", async () => {
  const { clock, sent, say } = scene();
  for (let i = 0; i < 100; i++) say(message(i));
  expect(sent).toEqual([]);
  await clock.advance(0);
  expect(sent).toMatchObject([{ count: 100, again: false }]);
  say(message(7));
  await clock.advance(0);
  expect(sent.at(-1)).toMatchObject({ count: 1, again: true });
});

test("a message stays within its bounds, however much is due, and nothing is lost", async () => {
  const { clock, sent, say } = scene();
  for (let i = 0; i < 600; i++) say(message(i, i < 100 ? 16_384 : 10));
  await clock.advance(0);
  expect(sent.reduce((sum, { count }) => sum + count, 0)).toBe(600);
  for (const { count, bytes } of sent) {
    expect(count).toBeLessThanOrEqual(MAX_REVEAL_BATCH);
    expect(bytes).toBeLessThanOrEqual(TOPICS.reveal.maxBytes);
  }
});
