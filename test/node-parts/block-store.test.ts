import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { CertifiedBlock } from "../../chain/types/block.ts";
import {
  heightOfBlock,
  locateTx,
  oldestBlock,
  readBlock,
  readCertified,
  readCertifiedBytes,
} from "../../node/block-store.ts";
import { searchTxs } from "../../node/tx-search.ts";
import { openLevelStore } from "../../state/level-store.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import type { StateStore } from "../../state/store.ts";
import { CHANGE_SET, toyStore, VALIDATORS, writeGenesis } from "../chain/toy-chain.ts";
import { toyNode } from "./toy-node.ts";

const folder = mkdtempSync(join(tmpdir(), "assay-block-store-"));
const opened: StateStore[] = [];
afterAll(async () => {
  for (const store of opened) await store.close();
  rmSync(folder, { recursive: true });
});

const BACKENDS = [
  ["memory", () => Promise.resolve(createMemoryStore())],
  ["level", () => openLevelStore(join(folder, "state"), { retention: 100 })],
] as const;

const equals = (key: string, value: string) => ({ key, op: "=" as const, value });

describe.each(BACKENDS)("blocks in %s", (_, open) => {
  let store: StateStore;
  beforeAll(async () => {
    store = await open();
    opened.push(store);
    await writeGenesis(store);
    const node = toyNode({ store });
    await node.advance({ key: 1, memo: "0" }, { key: 2, signer: 2, memo: "0" });
    await node.advance({ key: 1, memo: "1" });
    await node.advance({ key: CHANGE_SET, memo: "2" });
  });

  test("are read back whole, by height and by id", () => {
    const stored = readBlock(store, 1);
    if (stored === undefined) throw new Error("block 1 is not there");
    expect(stored.block.body.transactions).toHaveLength(2);
    expect(stored.result.txs.map(({ code, gasWanted }) => [code, gasWanted])).toEqual([
      [0, 100_000],
      [0, 100_000],
    ]);
    expect(stored.result.events[0]).toEqual({ type: "begun", attributes: [["evidence", "0"]] });
    expect(readBlock(store, 3)?.result.validatorUpdates).toEqual(VALIDATORS.slice(0, 3));
    expect(heightOfBlock(store, stored.blockId)).toBe(1);
    expect(heightOfBlock(store, new Uint8Array(32))).toBeUndefined();
    const certified = readCertified(store, 1);
    expect(certified && CertifiedBlock.serialize(certified)).toEqual(readCertifiedBytes(store, 1));
  });

  test("are not there at what is no height", () => {
    for (const height of [0, -1, 4, 1.5, Number.NaN, 2 ** 53, Number.POSITIVE_INFINITY]) {
      expect(readBlock(store, height)).toBeUndefined();
    }
  });

  test("transactions are found by hash, by attribute and by height, in order", async () => {
    const bytes = readBlock(store, 1)?.block.body.transactions[1];
    if (bytes === undefined) throw new Error("no such transaction");
    const at = { height: 1, index: 1 };
    expect(locateTx(store, sha256(bytes))).toEqual(at);
    const search = (...conditions: Parameters<typeof searchTxs>[1]) => searchTxs(store, conditions, 1);
    const hash = toHex(sha256(bytes));
    expect(await search(equals("tx.hash", hash.toUpperCase()))).toEqual([at]);
    expect(await search(equals("tx.hash", hash), equals("tx.height", "2"))).toEqual([]);
    expect(await search(equals("tx.hash", "zz"))).toEqual([]);
    const ones = [
      { height: 1, index: 0 },
      { height: 2, index: 0 },
    ];
    expect(await search(equals("poked.key", "1"))).toEqual(ones);
    expect(await search(equals("poked.key", "1"), equals("message.module", "counter"))).toEqual(ones);
    expect(await search(equals("poked.key", "1"), equals("message.module", "bank"))).toEqual([]);
    expect(await search(equals("poked.key", "1"), { key: "tx.height", op: ">", value: "1" })).toEqual([ones[1]]);
    expect(await search({ key: "tx.height", op: "<=", value: "1" })).toHaveLength(2);
    expect(await search({ key: "tx.height", op: "EXISTS", value: "" })).toHaveLength(4);
    expect(await search({ key: "poked.key", op: "CONTAINS", value: "20" })).toEqual([{ height: 3, index: 0 }]);
    expect(await search({ key: "poked.key", op: "<", value: "2" })).toEqual(ones);
  });

  test("odd conditions find nothing, and never make the search throw", async () => {
    const search = (...conditions: Parameters<typeof searchTxs>[1]) => searchTxs(store, conditions, 1);
    for (const value of ["1.5", "-1", "x", "1e400", ""]) expect(await search(equals("tx.height", value))).toEqual([]);
    expect(await search({ key: "tx.height", op: "CONTAINS", value: "1" })).toEqual([]);
    expect(await search({ key: "tx.height", op: ">", value: "1.5" })).toHaveLength(2);
    // A zero byte stands between a value and the location: a value with one could point into the middle of a location.
    expect(await search(equals("poked.key", "1\0\0\0"))).toEqual([]);
    expect(await search(equals("poked.key", "1".repeat(1000)))).toEqual([]);
  });
});

describe("pruning", () => {
  test("keeps the latest blocks with all that belongs to them, and nothing of the others", async () => {
    const store = await toyStore();
    const node = toyNode({ store, retainBlocks: 3 });
    const hashes: Uint8Array[] = [];
    for (let i = 0; i < 6; i++) {
      const { block } = await node.advance({ memo: String(i) });
      hashes.push(...block.body.transactions.map((bytes) => sha256(bytes)));
    }
    expect(oldestBlock(store)).toBe(4);
    expect([1, 2, 3, 4, 5, 6].filter((height) => readBlock(store, height) !== undefined)).toEqual([4, 5, 6]);
    expect(hashes.filter((hash) => locateTx(store, hash) !== undefined)).toHaveLength(3);
    expect(await searchTxs(store, [equals("poked.key", "1")], 1)).toHaveLength(3);
    const keys: Uint8Array[] = [];
    const everything = { start: Uint8Array.of(0), end: Uint8Array.of(255) };
    for await (const [key] of store.iterateSide(everything)) keys.push(key);
    const perBlock = await toyStore().then(async (one) => {
      await toyNode({ store: one }).advance({ memo: "0" });
      let count = 0;
      for await (const _ of one.iterateSide(everything)) count++;
      return count;
    });
    expect(keys).toHaveLength(3 * perBlock + 1); // And where the oldest is.
  });

  test("catches up a few blocks at a time with a lower setting, and does not bring back what is gone with a higher one", async () => {
    const store = await toyStore();
    const all = toyNode({ store });
    for (let i = 0; i < 12; i++) await all.advance();
    expect(oldestBlock(store)).toBe(1);
    const few = toyNode({ store, retainBlocks: 2 });
    const oldest: number[] = [];
    for (let i = 0; i < 5; i++) {
      await few.advance();
      oldest.push(oldestBlock(store));
    }
    expect(oldest).toEqual([5, 9, 13, 15, 16]);
    const again = toyNode({ store, retainBlocks: 100 });
    await again.advance();
    expect(oldestBlock(store)).toBe(16);
    expect([15, 16].map((height) => readBlock(store, height) !== undefined)).toEqual([false, true]);
  });
});
