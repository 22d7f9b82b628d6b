import { describe, expect, test } from "vitest";
import { Body } from "../../chain/types/block.ts";
import { NO_INLINE_RUNS } from "../../node/inline/inline-runs.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import {
  certify,
  EFFECT,
  equivocation,
  FAIL_AT_END,
  HUGE_KEY,
  toyStore,
  txBytes,
  writeGenesis,
} from "../chain/toy-chain.ts";
import { toyNode } from "./toy-node.ts";

describe("a proposer always proposes", () => {
  test("with evidence of the very height it builds, which only the next one may carry", async () => {
    const node = toyNode({ store: await toyStore() });
    await node.advance();
    node.app.addEvidence(equivocation(2, 3));
    const { block } = await node.advance();
    expect(block.body.evidence.duplicateVotes).toEqual([]);
    expect(node.app.hasWork()).toBe(true);
    expect((await node.build()).body.evidence.duplicateVotes).toHaveLength(1);
  });

  test.each([
    ["throws in a message", { effect: EFFECT.crash }],
    ["makes an event that no receipt holds", { effect: EFFECT.hugeEvent }],
    ["makes the end of the block throw", { key: FAIL_AT_END }],
    ["makes the state's update throw", { key: HUGE_KEY }],
  ])("with a transaction that %s: the others go in, and it is quarantined", async (_, fault) => {
    const node = toyNode({ store: await toyStore() });
    for (let signer = 1; signer <= 4; signer++) node.mempool.add(txBytes({ signer, memo: "0" }));
    node.mempool.add(txBytes({ signer: 9, ...fault }));
    for (let signer = 5; signer <= 8; signer++) node.mempool.add(txBytes({ signer, memo: "0" }));
    let included = 0;
    // What shows only at the end of a block is halved down to: the blocks meanwhile are not empty for long.
    for (let i = 0; i < 6; i++) included += (await node.advance()).block.body.transactions.length;
    expect([included, node.mempool.count]).toEqual([8, 0]);
    expect(node.mempool.add(txBytes({ signer: 9, ...fault })).log).toContain("made a node fail");
    expect(node.log.lines.some(({ level }) => level === "error")).toBe(true);
  });

  test("with pools that throw, or whose choice the modules refuse: the transactions go in all the same", async () => {
    const commitment = {
      data: { validator: new Uint8Array(20), entries: [], notes: [] },
      signature: new Uint8Array(96),
    };
    const entry = { jobId: new Uint8Array(32), hash: new Uint8Array(32), bucket: 0 };
    const refused = { ...commitment, data: { ...commitment.data, entries: [entry] } };
    const choices = [
      () => {
        throw new RangeError("a bug in the choice");
      },
      () => ({ duplicateAttestations: [], commitments: [refused], reveals: [], outputs: [] }),
    ];
    for (const select of choices) {
      const node = toyNode({ store: await toyStore(), select });
      expect((await node.advance({ memo: "0" })).block.body.transactions).toHaveLength(1);
    }
  });
});

describe("executing and committing", () => {
  test("a proposal that makes the state transition throw is invalid, and stops nobody", async () => {
    const [mine, theirs] = [toyNode({ store: await toyStore() }), toyNode({ store: await toyStore() })];
    const block = await mine.build();
    expect(await theirs.app.execute(block)).toEqual({ kind: "ok" });
    for (const [bug, reason] of [
      [txBytes({ effect: EFFECT.crash }), "execution failed: RangeError: a bug in a message"],
      [txBytes({ memo: "5" }), "transaction 0: expected 0, got 5: incorrect account sequence"],
    ] as const) {
      const body = { ...block.body, transactions: [bug] };
      const header = { ...block.header, bodyRoot: Body.hashTreeRoot(body) };
      expect(await theirs.app.execute({ header, body })).toEqual({ kind: "invalid", reason });
      // Decided, it stops the node: going on would mean another chain than the others'.
      const decided = { header, body };
      await expect(theirs.app.commit({ block: decided, commit: certify(decided) })).rejects.toThrow();
    }
    expect(theirs.app.tip.height).toBe(0);
  });

  test("a block that this node never saw as a proposal, and one built by another, lead to the same state", async () => {
    const [mine, theirs] = [toyNode({ store: await toyStore() }), toyNode({ store: await toyStore() })];
    theirs.mempool.add(txBytes({ memo: "0" }));
    const first = await mine.advance({ memo: "0" });
    await theirs.app.commit(first);
    expect([theirs.store.root, theirs.mempool.count]).toEqual([mine.store.root, 0]);
    // A proposal of the height before is forgotten: it is not on this tip.
    const stale = await theirs.app.execute(first.block);
    expect(stale).toEqual({ kind: "invalid", reason: expect.stringContaining("height 1, expected 2") });
  });

  test("a certificate of another block is refused", async () => {
    const node = toyNode({ store: await toyStore() });
    const block = await node.build();
    const other = { ...block, header: { ...block.header, time: block.header.time + 1 } };
    await expect(node.app.commit({ block, commit: certify(other) })).rejects.toThrow("not of the block");
  });

  test("when the disk fails, the tip stays and the error comes out", async () => {
    const store = createMemoryStore();
    await writeGenesis(store);
    const failing = { ...store, latest: store.latest, commit: () => Promise.reject(new Error("the disk is full")) };
    Object.defineProperty(failing, "height", { get: () => store.height });
    const node = toyNode({ store: failing });
    await expect(node.advance({ memo: "0" })).rejects.toThrow("the disk is full");
    expect([node.app.tip.height, node.mempool.count, node.committed]).toEqual([0, 1, []]);
  });

  test("a node that starts again goes on from what its database holds", async () => {
    const store = await toyStore();
    const before = toyNode({ store });
    await before.advance({ memo: "0" });
    const { blockId, commit } = await before.advance();
    const after = toyNode({ store });
    expect(after.app.tip).toMatchObject({ height: 2, blockId });
    expect(after.app.tipCommit).toEqual(commit);
    expect((await after.advance()).block.header.height).toBe(3);
  });
});

describe("a block that others have decided, with the output of a run", () => {
  const OUTPUT = Uint8Array.of(7);
  /** Such a block, made by a node whose engine gives this. */
  async function decided() {
    const proposer = toyNode({ store: await toyStore(), inline: { ...NO_INLINE_RUNS, output: () => OUTPUT } });
    const { block, commit } = await proposer.advance({ key: 3, effect: EFFECT.infer, memo: "0" });
    expect(block.body.inlineResults).toHaveLength(1);
    return { block, commit };
  }
  const other = { ...NO_INLINE_RUNS, dispute: () => Promise.resolve("job 03: another output") };

  test("is taken as it is where its certificate is enough", async () => {
    const node = toyNode({ store: await toyStore(), inline: other });
    await node.app.commit(await decided());
    expect(node.app.tip.height).toBe(1);
  });

  test("stops a node that runs the models again and gets another: nothing of the block is kept", async () => {
    const node = toyNode({ store: await toyStore(), inline: other, verifyInference: true });
    await expect(node.app.commit(await decided())).rejects.toThrow(
      /^block 1 is decided, and this node does not get its inline outputs: job 03: another output\. With sync\.verifyInference "full" it stops here/,
    );
    expect([node.app.tip.height, node.committed]).toEqual([0, []]);
  });

  test("is taken by a node that runs the models again and gets the same", async () => {
    const node = toyNode({ store: await toyStore(), verifyInference: true });
    await node.app.commit(await decided());
    expect(node.app.tip.height).toBe(1);
  });
});
