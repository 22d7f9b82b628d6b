import { beforeAll, describe, expect, test } from "vitest";
import { InvalidBlockError } from "../../chain/errors.ts";
import { createBlockRoom, MAX_SERIALISED_BLOCK } from "../../chain/executor/block-limits.ts";
import { type BlockContents, buildBlock, SelectionFault, TransactionFault } from "../../chain/executor/build-block.ts";
import { readParams } from "../../chain/executor/chain-state.ts";
import { type ExecutedBlock, executeBlock } from "../../chain/executor/execute-block.ts";
import { Block, Body, CertifiedBlock } from "../../chain/types/block.ts";
import { NO_EVIDENCE } from "../../chain/types/evidence.ts";
import type { Header } from "../../chain/types/header.ts";
import { MAX_BLOCK_BYTES, MAX_TXS_PER_BLOCK } from "../../chain/types/limits.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { StateStore } from "../../state/store.ts";
import {
  CHANGE_SET,
  certify,
  EFFECT,
  equivocation,
  FAIL_AT_END,
  GENESIS_PARENT,
  HUGE_KEY,
  numbers,
  type Parent,
  registry,
  runtime,
  startOf,
  toyStore,
  tx,
  txBytes,
  VALIDATORS,
} from "./toy-chain.ts";

const NOTHING = { duplicateAttestations: [], commitments: [], reveals: [], outputs: [] };

function contents(options: Partial<BlockContents> = {}): BlockContents {
  return { evidence: NO_EVIDENCE, transactions: [], select: () => NOTHING, ...options };
}

const build = (store: StateStore, parent: Parent, options: Partial<BlockContents> = {}) =>
  buildBlock(runtime, store, startOf(parent), contents(options));

const execute = (store: StateStore, parent: Parent, block: Block) =>
  executeBlock(runtime, registry, store, parent, block);

/** Commits to all stores and gives the parent of the next block. */
async function commit(executed: ExecutedBlock, ...stores: readonly StateStore[]): Promise<Parent> {
  const { block, blockId } = executed;
  for (const store of stores) {
    const update = store === stores[0] ? executed.update : execute(store, parentOf(block), block).update;
    await store.commit(update, []);
  }
  return { height: block.header.height, blockId, commit: certify(block) };
}

function parentOf({ header, body }: Block): Parent {
  return { height: header.height - 1, blockId: header.parentId, commit: body.lastCommit };
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof InvalidBlockError) return error.reason;
    throw error;
  }
  throw new Error("the block was accepted");
}

/** The block with another header, as a Byzantine proposer would sign it. */
const withHeader = (block: Block, change: Partial<Header>): Block => ({
  ...block,
  header: { ...block.header, ...change },
});

/** The block with another body, whose root the header names. */
function withBody({ header, body }: Block, change: Partial<Body>): Block {
  const changed = { ...body, ...change };
  return { header: { ...header, bodyRoot: Body.hashTreeRoot(changed) }, body: changed };
}

describe("building and validating", () => {
  test("two nodes agree on every root, over several blocks and a change of the validator set", async () => {
    const [mine, theirs] = [await toyStore(), await toyStore()];
    let parent = GENESIS_PARENT;
    const offers = [
      [tx({ key: 1 }), tx({ key: 2, effect: EFFECT.fail, memo: "0" }), tx({ key: 3, signer: 2, memo: "0" })],
      [tx({ key: CHANGE_SET, memo: "1" })],
      [tx({ key: 1, memo: "2" })],
    ];
    for (const transactions of offers) {
      const { executed, refused } = build(mine, parent, { transactions });
      expect(refused).toEqual([]);
      const block = Block.deserialize(Block.serialize(executed.block));
      expect(execute(theirs, parent, block).update.root).toEqual(executed.update.root);
      const set = executed.block.header.height === 3 ? VALIDATORS.slice(0, 3) : VALIDATORS;
      const next = await commit(executed, mine, theirs);
      const signers = set.map((_, index) => index);
      parent = { ...next, commit: certify(executed.block, signers, set) };
      expect(mine.root).toEqual(theirs.root);
    }
    // A failed transaction is in its block and has written nothing but its ante step.
    expect(numbers.get(mine.latest, 2)).toBeUndefined();
    expect(numbers.get(mine.latest, 1)).toBe(2);
  });

  test("a build leaves the store as it was", async () => {
    const store = await toyStore();
    const before = store.root;
    build(store, GENESIS_PARENT, { transactions: [tx()] });
    expect([store.height, store.root]).toEqual([0, before]);
    expect(numbers.has(store.latest, 1)).toBe(false);
  });
});

describe("a header", () => {
  let store: StateStore;
  let parent: Parent;
  let block: Block;
  beforeAll(async () => {
    store = await toyStore();
    parent = await commit(build(store, GENESIS_PARENT).executed, store);
    block = build(store, parent, { transactions: [tx()] }).executed.block;
    execute(store, parent, block);
  });
  const other = new Uint8Array(32).fill(9);

  test.each<[keyof Header, Partial<Header>, string]>([
    ["version", { version: 2 }, "version is 2, expected 1"],
    ["height", { height: 3 }, "height 3, expected 2"],
    ["time", { time: 1 }, "time 1 is not after the parent's"],
    ["parentId", { parentId: other }, "parentId is 0909"],
    ["proposerIndex", { proposerIndex: 1 }, "randao reveal is not the proposer's"],
    ["proposerIndex", { proposerIndex: 4 }, "proposer index 4 is outside the set of 4"],
    ["bodyRoot", { bodyRoot: other }, "bodyRoot is 0909"],
    ["stateRoot", { stateRoot: other }, "stateRoot is 0909"],
    ["receiptsRoot", { receiptsRoot: other }, "receiptsRoot is 0909"],
    ["validatorsRoot", { validatorsRoot: other }, "validatorsRoot is 0909"],
    ["nextValidatorsRoot", { nextValidatorsRoot: other }, "nextValidatorsRoot is 0909"],
    ["paramsRoot", { paramsRoot: other }, "paramsRoot is 0909"],
    ["beacon", { beacon: other }, "beacon is 0909"],
  ])("with a wrong %s is refused by name", (_, change, reason) => {
    expect(refusal(() => execute(store, parent, withHeader(block, change)))).toContain(reason);
  });

  test("with another time than the one executed at changes the state root, not only itself", () => {
    expect(refusal(() => execute(store, parent, withHeader(block, { time: block.header.time + 1 })))).toContain(
      "stateRoot",
    );
  });
});

describe("a body", () => {
  let store: StateStore;
  let first: Block;
  let parent: Parent;
  let block: Block;
  beforeAll(async () => {
    store = await toyStore({
      "consensus.maxBlockGas": 250_000n,
      "consensus.maxTxBytes": 2000n,
      "consensus.maxBlockBytes": 65_536n,
    });
    const built = build(store, GENESIS_PARENT).executed;
    first = built.block;
    parent = await commit(built, store);
    block = build(store, parent, { transactions: [tx()] }).executed.block;
  });
  const refused = (change: Partial<Body>) => refusal(() => execute(store, parent, withBody(block, change)));

  test.each<[string, readonly Uint8Array[], string]>([
    ["a transaction that does not decode", [Uint8Array.of(1)], "transaction 0:"],
    ["a transaction that the ante step refuses", [txBytes({ memo: "5" })], "incorrect account sequence"],
    ["a transaction twice", [txBytes({ memo: "0" }), txBytes({ memo: "0" })], "transaction 1: expected 1, got 0"],
    [
      "more gas than a block has",
      Array.from({ length: 3 }, () => txBytes()),
      "transaction 2: gas limits add up to more",
    ],
    ["a transaction that is too long", [txBytes({ padding: 3000 })], "bytes, at most 2000"],
    [
      "transactions that are too long together",
      Array.from({ length: 40 }, () => txBytes({ padding: 1900, gas: 1001 })),
      "transactions of more than 65536 bytes",
    ],
  ])("with %s is refused", (_, transactions, reason) => {
    // The sizes are judged before anything of the transaction runs, so these need not be runnable.
    expect(refused({ transactions: [...transactions] })).toContain(reason);
  });

  test("without one of the transactions that the header counts is refused", () => {
    expect(refused({ transactions: [] })).toContain("stateRoot");
  });

  test("whose last commit is of another block, height or set, or lacks the power, is refused", () => {
    const { commit: good } = parent;
    expect(refused({ lastCommit: { ...good, height: 0 } })).toContain("last commit is of height 0, expected 1");
    expect(refused({ lastCommit: { ...good, blockId: ZERO_32 } })).toContain("not of the parent");
    expect(refused({ lastCommit: { ...good, round: 1 } })).toContain("the aggregate signature is wrong");
    expect(refused({ lastCommit: { ...good, signature: new Uint8Array(96) } })).toContain("signature is wrong");
  });

  test("may carry another certificate of the parent than this node has", () => {
    const fewer = certify(first, [0, 1, 2]);
    const built = buildBlock(runtime, store, { ...startOf(parent), lastCommit: fewer }, contents()).executed.block;
    expect(execute(store, parent, built).block.body.lastCommit.signers.get(3)).toBe(false);
  });

  test("whose last commit has too little power is refused", () => {
    const { commit: good } = parent;
    const signers = good.signers.clone();
    signers.set(0, false);
    signers.set(1, false);
    expect(refused({ lastCommit: { ...good, signers } })).toContain("more than two thirds");
  });

  test("with a wrong randao reveal is refused", () => {
    expect(refused({ randaoReveal: new Uint8Array(96) })).toContain("randao reveal");
  });

  test("with evidence that is early, false or there twice is refused", () => {
    const proof = equivocation(1, 2);
    expect(refused({ evidence: { ...NO_EVIDENCE, duplicateVotes: [equivocation(2, 2)] } })).toContain(
      "that height has no block yet",
    );
    const forged = { ...proof, voteA: { ...proof.voteA, signature: proof.voteB.signature } };
    expect(refused({ evidence: { ...NO_EVIDENCE, duplicateVotes: [forged] } })).toContain("a signature is wrong");
    expect(refused({ evidence: { ...NO_EVIDENCE, duplicateVotes: [proof, equivocation(1, 2, 7)] } })).toContain(
      "stands twice",
    );
  });

  test("is refused when a module refuses what it brings, and when a module is at fault", () => {
    const commitment = (entries: number) => ({
      data: {
        validator: new Uint8Array(20),
        entries: Array.from({ length: entries }, () => ({ jobId: ZERO_32, hash: ZERO_32, bucket: 0 })),
        notes: [],
      },
      signature: new Uint8Array(96),
    });
    expect(refused({ commitments: [commitment(1)] })).toBe("a commitment of one entry");
    // Whoever executes a proposal judges every other exception alike; here it must only not pass for a rule.
    expect(() => execute(store, parent, withBody(block, { commitments: [commitment(2)] }))).toThrow(
      "insufficient funds",
    );
    expect(() => execute(store, parent, withBody(block, { commitments: [commitment(3)] }))).toThrow(RangeError);
    for (const bug of [
      txBytes({ effect: EFFECT.crash }),
      txBytes({ memo: "crash" }),
      txBytes({ effect: EFFECT.hugeEvent }),
    ]) {
      expect(() => execute(store, parent, withBody(block, { transactions: [bug] }))).toThrow(/bug|huge/);
    }
    for (const key of [FAIL_AT_END, HUGE_KEY]) {
      expect(() => execute(store, parent, withBody(block, { transactions: [txBytes({ key })] }))).toThrow(RangeError);
    }
  });

  test("block 1 has no last commit", async () => {
    const lying = withBody(first, { lastCommit: parent.commit });
    const fresh = await toyStore();
    expect(refusal(() => execute(fresh, GENESIS_PARENT, lying))).toContain("must be all zero");
  });
});

describe("building", () => {
  test("leaves out evidence that the block can't carry instead of failing: early, repeated, false, too old", async () => {
    const limits = { "consensus.evidenceMaxAgeBlocks": 10n, "consensus.evidenceMaxAgeTime": 1000n };
    const store = await toyStore(limits);
    let parent = await commit(build(store, GENESIS_PARENT).executed, store);
    const proof = equivocation(1, 2);
    const forged = { ...equivocation(1, 3), voteA: equivocation(1, 2).voteA };
    const waiting = [equivocation(2, 1), forged, proof, equivocation(1, 2, 7)];
    const built = build(store, parent, { evidence: { ...NO_EVIDENCE, duplicateVotes: waiting } }).executed;
    expect(built.block.body.evidence.duplicateVotes).toEqual([proof]);
    execute(store, parent, built.block);
    while (parent.height < 14) parent = await commit(build(store, parent).executed, store);
    expect(
      build(store, parent, { evidence: { ...NO_EVIDENCE, duplicateVotes: [proof] } }).executed.block.body.evidence
        .duplicateVotes,
    ).toEqual([]);
  });

  test("names the transaction that throws, and tells it from the rest of the block", async () => {
    const store = await toyStore();
    const bugs = [tx({ effect: EFFECT.crash }), tx({ memo: "crash" }), tx({ effect: EFFECT.hugeEvent })];
    for (const bug of bugs) {
      try {
        build(store, GENESIS_PARENT, { transactions: [tx(), bug] });
        expect.unreachable();
      } catch (error) {
        expect(error).toBeInstanceOf(TransactionFault);
        expect(error instanceof TransactionFault && error.tx).toBe(bug);
      }
    }
    const select = () => {
      throw new RangeError("a bug in the choice");
    };
    expect(() => build(store, GENESIS_PARENT, { select })).toThrow(SelectionFault);
    expect(() => build(store, GENESIS_PARENT, { transactions: [tx({ key: FAIL_AT_END })] })).toThrow(
      "end of the block",
    );
    expect(() => build(store, GENESIS_PARENT, { transactions: [tx({ key: HUGE_KEY })] })).toThrow(
      "a key of 2000 bytes",
    );
  });

  test("passes over what the ante step refuses, and says why", async () => {
    const store = await toyStore();
    const { executed, refused } = build(store, GENESIS_PARENT, {
      transactions: [tx({ memo: "3" }), tx({ memo: "0" })],
    });
    expect(executed.txs).toHaveLength(1);
    expect(refused.map(({ reason }) => reason)).toEqual([expect.stringContaining("expected 0, got 3")]);
    execute(store, GENESIS_PARENT, executed.block);
  });

  test("leaves a sender's later transactions when one of them has no room, instead of refusing them for good", async () => {
    const store = await toyStore({ "consensus.maxBlockGas": 250_000n });
    const transactions = [
      tx({ signer: 1, memo: "0" }),
      tx({ signer: 1, memo: "1", gas: 200_000 }),
      tx({ signer: 1, memo: "2", gas: 20_000 }),
      tx({ signer: 2, memo: "0", gas: 20_000 }),
    ];
    const { executed, refused } = build(store, GENESIS_PARENT, { transactions });
    expect(refused).toEqual([]);
    expect(executed.txHashes).toEqual([transactions[0]?.hash, transactions[3]?.hash]);
    execute(store, GENESIS_PARENT, executed.block);
  });

  test("fills a block to the gas limit exactly", async () => {
    const store = await toyStore({ "consensus.maxBlockGas": 300_000n });
    const transactions = [1, 2, 3, 4].map((signer) => tx({ signer, memo: "0" }));
    const { executed } = build(store, GENESIS_PARENT, { transactions });
    expect(executed.txs).toHaveLength(3);
    execute(store, GENESIS_PARENT, executed.block);
  });
});

describe("the room of a block", () => {
  const params = async (changes: Readonly<Record<string, bigint>>) => readParams((await toyStore(changes)).latest);

  test("ends at the number of transactions that a body can hold", async () => {
    const room = createBlockRoom(await params({ "consensus.maxBlockGas": 1_000_000_000n }), 0);
    for (let i = 0; i < MAX_TXS_PER_BLOCK; i++) room.take({ bytes: 1, gasLimit: 1 });
    expect(room.problem({ bytes: 1, gasLimit: 1 })).toContain("more than 8192 transactions");
  });

  test("keeps a block, whatever else is in it, small enough to travel with its certificate", async () => {
    const room = createBlockRoom(await params({ "consensus.maxBlockBytes": 8_388_608n }), MAX_SERIALISED_BLOCK - 1004);
    expect(room.problem({ bytes: 1000, gasLimit: 1 })).toBeUndefined();
    expect(room.problem({ bytes: 1001, gasLimit: 1 })).toContain("a block of more than");
    const certificate = CertifiedBlock.serialize(CertifiedBlock.defaultValue()).length;
    expect(MAX_SERIALISED_BLOCK + certificate + 1024 / 8).toBeLessThan(MAX_BLOCK_BYTES);
  });
});
