import { describe, expect, test } from "vitest";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { MAX_INLINE_OUTPUT } from "../../chain/types/limits.ts";
import { abandonJobs } from "../../modules/inference/abandon.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { drawSeats, executorSeed } from "../../modules/inference/draw.ts";
import { checkReceipt, receiptFromJson, receiptToJson } from "../../modules/inference/receipt.ts";
import { selectForBlock } from "../../modules/inference/selection.ts";
import {
  committees,
  JOB_STATUS,
  jobInputs,
  jobOutputs,
  participations,
  penalties,
  receipts,
} from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { QueryJobRequest, QueryJobResponse } from "../../proto/inference-query.ts";
import { addressOf, BLS, SPEC } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, outputOf, tensor, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const TOLERANT = manifestOf("digits", { class: MODEL_CLASS.tolerance, absoluteTolerance: 1_000_000 });
const PARAMS = { "inference.executorWindow": 3n, "inference.executorTurns": 2n };
const GARBAGE = 7;

const tolerant = (params: Readonly<Record<string, bigint>> = {}): Chain =>
  createChain({ models: [TOLERANT], params: { ...PARAMS, ...params } });

/** A request, and blocks of as many proposers as a beacon needs. */
function open(chain: Chain, change: Parameters<Chain["request"]>[1] = {}): Uint8Array {
  const [jobId] = chain.request(1, change) as [Uint8Array];
  for (const proposer of NAMES.slice(0, 3)) chain.block({ proposer });
  return jobId;
}

function executor(chain: Chain, jobId: Uint8Array): string {
  const { executors, committeeRoot } = chain.job(jobId);
  const operator = committees.get(chain.store, committeeRoot)?.[executors.at(-1) ?? -1]?.operator;
  const name = operator && [...NAMES, "erin", "frank", "grace"].find((each) => equalBytes(addressOf(each), operator));
  if (name === undefined) throw new Error("no executor");
  return name;
}

/** The block in which the executor publishes an output. @returns its name. */
function publish(chain: Chain, jobId: Uint8Array, output = 1): string {
  const name = executor(chain, jobId);
  chain.block({ reveals: [chain.reveal(name, jobId, output)], outputs: [jobOutput(jobId, output)] });
  return name;
}

const others = (name: string): readonly string[] => NAMES.filter((each) => each !== name);

describe("a job of the class tolerance", () => {
  test("goes by the output of one member, drawn by a beacon later than the request, which others attest", () => {
    const chain = tolerant();
    const [jobId] = chain.request() as [Uint8Array];
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.drawing, class: 3, direct: true, executors: [] });
    for (const proposer of ["alice", "bob"]) chain.block({ proposer });
    expect(chain.job(jobId).status).toBe(JOB_STATUS.drawing);
    const events = chain.block({ proposer: "carol" });
    const { executors, committeeRoot, eligible } = chain.job(jobId);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.executing, commitEnd: chain.height + 3 });
    // Whoever has the header of this block can draw again.
    const set = committees.get(chain.store, committeeRoot) ?? [];
    const seed = executorSeed(chain.context(chain.height).block.beacon, jobId);
    expect(drawSeats(seed, set, eligible, 1).getTrueBitIndexes()).toEqual([...executors]);
    expect(values(events, "inference_executor", "turn")).toEqual(["1"]);

    const name = publish(chain, jobId);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.revealing, outputRoot: outputOf(1).root });
    expect(jobOutputs.get(chain.store, jobId)).toEqual(outputOf(1).bytes);
    const [first, second, last] = others(name) as [string, string, string];
    chain.block({ reveals: [chain.reveal(first, jobId, 1)] });
    expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
    chain.block({ reveals: [chain.reveal(second, jobId, 1)] });
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, finalHeight: chain.height });
    chain.pass(6);
    // Everyone has a part of the base fee, which is less.
    const earned = (who: string) => chain.earned(who) > 1000n;
    expect([name, first, second, last].map(earned)).toEqual([true, true, true, false]);
    expect(chain.escrow()).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("is answered by queries, which show no output before it is final", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const ask = () =>
      QueryJobResponse.decode(chain.query("Job", QueryJobRequest.encode({ jobId: toHex(jobId) }).finish())).job;
    expect(ask()).toMatchObject({ status: "EXECUTING", class: "tolerance" });
    const name = publish(chain, jobId);
    expect(ask()).toMatchObject({ status: "REVEALING", output: new Uint8Array(0), outputRoot: new Uint8Array(0) });
    chain.block({ reveals: others(name).map((each) => chain.reveal(each, jobId, 1)) });
    expect(ask()).toMatchObject({ status: "FINAL", output: outputOf(1).bytes });
    expect(ask()?.executor).toMatch(/^assayvaloper1/);
  });

  test("has a receipt that says so, and can't be made to say otherwise", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = publish(chain, jobId);
    chain.block({ reveals: others(name).map((each) => chain.reveal(each, jobId, 1)) });
    const receipt = receipts.get(chain.store, jobId);
    const committee = committees.get(chain.store, chain.job(jobId).committeeRoot) ?? [];
    if (receipt === undefined) throw new Error("no receipt");
    expect(receiptToJson(receipt)).toMatchObject({ class: "tolerance", direct: true });
    expect(receiptFromJson(receiptToJson(receipt))).toEqual(receipt);
    const check = (change: Partial<typeof receipt>) =>
      checkReceipt({ ...receipt, ...change }, committee, SPEC.genesisRoot, BLS);
    expect(check({})).toBeUndefined();
    expect(check({ class: MODEL_CLASS.canonical })).toMatch(/signature/);
    expect(check({ class: MODEL_CLASS.exact, direct: false })).toMatch(/signature/);
    expect(check({ class: 9 })).toMatch(/class 9/);
    expect(() => receiptFromJson({ ...receiptToJson(receipt), class: "right" as "exact" })).toThrow(/class is right/);
  });

  test("may end with the executor alone, where it has more than two thirds of the power", () => {
    const chain = createChain({ models: [TOLERANT], validators: { alice: 10n } });
    const [jobId] = chain.request() as [Uint8Array];
    chain.block();
    chain.block({ reveals: [chain.reveal("alice", jobId, 1)], outputs: [jobOutput(jobId, 1)] });
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, class: 3 });
    chain.pass(8);
    expect(chain.job(jobId).settled).toBe(true);
    expect(chain.violations()).toEqual([]);
  });

  test("an error of the engine is an output like any other", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = publish(chain, jobId, 0);
    chain.block({ reveals: others(name).map((each) => chain.reveal(each, jobId, 0)) });
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, outputRoot: outputOf(0).root });
  });
});

describe("attacks", () => {
  test("an executor that is silent makes way for another; after the last one the escrow returns", () => {
    const chain = tolerant();
    const before = chain.balance("user");
    const jobId = open(chain);
    const { baseFee } = chain.job(jobId);
    const first = executor(chain, jobId);
    chain.pass(3);
    const second = executor(chain, jobId);
    expect(second).not.toBe(first);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.executing, commitEnd: chain.height + 3 });
    // Its turn is over.
    expect(() => chain.block({ reveals: [chain.reveal(first, jobId, 1)], outputs: [jobOutput(jobId, 1)] })).toThrow(
      /it is not the executor/,
    );
    const events = chain.pass(3);
    expect(values(events, "inference_failed", "reason")).toEqual(["no executor published an output"]);
    expect(chain.balance("user")).toBe(before - baseFee);
    expect([jobInputs.has(chain.store, jobId), participations.has(chain.store, jobId)]).toEqual([false, true]);
    expect(chain.violations()).toEqual([]);
  });

  test("an executor that publishes garbage is attested by nobody and makes way for another", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const liar = publish(chain, jobId, GARBAGE);
    chain.pass(3);
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.executing, outputRoot: new Uint8Array(32) });
    expect(jobOutputs.has(chain.store, jobId)).toBe(false);
    const name = publish(chain, jobId);
    expect(name).not.toBe(liar);
    const honest = others(liar);
    chain.block({ reveals: honest.filter((each) => each !== name).map((each) => chain.reveal(each, jobId, 1)) });
    expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.final, outputRoot: outputOf(1).root });
    const events = chain.pass(10);
    expect(values(events, "inference_dissent", "operator")).toEqual([]);
    expect([...penalties.entries(chain.store)]).toEqual([]);
    expect(chain.earned(liar)).toBeLessThan(1000n);
    expect(chain.violations()).toEqual([]);
  });

  test("who has attested garbage is not drawn to publish: it could not sign another output", () => {
    const names = ["alice", "bob", "carol", "dave", "erin", "frank", "grace"];
    const chain = createChain({
      models: [TOLERANT],
      params: { ...PARAMS, "inference.executorTurns": 8n },
      validators: Object.fromEntries(names.map((name) => [name, 10n])),
    });
    const jobId = open(chain, { deadline: 200n });
    const liar = publish(chain, jobId, GARBAGE);
    const friend = names.find((each) => each !== liar) ?? "";
    chain.block({ reveals: [chain.reveal(friend, jobId, GARBAGE)] });
    const drawn = new Set<string>();
    while (chain.job(jobId).status !== JOB_STATUS.failed) {
      chain.block();
      if (chain.job(jobId).status === JOB_STATUS.executing) drawn.add(executor(chain, jobId));
    }
    expect(drawn.size).toBe(5);
    expect(drawn.has(liar) || drawn.has(friend)).toBe(false);
    expect(chain.violations()).toEqual([]);
  });

  test("an output that splits the members ends the job at once: nobody can sign a second one, and the escrow returns", () => {
    const chain = tolerant();
    const before = chain.balance("user");
    const jobId = open(chain);
    const name = publish(chain, jobId);
    const [near] = others(name) as [string];
    chain.block({ reveals: [chain.reveal(near, jobId, 1)] });
    const events = chain.pass(3);
    expect(values(events, "inference_failed", "reason")).toEqual([
      "no output was attested by more than two thirds of the committee",
    ]);
    expect(chain.balance("user")).toBe(before - chain.job(jobId).baseFee);
    expect(jobOutputs.has(chain.store, jobId)).toBe(false);
    expect([...penalties.entries(chain.store)]).toEqual([]);
    expect(chain.violations()).toEqual([]);
  });

  test("an output that is too large to be carried is in no block", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = executor(chain, jobId);
    const large = [tensor(...new Array<number>(MAX_INLINE_OUTPUT / 4).fill(1))];
    const root = Tensors.hashTreeRoot(large);
    const signature = chain.sign(name, jobId, root);
    const reveal = { jobId, validator: addressOf(name), outputRoot: root, signature };
    const output = Tensors.serialize(large);
    const pool = { commitments: [], reveals: [reveal], duplicateAttestations: [], output: () => output };
    expect(selectForBlock(chain.view(), pool)).toMatchObject({ reveals: [], outputs: [] });
    expect(() => chain.block({ reveals: [reveal], outputs: [{ jobId, output }] })).toThrow(/no serialised tensors/);
    chain.pass(3);
    expect(executor(chain, jobId)).not.toBe(name);
  });

  test("an open job at the end of a chain fails, whoever has its turn, and pays back", () => {
    for (const published of [false, true]) {
      const chain = tolerant();
      const before = chain.balance("user");
      const jobId = open(chain);
      if (published) publish(chain, jobId);
      chain.block({ run: () => abandonJobs(chain.context(chain.height)) });
      expect(chain.job(jobId)).toMatchObject({ status: JOB_STATUS.failed, settled: true });
      expect(jobOutputs.has(chain.store, jobId)).toBe(false);
      expect(chain.balance("user")).toBe(before - chain.job(jobId).baseFee);
      expect(chain.violations()).toEqual([]);
    }
  });

  test("what a proposer must not include", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = executor(chain, jobId);
    const [other] = others(name) as [string];
    const reveal = chain.reveal(name, jobId, 1);
    expect(() => chain.block({ reveals: [chain.reveal(other, jobId, 1)] })).toThrow(/it is not the executor/);
    expect(() => chain.block({ reveals: [reveal] })).toThrow(/0 outputs for the 1 jobs/);
    expect(() => chain.block({ reveals: [reveal], outputs: [jobOutput(jobId, 2)] })).toThrow(/output of job/);
    expect(() => chain.block({ commitments: [chain.commit(name, jobId, 1)] })).toThrow(/commit window .* is closed/);
    publish(chain, jobId);
    expect(() => chain.block({ reveals: [chain.reveal(other, jobId, 2)] })).toThrow(/published another output/);
    const final = others(name).map((each) => chain.reveal(each, jobId, 1));
    expect(() => chain.block({ reveals: final, outputs: [jobOutput(jobId, 1)] })).toThrow(/1 outputs for the 0 jobs/);
  });

  test("a proposer without the executor's output leaves its reveal out, and carries nothing when others attest", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = executor(chain, jobId);
    const select = (reveals: readonly ReturnType<Chain["reveal"]>[], output?: Uint8Array) =>
      selectForBlock(chain.view(), { commitments: [], reveals, duplicateAttestations: [], output: () => output });
    const reveal = chain.reveal(name, jobId, 1);
    expect(select([reveal])).toMatchObject({ reveals: [], outputs: [] });
    chain.block(select([reveal], outputOf(1).bytes));
    expect(chain.job(jobId).status).toBe(JOB_STATUS.revealing);
    const rest = select(others(name).map((each) => chain.reveal(each, jobId, 1)));
    expect(rest.outputs).toEqual([]);
    chain.block(rest);
    expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
  });

  test("two attestations of one job are equivocation here, too", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = publish(chain, jobId);
    const [a, b] = [chain.reveal(name, jobId, 1), chain.reveal(name, jobId, GARBAGE)].sort((one, two) =>
      toHex(one.outputRoot) < toHex(two.outputRoot) ? -1 : 1,
    ) as [ReturnType<Chain["reveal"]>, ReturnType<Chain["reveal"]>];
    const events = chain.block({ evidence: [{ validator: a.validator, a, b }] });
    expect(values(events, "inference_equivocation", "operator")).toHaveLength(1);
  });

  test("silence is not absence: who is outside the bound has nothing to sign", () => {
    const chain = tolerant({ "inference.absenceMinSample": 1n });
    for (let run = 0; run < 3; run++) {
      const jobId = open(chain);
      const name = publish(chain, jobId);
      const [, ...two] = others(name);
      chain.block({ reveals: two.map((each) => chain.reveal(each, jobId, 1)) });
      const events = chain.pass(4);
      expect(chain.job(jobId).settled).toBe(true);
      expect(values(events, "inference_suspended", "operator")).toEqual([]);
    }
  });
});

describe("refusals", () => {
  test("no stake answers for an output", () => {
    const chain = tolerant();
    expect(() => chain.request(1, { valueAtRisk: "1" })).toThrow(
      /no stake answers for an output of the class tolerance/,
    );
  });

  test("never inline", () => {
    const chain = tolerant();
    expect(() => chain.request(1, { lane: "inline" })).toThrow(/does not run inline/);
  });

  test("a deadline before anyone could be drawn", () => {
    const chain = tolerant();
    expect(() => chain.request(1, { deadline: 5n })).toThrow(/deadline 5 in block 1, 6 to/);
  });

  test("no appeal: nobody can be shown to be wrong", () => {
    const chain = tolerant();
    const jobId = open(chain);
    const name = publish(chain, jobId);
    chain.block({ reveals: others(name).map((each) => chain.reveal(each, jobId, 1)) });
    chain.pass(4);
    expect(() => chain.block({ run: () => void chain.send.appeal({ jobId }) })).toThrow(/is of the class tolerance/);
  });
});
