import { describe, expect, test } from "vitest";
import { buildBlock } from "../../chain/executor/build-block.ts";
import { NO_EVIDENCE } from "../../chain/types/evidence.ts";
import { createMempool, type MempoolOptions } from "../../node/mempool.ts";
import { pendingBlocks } from "../../node/pending-block.ts";
import {
  GENESIS_PARENT,
  registry,
  runtime,
  startOf,
  type TxOptions,
  toyStore,
  tx,
  txBytes,
} from "../chain/toy-chain.ts";

async function setup(options: Partial<MempoolOptions> = {}, params: Readonly<Record<string, bigint>> = {}) {
  const store = await toyStore(params);
  const faults: object[] = [];
  const modes: string[] = [];
  const counting = {
    ...runtime,
    ante: (...args: Parameters<typeof runtime.ante>) => {
      modes.push(args[2]);
      runtime.ante(...args);
    },
  };
  const mempool = createMempool({
    runtime: counting,
    registry,
    latest: () => store.latest,
    block: pendingBlocks(runtime, store),
    maxTxs: 100,
    maxBytes: 1_000_000,
    log: { error: (fields) => void faults.push(fields) },
    ...options,
  });
  const add = (one: TxOptions) => mempool.add(txBytes(one));
  const memos = () => mempool.transactions().map(({ body }) => body.memo);
  /** Commits a block of these transactions and tells the mempool. */
  async function commit(...transactions: readonly TxOptions[]): Promise<void> {
    const select = () => ({ duplicateAttestations: [], commitments: [], reveals: [], outputs: [] });
    const contents = { evidence: NO_EVIDENCE, transactions: transactions.map((one) => tx(one)), select };
    const { executed } = buildBlock(runtime, store, startOf(GENESIS_PARENT), contents);
    await store.commit(executed.update, []);
    mempool.committed(executed.txHashes);
  }
  return { mempool, add, memos, commit, faults, modes, store };
}

describe("what gets in", () => {
  test("builds on what waits, in the order of arrival, and is told to listeners", async () => {
    const { mempool, add, memos } = await setup();
    const heard: string[] = [];
    const stop = mempool.onAdded(({ body }) => heard.push(body.memo));
    expect([add({ memo: "0" }).code, add({ memo: "1" }).code, add({ memo: "1", key: 2 }).code]).toEqual([0, 0, 32]);
    stop();
    add({ memo: "2" });
    expect([memos(), heard, mempool.count]).toEqual([["0", "1", "2"], ["0", "1"], 3]);
    expect(mempool.bytes).toBe(mempool.transactions().reduce((sum, { bytes }) => sum + bytes.length, 0));
  });

  test("is bounded in number, in bytes, for each sender, and by what a block can ever hold", async () => {
    const few = await setup({ maxTxs: 4 });
    expect([1, 2, 3, 4].map((signer) => few.add({ signer }).code)).toEqual([0, 0, 0, 0]);
    expect(few.add({ signer: 5 }).code).toBe(20);
    const small = await setup({ maxBytes: 200 });
    expect(small.add({ padding: 10 }).code).toBe(0);
    expect(small.add({ padding: 150 }).code).toBe(20);
    const fair = await setup({ maxTxs: 8 });
    expect([1, 2, 3].map((key) => fair.add({ key }).code)).toEqual([0, 0, 20]);
    expect(fair.add({ signer: 2 }).code).toBe(0);
    const limits = { "consensus.maxBlockGas": 100_000n, "consensus.maxTxBytes": 1024n };
    const bounded = await setup({}, limits);
    expect(bounded.add({ gas: 100_000 }).code).toBe(0);
    expect(bounded.add({ gas: 100_001, key: 2 }).log).toContain("above the block's 100000");
    expect(bounded.add({ padding: 2000 }).code).toBe(21);
  });

  test("never throws: a fault of the check is logged, and the transaction is not looked at again", async () => {
    const { mempool, add, faults } = await setup();
    expect(mempool.add(new Uint8Array(5)).code).toBe(2);
    expect([add({ memo: "crash" }).code, add({ memo: "crash" }).code]).toEqual([1, 18]);
    expect(faults).toHaveLength(1);
    mempool.onAdded(() => {
      throw new Error("a listener's fault");
    });
    expect(add({}).code).toBe(0);
    expect(faults).toHaveLength(2);
  });

  test("a transaction is there once, and not again once it is in a block", async () => {
    const { add, commit } = await setup();
    add({ memo: "0" });
    expect(add({ memo: "0" }).log).toContain("waiting already");
    await commit({ memo: "0" });
    expect(add({ memo: "0" }).log).toContain("in a block already");
  });
});

describe("a check", () => {
  test("answers what adding would, and keeps nothing", async () => {
    const { mempool, add, memos, modes } = await setup();
    const heard: string[] = [];
    mempool.onAdded(({ body }) => heard.push(body.memo));
    const check = (one: TxOptions) => mempool.check(txBytes(one));
    expect([check({ memo: "0" }).code, check({ memo: "0" }).code, check({ memo: "1" }).code]).toEqual([0, 0, 32]);
    expect(modes).toEqual(["check", "check", "check"]);
    expect([mempool.count, memos(), heard]).toEqual([0, [], []]);
    // It did not use up the sequence either.
    expect(add({ memo: "0" }).code).toBe(0);
    expect(check({ memo: "0" }).log).toContain("waiting already");
    expect(check({ memo: "1" })).toEqual(add({ memo: "1" }));
    expect(mempool.check(new Uint8Array(5)).code).toBe(2);
  });
});

describe("after a commit", () => {
  test("what is in the block or no longer valid goes, and the rest stays in order", async () => {
    const { add, memos, commit, mempool } = await setup();
    for (const memo of ["0", "1", "2"]) add({ memo });
    add({ memo: "0", signer: 2 });
    await commit({ memo: "0" }, { memo: "0", signer: 2, key: 9 });
    expect(memos()).toEqual(["1", "2"]);
    expect(add({ memo: "3" }).code).toBe(0);
    expect(mempool.count).toBe(3);
  });

  test("signatures are not verified again", async () => {
    const { add, commit, modes } = await setup();
    for (const memo of ["0", "1", "2"]) add({ memo });
    modes.length = 0;
    await commit({ memo: "0" });
    expect(modes).toEqual(["recheck", "recheck"]);
  });

  test("a waiting transaction that has come to throw is dropped: it must not stop the node", async () => {
    let broken = false;
    const ante: typeof runtime.ante = (ctx, one, mode) => {
      if (broken && one.body.memo === "1") throw new RangeError("a bug that shows on the new state");
      runtime.ante(ctx, one, mode);
    };
    const { mempool, memos, faults, store } = await setup({ runtime: { ...runtime, ante } });
    for (const memo of ["0", "1"]) mempool.add(txBytes({ memo }));
    mempool.add(txBytes({ signer: 2, memo: "0" }));
    broken = true;
    mempool.committed([]);
    expect([memos(), faults.length, store.height]).toEqual([["0", "0"], 1, 0]);
  });
});

describe("what the builder gives back", () => {
  test("may come again if it was only refused, and never if it was at fault", async () => {
    const { mempool, add } = await setup();
    for (const key of [1, 2]) add({ key });
    const [refused, faulty] = mempool.transactions();
    if (refused === undefined || faulty === undefined) throw new Error("both got in");
    mempool.remove(refused);
    mempool.quarantine(faulty);
    expect(mempool.count).toBe(0);
    expect([add({ key: 1 }).code, add({ key: 2 }).code]).toEqual([0, 18]);
  });

  test("does not make the mempool forget what the others have used up", async () => {
    const { mempool, add, memos } = await setup();
    for (const memo of ["0", "1"]) add({ memo });
    add({ signer: 2, memo: "0" });
    const [, , third] = mempool.transactions();
    if (third === undefined) throw new Error("it got in");
    mempool.remove(third);
    expect(add({ memo: "2" }).code).toBe(0);
    expect(memos()).toEqual(["0", "1", "2"]);
  });
});
