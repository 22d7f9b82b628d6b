import fc from "fast-check";
import { expect, test } from "vitest";
import { createKeyIndex, unionOfKeys } from "../../state/key-index.ts";

const key = fc.integer({ min: 0, max: 5000 }).map((n) => `key ${String.fromCharCode(n >> 8, n & 0xff)}`);
const sorted = (keys: Iterable<string>): string[] => [...keys].sort((a, b) => (a < b ? -1 : 1));

test("holds what a set holds, in order, over many chunks", () => {
  const index = createKeyIndex();
  const model = new Set<string>();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), key), { minLength: 100, maxLength: 400 }), key, key, (steps, a, b) => {
      for (const [isAddition, k] of steps) {
        if (isAddition || model.size < 1500) {
          index.add(k);
          model.add(k);
        } else {
          index.delete(k);
          model.delete(k);
        }
      }
      const expected = sorted(model);
      expect(index.size).toBe(model.size);
      expect(index.all()).toEqual(expected);
      const inRange = expected.filter((k) => k >= a && k < b);
      expect([...index.range(a, b, false)]).toEqual(inRange);
      expect([...index.range(a, b, true)]).toEqual(inRange.reverse());
      expect(index.has(a)).toBe(model.has(a));
    }),
    { numRuns: 60 },
  );
  expect(model.size).toBeGreaterThan(1024);
  for (const k of model) index.delete(k);
  expect(index.size).toBe(0);
  expect([...index.range("", "\xff", true)]).toEqual([]);
});

test("orders keys as bytes, not as text", () => {
  const index = createKeyIndex();
  for (const k of ["\xe9", "z", "\x00", "\xff", "a\x00", "a"]) index.add(k);
  expect(index.all()).toEqual(["\x00", "a", "a\x00", "z", "\xe9", "\xff"]);
});

test("a change in the middle of an iteration is an error, not a wrong order", () => {
  for (const reverse of [false, true]) {
    const index = createKeyIndex();
    for (const k of ["a", "c", "e"]) index.add(k);
    expect(() => {
      for (const k of index.range("a", "z", reverse)) index.add(`${k}b`);
    }).toThrow("written to while it was iterated");
  }
});

test("the union of two sorted sequences has each key once", () => {
  fc.assert(
    fc.property(fc.uniqueArray(key), fc.uniqueArray(key), fc.boolean(), (a, b, reverse) => {
      const order = (keys: Iterable<string>): string[] => (reverse ? sorted(keys).reverse() : sorted(keys));
      expect([...unionOfKeys(order(a), order(b), reverse)]).toEqual(order(new Set([...a, ...b])));
    }),
  );
});
