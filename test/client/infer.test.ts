import { toBech32 } from "@cosmjs/encoding";
import type { EncodeObject } from "@cosmjs/proto-signing";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { expect, test } from "vitest";
import { fromHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { JobFields } from "../../chain/types/attestation.ts";
import { NodeError, TransactionFailed } from "../../client/errors.ts";
import { type InferenceLink, runInference } from "../../client/infer.ts";
import type { InferenceQueries } from "../../client/queries.ts";
import { encodeTensor, tensorValues } from "../../client/tensors.ts";
import { Receipt } from "../../modules/inference/receipt.ts";
import { Tensors } from "../../modules/inference/tensors.ts";
import { MsgRequestInference, MsgRequestInferenceResponse } from "../../proto/inference.ts";
import { Job, Model, Receipt as ReceiptMessage } from "../../proto/inference-query.ts";
import { bytes, committeeOf, GENESIS_ROOT, signedReceipt } from "./receipt-fixture.ts";

const REQUESTER = toBech32("assay", bytes(20, 4));
const TX = bytes(10, 9);
const HASH = Buffer.from(sha256(TX)).toString("hex").toUpperCase();
const SEQUENCE = 7;

const model = Model.fromPartial({
  modelRoot: bytes(32, 1),
  engineId: bytes(32, 2),
  owner: "assay1owner",
  name: "adder",
  inputs: [{ name: "x", dtype: "int32", shape: [2n] }],
  outputs: [{ name: "y", dtype: "int32", shape: [1n] }],
  fee: "5000",
  baseFee: "100",
  baseFeeAhead: "200",
});
const input = { dtype: "int32", shape: [2], data: [40, 2] };
const output = [encodeTensor("y", { dtype: "int32", shape: [1], data: [42] })];
const fields: JobFields = {
  genesisRoot: GENESIS_ROOT,
  modelRoot: model.modelRoot,
  engineId: model.engineId,
  inputsRoot: Tensors.hashTreeRoot([encodeTensor("x", input)]),
  requester: bytes(20, 4),
  sequence: SEQUENCE,
  messageIndex: 0,
};
const jobId = JobFields.hashTreeRoot(fields);
const committee = committeeOf([1n, 1n, 1n, 1n]);

function receiptFor(tensors: typeof output, changed: Partial<JobFields> = {}) {
  return signedReceipt(committee, [0, 1, 2], Tensors.hashTreeRoot(tensors), { ...fields, ...changed });
}

interface Answers {
  readonly model: Model;
  readonly jobId: Uint8Array;
  readonly code: number;
  readonly job: Partial<Job>;
  readonly receipt: Receipt | Uint8Array;
}

/** A run against a node that answers honestly but for `lies`. */
async function run(lies: Partial<Answers> = {}, asked = "adder") {
  const honest = receiptFor(output);
  const receipt = lies.receipt ?? honest;
  const ssz = receipt instanceof Uint8Array ? receipt : Receipt.serialize(receipt);
  const job = Job.fromPartial({
    jobId,
    status: "FINAL",
    lane: "attested",
    class: "canonical",
    requestedHeight: 41n,
    finalHeight: 43n,
    committeeRoot: honest.committeeRoot,
    outputRoot: honest.outputRoot,
    output: Tensors.serialize(output),
    ...lies.job,
  });
  const response = MsgRequestInferenceResponse.encode(
    MsgRequestInferenceResponse.fromPartial({ jobId: lies.jobId ?? jobId, lane: "attested" }),
  ).finish();
  const data = TxMsgData.encode(TxMsgData.fromPartial({ msgResponses: [{ typeUrl: "/x", value: response }] })).finish();
  const result = { code: lies.code ?? 0, codespace: "inference", log: "no", data, gasUsed: 1n };
  const sent: EncodeObject[] = [];
  const link: InferenceLink = {
    comet: {
      txSearch: () => Promise.resolve({ txs: [{ hash: fromHex(HASH), tx: TX, height: 41, result }], totalCount: 1 }),
    } as unknown as Comet38Client,
    queries: {
      model: () => Promise.resolve(lies.model ?? model),
      job: () => Promise.resolve(job),
      receipt: () => Promise.resolve(ReceiptMessage.fromPartial({ ssz })),
    } as unknown as InferenceQueries,
    bell: {
      async until(_what, _ms, ask) {
        const answer = await ask();
        if (answer === undefined) throw new Error("would wait");
        return answer;
      },
      close: () => undefined,
    },
    submit(messages) {
      sent.push(...messages);
      return Promise.resolve({ hash: HASH, sequence: SEQUENCE, sentAt: performance.now() });
    },
    requester: REQUESTER,
    denom: "uassay",
  };
  const blob = { endpoint: "http://127.0.0.1:1", blocks: 10 };
  const own = { maxFee: undefined, lane: "attested" as const, timeoutMs: 1000, blob };
  const request = { model: asked, inputs: { x: input }, ...own };
  return { ...(await runInference(link, request)), sent };
}

test("a run gives the output by name and type, with its receipt", async () => {
  const { outputs, receipt, sent, status, outputRoot } = await run();
  expect({ status, outputRoot }).toEqual({
    status: "FINAL",
    outputRoot: Buffer.from(Tensors.hashTreeRoot(output)).toString("hex"),
  });
  expect(outputs.map((one) => [one.name, one.dtype, tensorValues(one)])).toEqual([["y", "int32", [42]]]);
  expect(receipt?.fields).toEqual(fields);
  expect(sent.map(({ value }) => MsgRequestInference.fromPartial(value))).toMatchObject([
    { requester: REQUESTER, model: "01".repeat(32), maxFee: { denom: "uassay", amount: "5200" } },
  ]);
});

test("an engine's error that the validators agree on has no outputs and a receipt", async () => {
  const receipt = receiptFor([]);
  const job = { execError: true, output: new Uint8Array(0), outputRoot: receipt.outputRoot };
  expect(await run({ job, receipt })).toMatchObject({ status: "FINAL", outputs: [], receipt });
});

test("a job that failed has neither", async () => {
  const failed = { status: "FAILED", output: new Uint8Array(0), outputRoot: new Uint8Array(0), failure: "no quorum" };
  expect(await run({ job: failed })).toMatchObject({ status: "FAILED", outputs: [], receipt: undefined });
});

test("a request that fails in its block says why", async () => {
  const failure = run({ code: 5 });
  await expect(failure).rejects.toThrow(TransactionFailed);
  await expect(failure).rejects.toMatchObject({ codespace: "inference", code: 5, message: "no" });
});

const other = [encodeTensor("y", { dtype: "int32", shape: [1], data: [43] })];
const otherBytes = Tensors.serialize(other);
const otherRoot = Tensors.hashTreeRoot(other);
const oddType = [encodeTensor("y", { dtype: "uint8", shape: [1], data: [42] })];

test.each<[string, Partial<Answers>, string | RegExp]>([
  ["another output", { job: { output: otherBytes } }, /the output: its root is/],
  ["another output root", { job: { outputRoot: otherRoot } }, /the output: its root is/],
  [
    "another output with its root",
    { job: { output: otherBytes, outputRoot: otherRoot } },
    /the receipt: it is of the output/,
  ],
  ["an output that is none", { job: { output: bytes(9, 1) } }, /no serialised tensors/],
  ["an output beyond all bounds", { job: { output: bytes(20_000, 0) } }, /no serialised tensors/],
  ["an error beside an output", { job: { execError: true } }, /do not go together/],
  ["an output beside an error", { job: { output: new Uint8Array(0) } }, /the output: its root/],
  ["another job", { job: { jobId: bytes(32, 8) } }, /the answer is about the job 0808/],
  ["a height beyond all bounds", { job: { finalHeight: 2n ** 63n } }, /height is out of range/],
  ["another height", { job: { requestedHeight: 40n } }, /other heights/],
  ["no receipt", { receipt: new Uint8Array(0) }, /no SSZ Receipt/],
  ["junk as a receipt", { receipt: bytes(400, 0xff) }, /no SSZ Receipt|the receipt:/],
  ["a receipt of another request", { receipt: receiptFor(output, { sequence: 6 }) }, /the receipt: it is of the job/],
  [
    "an older job of the same account",
    {
      jobId: JobFields.hashTreeRoot({ ...fields, sequence: 6 }),
      job: { jobId: JobFields.hashTreeRoot({ ...fields, sequence: 6 }) },
      receipt: receiptFor(output, { sequence: 6 }),
    },
    /not what was requested/,
  ],
  ["a receipt of another output", { receipt: receiptFor(other) }, /it is of the output/],
  [
    "a receipt of another committee",
    { receipt: { ...receiptFor(output), committeeRoot: bytes(32, 1) } },
    /another committee/,
  ],
  ["a model of another name", { model: { ...model, name: "subtractor" } }, /another model than adder/],
  ["a model without a root", { model: { ...model, modelRoot: bytes(3, 1) } }, /has no root/],
  ["a fee that is none", { model: { ...model, fee: "1e30" } }, /"1e30" as a model's fee/],
  [
    "outputs that the model does not declare",
    {
      job: { output: Tensors.serialize(oddType), outputRoot: Tensors.hashTreeRoot(oddType) },
      receipt: receiptFor(oddType),
    },
    /output y is of type 2, the model declares int32/,
  ],
  ["no job id", { jobId: bytes(3, 1) }, /names no job/],
])("a node that answers with %s is caught", async (_, lies, reason) => {
  const caught = run(lies);
  await expect(caught).rejects.toThrow(NodeError);
  await expect(caught).rejects.toThrow(reason);
});

test("a model asked for by its root is that one", async () => {
  expect((await run({}, "01".repeat(32))).status).toBe("FINAL");
  expect((await run({}, "assay1owner/adder")).status).toBe("FINAL");
  await expect(run({}, "02".repeat(32))).rejects.toThrow(/another model/);
  await expect(run({}, "assay1other/adder")).rejects.toThrow(/another model/);
});
