import { fromBech32 } from "@cosmjs/encoding";
import type { EncodeObject } from "@cosmjs/proto-signing";
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import { fromHex, toHex } from "../chain/bytes.ts";
import type { Receipt } from "../modules/inference/receipt.ts";
import { Tensors } from "../modules/inference/tensors.ts";
import { MsgRequestInference, MsgRequestInferenceResponse } from "../proto/inference.ts";
import type { Job, Model } from "../proto/inference-query.ts";
import type { BlockBell } from "./block-bell.ts";
import { isModelAskedFor, jobProblem, type OwnRequest, readReceipt } from "./check-result.ts";
import { NodeError } from "./errors.ts";
import { type InputBlobOptions, needsBlob, uploadInputs } from "./input-blob.ts";
import type { InferenceQueries } from "./queries.ts";
import { encodeInputs, nameOutputs, type TensorInput, type TensorOutput } from "./tensors.ts";
import { type BroadcastTx, type ExecutedTx, executed } from "./transactions.ts";

export interface InferenceResult {
  /** 64 hex digits. */
  readonly jobId: string;
  readonly status: "FINAL" | "FAILED";
  /** The lane that it took: what asks for an inline run can be demoted to an attested one. */
  readonly lane: "inline" | "attested";
  readonly requestedHeight: number;
  /** Zero for a failed job. */
  readonly finalHeight: number;
  /** From handing the transaction to the node until the job was seen FINAL or FAILED, in milliseconds. */
  readonly latencyMs: number;
  /** Empty for a failed job and for the reserved output EXEC_ERROR. */
  readonly outputs: readonly TensorOutput[];
  /** 64 hex digits; empty for a failed job. */
  readonly outputRoot: string;
  /** Undefined for a failed job and for an inline run, which the block alone shows. It is of this request and this output; who signed it only `verifyReceipt` tells. */
  readonly receipt: Receipt | undefined;
  /** The job as the chain holds it, with what each committee member did. */
  readonly job: Job;
}

/** What a run needs of a connection. */
export interface InferenceLink {
  readonly comet: Comet38Client;
  readonly queries: InferenceQueries;
  readonly bell: BlockBell;
  submit(messages: readonly EncodeObject[]): Promise<BroadcastTx>;
  readonly requester: string;
  readonly denom: string;
}

export interface InferenceRequest {
  readonly model: string;
  readonly inputs: Readonly<Record<string, TensorInput>>;
  readonly maxFee: bigint | undefined;
  readonly lane: "inline" | "attested";
  readonly timeoutMs: number;
  /** Where and how inputs go that are too large for a transaction. */
  readonly blob: Omit<InputBlobOptions, "timeoutMs">;
}

function amount(text: string, what: string): bigint {
  if (!/^[0-9]{1,39}$/.test(text)) throw new NodeError(`the node gives "${text.slice(0, 40)}" as a model's ${what}`);
  return BigInt(text);
}

async function askedModel(queries: InferenceQueries, asked: string): Promise<Model> {
  const model = await queries.model(asked);
  if (!isModelAskedFor(asked, model)) throw new NodeError(`the node answers with another model than ${asked}`);
  if (model.modelRoot.length !== 32 || model.engineId.length !== 32)
    throw new NodeError("the node's model has no root");
  return model;
}

/** The job that a request's transaction opened, out of the transaction's result. */
function jobIdOf({ data }: ExecutedTx): string {
  const [response] = TxMsgData.decode(data).msgResponses;
  const jobId = response === undefined ? undefined : MsgRequestInferenceResponse.decode(response.value).jobId;
  if (jobId?.length !== 32) throw new NodeError("the transaction's result names no job");
  return toHex(jobId);
}

/** The job once it is FINAL or FAILED; its output is the one that its root names. */
async function closedJob(queries: InferenceQueries, jobId: string): Promise<Job | undefined> {
  const job = await queries.job(jobId);
  const problem = jobProblem(jobId, job);
  if (problem !== undefined) throw new NodeError(`the node's answer about job ${jobId} is false: ${problem}`);
  return job.status === "FINAL" || job.status === "FAILED" ? job : undefined;
}

function laneOf({ lane }: Job): InferenceResult["lane"] {
  if (lane === "inline" || lane === "attested") return lane;
  throw new NodeError(`the node names "${lane.slice(0, 40)}" as a job's lane`);
}

function readOutputs(model: Model, job: Job): TensorOutput[] {
  if (job.execError) return [];
  try {
    return nameOutputs(model.outputs, Tensors.deserialize(job.output));
  } catch (error) {
    // Validators agree on no such output: the node has described the model falsely.
    throw new NodeError((error as Error).message, { cause: error });
  }
}

/** Requests a run, waits for its end and checks what the node says of it. Throws what `AssayClient.infer` does. */
export async function runInference(link: InferenceLink, request: InferenceRequest): Promise<InferenceResult> {
  const { queries, bell, comet, denom, requester } = link;
  const { timeoutMs } = request;
  const model = await askedModel(queries, request.model);
  const inputs = encodeInputs(model.inputs, request.inputs);
  const bytes = Tensors.serialize(inputs);
  const blob = (await needsBlob(queries, bytes.length))
    ? await uploadInputs(link, inputs, { ...request.blob, timeoutMs })
    : undefined;
  // With room for a price that rises until the request is in a block; what it does not cost comes back.
  const ahead = amount(model.baseFeeAhead, "base fee");
  const ofBlob = model.costUnits === 0n ? 0n : (ahead / model.costUnits) * (blob?.requestUnits ?? 0n);
  const maxFee = request.maxFee ?? ahead + ofBlob + amount(model.fee, "fee");
  const value = MsgRequestInference.fromPartial({
    requester,
    model: toHex(model.modelRoot),
    ...(blob === undefined ? { inputs: bytes } : { inputsBlob: fromHex(blob.root) }),
    maxFee: { denom, amount: String(maxFee) },
    lane: request.lane === "inline" ? "inline" : "",
  });
  const { hash, sequence, sentAt } = await link.submit([{ typeUrl: MsgRequestInference.typeUrl, value }]);
  const tx = await bell.until(`transaction ${hash}`, timeoutMs, () => executed(comet, hash));
  const jobId = jobIdOf(tx);
  const left = Math.max(0, timeoutMs - (performance.now() - sentAt));
  const job = await bell.until(`job ${jobId}`, left, () => closedJob(queries, jobId));
  const latencyMs = performance.now() - sentAt;
  const lane = laneOf(job);
  const result = {
    jobId,
    lane,
    requestedHeight: Number(job.requestedHeight),
    finalHeight: Number(job.finalHeight),
    latencyMs,
    job,
  };
  if (job.status !== "FINAL") return { ...result, status: "FAILED", outputs: [], outputRoot: "", receipt: undefined };
  const outputs = readOutputs(model, job);
  const outputRoot = toHex(job.outputRoot);
  if (lane === "inline") return { ...result, status: "FINAL", outputs, outputRoot, receipt: undefined };
  const own: OwnRequest = {
    modelRoot: model.modelRoot,
    engineId: model.engineId,
    inputsRoot: Tensors.hashTreeRoot(inputs),
    // The limit is named because the library does not take CosmJS's default, Infinity.
    requester: fromBech32(requester, 90).data,
    sequence,
    messageIndex: 0,
  };
  const answer = await queries.receipt(jobId);
  const receipt = readReceipt(answer.ssz, jobId, job, own);
  if (typeof receipt === "string") throw new NodeError(`the node's answer about job ${jobId} is false: ${receipt}`);
  return { ...result, status: "FINAL", outputs, outputRoot, receipt };
}
