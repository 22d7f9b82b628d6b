import { expect, test } from "vitest";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import { JOB_STATUS, MODEL_STATUS } from "../../modules/inference/store.ts";
import { DTYPES, type Tensor, Tensors } from "../../modules/inference/tensors.ts";
import { MsgRegisterModel } from "../../proto/inference.ts";
import { accountOf, refusal, SPEC } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, tensor, values } from "./harness.ts";

const NAMES = Object.keys(FOUR);
const NEW = manifestOf("mnist");
const PROBES = [Tensors.serialize([tensor(1, 2)]), Tensors.serialize([tensor(3, 4)])];
const spec = (name: string, ...shape: bigint[]) => ({ name, dtype: "float32", shape });

function registration(change: Partial<MsgRegisterModel> = {}): MsgRegisterModel {
  return MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "mnist",
    version: "1.0.0",
    engineId: NEW.engineId,
    inputs: [spec("x", 1n, 2n)],
    outputs: [spec("y", 1n, 2n)],
    opset: 17,
    modelRoot: NEW.modelRoot,
    modelBytes: 1000n,
    fee: "10000",
    licence: "MIT",
    probes: PROBES,
    maxDeposit: { denom: SPEC.denom, amount: "2000000" },
    ...change,
  });
}

function register(chain: Chain, change: Partial<MsgRegisterModel> = {}): readonly Uint8Array[] {
  let ids: readonly Uint8Array[] = [];
  chain.block({
    run() {
      ids = chain.send.register(registration(change)).jobIds;
    },
  });
  return ids;
}

/** What a registration is told. */
function told(change: Partial<MsgRegisterModel>, chain = createChain()) {
  let answer: ReturnType<typeof refusal>;
  chain.block({
    run() {
      answer = refusal(() => chain.send.register(registration(change)));
    },
  });
  return answer;
}

/** With a proposer of its own for each of the blocks, so that generated inputs have their beacon. */
function attest(chain: Chain, ids: readonly Uint8Array[], names: readonly string[], outputs: readonly number[]) {
  const turn = () => NAMES[chain.height % NAMES.length] ?? "";
  for (const [index, jobId] of ids.entries()) {
    chain.block({ proposer: turn(), commitments: names.map((name) => chain.commit(name, jobId, outputs[index] ?? 0)) });
    chain.block({
      proposer: turn(),
      reveals: names.map((name) => chain.reveal(name, jobId, outputs[index] ?? 0)),
      outputs: [jobOutput(jobId, outputs[index] ?? 0)],
    });
  }
}

/** Jobs of generated inputs that are open; the begin of a block may still have to open them. */
function generated(chain: Chain): readonly Uint8Array[] {
  return readOpenJobs(chain.store).flatMap(({ jobId, job }) =>
    job.status === JOB_STATUS.committing && job.fields.messageIndex > 255 ? [jobId] : [],
  );
}

test("a model is active once every probe, and every generated input, is final", () => {
  const chain = createChain();
  const before = chain.balance("owner");
  const ids = register(chain);
  expect(ids).toHaveLength(2);
  expect(before - chain.balance("owner")).toBe(1_010_000n + 600n);
  expect(chain.escrow()).toBe(1_010_000n);
  expect(() => chain.request(1, { model: "mnist" })).toThrow(/still being admitted.*not active/);
  attest(chain, ids.slice(0, 1), NAMES, [7]);
  expect(chain.model(NEW.modelRoot)?.status).toBe(MODEL_STATUS.registered);
  attest(chain, ids.slice(1), NAMES, [8]);
  expect(chain.model(NEW.modelRoot)).toMatchObject({ status: MODEL_STATUS.registered, pendingProbes: 4 });
  expect(chain.violations()).toEqual([]);
  attest(chain, generated(chain), NAMES, [1, 2, 3, 4]);
  expect(chain.model(NEW.modelRoot)).toMatchObject({ status: MODEL_STATUS.active, activeHeight: 13, pendingProbes: 0 });
  chain.request(1, { model: "mnist" });
  expect(chain.escrow()).toBe(1_010_000n + 49_900n);
  expect(chain.violations()).toEqual([]);
});

test("without a quorum the deposit burns, and name and root are free again", () => {
  const chain = createChain();
  register(chain);
  const events = chain.pass(30);
  expect(values(events, "model_failed", "reason")).toEqual(["a probe failed: 0 of 40 power committed"]);
  expect(chain.escrow()).toBe(0n);
  expect(chain.model(NEW.modelRoot)).toMatchObject({ status: MODEL_STATUS.failed, deposit: 0n });
  expect(chain.violations()).toEqual([]);
  expect(() => chain.request(1, { model: "mnist" })).toThrow(/unknown model/);
  expect(() => chain.request(1, { model: toHex(NEW.modelRoot) })).toThrow(/failed its admission/);
  attest(chain, register(chain), NAMES, [7, 7]);
  attest(chain, generated(chain), NAMES, [7, 7, 7, 7]);
  expect(chain.model(NEW.modelRoot)?.status).toBe(MODEL_STATUS.active);
});

test("a probe that ends in an error of the engine fails the model, and the other probe no longer counts", () => {
  const chain = createChain();
  const ids = register(chain);
  attest(chain, ids, NAMES, [0, 7]);
  expect(chain.model(NEW.modelRoot)?.status).toBe(MODEL_STATUS.failed);
  expect(chain.escrow()).toBe(0n);
});

test("jobs of an admission that failed do not count for the next one", () => {
  const chain = createChain({ params: { "inference.admissionWindow": 10n } });
  const [first, second] = register(chain) as [Uint8Array, Uint8Array];
  attest(chain, [first], NAMES, [0]);
  const again = register(chain);
  attest(chain, [second], NAMES, [7]);
  expect(chain.model(NEW.modelRoot)).toMatchObject({ status: MODEL_STATUS.registered, pendingProbes: 6 });
  attest(chain, again, NAMES, [7, 7]);
  attest(chain, generated(chain), NAMES, [7, 7, 7, 7]);
  expect(chain.model(NEW.modelRoot)?.status).toBe(MODEL_STATUS.active);
});

test("versions of a name are unique per owner, roots altogether", () => {
  const chain = createChain();
  register(chain);
  expect(told({}, chain)?.code).toBe("inference/5");
  expect(told({ name: "other" }, chain)?.text).toContain('the model with this root is "mnist"');
  expect(told({ modelRoot: new Uint8Array(32).fill(3) }, chain)?.text).toContain('already has a model "mnist"');
  expect(told({ owner: accountOf("user"), modelRoot: new Uint8Array(32).fill(3) }, chain)).toBeUndefined();
});

const tooLarge = spec("y", 1n, 4096n);
const wrong: readonly (readonly [what: string, change: Partial<MsgRegisterModel>, text: string])[] = [
  ["name", { name: "Digits" }, 'name "Digits" must match'],
  ["empty name", { name: "" }, "must match"],
  ["long name", { name: "a".repeat(64) }, "name has 64 bytes, at most 63"],
  ["slash", { name: "a/b" }, "must match"],
  ["version", { version: " " }, "version"],
  ["class", { class: "precise" }, '"precise" is none of canonical, exact'],
  ["engine id", { engineId: new Uint8Array(31) }, "engine_id has 31 bytes, expected 32"],
  ["root", { modelRoot: new Uint8Array(0) }, "model_root has 0 bytes"],
  ["parent", { parent: new Uint8Array(3) }, "parent has 3 bytes"],
  ["no inputs", { inputs: [] }, "0 inputs, 1 to 16"],
  ["many outputs", { outputs: Array.from({ length: 17 }, (_, i) => spec(`y${i}`, 1n)) }, "17 outputs, 1 to 16"],
  ["twice the same name", { inputs: [spec("x", 1n, 2n), spec("x", 1n)] }, 'the name "x" stands twice'],
  ["dtype", { inputs: [{ ...spec("x", 1n, 2n), dtype: "float16" }] }, 'unknown dtype "float16"'],
  ["prototype", { inputs: [{ ...spec("x", 1n, 2n), dtype: "toString" }] }, 'unknown dtype "toString"'],
  ["open length", { inputs: [spec("x", 1n, 0n)] }, "lengths are fixed and positive"],
  ["huge length", { inputs: [spec("x", 2n ** 63n)] }, "lengths are fixed and positive"],
  ["huge product", { inputs: [spec("x", 2n ** 30n, 2n ** 30n)] }, "more than 16777216 bytes"],
  ["rank", { inputs: [spec("x", ...Array.from({ length: 9 }, () => 1n))] }, "rank 9, at most 8"],
  ["outputs", { outputs: [tooLarge] }, "outputs of 16413 bytes, at most 16384"],
  ["inputs", { inputs: [spec("x", 1n, 20_000n)], probes: [] }, "0 probes, 1 to 8"],
  ["opset", { opset: 0 }, "opset is 0"],
  ["bytes", { modelBytes: 0n }, "no bytes"],
  ["more bytes", { modelBytes: 2n ** 60n }, "a model of"],
  ["fee", { fee: "1e3" }, 'fee "1e3"'],
  ["royalty", { royaltyPpm: 400_000 }, "a royalty of 400000 ppm, at most 300000"],
  ["probes", { probes: [Uint8Array.of(1)] }, "probe 0 is not serialised tensors"],
  ["probe", { probes: [Tensors.serialize([tensor(1, 2, 3)])] }, 'probe 0: tensor 0 "x": shape is [1,3]'],
  ["licence", { licence: "ü" }, "licence"],
];

test.each(wrong)("a manifest with wrong %s", (_, change, text) => {
  const answer = told(change);
  expect(answer?.code).toBe("inference/6");
  expect(answer?.text).toContain(text);
});

test("inputs above the network's limit, deposits below it", () => {
  const big: Tensor = { dtype: DTYPES.float32.code, shape: [1, 20_000], data: new Uint8Array(80_000) };
  const answer = told({ inputs: [spec("x", 1n, 20_000n)], probes: [Tensors.serialize([big])] });
  expect(answer?.text).toContain("probe 0 has 80029 bytes, at most 65536");
  const coin = (amount: string, denom = SPEC.denom) => ({ denom, amount });
  expect(told({ maxDeposit: coin("1009999") })?.text).toContain(
    "max_deposit is 1009999uassay, required: 1010000uassay",
  );
  expect(told({ maxDeposit: coin("2000000", "uother") })?.code).toBe("inference/9");
  expect(told({ maxDeposit: undefined })?.code).toBe("sdk/10");
  expect(told({ owner: accountOf("pauper") })?.code).toBe("sdk/5");
});

test("registration counts against the block like requests do", () => {
  const chain = createChain({ params: { "inference.maxJobsPerBlock": 1n } });
  expect(told({}, chain)?.code).toBe("inference/11");
  expect(chain.model(NEW.modelRoot)).toBeUndefined();
  expect(chain.escrow()).toBe(0n);
});

test("the version's text is kept as it came", () => {
  const chain = createChain();
  register(chain);
  expect(chain.model(NEW.modelRoot)?.manifest.version).toEqual(utf8("1.0.0"));
});
