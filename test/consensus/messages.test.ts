import { afterEach, expect, test } from "vitest";
import { makeCommit } from "../../chain/commit.ts";
import { checkDuplicateVote } from "../../chain/duplicate-vote.ts";
import type { Block, SignedProposal } from "../../chain/types/block.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { proposalRoot } from "../../chain/vote-signing.ts";
import type { Driver } from "../../consensus/driver/driver.ts";
import type { Verdict } from "../../consensus/driver/ports.ts";
import { GENESIS_TIME } from "./fake-app.ts";
import { bls, idOf, type Member, makeBlock, NIL, signVote, spec } from "./fixture.ts";
import { startAll, type TestNetwork, type TestNode, testNetwork } from "./network.ts";

let network: TestNetwork | undefined;

afterEach(async () => {
  await network?.close();
  network = undefined;
});

interface Bench {
  readonly net: TestNetwork;
  readonly node: TestNode;
  readonly driver: Driver;
  /** The verdict on a message once it has been dealt with. */
  verdict(pending: Promise<Verdict>): Promise<Verdict | "pending">;
  vote(index: number, fields?: Partial<Vote>): Vote;
  proposal(block: Block, fields?: { round?: number; polRound?: number; signer?: number }): SignedProposal;
  block(fields?: {
    height?: number;
    time?: number;
    proposerIndex?: number;
    parentId?: Uint8Array;
    round?: number;
  }): Block;
}

/** Validator 3 of four runs; the test speaks for the others. Validator 0 proposes round 0 of height 1, 1 round 1. */
async function bench(overrides: Readonly<Record<string, bigint>> = {}): Promise<Bench> {
  const net = testNetwork([1n, 1n, 1n, 1n], { timeoutPropose: 60_000n, ...overrides });
  network = net;
  await startAll(net, [3]);
  const node = net.nodes[3] as TestNode;
  const member = (index: number): Member => net.set[index] as Member;
  return {
    net,
    node,
    driver: node.driver,
    async verdict(pending) {
      let verdict: Verdict | "pending" = "pending";
      void pending.then((value) => {
        verdict = value;
      });
      await net.clock.advance(50);
      return verdict;
    },
    vote(index, { type = PREVOTE, height = 1, round = 0, blockId = NIL, ...rest } = {}) {
      const kind = type === PREVOTE ? PREVOTE : PRECOMMIT;
      return { ...signVote(member(index), index, kind, { height, round, blockId }), ...rest };
    },
    proposal(block, { round = 0, polRound = 0, signer = round % 4 } = {}) {
      const proposal = { height: block.header.height, round, polRound, blockId: idOf(block) };
      return { proposal, signature: member(signer).key.sign(proposalRoot(proposal, spec.genesisRoot)), block };
    },
    block: ({ height = 1, time = GENESIS_TIME + 10, proposerIndex = 0, parentId = NIL, round = 0 } = {}) =>
      makeBlock({ height, time, proposerIndex, parentId, round }),
  };
}

test.each<[string, (b: Bench) => Vote, Verdict | "pending"]>([
  ["a good vote", (b) => b.vote(0), "accept"],
  ["a good vote of the next round", (b) => b.vote(0, { round: 1 }), "accept"],
  ["a wrong signature", (b) => b.vote(0, { signature: b.vote(1).signature }), "reject"],
  ["no signature", (b) => b.vote(0, { signature: new Uint8Array(96) }), "reject"],
  ["another's index", (b) => b.vote(0, { validatorIndex: 1 }), "reject"],
  ["a stranger's index", (b) => b.vote(0, { validatorIndex: 4 }), "reject"],
  ["an unknown type", (b) => ({ ...b.vote(0), type: 7 }), "reject"],
  ["a round beyond all reason", (b) => b.vote(0, { round: 4_000_000_000 }), "ignore"],
  ["the next height, which is kept", (b) => b.vote(0, { height: 2 }), "pending"],
  ["a far height", (b) => b.vote(0, { height: 9 }), "ignore"],
])("vote: %s", async (_name, make, expected) => {
  const b = await bench();
  expect(await b.verdict(b.driver.onVote(make(b), "peer"))).toBe(expected);
});

test.each<[string, (b: Bench) => SignedProposal, Verdict | "pending"]>([
  ["a good one", (b) => b.proposal(b.block()), "accept"],
  ["signed by another than the proposer", (b) => b.proposal(b.block(), { signer: 1 }), "reject"],
  [
    "of a block that was built in an earlier round",
    (b) => b.proposal(b.block({ proposerIndex: 1 }), { round: 1 }),
    "reject",
  ],
  [
    "of a block that was built after its proof of lock",
    (b) => b.proposal(b.block({ proposerIndex: 1, round: 1 }), { round: 1, polRound: 1 }),
    "reject",
  ],
  ["of another's block without a proof of lock", (b) => b.proposal(b.block({ proposerIndex: 2 })), "reject"],
  ["of another's block with one", (b) => b.proposal(b.block(), { round: 1, polRound: 1 }), "accept"],
  ["with a proof of a round to come", (b) => b.proposal(b.block(), { round: 1, polRound: 2 }), "reject"],
  [
    "of a block that is not the one signed",
    (b) => ({ ...b.proposal(b.block()), block: b.block({ time: 5 }) }),
    "reject",
  ],
  ["with another body under the same header", (b) => tampered(b.proposal(b.block())), "reject"],
  ["with a wrong signature", (b) => ({ ...b.proposal(b.block()), signature: new Uint8Array(96).fill(1) }), "reject"],
  ["of a round beyond all reason", (b) => b.proposal(b.block(), { round: 4_000_000_000 }), "ignore"],
  ["of the next height, which is kept", (b) => b.proposal(b.block({ height: 2 })), "pending"],
  ["of a far height", (b) => b.proposal(b.block({ height: 4 })), "ignore"],
])("proposal: %s", async (_name, make, expected) => {
  const b = await bench();
  expect(await b.verdict(b.driver.onProposal(make(b), "peer"))).toBe(expected);
});

function tampered(signed: SignedProposal): SignedProposal {
  const body = { ...signed.block.body, transactions: [Uint8Array.of(1)] };
  return { ...signed, block: { ...signed.block, body } };
}

test("a block under a forged body does not spoil the honest one", async () => {
  const b = await bench();
  const good = b.proposal(b.block());
  expect(await b.verdict(b.driver.onProposal(tampered(good), "peer"))).toBe("reject");
  expect(await b.verdict(b.driver.onProposal(good, "peer"))).toBe("accept");
  expect(b.net.sent.map((sent) => "vote" in sent && sent.vote.blockId)).toEqual([idOf(good.block)]);
});

test("messages are dealt with once", async () => {
  const b = await bench();
  const proposal = b.proposal(b.block());
  const vote = b.vote(0);
  expect(await b.verdict(b.driver.onProposal(proposal, "peer"))).toBe("accept");
  expect(await b.verdict(b.driver.onProposal(proposal, "other"))).toBe("ignore");
  const both = Promise.all([b.driver.onVote(vote, "peer"), b.driver.onVote({ ...vote }, "other")]);
  await b.net.clock.advance(50);
  // Both senders waited for one verification.
  expect(await both).toEqual(["accept", "accept"]);
  expect(await b.verdict(b.driver.onVote(vote, "peer"))).toBe("ignore");
});

test("before it starts and after it stops a driver ignores everything", async () => {
  const b = await bench();
  await b.net.crash(3);
  expect(await b.driver.onVote(b.vote(0), "peer")).toBe("ignore");
  expect(await b.driver.onProposal(b.proposal(b.block()), "peer")).toBe("ignore");
  const idle = b.net.nodes[0] as TestNode;
  expect(await idle.driver.onVote(b.vote(1), "peer")).toBe("ignore");
  expect(await idle.driver.certified({ block: b.block(), commit: (b.net.nodes[0] as TestNode).app.tipCommit })).toBe(
    false,
  );
});

test("a stopping driver answers those who wait", async () => {
  const b = await bench();
  const waiting = [b.driver.onVote(b.vote(0), "peer"), b.driver.onVote(b.vote(0, { height: 2 }), "peer")];
  await b.net.crash(3);
  expect(await Promise.all(waiting)).toEqual(["ignore", "ignore"]);
});

test("a proposal that comes too late or from the future gets a prevote of nil", async () => {
  for (const time of [GENESIS_TIME + 60_000, GENESIS_TIME + 10]) {
    const b = await bench({ timeMessageDelay: 1000n, timePrecision: 500n });
    if (time < GENESIS_TIME + 100) await b.net.clock.advance(2000);
    expect(await b.verdict(b.driver.onProposal(b.proposal(b.block({ time })), "peer"))).toBe("accept");
    expect(b.net.sent.map((sent) => "vote" in sent && sent.vote.blockId)).toEqual([NIL]);
    await b.net.close();
    network = undefined;
  }
});

test("two votes of one validator become evidence for the application", async () => {
  const b = await bench();
  const votes = [b.vote(0), b.vote(0, { blockId: new Uint8Array(32).fill(9) })];
  for (const vote of votes) expect(await b.verdict(b.driver.onVote(vote, "peer"))).toBe("accept");
  expect(await b.verdict(b.driver.onVote(b.vote(0, { blockId: new Uint8Array(32).fill(8) }), "peer"))).toBe("ignore");
  const [evidence, ...more] = b.node.app.evidence;
  expect(more).toEqual([]);
  const validators = b.net.set.map(({ validator }) => validator);
  expect(evidence && checkDuplicateVote(evidence, validators, spec, bls)).toEqual({ validatorIndex: 0 });
});

test("votes and a proposal for the next height count as soon as it begins", async () => {
  const b = await bench();
  const block = b.block();
  const blockId = idOf(block);
  const second = makeBlock({ height: 2, time: GENESIS_TIME + 20, proposerIndex: 1, parentId: blockId });
  const early = b.driver.onVote(b.vote(1, { height: 2, blockId: idOf(second) }), "peer");
  expect(await b.verdict(early)).toBe("pending");
  await b.verdict(b.driver.onProposal(b.proposal(block), "peer"));
  for (const index of [0, 1]) {
    void b.driver.onVote(b.vote(index, { blockId }), "peer");
    void b.driver.onVote(b.vote(index, { type: PRECOMMIT, blockId }), "peer");
  }
  await b.net.clock.advance(50);
  expect(b.driver.status()).toMatchObject({ height: 2, round: 0 });
  expect(await early).toBe("accept");
  expect(b.driver.votes(2, 0)).toHaveLength(1);
});

test("a certified block is taken only when it is proven to be the next one", async () => {
  const b = await bench();
  const block = b.block();
  const blockId = idOf(block);
  const validators = b.net.set.map(({ validator }) => validator);
  const votes = [0, 1, 2].map((index) => b.vote(index, { type: PRECOMMIT, blockId }));
  const commit = makeCommit(votes, validators, bls);
  const { driver } = b;
  expect(await driver.certified({ block: b.block({ time: 9 }), commit })).toBe(false);
  expect(await driver.certified({ block: tampered(b.proposal(block)).block, commit })).toBe(false);
  expect(await driver.certified({ block, commit: makeCommit(votes.slice(1), validators, bls) })).toBe(false);
  expect(await driver.certified({ block, commit: { ...commit, round: 1 } })).toBe(false);
  expect(await driver.certified({ block, commit: { ...commit, height: 2 } })).toBe(false);
  expect(driver.status().height).toBe(1);
  expect(await driver.certified({ block, commit })).toBe(true);
  expect(driver.status().height).toBe(2);
  // It may have been decided here meanwhile.
  expect(await driver.certified({ block, commit })).toBe(true);
  const late = await b.verdict(driver.onVote(b.vote(3, { type: PRECOMMIT, blockId }), "peer"));
  expect(late).toBe("accept");
  const forged = { ...b.vote(3, { type: PRECOMMIT, blockId }), validatorIndex: 2 };
  expect(await b.verdict(driver.onVote(forged, "peer"))).toBe("ignore");
});

test("a flood of wrong votes among good ones is told apart", async () => {
  const b = await bench();
  const wrong = Array.from({ length: 150 }, (_, i) => b.vote(i % 2, { signature: new Uint8Array(96).fill(i + 1) }));
  const pending = [b.vote(0), ...wrong, b.vote(1), b.vote(2)].map((vote) => b.driver.onVote(vote, "peer"));
  await b.net.clock.advance(100);
  const verdicts = await Promise.all(pending);
  expect(verdicts.filter((verdict) => verdict === "reject")).toHaveLength(150);
  expect([verdicts[0], ...verdicts.slice(-2)]).toEqual(["accept", "accept", "accept"]);
});
