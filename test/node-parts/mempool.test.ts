import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { sdkError } from "../../chain/errors.ts";
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

describe("who comes first", () => {
  test("is who pays most for gas; a sender's own stay in their order", async () => {
    const { add, mempool } = await setup();
    const fees = (): string[] => mempool.transactions().map(({ fee }) => String(fee[0]?.amount ?? 0));
    add({ memo: "0", fee: 10, signer: 1 });
    add({ memo: "1", fee: 99, signer: 1 });
    add({ memo: "0", fee: 20, signer: 2 });
    add({ memo: "0", fee: 20, signer: 3 });
    add({ memo: "0", fee: 50, gas: 1_000_000, signer: 4 });
    // 99 waits for 10; 50 is for ten times the gas.
    expect(fees()).toEqual(["20", "20", "10", "99", "50"]);
  });

  test("a tenth more takes a waiting one's turn, less is told the next sequence", async () => {
    const { add, mempool, commit } = await setup();
    const waiting = (): unknown[] => mempool.transactions().map(({ fee, body }) => [body.memo, fee[0]?.amount]);
    for (const memo of ["0", "1", "2"]) add({ memo, fee: 100 });
    expect(add({ memo: "1", fee: 109 }).code).toBe(32);
    const checked = mempool.check(txBytes({ memo: "1", fee: 110 }));
    expect([checked.code, waiting()]).toEqual([
      0,
      [
        ["0", 100n],
        ["1", 100n],
        ["2", 100n],
      ],
    ]);
    expect(add({ memo: "1", fee: 110 }).code).toBe(0);
    expect(waiting()).toEqual([
      ["0", 100n],
      ["1", 110n],
      ["2", 100n],
    ]);
    expect(add({ memo: "3", fee: 100 }).code).toBe(0);
    await commit({ memo: "0", fee: 100 });
    expect(mempool.count).toBe(3);
  });

  test("what fails its check where it would stand replaces nothing", async () => {
    const refusing: typeof runtime.ante = (ctx, one, mode) => {
      if (one.fee[0]?.amount === 500n) throw sdkError("insufficientFunds", "too poor for that");
      runtime.ante(ctx, one, mode);
    };
    const { add, memos } = await setup({ runtime: { ...runtime, ante: refusing } });
    for (const memo of ["0", "1"]) add({ memo, fee: 100 });
    expect(add({ memo: "0", fee: 500 }).code).toBe(5);
    expect([memos(), add({ memo: "2", fee: 1 }).code]).toEqual([["0", "1"], 0]);
  });

  test("where there is no room, the cheapest that nothing builds on goes for one that pays more", async () => {
    const { add, mempool } = await setup({ maxTxs: 4 });
    const fees = (): string[] => mempool.transactions().map(({ fee }) => String(fee[0]?.amount ?? 0));
    for (const [index, fee] of [40, 10, 30, 20].entries()) add({ memo: "0", signer: index + 1, fee });
    expect(add({ memo: "0", signer: 5, fee: 10 }).code).toBe(20);
    expect(add({ memo: "0", signer: 5, fee: 11 }).code).toBe(0);
    expect(fees()).toEqual(["40", "30", "20", "11"]);
    // What went has left no trace: its sender's sequence is free again.
    expect(add({ memo: "0", signer: 2, fee: 99 }).code).toBe(0);
    expect(fees()).toEqual(["99", "40", "30", "20"]);
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

  test("only what the block touched is checked again, and no signature is", async () => {
    const { add, commit, modes, memos } = await setup();
    for (const memo of ["0", "1", "2"]) add({ memo });
    for (const memo of ["0", "1"]) add({ memo, signer: 2 });
    modes.length = 0;
    // Of signer 1 what waited is in the block, of signer 2 something else.
    await commit({ memo: "0" }, { memo: "0", signer: 2, key: 9 });
    expect([modes, memos()]).toEqual([["recheck"], ["1", "2", "1"]]);
  });

  test("what looks at the height is checked again with each", async () => {
    const { add, commit, modes } = await setup();
    add({ memo: "0", timeoutHeight: 100 });
    add({ memo: "0", signer: 2 });
    modes.length = 0;
    await commit();
    expect(modes).toEqual(["recheck"]);
  });

  test("what has waited for too long goes, with what builds on it", async () => {
    let now = 0;
    const { add, memos, commit } = await setup({ ttlMs: 1000, now: () => now });
    add({ memo: "0" });
    now = 600;
    add({ memo: "1" });
    add({ memo: "0", signer: 2 });
    now = 1001;
    await commit();
    expect(memos()).toEqual(["0"]);
  });

  test("a waiting transaction that has come to throw is dropped: it must not stop the node", async () => {
    let broken = false;
    const ante: typeof runtime.ante = (ctx, one, mode) => {
      if (broken && one.body.memo === "2") throw new RangeError("a bug that shows on the new state");
      runtime.ante(ctx, one, mode);
    };
    const { mempool, memos, faults, commit } = await setup({ runtime: { ...runtime, ante } });
    for (const memo of ["0", "1", "2"]) mempool.add(txBytes({ memo }));
    mempool.add(txBytes({ signer: 2, memo: "0" }));
    broken = true;
    await commit({ memo: "0", key: 8 }, { memo: "1", key: 8 }, { memo: "2", key: 8 });
    expect([memos(), faults.length]).toEqual([["0"], 1]);
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

test("whatever came, was replaced, displaced and committed: all that waits can be in one block, in its order", async () => {
  const add = fc.record({
    memo: fc.nat(4),
    signer: fc.integer({ min: 1, max: 3 }),
    fee: fc.integer({ min: 1, max: 5 }),
    key: fc.nat(2),
  });
  const step = fc.oneof(
    { weight: 9, arbitrary: add.map((one) => ({ kind: "add" as const, one })) },
    { weight: 1, arbitrary: fc.constant({ kind: "drop" as const }) },
  );
  const property = fc.asyncProperty(
    fc.array(step, { maxLength: 40 }),
    fc.array(add, { maxLength: 4 }),
    async (steps, own) => {
      const { mempool, store, commit } = await setup({ maxTxs: 8 });
      const options = ({ memo, ...rest }: { memo: number }): TxOptions => ({ ...rest, memo: String(memo) });
      const allFit = (parent: Parameters<typeof startOf>[0]): void => {
        const select = () => ({ duplicateAttestations: [], commitments: [], reveals: [], outputs: [] });
        const contents = { evidence: NO_EVIDENCE, transactions: mempool.transactions(), select };
        const { refused } = buildBlock(runtime, store, startOf(parent), contents);
        expect(refused.map(({ reason }) => reason)).toEqual([]);
      };
      for (const one of steps) {
        const [first] = mempool.transactions().slice(-1);
        if (one.kind === "add") mempool.add(txBytes(options(one.one)));
        else if (first !== undefined) mempool.remove(first);
      }
      // Removing the last leaves nothing that builds on it, or something that the next look finds.
      mempool.committed([]);
      allFit(GENESIS_PARENT);
      const sequences = new Map<number, number>();
      const block = own.filter(({ memo, signer }) => {
        if ((sequences.get(signer) ?? 0) !== memo) return false;
        sequences.set(signer, memo + 1);
        return true;
      });
      await commit(...block.map(options));
      for (const { memo, signer } of mempool
        .transactions()
        .map((one) => ({ memo: one.body.memo, signer: one.signers[0]?.[0] ?? 0 }))) {
        expect(Number(memo)).toBeGreaterThanOrEqual(sequences.get(signer) ?? 0);
      }
    },
  );
  await fc.assert(property, { numRuns: 60 });
});
