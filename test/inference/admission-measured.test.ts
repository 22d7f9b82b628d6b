import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { fromUtf8, toHex } from "../../chain/bytes.ts";
import { createContext } from "../../chain/executor/context.ts";
import { abandonAdmissions } from "../../modules/inference/admission.ts";
import { NOTES } from "../../modules/inference/admission-notes.ts";
import { generateInputs, PATTERNS } from "../../modules/inference/generated-inputs.ts";
import { admissionInvariant } from "../../modules/inference/invariants.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import { checkCommitment } from "../../modules/inference/selection.ts";
import { jobInputs, MODEL_STATUS, models } from "../../modules/inference/store.ts";
import { tensorsProblem } from "../../modules/inference/tensor-check.ts";
import { DTYPES, Tensors } from "../../modules/inference/tensors.ts";
import { bucketMs, bucketOf, MAX_BUCKET, medianBucket } from "../../modules/inference/time-buckets.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { QueryModelRequest, QueryModelResponse } from "../../proto/inference-query.ts";
import { accountOf, refusal, SPEC } from "../modules/network.ts";
import { type Chain, type ChainOptions, createChain, FOUR, jobOutput, manifestOf, tensor, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const NEW = manifestOf("mnist");
const spec = (name: string) => ({ name, dtype: "float32", shape: [1n, 2n] });

function registration(change: Partial<MsgRegisterModel> = {}): MsgRegisterModel {
  return MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "mnist",
    version: "1",
    engineId: NEW.engineId,
    inputs: [spec("x")],
    outputs: [spec("y")],
    opset: 17,
    modelRoot: NEW.modelRoot,
    modelBytes: 1000n,
    probes: [Tensors.serialize([tensor(1, 2)])],
    maxDeposit: { denom: SPEC.denom, amount: "2000000" },
    ...change,
  });
}

function begin(options: ChainOptions = {}, change: Partial<MsgRegisterModel> = {}) {
  const chain = createChain(options);
  chain.block({ run: () => chain.send.register(registration(change)) });
  return chain;
}

/** Blocks of so many proposers in turn. */
function rounds(chain: Chain, proposers: readonly string[]) {
  return proposers.flatMap((proposer) => chain.block({ proposer }));
}

const openIds = (chain: Chain) => readOpenJobs(chain.store).map(({ jobId }) => jobId);
const model = (chain: Chain) => chain.model(NEW.modelRoot);
const failure = (chain: Chain) => fromUtf8(model(chain)?.failure ?? new Uint8Array(0));

/** All open jobs to the end, each with one output and what each member measured. */
function finish(chain: Chain, buckets: (index: number, name: string) => number, output = 1) {
  const ids = openIds(chain);
  for (const [index, jobId] of ids.entries()) {
    chain.block({ commitments: NAMES.map((name) => chain.commit(name, jobId, output, buckets(index, name))) });
    chain.block({
      reveals: NAMES.map((name) => chain.reveal(name, jobId, output)),
      outputs: [jobOutput(jobId, output)],
    });
  }
  return ids;
}

describe("generated inputs", () => {
  test("come from a beacon that three proposers add to after the registration", () => {
    const chain = begin();
    expect(openIds(chain)).toHaveLength(1);
    rounds(chain, ["alice", "alice", "bob", "bob"]);
    expect(openIds(chain)).toHaveLength(1);
    rounds(chain, ["carol"]);
    expect(openIds(chain)).toHaveLength(5);
    expect(model(chain)?.pendingProbes).toBe(5);
    expect(chain.violations()).toEqual([]);
    const other = begin();
    rounds(other, ["alice", "bob", "carol", "dave"]);
    const roots = (of: Chain) => readOpenJobs(of.store).map(({ job }) => toHex(job.fields.inputsRoot));
    // The owner's probe and the zeros are the same, whatever the beacon.
    expect(roots(chain).filter((root) => roots(other).includes(root))).toHaveLength(2);
  });

  test("are as many as the probes, and denormals and zeros are among them", () => {
    const probes = [1, 2, 3, 4, 5, 6].map((value) => Tensors.serialize([tensor(value, 0)]));
    const chain = begin({}, { probes });
    rounds(chain, ["alice", "bob", "carol"]);
    const floats = openIds(chain).map((jobId) => {
      const [only] = Tensors.deserialize(jobInputs.get(chain.store, jobId) ?? new Uint8Array(0));
      return new Float32Array(Uint8Array.from(only?.data ?? []).buffer);
    });
    expect(floats).toHaveLength(12);
    const denormal = (value: number) => value !== 0 && Math.abs(value) < 2 ** -126;
    expect(floats.filter((each) => each.every(denormal))).toHaveLength(2);
    expect(floats.filter((each) => each.every((value) => value === 0)).length).toBeGreaterThan(0);
  });

  test("fit what any model declares, and are the same for the same seed", () => {
    const dtypes = Object.values(DTYPES).map(({ code }) => code);
    const declaration = fc.record({
      name: fc.constant(new Uint8Array([120])),
      dtype: fc.constantFrom(...dtypes),
      shape: fc.array(fc.integer({ min: 1, max: 5 }), { maxLength: 3 }),
    });
    const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });
    fc.assert(
      fc.property(
        seeds,
        fc.array(declaration, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(...PATTERNS),
        (...args) => {
          const [seed, declared, pattern] = args;
          const made = generateInputs(seed, declared, pattern);
          expect(tensorsProblem(declared, made)).toBeUndefined();
          expect(generateInputs(seed, declared, pattern)).toEqual(made);
        },
      ),
      { numRuns: 60 },
    );
  });

  test("may end in an error of the engine, which is an output like any other", () => {
    const chain = begin();
    finish(chain, () => 0);
    rounds(chain, ["alice", "bob", "carol"]);
    finish(chain, () => 0, 0);
    expect(model(chain)?.status).toBe(MODEL_STATUS.active);
  });

  test("on which no two thirds agree fail the model, whatever its owner's probes showed", () => {
    const chain = begin();
    finish(chain, () => 0);
    rounds(chain, ["alice", "bob", "carol"]);
    const events = chain.pass(31);
    expect(values(events, "model_failed", "reason")).toEqual(["a probe failed: 0 of 40 power committed"]);
    expect(chain.violations()).toEqual([]);
  });

  test("that never get a beacon cost nobody the deposit", () => {
    const chain = begin({ params: { "inference.maxDeadline": 20n } });
    const before = chain.balance("owner");
    finish(chain, () => 0);
    chain.pass(20);
    expect(failure(chain)).toContain("too few proposers have added to the beacon");
    expect(chain.balance("owner") - before).toBe(1_010_000n);
    expect(chain.violations()).toEqual([]);
  });

  test("are given up at the end of a chain, and the deposit returns", () => {
    const chain = begin();
    const before = chain.balance("owner");
    finish(chain, () => 0);
    const view = chain.view();
    const ctx = { ...createContext({ ...view.block } as never, chain.store, view.bls) };
    abandonAdmissions(ctx);
    expect(chain.balance("owner") - before).toBe(1_010_000n);
    expect(failure(chain)).toBe("the chain ended");
    expect(chain.violations()).toEqual([]);
  });
});

describe("the time that runs take", () => {
  test("fixes the price: the slowest run, as the median of the stake measured it", () => {
    const chain = begin();
    expect(model(chain)?.costUnits).toBe(1);
    finish(chain, () => 1);
    rounds(chain, ["alice", "bob", "carol"]);
    // One says too much, one nothing at all; only the first of the generated inputs is slow.
    const said: Readonly<Record<string, number>> = { alice: MAX_BUCKET, bob: 0, carol: 7, dave: 7 };
    finish(chain, (index, name) => (index === 0 ? (said[name] ?? 0) : 2));
    expect(model(chain)).toMatchObject({ status: MODEL_STATUS.active, worstBucket: 7, costUnits: 32 });
    const asked = (amount: string) => {
      let answer: ReturnType<typeof refusal>;
      const maxFee = { denom: SPEC.denom, amount };
      chain.block({ run: () => (answer = refusal(() => chain.send.request({ model: "mnist", maxFee }))) });
      return answer;
    };
    expect(asked("3199")?.text).toContain("3200 base fee");
    expect(asked("3200")).toBeUndefined();
    const { model: shown } = QueryModelResponse.decode(
      chain.query("Model", QueryModelRequest.encode({ model: "mnist" }).finish()),
    );
    expect(shown).toMatchObject({ costUnits: 32n, runMs: 128n, baseFee: "3200", pendingProbes: 0 });
  });

  test("of those who lie about it with less than half of the stake moves no price beyond what others measured", () => {
    const honest = fc.array(fc.record({ bucket: fc.integer({ min: 4, max: 6 }), power: fc.bigInt(1n, 100n) }), {
      minLength: 1,
      maxLength: 8,
    });
    const lies = fc.array(fc.record({ bucket: fc.integer({ min: 0, max: MAX_BUCKET }), power: fc.bigInt(1n, 100n) }), {
      maxLength: 8,
    });
    const sum = (list: readonly { readonly power: bigint }[]) => list.reduce((all, { power }) => all + power, 0n);
    fc.assert(
      fc.property(honest, lies, (right, wrong) => {
        fc.pre(sum(wrong) < sum(right));
        const bucket = medianBucket([...wrong, ...right]) ?? -1;
        const measured = right.map((each) => each.bucket);
        expect(bucket).toBeGreaterThanOrEqual(Math.min(...measured));
        expect(bucket).toBeLessThanOrEqual(Math.max(...measured));
      }),
    );
    expect(medianBucket([])).toBeUndefined();
    expect(
      medianBucket([
        { bucket: 9, power: 1n },
        { bucket: 2, power: 1n },
      ]),
    ).toBe(9);
  });

  test("is a power of two of milliseconds, rounded up, with an end", () => {
    expect([0, 0.2, 1, 1.1, 2, 3, 1024, 1025, 1e9].map(bucketOf)).toEqual([0, 0, 0, 1, 1, 2, 10, 11, MAX_BUCKET]);
    expect(bucketMs(10)).toBe(1024);
  });

  test("must be what the tier allows, also on inputs that the owner did not choose", () => {
    const chain = begin();
    finish(chain, () => 3);
    rounds(chain, ["alice", "bob", "carol"]);
    finish(chain, (index) => (index === 0 ? 12 : 3));
    expect(failure(chain)).toBe("a run takes up to 4096 ms, tier 0 allows 2048 ms");
    expect(model(chain)?.deposit).toBe(0n);
    expect(chain.violations()).toEqual([]);
  });

  test("must leave a model that claims to run inline room in a block", () => {
    const chain = begin({}, { inline: true });
    finish(chain, () => 10);
    expect(failure(chain)).toBe("a run takes up to 1024 ms, which is 256 cost units; a block runs 64 inline");
    expect(chain.violations()).toEqual([]);
  });
});

describe("reasons of validators", () => {
  const noteOf = (chain: Chain, name: string, code: number) =>
    chain.commitTo(name, [], 0, [{ jobId: openIds(chain)[0] ?? new Uint8Array(32), code }]);

  test("are kept with the model and told when it fails; they are no votes", () => {
    const chain = begin();
    const codes = { alice: NOTES.memory[0], bob: NOTES.noFile[0], carol: NOTES.noFile[0] };
    chain.block({ commitments: Object.entries(codes).map(([name, code]) => noteOf(chain, name, code)) });
    const shown = () =>
      QueryModelResponse.decode(
        chain.query("Model", QueryModelRequest.encode({ model: toHex(NEW.modelRoot) }).finish()),
      ).model?.admission.map(({ reason, runs, committed }) => [reason, runs, committed]);
    const told = [
      [NOTES.memory[1], 1, 0],
      [NOTES.noFile[1], 1, 0],
      [NOTES.noFile[1], 1, 0],
      ["", 1, 0],
    ];
    expect(new Set(shown()?.map(String))).toEqual(new Set(told.map(String)));
    chain.pass(30);
    expect(failure(chain)).toBe(
      "a probe failed: 0 of 40 power committed; of 20 power: could not get the model's file from anybody",
    );
    expect(new Set(shown()?.map(String))).toEqual(new Set(told.map(String)));
    expect(chain.violations()).toEqual([]);
  });

  test("do not keep one from committing afterwards", () => {
    const chain = begin();
    chain.block({ commitments: [noteOf(chain, "alice", NOTES.noFile[0])] });
    finish(chain, () => 0);
    expect(model(chain)?.pendingProbes).toBe(4);
  });

  test("are refused where they make no sense", () => {
    const chain = begin();
    const why = (name: string, code: number) => checkCommitment(chain.view(), noteOf(chain, name, code));
    expect(why("alice", 0)).toContain("a note 0, 1 to 9 are possible");
    expect(why("alice", 10)).toContain("a note 10");
    expect(why("alice", 1)).toBeUndefined();
    chain.block({ commitments: [noteOf(chain, "alice", 1)] });
    expect(why("alice", 2)).toContain("it has given a reason");
    const [jobId = new Uint8Array(32)] = openIds(chain);
    expect(checkCommitment(chain.view(), chain.commit("bob", jobId, 1, MAX_BUCKET + 1))).toContain("time bucket 16");
    const [request = new Uint8Array(32)] = chain.request(1);
    expect(checkCommitment(chain.view(), chain.commitTo("bob", [], 0, [{ jobId: request, code: 1 }]))).toContain(
      "is no admission",
    );
  });
});

test("planted: a model that waits for an output too many is found", () => {
  const chain = begin();
  expect(admissionInvariant(chain.store)).toEqual([]);
  const before = model(chain);
  if (before === undefined) throw new Error("no model");
  models.set(chain.store, NEW.modelRoot, { ...before, pendingProbes: before.pendingProbes + 1 });
  expect(admissionInvariant(chain.store)).toEqual([expect.stringContaining("waits for 6 outputs, 5 are to come")]);
});

test("a tier that too few serve takes no model", () => {
  const chain = createChain();
  const told = { text: "" };
  chain.block({
    run: () => {
      told.text = refusal(() => chain.send.register(registration({ tier: 3 })))?.text ?? "";
    },
  });
  expect(told.text).toContain("tier 3 is served by 0 of 4 validators");
});
