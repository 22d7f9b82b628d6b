import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { JOB_STATUS, jobOutputs, residentSet, strikes } from "../../modules/inference/store.ts";
import { MsgInferThen, MsgRequestInference } from "../../proto/inference.ts";
import {
  QueryJobRequest,
  QueryJobResponse,
  QueryModelRequest,
  QueryModelResponse,
} from "../../proto/inference-query.ts";
import { accountOf, refusal, SPEC } from "../modules/network.ts";
import { type Chain, createChain, jobOutput, manifestOf, outputOf, requestOf, values } from "./harness.ts";

const MODEL = manifestOf("digits", { inline: true });
const INLINE = { lane: "inline" };
const collected = (chain: Chain) => balance(chain.store, moduleAddress("fee_collector"), SPEC.denom);
const model = (chain: Chain) => {
  const record = chain.model(MODEL.modelRoot);
  if (record === undefined) throw new Error("no model");
  return record;
};

describe("an inline run", () => {
  test("has its output in the block of the request, and is paid for at once, exactly", () => {
    const chain = createChain({ models: [MODEL] });
    const before = { user: chain.balance("user"), owner: chain.balance("owner") };
    let response: ReturnType<Chain["send"]["request"]> | undefined;
    chain.block({
      run() {
        response = chain.send.request(INLINE);
      },
    });
    const { jobId = new Uint8Array(), outputRoot, output, lane } = response ?? {};
    expect([lane, outputRoot, output]).toEqual(["inline", outputOf(1).root, outputOf(1).bytes]);
    const job = chain.job(jobId);
    expect([job.status, job.settled, job.finalHeight, job.escrow]).toEqual([JOB_STATUS.final, true, 1, 0n]);
    expect(jobOutputs.get(chain.store, jobId)).toEqual(outputOf(1).bytes);
    // Base fee 100 and fee 10,000: community 200, then a tenth of what is above the floor of 50 to the owner.
    expect(before.user - chain.balance("user")).toBe(10_100n);
    expect(chain.balance("owner") - before.owner).toBe(975n);
    expect(chain.violations()).toEqual([]);
    const ask = QueryJobRequest.encode({ jobId: toHex(jobId) }).finish();
    expect(QueryJobResponse.decode(chain.query("Job", ask)).job).toMatchObject({ lane: "inline", members: [] });
  });

  test("may end in an error of the engine", () => {
    const chain = createChain({ models: [MODEL], outputs: () => outputOf(0).bytes });
    const [jobId = new Uint8Array()] = chain.request(1, INLINE);
    expect(chain.job(jobId).outputRoot).toEqual(outputOf(0).root);
  });

  test("can't give what the model does not: such a block is invalid", () => {
    for (const bytes of [Uint8Array.of(1), new Uint8Array(20_000)]) {
      const chain = createChain({ models: [MODEL], outputs: () => bytes });
      expect(() => chain.request(1, INLINE)).toThrow(InvalidBlockError);
    }
  });

  test("is forgotten in its time, and nothing else of it is left", () => {
    const chain = createChain({ models: [MODEL], params: { "inference.jobRetention": 100n } });
    const [jobId = new Uint8Array()] = chain.request(1, INLINE);
    chain.pass(102);
    expect(jobOutputs.has(chain.store, jobId)).toBe(false);
    expect(chain.violations()).toEqual([]);
  });
});

describe("a block of a later round", () => {
  test("gives an attested job instead, and the model a strike", () => {
    const chain = createChain({ models: [MODEL] });
    let lane = "";
    const events = chain.block({
      round: 1,
      run() {
        lane = chain.send.request(INLINE).lane;
        chain.send.request(INLINE);
      },
    });
    expect([lane, values(events, "inline_strike", "proposers")]).toEqual(["attested", ["1"]]);
    expect(collected(chain)).toBe(200n);
    expect(chain.violations()).toEqual([]);
  });

  test("makes it pause: its requests are attested for a while, and cost no more strikes", () => {
    const chain = createChain({ models: [MODEL], params: { "inference.inlinePause": 2n } });
    const lanes: string[] = [];
    const ask = (round: number) => chain.block({ round, run: () => void lanes.push(chain.send.request(INLINE).lane) });
    ask(1);
    expect(values(ask(1), "inline_strike", "proposers")).toEqual([]);
    ask(0);
    ask(0);
    expect(lanes).toEqual(["attested", "attested", "attested", "inline"]);
    // The next proposer that fails doubles the pause.
    expect(values(ask(1), "inline_strike", "proposers")).toEqual(["1"]);
    chain.pass(2);
    expect(values(ask(1), "inline_strike", "proposers")).toEqual(["2"]);
    expect(strikes.get(chain.store, MODEL.modelRoot)?.paused).toBe(chain.height + 4);
    expect(chain.violations()).toEqual([]);
  });

  /** A block of a later round, in the turn of the given proposer. */
  function strikeBy(chain: Chain, proposer: number) {
    while (
      (chain.height + 1) % 4 !== proposer ||
      chain.height < (strikes.get(chain.store, MODEL.modelRoot)?.paused ?? 0)
    )
      chain.block();
    return chain.block({ round: 1, run: () => void chain.send.request(INLINE) });
  }
  const QUICK = { "inference.inlinePause": 1n };

  test("of one proposer again and again, takes nothing from the model but time", () => {
    const chain = createChain({ models: [MODEL], params: QUICK });
    for (let i = 0; i < 5; i++) expect(values(strikeBy(chain, 2), "inline_strike", "proposers")).toEqual(["1"]);
    expect(model(chain).inlineOutHeight).toBe(0);
  });

  test("of proposers with more than a third of the power, takes the model out of the lane for good", () => {
    const chain = createChain({ models: [MODEL], params: QUICK });
    strikeBy(chain, 0);
    strikeBy(chain, 1);
    expect(values(strikeBy(chain, 2), "inline_out", "name")).toEqual(["digits"]);
    expect([model(chain).inlineOutHeight, residentSet.get(chain.store)]).toEqual([
      chain.height,
      { models: 0, bytes: 0 },
    ]);
    let told: ReturnType<typeof refusal>;
    chain.block({
      run() {
        told = refusal(() => chain.send.request(INLINE));
      },
    });
    expect(told?.code).toBe("inference/14");
    // The attested lane has it still.
    chain.request();
    const ask = QueryModelRequest.encode({ model: "digits" }).finish();
    expect(QueryModelResponse.decode(chain.query("Model", ask)).model?.inline).toBe(false);
    expect(chain.violations()).toEqual([]);
  });

  test("of three proposers with little power does not", () => {
    const chain = createChain({
      models: [MODEL],
      params: QUICK,
      validators: { alice: 97n, bob: 1n, carol: 1n, dave: 1n },
    });
    const alice = chain.validators.findIndex(({ power }) => power === 97n);
    for (const proposer of [0, 1, 2, 3].filter((each) => each !== alice)) strikeBy(chain, proposer);
    expect(model(chain).inlineOutHeight).toBe(0);
    strikeBy(chain, alice);
    expect(model(chain).inlineOutHeight).toBeGreaterThan(0);
  });

  test("once in a long while is forgiven", () => {
    const chain = createChain({ models: [MODEL], params: { ...QUICK, "inference.inlineStrikeWindow": 5n } });
    for (let i = 0; i < 4; i++) {
      strikeBy(chain, i);
      chain.pass(6);
    }
    expect(strikes.get(chain.store, MODEL.modelRoot)?.proposers).toHaveLength(1);
    expect(model(chain).inlineOutHeight).toBe(0);
  });
});

/** Ten coins to the owner if the output's argmax is 0. */
function then(change: Partial<MsgInferThen> = {}, amount = "10"): MsgInferThen {
  const send = MsgSend.encode({
    fromAddress: accountOf("user"),
    toAddress: accountOf("owner"),
    amount: [{ denom: SPEC.denom, amount }],
  });
  return MsgInferThen.fromPartial({
    request: requestOf({ lane: "inline" }),
    conditions: [{ kind: "argmax", operator: "eq", value: "0" }],
    messages: [{ typeUrl: MsgSend.typeUrl, value: send.finish() }],
    gasLimit: 200_000n,
    ...change,
  });
}

describe("messages that an output decides about", () => {
  /** Outputs are (n, −n): of 1 the first element is the greatest, of −1 the second. */
  const network = (output: number, fee = 0n) =>
    createChain({ models: [{ ...MODEL, fee, royaltyPpm: 0 }], outputs: () => outputOf(output).bytes });

  test("run inline, in the transaction that asked, if it is as wanted", () => {
    const chain = network(1);
    const before = chain.balance("owner");
    chain.block({
      run() {
        const { met, results, inference } = chain.send.inferThen(then());
        expect([met, results.length, inference?.lane]).toEqual([true, 1, "inline"]);
      },
    });
    expect(chain.balance("owner") - before).toBe(10n);
  });

  test("do not if it is not, or is an error of the engine, and the transaction succeeds", () => {
    for (const output of [-1, 0]) {
      const chain = network(output);
      const before = chain.balance("owner");
      chain.block({
        run() {
          expect(chain.send.inferThen(then()).met).toBe(false);
        },
      });
      expect(chain.balance("owner")).toBe(before);
    }
  });

  test("fail the transaction if one of them does", () => {
    const chain = network(1);
    chain.block({
      run() {
        expect(refusal(() => chain.send.inferThen(then({}, `${10n ** 18n}`)))?.code).toBe("sdk/5");
      },
    });
  });

  const everyone = ["alice", "bob", "carol", "dave"];
  /** Opens a job, has all four attest an output, and gives the events of the block after the final one. */
  function attested(chain: Chain, message: MsgInferThen, output: number) {
    let jobId = new Uint8Array();
    chain.block({
      run() {
        jobId = Uint8Array.from(chain.send.inferThen(message).inference?.jobId ?? []);
      },
    });
    chain.block({ commitments: everyone.map((name) => chain.commit(name, jobId, output)) });
    return chain.block({
      reveals: everyone.map((name) => chain.reveal(name, jobId, output)),
      outputs: [jobOutput(jobId, output)],
    });
  }
  const attestedRequest = requestOf({ lane: "attested" });

  test("run when the job is final in the attested lane, with the coins that were held for it", () => {
    const chain = network(1);
    const before = chain.balance("owner");
    const held = (at: Chain) => balance(at.store, moduleAddress("inference_held"), SPEC.denom);
    const all = chain.balance("user") - 100_000n;
    // All that the user has is held, so that nothing can take it away before.
    const message = then(
      { request: attestedRequest, escrow: [{ denom: SPEC.denom, amount: String(all) }] },
      String(all),
    );
    const events = attested(chain, message, 1);
    expect(values(events, "infer_then", "outcome")).toEqual(["run"]);
    expect(chain.balance("owner") - before).toBe(all);
    expect(held(chain)).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("give back what was held when the output is another, when they fail, and when the job does", () => {
    const escrow = [{ denom: SPEC.denom, amount: "500" }];
    const chain = network(1);
    const rich = chain.balance("user");
    const unmet = attested(chain, then({ request: attestedRequest, escrow }), -1);
    expect(values(unmet, "infer_then", "outcome")).toEqual(["unmet"]);
    const failed = attested(chain, then({ request: attestedRequest, escrow }, `${10n ** 18n}`), 1);
    expect(values(failed, "infer_then", "outcome")).toEqual(["failed"]);
    expect(values(failed, "infer_then", "reason")[0]).toMatch(/insufficient funds/);
    const starved = attested(chain, then({ request: attestedRequest, escrow, gasLimit: 1000n }), 1);
    expect(values(starved, "infer_then", "reason")[0]).toMatch(/out of gas/);
    chain.block({ run: () => void chain.send.inferThen(then({ request: attestedRequest, escrow })) });
    expect(values(chain.pass(10), "infer_then", "outcome")).toEqual(["failed"]);
    // Four base fees, and gas paid for four times at 0.025.
    expect(rich - chain.balance("user")).toBe(4n * 100n + 3n * 5000n + 25n);
    expect(chain.violations()).toEqual([]);
  });

  test("wait for their turn where a block has no more room for them", () => {
    const chain = createChain({
      models: [{ ...MODEL, fee: 0n, royaltyPpm: 0 }],
      params: { "inference.thenGasPerBlock": 250_000n },
    });
    const ids: Uint8Array[] = [];
    chain.block({
      run() {
        for (let i = 0; i < 3; i++) {
          ids.push(Uint8Array.from(chain.send.inferThen(then({ request: attestedRequest })).inference?.jobId ?? []));
        }
      },
    });
    const commitments = everyone.map((name) =>
      chain.commitTo(
        name,
        ids.map((jobId) => [jobId, chain.sign(name, jobId, outputOf(1).root)] as const),
      ),
    );
    chain.block({ commitments });
    const final = chain.block({
      reveals: ids.flatMap((jobId) => everyone.map((name) => chain.reveal(name, jobId, 1))),
      outputs: [...ids].map((jobId) => jobOutput(jobId, 1)),
    });
    expect(chain.violations()).toEqual([]);
    const runs = [final, chain.block(), chain.block(), chain.block()].map(
      (events) => values(events, "infer_then", "outcome").length,
    );
    expect(runs).toEqual([1, 1, 1, 0]);
  });
});

test("a job is kept as long as messages wait for their turn, however long that takes", () => {
  const chain = createChain({
    models: [{ ...MODEL, fee: 0n, royaltyPpm: 0 }],
    params: { "inference.thenGasPerBlock": 100_000n, "inference.jobRetention": 100n, "inference.appealWindow": 10n },
  });
  const names = ["alice", "bob", "carol", "dave"];
  const ids: Uint8Array[] = [];
  for (let block = 0; block < 2; block++) {
    chain.block({
      run() {
        for (let i = 0; i < 60; i++) {
          const message = then({ request: requestOf({ lane: "attested" }), gasLimit: 100_000n });
          ids.push(Uint8Array.from(chain.send.inferThen(message).inference?.jobId ?? []));
        }
      },
    });
  }
  const signed = (name: string) => ids.map((jobId) => [jobId, chain.sign(name, jobId, outputOf(1).root)] as const);
  chain.block({ commitments: names.map((name) => chain.commitTo(name, signed(name))) });
  const events = chain.block({
    reveals: ids.flatMap((jobId) => names.map((name) => chain.reveal(name, jobId, 1))),
    outputs: ids.map((jobId) => jobOutput(jobId, 1)),
  });
  // One in a block: the last when the jobs are older than they are kept for.
  const all = [...events, ...chain.pass(ids.length - 1)];
  expect(values(all, "infer_then", "outcome")).toEqual(ids.map(() => "run"));
  expect(chain.violations()).toEqual([]);
  chain.pass(2);
  expect(ids.some((jobId) => jobOutputs.has(chain.store, jobId))).toBe(false);
});

test("what an inline request asks for within what runs later is attested: nothing can be run there", () => {
  const chain = createChain({ models: [MODEL] });
  const message = then({
    request: requestOf({ lane: "attested" }),
    messages: [{ typeUrl: MsgRequestInference.typeUrl, value: MsgRequestInference.encode(requestOf(INLINE)).finish() }],
    gasLimit: 1_000_000n,
  });
  let jobId = new Uint8Array();
  chain.block({
    run() {
      jobId = Uint8Array.from(chain.send.inferThen(message).inference?.jobId ?? []);
    },
  });
  const names = ["alice", "bob", "carol", "dave"];
  chain.block({ commitments: names.map((name) => chain.commit(name, jobId, 1)) });
  const events = chain.block({
    reveals: names.map((name) => chain.reveal(name, jobId, 1)),
    outputs: [jobOutput(jobId, 1)],
  });
  // It would have the very id of the first: same requester, sequence, place and inputs.
  expect(values(events, "infer_then", "reason")[0]).toMatch(/job already exists/);
  expect(strikes.has(chain.store, MODEL.modelRoot)).toBe(false);
});
