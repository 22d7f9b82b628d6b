import { ByteListType, ContainerType, UintNumberType } from "@chainsafe/ssz";
import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesKey, collection, heightKey, item, pairKey, storedValue, textKey } from "../../state/collections.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import { createOverlay } from "../../state/overlay.ts";
import { verifyStateProof } from "../../state/proof.ts";
import { text } from "./model.ts";

const Record = new ContainerType({ count: new UintNumberType(8), note: new ByteListType(64) });
const record = (count: number, note = ""): { count: number; note: Uint8Array } => ({ count, note: text(note) });
const empty = () => createOverlay(createMemoryStore().latest);

test("values come back as they went in, under two-byte prefixes that keep owners apart", () => {
  const store = empty();
  const balances = collection("bank", 3, pairKey(bytesKey(2), textKey), Record);
  const total = item("bank", 4, Record);
  balances.set(store, [text("ab"), "uassay"], record(5, "x"));
  total.set(store, record(9));
  expect(balances.storeKey([text("ab"), "uassay"])).toEqual(text("\x02\x03abuassay"));
  expect(total.storeKey).toEqual(text("\x02\x04"));
  expect(balances.get(store, [text("ab"), "uassay"])).toEqual(record(5, "x"));
  expect(balances.get(store, [text("ab"), "other"])).toBeUndefined();
  expect([balances.has(store, [text("ab"), "uassay"]), balances.has(store, [text("ba"), "uassay"])]).toEqual([
    true,
    false,
  ]);
  expect(total.get(store)).toEqual(record(9));
  balances.delete(store, [text("ab"), "uassay"]);
  total.delete(store);
  expect([balances.get(store, [text("ab"), "uassay"]), total.get(store)]).toEqual([undefined, undefined]);
});

test("entries: numeric order of heights, both directions, bounds, limits, prefixes", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.integer({ min: 0, max: 2 ** 40 }), { maxLength: 20 }),
      fc.integer({ min: 0, max: 2 ** 40 }),
      fc.boolean(),
      fc.option(fc.nat({ max: 5 }), { nil: undefined }),
      (heights, from, reverse, limit) => {
        const store = empty();
        const byHeight = collection("chain", 9, heightKey, Record);
        const neighbour = collection("chain", 10, heightKey, Record);
        for (const height of heights) byHeight.set(store, height, record(height));
        neighbour.set(store, 1, record(1));
        const sorted = heights.filter((height) => height >= from).sort((a, b) => (reverse ? b - a : a - b));
        const options = { from: heightKey.encode(from), reverse, ...(limit === undefined ? {} : { limit }) };
        const found = byHeight.entries(store, options);
        expect(found).toEqual(sorted.slice(0, limit).map((height) => [height, record(height)]));
      },
    ),
  );
  const store = empty();
  const pairs = collection("auth", 0, pairKey(bytesKey(1), heightKey), Record);
  for (const [name, height] of [
    ["a", 1],
    ["b", 2],
    ["b", 3],
    ["c", 4],
  ] as const) {
    pairs.set(store, [text(name), height], record(height));
  }
  expect(pairs.entries(store, { within: text("b") }).map(([[, height]]) => height)).toEqual([2, 3]);
  for (const [key] of pairs.entries(store)) pairs.delete(store, key);
  expect(pairs.entries(store)).toEqual([]);
});

test("a collection's store key and root are what proofs speak of", async () => {
  const store = createMemoryStore();
  const overlay = createOverlay(store.latest);
  const byName = collection("auth", 7, textKey, Record);
  byName.set(overlay, "one", record(1));
  byName.set(overlay, "two", record(2));
  await store.commit(store.prepare(0, overlay.changes()), []);
  const key = byName.storeKey("two");
  const proof = store.prove(key, 0);
  if (proof?.value === undefined) throw new Error("no proof");
  const { root: valueRoot } = storedValue(Record, Record.deserialize(proof.value));
  expect(verifyStateProof(store.root, key, { valueRoot }, proof)).toBe(true);
  const { root: wrong } = storedValue(Record, record(3));
  expect(verifyStateProof(store.root, key, { valueRoot: wrong }, proof)).toBe(false);
});
