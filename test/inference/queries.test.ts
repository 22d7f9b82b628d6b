import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { expect, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import { ValidatorSet } from "../../chain/types/validator.ts";
import { inferenceParams } from "../../modules/inference/params.ts";
import { Receipt } from "../../modules/inference/receipt.ts";
import { receipts } from "../../modules/inference/store.ts";
import type { MessageCodec } from "../../proto/codec.ts";
import {
  QueryCommitteeRequest,
  QueryCommitteeResponse,
  QueryJobRequest,
  QueryJobResponse,
  QueryJobsRequest,
  QueryJobsResponse,
  QueryModelRequest,
  QueryModelResponse,
  QueryModelsRequest,
  QueryModelsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryReceiptRequest,
  QueryReceiptResponse,
  QueryValidatorSetRequest,
  QueryValidatorSetResponse,
} from "../../proto/inference-query.ts";
import { accountOf, valoperOf } from "../modules/network.ts";
import { type Chain, createChain, FOUR, jobOutput, manifestOf, outputOf } from "./harness.ts";

const NAMES = Object.keys(FOUR);

function ask<Q, A>(
  chain: Chain,
  name: string,
  request: MessageCodec<Q>,
  response: MessageCodec<A>,
  query: Partial<Q>,
): A {
  const fields = request.fromPartial(query as Parameters<typeof request.fromPartial>[0]);
  return response.decode(chain.query(name, request.encode(fields).finish()));
}

function failure(action: () => unknown): { readonly code: number; readonly text: string } {
  try {
    action();
  } catch (error) {
    if (error instanceof QueryError) return { code: error.code, text: error.message };
    throw error;
  }
  throw new Error("it was answered");
}

function played() {
  const chain = createChain({ models: [manifestOf("digits"), manifestOf("iris")] });
  const [jobId, open] = chain.request(2) as [Uint8Array, Uint8Array];
  const commit = (name: string, ...ids: Uint8Array[]) =>
    chain.commitTo(
      name,
      ids.map((id) => [id, chain.sign(name, id, outputOf(7).root)]),
    );
  chain.block({
    commitments: NAMES.map((name) => (name === "dave" ? commit(name, jobId) : commit(name, jobId, open))),
  });
  const early = NAMES.slice(0, 3).map((name) => chain.reveal(name, jobId, 7));
  chain.block({ reveals: early, outputs: [jobOutput(jobId, 7)] });
  return { chain, jobId, open };
}
const { chain, jobId, open } = played();
const id = toHex(jobId);

test("a model by name and by root, with what a request costs", () => {
  const { model } = ask(chain, "Model", QueryModelRequest, QueryModelResponse, { model: "digits" });
  expect(model).toMatchObject({
    name: "digits",
    status: "ACTIVE",
    owner: accountOf("owner"),
    baseFee: "100",
    costUnits: 1n,
  });
  expect(model?.inputs).toEqual([{ name: "x", dtype: "float32", shape: [1n, 2n] }]);
  const byRoot = ask(chain, "Model", QueryModelRequest, QueryModelResponse, {
    model: toHex(manifestOf("digits").modelRoot),
  });
  expect(byRoot.model).toEqual(model);
  const unknown = failure(() => ask(chain, "Model", QueryModelRequest, QueryModelResponse, { model: "mnist" }));
  expect(unknown.code).toBe(GRPC.notFound);
  expect(unknown.text).toMatch(/no model has the name "mnist".*key not found/);
});

test("models by status and owner", () => {
  const list = (query: Partial<QueryModelsRequest>) =>
    ask(chain, "Models", QueryModelsRequest, QueryModelsResponse, query)
      .models.map(({ name }) => name)
      .sort();
  expect(list({})).toEqual(["digits", "iris"]);
  expect(list({ status: "active", owner: accountOf("owner") })).toEqual(["digits", "iris"]);
  expect(list({ status: "FAILED" })).toEqual([]);
  expect(list({ owner: accountOf("user") })).toEqual([]);
  expect(failure(() => list({ status: "asleep" })).code).toBe(GRPC.invalidArgument);
  expect(failure(() => list({ owner: "nobody" })).code).toBe(GRPC.invalidArgument);
});

test("a job with its members, while its windows are open and after", () => {
  const ofJob = () => ask(chain, "Job", QueryJobRequest, QueryJobResponse, { jobId: id }).job;
  const before = ofJob();
  expect(before).toMatchObject({ status: "FINAL", output: outputOf(7).bytes, attestedPower: 30n, committeePower: 40n });
  const did = (job: typeof before) =>
    job?.members.map(({ operator, committed, revealed, outputRoot }) => [
      operator === valoperOf("dave"),
      committed,
      revealed,
      outputRoot.length,
    ]);
  const expected = (dave: boolean) => (dave ? [true, true, false, 0] : [false, true, true, 32]);
  const order = chain.validators.map(({ operator }) => toHex(operator));
  expect(before?.members.map(({ operator }) => operator)).toHaveLength(order.length);
  expect(did(before)?.every((row) => JSON.stringify(row) === JSON.stringify(expected(row[0] === true)))).toBe(true);
  chain.pass(3);
  expect(did(ofJob())).toEqual(did(before));
});

test("jobs by status and requester, newest first, page by page", () => {
  const page = (query: Partial<QueryJobsRequest>) => ask(chain, "Jobs", QueryJobsRequest, QueryJobsResponse, query);
  expect(
    page({})
      .jobs.map((job) => toHex(job.jobId))
      .sort(),
  ).toEqual([id, toHex(open)].sort());
  expect(page({ status: "FINAL" }).jobs.map((job) => toHex(job.jobId))).toEqual([id]);
  expect(page({ requester: accountOf("owner") }).jobs).toEqual([]);
  const one = page({ pagination: PageRequest.fromPartial({ limit: 1n, reverse: true }) });
  expect(one.jobs).toHaveLength(1);
  const key = one.pagination?.nextKey ?? new Uint8Array(0);
  const two = page({ pagination: PageRequest.fromPartial({ key, limit: 1n, reverse: true }) });
  expect(two.jobs[0]?.jobId).not.toEqual(one.jobs[0]?.jobId);
  expect(two.pagination?.nextKey).toHaveLength(0);
});

test("a receipt, in fields and as SSZ", () => {
  const { receipt } = ask(chain, "Receipt", QueryReceiptRequest, QueryReceiptResponse, { jobId: id });
  const stored = receipts.get(chain.store, jobId);
  expect(Receipt.deserialize(receipt?.ssz ?? new Uint8Array(0))).toEqual(stored);
  expect(receipt).toMatchObject({ outputRoot: outputOf(7).root, committeeSize: 4, finalHeight: 3n });
  const none = failure(() => ask(chain, "Receipt", QueryReceiptRequest, QueryReceiptResponse, { jobId: toHex(open) }));
  expect(none).toMatchObject({ code: GRPC.notFound });
  expect(none.text).toMatch(/which is (COMMITTING|REVEALING|FAILED)/);
});

test("a committee and the next validator set, with their roots", () => {
  const committee = ask(chain, "Committee", QueryCommitteeRequest, QueryCommitteeResponse, { jobId: id });
  expect(committee.root).toEqual(ValidatorSet.hashTreeRoot([...chain.validators]));
  const next = ask(chain, "ValidatorSet", QueryValidatorSetRequest, QueryValidatorSetResponse, {});
  expect(next).toMatchObject({
    height: BigInt(chain.height + 1),
    root: committee.root,
    validators: committee.validators,
  });
  const future = { height: 2n ** 64n - 1n };
  const unknown = failure(() =>
    ask(chain, "ValidatorSet", QueryValidatorSetRequest, QueryValidatorSetResponse, future),
  );
  expect(unknown.code).toBe(GRPC.notFound);
});

test("parameters", () => {
  const { params } = ask(chain, "Params", QueryParamsRequest, QueryParamsResponse, {});
  expect(params.map(({ name }) => name)).toEqual(Object.keys(inferenceParams.rows));
  expect(params.find(({ name }) => name === "commitWindow")).toEqual({
    name: "commitWindow",
    unit: "blocks",
    value: 3n,
  });
});

test("ids that are none", () => {
  const job = (text: string) =>
    failure(() => ask(chain, "Job", QueryJobRequest, QueryJobResponse, { jobId: text })).code;
  expect(job("xyz")).toBe(GRPC.invalidArgument);
  expect(job("00".repeat(32))).toBe(GRPC.notFound);
});
