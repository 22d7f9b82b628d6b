import { expect, test } from "vitest";
import { TxError } from "../../chain/errors.ts";
import { buildBlock } from "../../chain/executor/build-block.ts";
import { executeBlock } from "../../chain/executor/execute-block.ts";
import {
  buildingLane,
  carriedLane,
  estimatingLane,
  NO_LANE,
  type OutputSource,
} from "../../chain/executor/inline-lane.ts";
import { type Block, Body } from "../../chain/types/block.ts";
import { NO_EVIDENCE } from "../../chain/types/evidence.ts";
import {
  EFFECT,
  GENESIS_PARENT,
  MAX_UNITS,
  numbers,
  registry,
  runOf,
  runtime,
  startOf,
  toyStore,
  tx,
} from "./toy-chain.ts";

const NOTHING = { duplicateAttestations: [], commitments: [], reveals: [], outputs: [] };
/** Twice the key. */
const DOUBLE: OutputSource = ({ units }) => Uint8Array.of(2 * units);

const infer = (key: number, effect: number = EFFECT.infer) => ({ key, effect, signer: key, memo: "0" });

async function scene(
  transactions: readonly Parameters<typeof tx>[0][],
  { outputs = DOUBLE, round = 0 }: { outputs?: OutputSource; round?: number } = {},
) {
  const store = await toyStore();
  const { executed, refused } = buildBlock(runtime, store, startOf(GENESIS_PARENT, 0, round), {
    evidence: NO_EVIDENCE,
    transactions: transactions.map((one) => tx(one)),
    select: () => NOTHING,
    outputs,
  });
  const run = (block: Block) => executeBlock(runtime, registry, store, GENESIS_PARENT, block);
  /** The same header over another list of outputs. */
  const withResults = (inlineResults: Body["inlineResults"]): Block => {
    const body = { ...executed.block.body, inlineResults };
    return { header: { ...executed.block.header, bodyRoot: Body.hashTreeRoot(body) }, body };
  };
  return { executed, refused, run, withResults, results: executed.block.body.inlineResults };
}

const keysOf = (list: Body["inlineResults"]) => list.map(({ jobId, output }) => [jobId[0], output[0]]);

test("a block carries the outputs of its runs in order, and whoever executes it finds the same", async () => {
  const { executed, run, results } = await scene([infer(3), { key: 9, memo: "free" }, infer(1)]);
  expect(keysOf(results)).toEqual([
    [3, 6],
    [1, 2],
  ]);
  const again = run(executed.block);
  expect(again.blockId).toEqual(executed.blockId);
  expect(again.inlineOutcomes.map(({ run: { units }, output }) => [units, output[0]])).toEqual([
    [3, 6],
    [1, 2],
  ]);
});

test("the output of a transaction that fails after its run is carried, too: the run was made", async () => {
  const { executed, run, results } = await scene([infer(3, EFFECT.inferAndFail), infer(1)]);
  expect(executed.txs.map(({ code }) => code)).toEqual([8, 0]);
  expect(keysOf(results)).toEqual([
    [3, 6],
    [1, 2],
  ]);
  expect(run(executed.block).blockId).toEqual(executed.blockId);
});

test("outputs are consumed exactly and in order, or the block is invalid", async () => {
  const { run, withResults, results } = await scene([infer(3), infer(1)]);
  const [first, second] = results;
  if (first === undefined || second === undefined) throw new Error("two outputs");
  expect(() => run(withResults([second, first]))).toThrow("inline output 0 is of job 0101");
  expect(() => run(withResults([first]))).toThrow("no output of inline run 1");
  expect(() => run(withResults([first, second, second]))).toThrow("3 inline outputs for 2 inline runs");
  // Another output is another block: its roots differ, and what the output should be is not execution's to know.
  expect(() => run(withResults([first, { ...second, output: Uint8Array.of(99) }]))).toThrow("receiptsRoot is");
});

test("a transaction whose output is not there yet waits, with all that its sender sends after it", async () => {
  const later = { key: 7, signer: 3, memo: "1" };
  const slow: OutputSource = (run) => (run.units === 3 ? undefined : DOUBLE(run));
  const { executed, refused, results } = await scene([infer(3), later, infer(1)], { outputs: slow });
  expect(keysOf(results)).toEqual([[1, 2]]);
  expect([executed.block.body.transactions.length, refused]).toEqual([1, []]);
});

test("runs of more cost units than a block may have wait for the next, and nobody else may put them in", async () => {
  const { results } = await scene([infer(MAX_UNITS - 10), infer(11), infer(10)]);
  expect(keysOf(results).map(([key]) => key)).toEqual([MAX_UNITS - 10, 10]);
  expect(() => estimatingLane(DOUBLE).run(runOf(MAX_UNITS + 1), MAX_UNITS)).toThrow(TxError);
});

test("a block of a later round carries no output: what asks for a run is demoted, and that is noted whatever becomes of it", async () => {
  const { executed, run, withResults, results } = await scene([infer(3), infer(1, EFFECT.inferAndFail), infer(3)], {
    round: 2,
  });
  expect([results, executed.block.header.round]).toEqual([[], 2]);
  expect(executed.events.filter(({ type }) => type === "demoted").map((event) => event.attributes[0]?.[1])).toEqual([
    "3",
    "1",
  ]);
  expect(run(executed.block).blockId).toEqual(executed.blockId);
  const { jobId } = runOf(3);
  expect(() => run(withResults([{ jobId, output: Uint8Array.of(6) }]))).toThrow("1 inline outputs for 0 inline runs");
});

test("an estimate takes zeros for what has not run, and outside of a block nothing runs", () => {
  expect(estimatingLane(() => undefined).run(runOf(5), MAX_UNITS)).toEqual(runOf(5).blank());
  expect(estimatingLane(DOUBLE).run(runOf(5), MAX_UNITS)).toEqual(Uint8Array.of(10));
  expect(() => NO_LANE.run(runOf(5), MAX_UNITS)).toThrow("outside of a block");
});

test("what a transaction that waits has changed is not in the block", async () => {
  const store = await toyStore();
  const { executed } = buildBlock(runtime, store, startOf(GENESIS_PARENT), {
    evidence: NO_EVIDENCE,
    transactions: [tx(infer(3))],
    select: () => NOTHING,
  });
  await store.commit(executed.update, []);
  expect(numbers.get(store.latest, 3)).toBeUndefined();
});

test("what finds no room waits where a block is built, and fails where another has put it in", async () => {
  const { executed, refused } = await scene([
    { key: 1, memo: "free" },
    infer(3, EFFECT.full),
    infer(4, EFFECT.backlog),
  ]);
  expect([executed.block.body.transactions.length, refused]).toEqual([1, []]);
  const error = new TxError("toy", 9, "no room");
  expect(carriedLane(0, []).full(error, "block")).toBe(error);
});

test("a transaction that outgrows a block by itself is not kept for the next", async () => {
  const { executed, refused } = await scene([infer(3, EFFECT.full), infer(4, EFFECT.backlog), infer(MAX_UNITS + 1)]);
  expect(executed.block.body.transactions).toEqual([]);
  expect(refused.map(({ reason }) => reason)).toEqual(["no room", "inline runs of 51 cost units, at most 50"]);
});

test("what a transaction that waits has run and noted is forgotten: the block is valid without it", async () => {
  const waits = infer(3, EFFECT.inferThenFull);
  const first = await scene([infer(1), waits, infer(2)]);
  expect(keysOf(first.results).map(([key]) => key)).toEqual([1, 2]);
  expect(first.run(first.executed.block).blockId).toEqual(first.executed.blockId);
  const later = await scene([infer(1), waits, infer(2)], { round: 1 });
  const demoted = later.executed.events.filter(({ type }) => type === "demoted");
  expect(demoted.map(({ attributes }) => attributes[0]?.[1])).toEqual(["1", "2"]);
  expect(later.run(later.executed.block).blockId).toEqual(later.executed.blockId);
});

test("jobs beyond what a proposer wants wait; of one transaction all are let in, or none", () => {
  const lane = buildingLane(0, DOUBLE, 2);
  lane.mark();
  for (let i = 0; i < 3; i++) lane.takeJob();
  const undo = lane.mark();
  expect(() => lane.takeJob()).toThrow(
    expect.objectContaining({ name: "RunPendingError", crowded: "kind", outgrows: false }),
  );
  undo();
  const one = buildingLane(0, DOUBLE, 1);
  const undoOne = one.mark();
  one.takeJob();
  undoOne();
  one.mark();
  expect(() => one.takeJob()).not.toThrow();
  // Whoever judges a block has no wishes.
  const carried = carriedLane(0, []);
  for (let i = 0; i < 1000; i++) carried.takeJob();
});

test("where there is no room for one subject, others of the same kind are still tried, and no more than a few of that one", async () => {
  const asked: number[] = [];
  const outputs: OutputSource = ({ units }) => {
    asked.push(units);
    return Uint8Array.of(2 * units);
  };
  const crowded = [1, 2, 3, 4, 5, 6].map((key) => infer(key, EFFECT.inferThenCrowded));
  const { results } = await scene([...crowded, infer(7)], { outputs });
  expect(asked).toEqual([1, 2, 3, 4, 7]);
  expect(keysOf(results)).toEqual([[7, 14]]);
});
