import { expect, test } from "vitest";
import { blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { abandonJobs } from "../../modules/inference/abandon.ts";
import { MODEL_CLASS } from "../../modules/inference/classes.ts";
import { blobProblem, custodyOutput } from "../../modules/inference/custody.ts";
import { BLOB_STATUS, blobLoad, inputBlobs, JOB_STATUS, jobBlobs } from "../../modules/inference/store.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { blobReferences } from "../../node/blobs/references.ts";
import { MsgRegisterBlob, MsgRegisterModel } from "../../proto/inference.ts";
import {
  QueryInputBlobRequest,
  QueryInputBlobResponse,
  QueryJobRequest,
  QueryJobResponse,
} from "../../proto/inference-query.ts";
import { accountOf, SPEC } from "../modules/network.ts";
import { attestGenerated, type Chain, createChain, FOUR, manifestOf, outputOf, tensor, values } from "./harness.ts";

const TENSORS = [tensor(1, 2)];
const BYTES = Tensors.serialize(TENSORS);
const ROOT = blobRoot(BYTES);
const MESSAGE = MsgRegisterBlob.fromPartial({
  owner: accountOf("user"),
  blobRoot: ROOT,
  blobBytes: BigInt(BYTES.length),
  inputsRoot: Tensors.hashTreeRoot(TENSORS),
  tensors: [{ dtype: "float32", shape: [1n, 2n] }],
  blocks: 20n,
  maxDeposit: { denom: SPEC.denom, amount: "1000" },
});
const NAMES = Object.keys(FOUR);

function register(chain: Chain, change: Partial<MsgRegisterBlob> = {}): Uint8Array {
  let jobId = new Uint8Array(0);
  chain.block({
    run() {
      jobId = Uint8Array.from(chain.send.registerBlob({ ...MESSAGE, ...change }).jobId);
    },
  });
  return jobId;
}

/** All validators say the same about a job. */
function attest(chain: Chain, jobId: Uint8Array, tensors: Tensors): void {
  const outputRoot = Tensors.hashTreeRoot([...tensors]);
  const signatures = NAMES.map((name) => [name, chain.sign(name, jobId, outputRoot)] as const);
  chain.block({ commitments: signatures.map(([name, signature]) => chain.commitTo(name, [[jobId, signature]])) });
  chain.block({
    reveals: NAMES.map((name) => ({
      ...chain.reveal(name, jobId, 1),
      outputRoot,
      signature: chain.sign(name, jobId, outputRoot),
    })),
    outputs: [{ jobId, output: Tensors.serialize([...tensors]) }],
  });
}

function active(params: Readonly<Record<string, bigint>> = {}): Chain {
  const chain = createChain({ params });
  const jobId = register(chain);
  attest(chain, jobId, custodyOutput(jobId, BYTES));
  return chain;
}
const blob = (chain: Chain) => inputBlobs.get(chain.store, ROOT);

test("a blob is active once more than two thirds of all power have said that they hold it; its rent is then paid", () => {
  const chain = createChain();
  const before = chain.balance("user");
  const jobId = register(chain);
  // One unit of 64 KiB for 20 blocks, and two cost units of 100 for the check.
  expect(before - chain.balance("user")).toBe(20n + 200n);
  expect([blob(chain)?.status, chain.escrow()]).toEqual([BLOB_STATUS.checking, 20n]);
  expect(chain.job(jobId)).toMatchObject({ kind: 6, committeeSize: 4, costUnits: 2 });
  attest(chain, jobId, custodyOutput(jobId, BYTES));
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
  expect(blob(chain)).toMatchObject({ status: BLOB_STATUS.active, activeHeight: 3, expiryHeight: 23, rent: 0n });
  expect([chain.escrow(), chain.violations()]).toEqual([0n, []]);
});

test("a request names it in the place of inputs, pays for it, and its job says which one", () => {
  const chain = active();
  const [jobId] = chain.request(1, { inputs: new Uint8Array(0), inputsBlob: ROOT }) as [Uint8Array];
  const job = chain.job(jobId);
  expect(toHex(job.fields.inputsRoot)).toBe(toHex(Tensors.hashTreeRoot(TENSORS)));
  expect(job.costUnits).toBe(2);
  expect(jobBlobs.get(chain.store, jobId)).toEqual(ROOT);
  const { job: told } = QueryJobResponse.decode(
    chain.query("Job", QueryJobRequest.encode({ jobId: toHex(jobId) }).finish()),
  );
  expect([told?.kind, told?.inputsBlob]).toEqual(["request", ROOT]);
  attest(chain, jobId, [tensor(3, 4)]);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.final);
  expect(chain.violations()).toEqual([]);
  // Whoever appeals needs no inputs of his own: nodes keep the blob.
  chain.pass(4);
  const refers = blobReferences(chain.store);
  expect([refers(ROOT), refers(new Uint8Array(32))]).toEqual([true, false]);
  inputBlobs.delete(chain.store, ROOT);
  expect(blobReferences(chain.store)(ROOT)).toBe(true);
});

test("one that is not as declared is refused by all: it is gone, and its rent burns", () => {
  const chain = createChain();
  const before = chain.balance("user");
  const jobId = register(chain);
  attest(chain, jobId, []);
  expect(blob(chain)).toBeUndefined();
  expect([chain.escrow(), before - chain.balance("user")]).toEqual([0n, 220n]);
  expect(blobLoad.get(chain.store)).toEqual({ blobs: 0, bytes: 0 });
  expect(chain.violations()).toEqual([]);
});

test("one that too few have is gone when the window of its job is over, and its rent returns", () => {
  const chain = createChain({ params: { "inference.admissionWindow": 4n } });
  const before = chain.balance("user");
  const jobId = register(chain);
  chain.block({ commitments: [chain.commit("alice", jobId, 1)] });
  const events = chain.pass(4);
  expect(chain.job(jobId).status).toBe(JOB_STATUS.failed);
  expect(values(events, "input_blob_failed", "reason")[0]).toMatch(/available/);
  expect([blob(chain), before - chain.balance("user"), chain.violations()]).toEqual([undefined, 200n, []]);
  // Whoever brings it in time may register it anew.
  register(chain);
  expect(blob(chain)?.status).toBe(BLOB_STATUS.checking);
});

test("it is released when its time is over; what is open keeps it, what comes later is refused", () => {
  const chain = active();
  chain.pass(19);
  expect(chain.height).toBe(22);
  let open = new Uint8Array(0);
  const events = chain.block({
    run() {
      open = Uint8Array.from(chain.send.request({ inputs: new Uint8Array(0), inputsBlob: ROOT }).jobId);
    },
  });
  expect(values(events, "input_blob_released", "blob")).toEqual([toHex(ROOT)]);
  expect([blob(chain), jobBlobs.get(chain.store, open), chain.violations()]).toEqual([undefined, ROOT, []]);
  expect(() => chain.request(1, { inputs: new Uint8Array(0), inputsBlob: ROOT })).toThrow(
    /is registered, or its time is over/,
  );
  attest(chain, open, outputOfNumber(5));
  expect(chain.job(open).status).toBe(JOB_STATUS.final);
});
const outputOfNumber = (number: number): Tensors => Tensors.deserialize(outputOf(number).bytes);

test("models of other inputs refuse it, naming the tensor", () => {
  const chain = createChain({
    models: [
      manifestOf("digits"),
      manifestOf("wide", { inputs: [{ ...manifestOf("x").inputs[0], shape: [1, 3] } as never] }),
    ],
  });
  const jobId = register(chain);
  const asked = { model: "wide", inputs: new Uint8Array(0), inputsBlob: ROOT };
  expect(() => chain.request(1, asked)).toThrow(/still being checked/);
  attest(chain, jobId, custodyOutput(jobId, BYTES));
  expect(() => chain.request(1, asked)).toThrow(/tensor 0 "x" is float32\[1,2\], expected float32\[1,3\]/);
});

test("a probe may be in a blob, too", () => {
  const chain = active();
  const declaration = (name: string) => [{ name, dtype: "float32", shape: [1n, 2n] }];
  const { engineId, modelRoot } = manifestOf("large");
  const message = MsgRegisterModel.fromPartial({
    owner: accountOf("owner"),
    name: "large",
    version: "1.0.0",
    engineId,
    inputs: declaration("x"),
    outputs: declaration("y"),
    opset: 17,
    modelRoot,
    modelBytes: 1000n,
    probeBlobs: [ROOT],
    maxDeposit: { denom: SPEC.denom, amount: "900000000" },
  });
  const jobIds: Uint8Array[] = [];
  chain.block({
    run() {
      jobIds.push(...chain.send.register(message).jobIds);
    },
  });
  expect(jobIds).toHaveLength(1);
  const [jobId = new Uint8Array(0)] = jobIds;
  expect(jobBlobs.get(chain.store, jobId)).toEqual(ROOT);
  attest(chain, jobId, [tensor(1, 1)]);
  attestGenerated(chain);
  expect(chain.model(manifestOf("large").modelRoot)?.status).toBe(1);
});

test("at the end of a chain what is being checked is dropped and its rent returns; active ones stay", () => {
  const chain = active();
  const before = chain.balance("user");
  const other = Tensors.serialize([tensor(3, 4)]);
  register(chain, { blobRoot: blobRoot(other), inputsRoot: Tensors.hashTreeRoot([tensor(3, 4)]) });
  abandonJobs(chain.context());
  expect(before - chain.balance("user")).toBe(200n);
  expect(inputBlobs.entries(chain.store).map(([root]) => toHex(root))).toEqual([toHex(ROOT)]);
  expect(chain.violations()).toEqual([]);
});

test("the query tells of a blob, and what naming it costs", () => {
  const chain = active();
  const ask = () =>
    QueryInputBlobResponse.decode(
      chain.query("InputBlob", QueryInputBlobRequest.encode({ blob: toHex(ROOT) }).finish()),
    );
  expect(ask().blob).toMatchObject({
    status: "ACTIVE",
    requestUnits: 1n,
    expiryHeight: 23n,
    owner: accountOf("user"),
  });
});

test("the invariant sees a blob that is not counted", () => {
  const chain = active();
  blobLoad.set(chain.store, { blobs: 0, bytes: 0 });
  expect(chain.violations()[0]).toMatch(/inputBlobs: 0 input blobs of 0 bytes are counted, there are 1/);
});

test("what is wrong with a blob's bytes", () => {
  const declared = { blobBytes: BYTES.length, inputsRoot: MESSAGE.inputsRoot, tensors: [{ dtype: 1, shape: [1, 2] }] };
  expect(blobProblem(declared, BYTES)).toBeUndefined();
  expect(blobProblem(declared, BYTES.subarray(1))).toMatch(/bytes/);
  expect(blobProblem({ ...declared, inputsRoot: ROOT }, BYTES)).toBe("another inputs root");
  expect(blobProblem({ ...declared, tensors: [{ dtype: 1, shape: [2, 1] }] }, BYTES)).toMatch(/shape is \[1,2\]/);
  expect(blobProblem(declared, new Uint8Array(BYTES.length))).toMatch(/no serialised tensors/);
});

test("its job is about exact bytes, also where a model of the class tolerance has the same", () => {
  const change = { modelRoot: ROOT, class: MODEL_CLASS.tolerance, absoluteTolerance: 1 };
  const chain = createChain({ models: [manifestOf("digits", change)] });
  const jobId = register(chain);
  expect(chain.job(jobId)).toMatchObject({
    class: MODEL_CLASS.canonical,
    direct: false,
    status: JOB_STATUS.committing,
  });
});
