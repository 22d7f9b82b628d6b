import { expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { JobFields } from "../../chain/types/attestation.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { JOB_STATUS, openJobs } from "../../modules/inference/store.ts";
import { DTYPES, type Tensor, Tensors } from "../../modules/inference/tensors.ts";
import { accountOf, addressOf, refusal, SPEC } from "../modules/network.ts";
import { type Chain, createChain, INPUTS, manifestOf, type requestOf, tensor } from "./harness.ts";

/** What a request is told; the block goes on. */
function told(chain: Chain, change: Parameters<typeof requestOf>[0]) {
  let answer: ReturnType<typeof refusal>;
  chain.block({
    run() {
      answer = refusal(() => chain.send.request(change));
    },
  });
  return answer;
}

const coin = (amount: string, denom = SPEC.denom) => ({ denom, amount });
const inputsOf = (...tensors: Tensor[]) => Tensors.serialize(tensors);

test("the id of a job is the root of its fields, whatever the model was called", () => {
  const chain = createChain();
  const manifest = manifestOf("digits");
  const names = [
    "digits",
    `${accountOf("owner")}/digits`,
    toHex(manifest.modelRoot),
    toHex(manifest.modelRoot).toUpperCase(),
  ];
  chain.block({
    run() {
      for (const [sequence, model] of names.entries()) {
        expect(chain.send.request({ model }).jobId).toEqual(
          JobFields.hashTreeRoot({
            genesisRoot: SPEC.genesisRoot,
            modelRoot: manifest.modelRoot,
            engineId: manifest.engineId,
            inputsRoot: Tensors.hashTreeRoot([tensor(1, 2)]),
            requester: addressOf("user"),
            sequence,
            messageIndex: 0,
          }),
        );
      }
    },
  });
});

test("the base fee is charged at once, the rest is held", () => {
  const chain = createChain();
  const before = chain.balance("user");
  const collected = () => balance(chain.store, moduleAddress("fee_collector"), SPEC.denom);
  expect(collected()).toBe(0n);
  chain.request();
  expect(collected()).toBe(100n);
  expect(chain.escrow()).toBe(49_900n);
  expect(before - chain.balance("user")).toBe(50_000n);
});

test("unknown, ambiguous and inactive models", () => {
  const twin = manifestOf("digits", { owner: addressOf("user"), modelRoot: new Uint8Array(32).fill(1) });
  const chain = createChain({ models: [manifestOf("digits"), twin, manifestOf("iris")] });
  const model = (name: string) => told(chain, { model: name });
  expect(model("mnist")).toEqual({ code: "inference/2", text: 'no model has the name "mnist": unknown model' });
  expect(model("ab".repeat(32))?.code).toBe("inference/2");
  expect(model(`${accountOf("owner")}/mnist`)?.code).toBe("inference/2");
  expect(model("owner/digits")?.code).toBe("inference/2");
  expect(model("a/b/c")?.code).toBe("inference/2");
  expect(model("")?.code).toBe("inference/2");
  const ambiguous = model("digits");
  expect(ambiguous?.code).toBe("inference/3");
  expect(ambiguous?.text).toContain(accountOf("owner"));
  expect(ambiguous?.text).toContain(accountOf("user"));
  expect(model(`${accountOf("user")}/digits`)).toBeUndefined();
  expect(model("iris")).toBeUndefined();
});

const wrongInputs: readonly (readonly [what: string, inputs: Uint8Array, text: string])[] = [
  ["no bytes of SSZ", Uint8Array.of(1, 2, 3), "not serialised SSZ tensors"],
  ["no tensor", inputsOf(), "0 tensors, expected 1"],
  ["one too many", inputsOf(tensor(1, 2), tensor(1, 2)), "2 tensors, expected 1"],
  [
    "another dtype",
    inputsOf({ ...tensor(1, 2), dtype: DTYPES.int32.code }),
    'tensor 0 "x": dtype is int32, expected float32',
  ],
  ["no dtype", inputsOf({ ...tensor(1, 2), dtype: 99 }), 'tensor 0 "x": dtype is 99, expected float32'],
  ["another shape", inputsOf({ ...tensor(1, 2), shape: [2, 1] }), 'tensor 0 "x": shape is [2,1], expected [1,2]'],
  ["another rank", inputsOf({ ...tensor(1, 2), shape: [2] }), "shape is [2], expected [1,2]"],
  ["too little data", inputsOf({ ...tensor(1, 2), data: new Uint8Array(4) }), "data has 4 bytes, expected 8"],
];

test.each(wrongInputs)("inputs with %s", (_, inputs, text) => {
  const answer = told(createChain(), { inputs });
  expect(answer?.code).toBe("inference/7");
  expect(answer?.text).toContain(text);
});

test("elements of a bool tensor are 0 or 1", () => {
  const inputs = [{ name: utf8("mask"), dtype: DTYPES.bool.code, shape: [3] }];
  const chain = createChain({ models: [manifestOf("digits", { inputs })] });
  const mask = (...bytes: number[]) => inputsOf({ dtype: DTYPES.bool.code, shape: [3], data: Uint8Array.from(bytes) });
  expect(told(chain, { inputs: mask(0, 1, 2) })?.text).toContain('tensor 0 "mask": element 2 is 2, expected 0 or 1');
  expect(told(chain, { inputs: mask(0, 1, 1) })).toBeUndefined();
});

test("inputs above the limit", () => {
  const chain = createChain({ params: { "inference.maxInputBytes": 64n } });
  expect(INPUTS.length).toBeLessThan(64);
  expect(told(chain, { inputs: new Uint8Array(65) })?.text).toContain("65 bytes, at most 64");
});

test("fees that do not suffice, and are not fees", () => {
  const chain = createChain();
  expect(told(chain, { maxFee: coin("10099") })).toEqual({
    code: "inference/8",
    text: "max_fee is 10099uassay, required: 10100uassay (100 base fee and 10000 of the model): fee too low",
  });
  expect(told(chain, { maxFee: coin("10100") })).toBeUndefined();
  expect(told(chain, { maxFee: coin("50000", "uother") })?.code).toBe("sdk/10");
  expect(told(chain, { maxFee: undefined })?.code).toBe("sdk/10");
  expect(told(chain, { maxFee: coin("-1") })?.code).toBe("sdk/10");
  expect(told(chain, { maxFee: coin("2000000000") })?.code).toBe("sdk/5");
  expect(told(chain, { valueAtRisk: "1.5" })?.code).toBe("sdk/18");
  expect(told(chain, { requester: "assay1nobody" })?.code).toBe("sdk/7");
});

test("a request that fails takes nothing and counts for nothing", () => {
  const chain = createChain();
  const before = chain.balance("user");
  told(chain, { inputs: new Uint8Array(0) });
  expect(chain.balance("user")).toBe(before);
  expect(openJobs.get(chain.store)).toBeUndefined();
});

test("deadlines too near and too far", () => {
  const chain = createChain();
  expect(told(chain, { deadline: 2n })?.text).toContain("deadline 2 in block 1, 3 to 1001 are possible");
  expect(told(chain, { deadline: 1003n })?.code).toBe("inference/10");
  expect(told(chain, { deadline: 2n ** 64n - 1n })?.code).toBe("inference/10");
  expect(told(chain, { deadline: 1004n })).toBeUndefined();
});

test("jobs, cost units and the backlog are bounded", () => {
  const jobs = createChain({ params: { "inference.maxJobsPerBlock": 2n } });
  expect(() => jobs.request(3)).toThrow(/2 jobs in this block, at most 2.*too much inference/);
  jobs.request(2);
  jobs.request(2);
  const units = createChain({ params: { "inference.maxCostUnitsPerBlock": 3n } });
  expect(() => units.request(4)).toThrow(/3 cost units in this block and 1 more, at most 3/);
  const open = createChain({ params: { "inference.maxOpenJobs": 3n } });
  const [first] = open.request(2) as [Uint8Array];
  expect(() => open.request(2)).toThrow(/3 jobs are open, at most 3.*too many open jobs/);
  open.pass(3);
  expect(open.job(first).status).toBe(JOB_STATUS.failed);
  open.request(3);
});

test("one id is one job, however it came about", () => {
  const chain = createChain();
  chain.block({
    run() {
      chain.send.request({}, 5);
      expect(refusal(() => chain.send.request({}, 5))?.code).toBe("inference/13");
      expect(refusal(() => chain.send.request({}, 6))).toBeUndefined();
    },
  });
  expect(openJobs.get(chain.store)).toBe(2);
  expect(chain.escrow()).toBe(2n * 49_900n);
});
