import { rmSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { GENESIS_TIME } from "./fake-app.ts";
import { chainIds, contradictions, lowest, startAll, type TestNetwork, type TestNode, testNetwork } from "./network.ts";
import { seeded } from "./simulation.ts";

let network: TestNetwork | undefined;

afterEach(async () => {
  await network?.close();
  network = undefined;
});

function open(...args: Parameters<typeof testNetwork>): TestNetwork {
  network = testNetwork(...args);
  return network;
}

const FOUR = [1n, 1n, 1n, 1n];

function expectAgreement(net: TestNetwork): void {
  const height = lowest(net);
  const [first, ...others] = net.nodes.filter(({ up }) => up).map((node) => chainIds(node).slice(0, height));
  for (const ids of others) expect(ids).toEqual(first);
  expect(contradictions(net)).toEqual([]);
  expect(net.nodes.flatMap(({ faults }) => faults)).toEqual([]);
}

test("four validators reach height 10 in first rounds only, and agree", async () => {
  const net = open(FOUR);
  await startAll(net);
  await net.until(() => lowest(net) >= 10);
  expectAgreement(net);
  expect(net.logged).toEqual([]);
  for (const { commit, block } of (net.nodes[0] as TestNode).app.chain) {
    expect(commit.round).toBe(0);
    expect(block.header.time).toBeLessThan(GENESIS_TIME + 1000);
  }
});

test("a single validator is a chain", async () => {
  const net = open([5n]);
  await startAll(net);
  await net.until(() => lowest(net) >= 5);
  expectAgreement(net);
});

test("told to stop after a height, all commit it and say nothing about the next", async () => {
  const net = open(FOUR);
  net.lastHeight = 4;
  await startAll(net);
  await net.until(() => net.halted.length === 4);
  await net.clock.advance(60_000);
  expect(net.nodes.map(({ app }) => app.tip.height)).toEqual([4, 4, 4, 4]);
  expect(net.halted.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3]);
  const heights = net.sent.map((sent) => ("vote" in sent ? sent.vote.height : sent.proposal.proposal.height));
  expect(Math.max(...heights)).toBe(4);
  expectAgreement(net);
});

test("each block is executed once, and not at all by who built it", async () => {
  const net = open(FOUR);
  await startAll(net);
  await net.until(() => lowest(net) >= 8);
  const heights = Math.max(...net.nodes.map(({ app }) => app.tip.height)) + 1;
  expect(net.nodes.reduce((sum, { app }) => sum + app.executions(), 0)).toBeLessThanOrEqual(3 * heights);
});

test("one of four stops: the others go on, and it catches up with certified blocks", async () => {
  const net = open(FOUR, { timeoutPropose: 300n });
  await startAll(net);
  await net.until(() => lowest(net) >= 2);
  await net.crash(2);
  const stopped = (net.nodes[2] as TestNode).app.tip.height;
  await net.until(() => lowest(net) >= stopped + 7);
  expect((net.nodes[2] as TestNode).app.tip.height).toBe(stopped);
  await net.restart(2);
  await net.sync();
  const before = lowest(net);
  expect(before).toBeGreaterThanOrEqual(stopped + 7);
  await net.until(() => lowest(net) >= before + 3);
  expectAgreement(net);
});

test("two of four stop: nothing is decided until one is back", async () => {
  const net = open(FOUR, { timeoutPropose: 300n });
  await startAll(net, [0, 1]);
  await net.clock.advance(20_000);
  expect(lowest(net)).toBe(0);
  await net.restart(3);
  await net.until(() => lowest(net) >= 3);
  expectAgreement(net);
});

test("paused, nobody votes or proposes, and the votes that are owed are cast when the pause is over", async () => {
  const net = open(FOUR, { timeoutPropose: 300n });
  for (const index of [0, 1, 2, 3]) net.paused.add(index);
  await startAll(net);
  await net.clock.advance(20_000);
  expect([lowest(net), net.sent.length]).toEqual([0, 0]);
  net.paused.clear();
  await net.until(() => lowest(net) >= 3, 30_000);
  expectAgreement(net);
});

test("paused in the middle of things again and again, validators neither stop for ever nor contradict themselves", async () => {
  const net = open(FOUR, { blockInterval: 20n, timeoutPropose: 200n, timeoutPrevote: 100n, timeoutPrecommit: 100n });
  const random = seeded(17);
  await startAll(net);
  for (let step = 0; step < 200; step++) {
    const index = Math.floor(random() * 4);
    if (net.paused.has(index)) net.paused.delete(index);
    else net.paused.add(index);
    await net.clock.advance(Math.floor(random() * 60));
  }
  net.paused.clear();
  const before = lowest(net);
  await net.until(() => lowest(net) >= before + 3, 60_000);
  expectAgreement(net);
});

/** Crashes validators (each in turn, or the given one) while time runs and messages are under way, and gives them back. */
async function crashInTurn(
  net: TestNetwork,
  times: number,
  meanwhile: (index: number) => void,
  only?: number,
): Promise<void> {
  const random = seeded(11);
  for (let crash = 0; crash < times; crash++) {
    const index = only ?? crash % 4;
    const running = net.clock.advance(Math.floor(random() * 150));
    for (let turn = 0; turn < random() * 12; turn++) await new Promise((resolve) => setImmediate(resolve));
    await net.crash(index);
    await running;
    meanwhile(index);
    await net.restart(index);
    if (crash % 5 === 0) await net.sync();
  }
}

const SHORT = { blockInterval: 20n, timeoutPropose: 200n, timeoutPrevote: 100n, timeoutPrecommit: 100n };

test("restarted at any moment, a validator never contradicts itself, and the network goes on", async () => {
  const net = open(FOUR, SHORT);
  const random = seeded(12);
  // Only some messages get through, so that crashes fall into every step and into later rounds.
  net.deliver = () => random() < 0.8;
  await startAll(net);
  const steps = new Set<string>();
  await crashInTurn(net, 60, (index) => steps.add((net.nodes[index] as TestNode).driver.status().step));
  expect([...steps].sort()).toEqual(["precommit", "prevote", "propose"]);
  net.deliver = () => true;
  await net.sync();
  const before = lowest(net);
  await net.until(() => lowest(net) >= before + 3);
  expect(before).toBeGreaterThan(3);
  expectAgreement(net);
});

test("restarted without its log, a validator abstains until the next height, and is kept from contradicting itself", async () => {
  const net = open(FOUR, SHORT);
  await startAll(net);
  await crashInTurn(net, 40, (index) => rmSync(net.walPath(index)), 1);
  await net.sync();
  const before = lowest(net);
  await net.until(() => lowest(net) >= before + 3);
  expect(net.logged.some((line) => line.startsWith("the write-ahead log does not reach the last signature"))).toBe(
    true,
  );
  expect(before).toBeGreaterThan(20);
  expectAgreement(net);
});

test("a validator that abstains goes on doing so after another restart, and votes again at the next height", async () => {
  const net = open(FOUR, SHORT);
  await startAll(net, [0, 1]);
  await net.clock.advance(100);
  await net.crash(1);
  rmSync(net.walPath(1));
  await net.restart(1);
  await net.clock.advance(100);
  await net.crash(1);
  const before = net.sent.filter(({ from }) => from === 1).length;
  await net.restart(1);
  await net.restart(2);
  await net.clock.advance(1000);
  expect(lowest(net)).toBe(0);
  expect(net.sent.filter(({ from }) => from === 1).length).toBe(before);
  await net.restart(3);
  await net.until(() => lowest(net) >= 3);
  expect(net.sent.filter(({ from }) => from === 1).length).toBeGreaterThan(before);
  expectAgreement(net);
});

test("planted fault: a validator that also loses its sign state contradicts itself, and the checker sees it", async () => {
  const net = open(FOUR, SHORT);
  await startAll(net, [0]);
  await net.clock.advance(100);
  await net.crash(0);
  rmSync(net.walPath(0));
  rmSync(net.signPath(0));
  await net.restart(0);
  await net.clock.advance(100);
  expect(contradictions(net)).toContain("validator 0 at 1/0, type 0");
});

test("a network that loses a third of its messages makes progress by saying things again", async () => {
  const net = open(FOUR, { timeoutPropose: 200n, timeoutPrevote: 100n, timeoutPrecommit: 100n });
  const random = seeded(3);
  net.deliver = () => random() < 0.67;
  await startAll(net);
  for (let i = 0; i < 400 && lowest(net) < 6; i++) {
    await net.clock.advance(200);
    // Decided blocks are asked for; votes and proposals are not.
    for (const node of net.nodes) {
      for (const peer of net.nodes) {
        const block = peer.app.certifiedBlock(node.app.tip.height + 1);
        if (block !== undefined) await node.driver.certified(block);
      }
    }
  }
  expect(lowest(net)).toBeGreaterThanOrEqual(6);
  expectAgreement(net);
});

test("what was lost can be asked for", async () => {
  const net = open(FOUR, { timeoutPropose: 60_000n, timeoutPrevote: 60_000n, timeoutPrecommit: 60_000n });
  net.deliver = () => false;
  await startAll(net);
  for (let i = 0; i < 6; i++) {
    await net.clock.advance(50);
    await net.sync();
  }
  expect(lowest(net)).toBeGreaterThanOrEqual(1);
  expectAgreement(net);
});

test("without work a block comes after emptyBlockInterval, in its first round, and work brings it forward", async () => {
  const net = open(FOUR, { blockInterval: 200n, emptyBlockInterval: 8000n, timeoutPropose: 500n });
  for (const { app } of net.nodes) app.work = false;
  await startAll(net);
  await net.until(() => lowest(net) >= 2);
  const chain = (net.nodes[0] as TestNode).app.chain;
  expect(chain.map(({ block, commit }) => [block.header.time - GENESIS_TIME, commit.round])).toEqual([
    [8000, 0],
    [16_000, 0],
  ]);
  // Work that reaches everyone.
  await net.clock.advance(1000);
  for (const { app, driver } of net.nodes) {
    app.work = true;
    driver.notifyWork();
  }
  await net.until(() => lowest(net) >= 4, 2000);
  const times = chain.map(({ block }) => block.header.time - GENESIS_TIME);
  expect(times[2]).toBeLessThanOrEqual(17_100);
  expect((times[3] ?? 0) - (times[2] ?? 0)).toBeGreaterThanOrEqual(200);
  expect(chain.every(({ commit }) => commit.round === 0)).toBe(true);
});

test("work that the proposer does not see costs a round, not the wait for an empty block", async () => {
  const net = open(FOUR, { blockInterval: 200n, emptyBlockInterval: 60_000n, timeoutPropose: 500n });
  for (const { app } of net.nodes) app.work = false;
  await startAll(net);
  for (const [index, { driver, app }] of net.nodes.entries()) {
    if (index === 0) continue; // The proposer of height 1.
    app.work = true;
    driver.notifyWork();
  }
  await net.until(() => lowest(net) >= 1, 10_000);
  expect((net.nodes[0] as TestNode).app.chain[0]?.commit.round).toBe(1);
});

test("a slow validator's precommit gets into the next block all the same", async () => {
  const net = open(FOUR, { blockInterval: 500n });
  const held: (() => void)[] = [];
  net.deliver = (message, to) => {
    if (message.from !== 3 || !("vote" in message)) return true;
    const { vote } = message;
    held.push(() => void net.nodes[to]?.driver.onVote(vote, "slow"));
    return false;
  };
  await startAll(net);
  for (let i = 0; i < 120; i++) {
    await net.clock.advance(50);
    for (const send of held.splice(0)) send();
  }
  const chain = (net.nodes[0] as TestNode).app.chain;
  expect(chain.length).toBeGreaterThan(5);
  const signers = chain.slice(1).map(({ block }) => block.body.lastCommit.signers.toBoolArray());
  expect(signers.every((bits) => bits.every(Boolean))).toBe(true);
  expectAgreement(net);
});

test("a failing application stops the driver, once, and the others go on", async () => {
  const net = open(FOUR, { timeoutPropose: 300n });
  const failing = net.nodes[1] as TestNode;
  await startAll(net);
  await net.until(() => lowest(net) >= 1);
  failing.app.commit = () => Promise.reject(new Error("the disk is full"));
  await net.until(() => failing.faults.length > 0);
  const others = net.nodes.filter((node) => node !== failing);
  const before = Math.min(...others.map(({ app }) => app.tip.height));
  await net.until(() => others.every(({ app }) => app.tip.height >= before + 3));
  expect(failing.faults.map(String)).toEqual(["Error: the disk is full"]);
});

test("a proposal whose execution differs from its header gets no prevote, and the next proposer decides", async () => {
  const net = open(FOUR, { timeoutPropose: 300n });
  // Validator 0, who proposes first, is alone in finding its block good.
  for (const { app } of net.nodes.slice(1)) {
    app.verdict = (block) =>
      block.header.proposerIndex === 0 ? { kind: "invalid", reason: "stateRoot differs" } : { kind: "ok" };
  }
  await startAll(net);
  await net.until(() => lowest(net) >= 2);
  expect((net.nodes[1] as TestNode).app.chain[0]).toMatchObject({
    commit: { round: 1 },
    block: { header: { proposerIndex: 1 } },
  });
  expectAgreement(net);
});
