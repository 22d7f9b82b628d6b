import { readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { afterEach, expect, test } from "vitest";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { checkOwnMessage, checkOwnPrecommit, UnknownSignatureError } from "../../consensus/signer/known-signatures.ts";
import type { SignPoint } from "../../consensus/signer/sign-state.ts";
import { FRAME_HEADER, readFrames } from "../../consensus/wal/frames.ts";
import type { WalPoint } from "../../consensus/wal/wal.ts";
import { NIL } from "./fixture.ts";
import { contradictions, lowest, startAll, type TestNetwork, type TestNode, testNetwork } from "./network.ts";
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
const SHORT = { blockInterval: 20n, timeoutPropose: 200n, timeoutPrevote: 100n, timeoutPrecommit: 100n };
/** Nobody takes another's block: rounds go by, each with a proposal and all votes. */
function disagree(net: TestNetwork): void {
  for (const { app } of net.nodes) app.verdict = () => ({ kind: "invalid", reason: "not mine" });
}

function agree(net: TestNetwork): void {
  for (const { app } of net.nodes) app.verdict = () => ({ kind: "ok" });
}

const nodeOf = (net: TestNetwork, index: number): TestNode => net.nodes[index] as TestNode;

test("a log cut at any record's end, with the sign state kept, never makes a validator contradict itself", async () => {
  const net = open(FOUR, SHORT);
  disagree(net);
  await startAll(net);
  await net.clock.advance(2000);
  await net.crash(1);
  const ends: number[] = [];
  for (const payload of readFrames(Uint8Array.from(readFileSync(net.walPath(1)))).payloads) {
    ends.push((ends.at(-1) ?? 0) + FRAME_HEADER + payload.length);
  }
  expect(ends.length).toBeGreaterThan(20);
  for (const end of ends.reverse()) {
    truncateSync(net.walPath(1), end);
    await net.restart(1);
    await net.clock.advance(60);
    await net.crash(1);
    expect(contradictions(net)).toEqual([]);
  }
  agree(net);
  await net.restart(1);
  await net.until(() => nodeOf(net, 0).app.tip.height >= 2);
  await net.sync();
  await net.until(() => lowest(net) >= 4);
  expect(contradictions(net)).toEqual([]);
});

type Point = WalPoint | SignPoint;
const POINTS: readonly Point[] = [
  "wal.append.before",
  "wal.append.after",
  "wal.sync.before",
  "wal.sync.after",
  "wal.height",
  "wal.compact.written",
  "wal.compact.renamed",
  "sign.save.before",
  "sign.save.written",
  "sign.save.after",
];
const CRASHING = 1;
const CRASHES = 5;

test.each(POINTS)(
  "ended at %s, each of many times, a validator goes on and never contradicts itself",
  async (point) => {
    let left = 0;
    const failpoint = (passed: Point): void => {
      if (passed === point && --left === 0) throw new Error("the process ends here");
    };
    const net = open(FOUR, SHORT, (index) => (index === CRASHING ? { compactBytes: 1000, failpoint } : {}));
    const random = seeded(31);
    net.deliver = () => random() < 0.85;
    await startAll(net);
    const { faults } = nodeOf(net, CRASHING);
    for (let crash = 1; crash <= CRASHES; crash++) {
      left = crash;
      for (let waited = 0; faults.length < crash; waited++) {
        if (waited > 400) throw new Error(`did not come by ${point} ${crash} times`);
        await net.clock.advance(50);
        if (waited % 10 === 9) await net.sync();
      }
      await net.crash(CRASHING);
      await net.restart(CRASHING);
    }
    expect(faults.map(String)).toEqual(Array.from({ length: CRASHES }, () => "Error: the process ends here"));
    net.deliver = () => true;
    await net.sync();
    const before = lowest(net);
    await net.until(() => lowest(net) >= before + 3);
    expect(contradictions(net)).toEqual([]);
    const last = net.sent.findLast((sent) => sent.from === CRASHING && "vote" in sent);
    expect(last !== undefined && "vote" in last ? last.vote.height : 0).toBeGreaterThan(before);
  },
);

test("nothing is signed before all that it rests on is flushed", async () => {
  const points: Point[] = [];
  const net = open([5n], SHORT, () => ({ failpoint: (point) => points.push(point) }));
  await startAll(net);
  await net.until(() => lowest(net) >= 5);
  const before = points.flatMap((point, at) => (point === "sign.save.before" ? [points.slice(0, at)] : []));
  expect(before.length).toBeGreaterThan(10);
  for (const earlier of before) {
    expect(earlier.lastIndexOf("wal.sync.after")).toBeGreaterThan(earlier.lastIndexOf("wal.append.after"));
  }
});

test("logs that are compacted all the time serve as well as whole ones", async () => {
  const net = open(FOUR, SHORT, () => ({ compactBytes: 1500 }));
  const random = seeded(21);
  net.deliver = () => random() < 0.8;
  await startAll(net);
  for (let crash = 0; crash < 40; crash++) {
    await net.clock.advance(Math.floor(random() * 150));
    await net.crash(crash % 4);
    await net.restart(crash % 4);
    if (crash % 5 === 0) await net.sync();
  }
  net.deliver = () => true;
  await net.sync();
  const before = lowest(net);
  await net.until(() => lowest(net) >= before + 3);
  expect(contradictions(net)).toEqual([]);
  expect(net.nodes.flatMap(({ faults }) => faults)).toEqual([]);
});

test("a height that is not decided for many rounds takes no more than a bounded log", async () => {
  const net = open(FOUR, SHORT, () => ({ compactBytes: 30_000 }));
  disagree(net);
  await startAll(net);
  let largest = 0;
  while (nodeOf(net, 0).driver.status().round < 40) {
    await net.clock.advance(2000);
    largest = Math.max(largest, statSync(net.walPath(0)).size);
  }
  // Without compaction: eight votes and a proposal each round, of which only the votes are kept.
  expect(largest).toBeGreaterThan(30_000);
  expect(largest).toBeLessThan(3 * 40 * 8 * 160);
  agree(net);
  await net.crash(0);
  await net.restart(0);
  await net.until(() => lowest(net) >= 2);
  expect(contradictions(net)).toEqual([]);
  expect(net.nodes.flatMap(({ faults }) => faults)).toEqual([]);
});

test("a sign state that was lost while the log knows of a signature stops the node", async () => {
  const net = open(FOUR, SHORT);
  await startAll(net, [0]);
  await net.clock.advance(100);
  await net.crash(0);
  rmSync(net.signPath(0));
  await net.restart(0);
  expect(nodeOf(net, 0).faults).toEqual([expect.any(UnknownSignatureError)]);
  const sent = net.sent.length;
  await net.clock.advance(1000);
  expect(net.sent.length).toBe(sent);
});

test("a key that also signs elsewhere stops the node when a vote or a block of its making comes", async () => {
  const net = open(FOUR, SHORT);
  await startAll(net);
  await net.until(() => lowest(net) >= 3);
  await net.crash(0);
  rmSync(net.signPath(0));
  rmSync(net.walPath(0));
  await net.until(() => nodeOf(net, 1).app.tip.height > nodeOf(net, 0).app.tip.height);
  await net.restart(0);
  const next = nodeOf(net, 0).app.tip.height + 1;
  const certified = nodeOf(net, 1).app.certifiedBlock(next);
  if (certified === undefined) throw new Error("no block to hand over");
  const isSigner = certified.commit.signers.get(0);
  await nodeOf(net, 0).driver.certified(certified);
  expect(nodeOf(net, 0).faults.length).toBe(isSigner ? 1 : 0);
});

test("own messages are known up to the last signature, and not beyond", () => {
  const vote = { type: PRECOMMIT, height: 5, round: 1, blockId: NIL, validatorIndex: 0, signature: new Uint8Array(96) };
  const check = (height: number, round: number, step: "proposal" | "prevote" | "precommit") => () =>
    checkOwnMessage({ kind: "vote", vote }, { height, round, step });
  for (const known of [check(5, 1, "precommit"), check(5, 2, "proposal"), check(6, 0, "proposal")]) {
    expect(known).not.toThrow();
  }
  for (const unknown of [check(5, 1, "prevote"), check(5, 0, "precommit"), check(4, 9, "precommit")]) {
    expect(unknown).toThrow(UnknownSignatureError);
  }
  expect(() => checkOwnMessage({ kind: "vote", vote }, undefined)).toThrow(/height 5, round 1.*knows none/);
  expect(() => checkOwnPrecommit(5, { height: 5, round: 0, step: "prevote" })).not.toThrow();
  expect(() => checkOwnPrecommit(5, { height: 4, round: 3, step: "precommit" })).toThrow(
    /block 5 is signed.*keys\/vote/s,
  );
});
