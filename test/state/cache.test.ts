import { expect, test } from "vitest";
import { createCache } from "../../state/cache.ts";

test("keeps what is used and forgets the rest, within its limit", () => {
  const cache = createCache<number>(100, () => 1);
  cache.set("used", 7);
  for (let i = 0; i < 1000; i++) {
    cache.set(`passing ${i}`, i);
    expect(cache.get("used")).toBe(7);
  }
  let held = 0;
  for (let i = 0; i < 1000; i++) if (cache.get(`passing ${i}`) !== undefined) held++;
  expect(held).toBeGreaterThan(20);
  expect(held).toBeLessThanOrEqual(100);
});

test("weighs entries", () => {
  const cache = createCache<string>(100, (value) => value.length);
  cache.set("a", "x".repeat(40));
  cache.set("b", "x".repeat(60));
  cache.set("c", "x".repeat(60));
  expect(cache.get("a")).toBeUndefined();
  expect(cache.get("c")).toHaveLength(60);
});

test("a newer value replaces an older one in both generations, and a deleted one is gone", () => {
  const cache = createCache<number>(4, () => 1);
  cache.set("a", 1);
  cache.set("b", 2);
  cache.set("a", 3);
  cache.set("c", 4);
  cache.set("d", 5);
  expect([cache.get("a"), cache.get("a")]).toEqual([3, 3]);
  cache.delete("a");
  expect(cache.get("a")).toBeUndefined();
});

test("setting one key over and over doesn't push others out", () => {
  const cache = createCache<number>(10, () => 1);
  cache.set("other", 1);
  for (let i = 0; i < 100; i++) cache.set("same", i);
  expect(cache.get("other")).toBe(1);
});
