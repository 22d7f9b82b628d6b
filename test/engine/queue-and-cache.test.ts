import * as fc from "fast-check";
import { expect, test } from "vitest";
import { createJobQueue, type Priority } from "../../node/engine/job-queue.ts";
import { createSessionCache } from "../../node/engine/session-cache.ts";

interface Job {
  readonly id: number;
  readonly priority: Priority;
}
const high = (id: number): Job => ({ id, priority: "high" });
const low = (id: number): Job => ({ id, priority: "low" });

test("urgent jobs go first, each priority in its order", () => {
  const queue = createJobQueue<Job>(10);
  for (const job of [low(1), high(2), low(3), high(4)]) queue.add(job);
  expect([queue.take(), queue.take(), queue.take(), queue.take()].map((job) => job?.id)).toEqual([2, 4, 1, 3]);
  expect(queue.take()).toBeUndefined();
});

test("a full queue refuses speculation, and lets it go for urgent jobs, newest first", () => {
  const queue = createJobQueue<Job>(2);
  const newest = low(2);
  queue.add(low(1));
  queue.add(newest);
  expect(queue.add(low(3))).toEqual({ kind: "full" });
  expect(queue.add(high(4))).toEqual({ kind: "displaced", job: newest });
  queue.add(high(5));
  expect(queue.add(high(6))).toEqual({ kind: "full" });
  expect(queue.drain().map(({ id }) => id)).toEqual([4, 5]);
});

test("an interrupted job comes back to the head of its priority", () => {
  const queue = createJobQueue<Job>(10);
  queue.add(low(1));
  queue.putBack(low(0));
  queue.add(high(2));
  expect(queue.urgent).toBe(true);
  expect(queue.drain().map(({ id }) => id)).toEqual([2, 0, 1]);
});

test("a removed job is gone", () => {
  const queue = createJobQueue<Job>(10);
  const job = high(1);
  queue.add(job);
  queue.remove(job);
  queue.remove(job);
  expect(queue.size).toBe(0);
});

test("the model unused for longest is released first", () => {
  const cache = createSessionCache(100);
  expect(cache.admit("a", 40)).toEqual([]);
  expect(cache.admit("b", 40)).toEqual([]);
  expect(cache.use("a")).toBe(true);
  expect(cache.admit("c", 40)).toEqual(["b"]);
  expect(cache.use("b")).toBe(false);
  expect(cache.bytes).toBe(80);
});

test("a model larger than everything is held alone", () => {
  const cache = createSessionCache(100);
  cache.admit("a", 40);
  expect(cache.admit("huge", 1000)).toEqual(["a"]);
  expect(cache.admit("b", 10)).toEqual(["huge"]);
});

test("the books always match what was admitted and released", () => {
  const step = fc.tuple(fc.constantFrom("admit", "use", "forget"), fc.nat({ max: 6 }), fc.nat({ max: 70 }));
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const cache = createSessionCache(100);
      const held = new Map<string, number>();
      for (const [action, id, bytes] of steps) {
        const name = String(id);
        if (action === "use") expect(cache.use(name)).toBe(held.has(name));
        else if (action === "forget") {
          cache.forget(name);
          held.delete(name);
        } else {
          for (const gone of cache.admit(name, bytes)) expect(held.delete(gone)).toBe(true);
          held.set(name, bytes);
        }
        const total = [...held.values()].reduce((sum, size) => sum + size, 0);
        expect(cache.bytes).toBe(total);
        expect(total <= 100 || held.size === 1).toBe(true);
      }
    }),
  );
});
