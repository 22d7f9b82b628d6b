import fc from "fast-check";
import { expect, test } from "vitest";
import { createFutureQueue } from "../../consensus/driver/future-queue.ts";

function recorder() {
  const events: string[] = [];
  const message = (name: string, height: number, bytes: number) => ({
    height,
    bytes,
    release: () => events.push(`release ${name}`),
    drop: () => events.push(`drop ${name}`),
  });
  return { events, message };
}

test("messages come out in order when their height begins; older ones are dropped", () => {
  const queue = createFutureQueue(10, 1000);
  const { events, message } = recorder();
  for (const [name, height] of [
    ["a", 6],
    ["b", 7],
    ["c", 6],
  ] as const)
    queue.add(message(name, height, 1), 5);
  queue.advance(6);
  expect(events).toEqual(["release a", "release c"]);
  queue.advance(8);
  expect(events).toEqual(["release a", "release c", "drop b"]);
  expect(queue.size).toBe(0);
});

test("far heights are dropped at once, and the farthest give way when there is no room", () => {
  const queue = createFutureQueue(2, 1000);
  const { events, message } = recorder();
  queue.add(message("far", 8, 1), 5);
  queue.add(message("a", 7, 1), 5);
  queue.add(message("b", 6, 1), 5);
  queue.add(message("c", 6, 1), 5);
  queue.add(message("d", 6, 1), 5);
  expect(events).toEqual(["drop far", "drop a", "drop d"]);
  queue.clear();
  expect(events.slice(3)).toEqual(["drop b", "drop c"]);
});

test("both bounds hold after anything, and everyone is answered once", () => {
  const adds = fc.array(fc.tuple(fc.integer({ min: 6, max: 9 }), fc.integer({ min: 0, max: 60 })), { maxLength: 40 });
  fc.assert(
    fc.property(adds, (messages) => {
      const queue = createFutureQueue(5, 100);
      const held = new Map<number, number>();
      let answered = 0;
      for (const [index, [height, bytes]] of messages.entries()) {
        const done = () => {
          held.delete(index);
          answered++;
        };
        held.set(index, bytes);
        queue.add({ height, bytes, release: done, drop: done }, 5);
        expect(held.size).toBe(queue.size);
        expect(queue.size).toBeLessThanOrEqual(5);
        expect([...held.values()].reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(100);
      }
      for (const height of [6, 7, 8]) queue.advance(height);
      expect(answered).toBe(messages.length);
    }),
  );
});
