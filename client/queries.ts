import { createProtobufRpcClient, type ProtobufRpcClient, QueryClient } from "@cosmjs/stargate";
import type { CometClient } from "@cosmjs/tendermint-rpc";
import type { MessageCodec } from "../proto/codec.ts";
import {
  type InputBlob,
  type Job,
  type Model,
  QueryCommitteeRequest,
  QueryCommitteeResponse,
  QueryInputBlobRequest,
  QueryInputBlobResponse,
  QueryJobRequest,
  QueryJobResponse,
  QueryModelRequest,
  QueryModelResponse,
  QueryModelsRequest,
  QueryModelsResponse,
  QueryModelVersionsRequest,
  QueryModelVersionsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryPricesRequest,
  QueryPricesResponse,
  QueryProvenanceRequest,
  QueryProvenanceResponse,
  QueryReceiptRequest,
  QueryReceiptResponse,
  QueryScheduleRequest,
  QueryScheduleResponse,
  QuerySchedulesRequest,
  QuerySchedulesResponse,
  QuerySecurityRequest,
  QuerySecurityResponse,
  QueryValidatorSetRequest,
  QueryValidatorSetResponse,
  type Receipt,
  type Schedule,
  type TierPrice,
} from "../proto/inference-query.ts";
import { NodeError } from "./errors.ts";

const SERVICE = "assay.inference.v1.Query";

/** 10,000 models: a node that never ends its list does not keep its client for ever. */
const MAX_PAGES = 100;

/** The inference module's queries. Each rejects with the node's text for what it does not hold; see `isNotFound`. */
export interface InferenceQueries {
  /** @param model 64 hex digits of a model root, `<owner>/<name>`, or a name that only one owner uses; `@<version>` may follow a name. */
  model(model: string): Promise<Model>;
  /** All of them in store order, 10,000 at most. */
  models(status?: "REGISTERED" | "ACTIVE" | "FAILED" | "DEPRECATED"): Promise<readonly Model[]>;
  /** All models of the owner and name of one that is named as above, the newest first. */
  modelVersions(model: string): Promise<readonly Model[]>;
  /** @param jobId 64 hex digits, here and below. */
  job(jobId: string): Promise<Job>;
  /** `ssz` is what counts: see `Receipt` of modules/inference/receipt.ts. There is none before the job is FINAL. */
  receipt(jobId: string): Promise<Receipt>;
  /**
   * The set that voted on block `height`, which is the committee of the jobs requested in it; without a height, the set that votes
   * next. The node has forgotten sets that are older than evidence may be.
   */
  validatorSet(height?: number): Promise<QueryValidatorSetResponse>;
  /** The committee of a job, as long as the chain keeps the job. */
  committee(jobId: string): Promise<QueryCommitteeResponse>;
  /** Where the output of a job comes from: its request, its inputs, the model and what that was derived from. */
  provenance(jobId: string): Promise<QueryProvenanceResponse>;
  /** A parameter of the module: `maxInputBytes`. */
  parameter(name: string): Promise<bigint>;
  /** A blob of inputs. @param root 64 hex digits. */
  inputBlob(root: string): Promise<InputBlob>;
  /** What a wrong output costs, and how much value may rest on one now. */
  security(): Promise<QuerySecurityResponse>;
  /** What a cost unit of each tier in use costs now, and can cost within ten blocks. */
  prices(): Promise<readonly TierPrice[]>;
  schedule(number: bigint): Promise<Schedule>;
  /** The schedules of an account, or all; 10,000 at most. */
  schedules(owner?: string): Promise<readonly Schedule[]>;
}

async function ask<Q, R>(
  rpc: ProtobufRpcClient,
  method: string,
  request: MessageCodec<Q>,
  response: MessageCodec<R>,
  fields: Q,
): Promise<R> {
  return response.decode(await rpc.request(SERVICE, method, request.encode(fields).finish()));
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new NodeError(`the node's answer holds no ${what}`);
  return value;
}

/**
 * The inference module's queries over a CosmJS client. The answers are the node's word; nothing in them is proven.
 * @example
 * const { baseFee, fee } = await inferenceQueries(cometClient("http://127.0.0.1:26657")).model("cnn_digits");
 */
export function inferenceQueries(comet: CometClient): InferenceQueries {
  const rpc = createProtobufRpcClient(QueryClient.withExtensions(comet));
  return {
    async model(model) {
      const answer = await ask(rpc, "Model", QueryModelRequest, QueryModelResponse, { model });
      return present(answer.model, "model");
    },
    async models(status) {
      const models: Model[] = [];
      let key = new Uint8Array(0);
      for (let page = 0; page < MAX_PAGES; page++) {
        const fields = QueryModelsRequest.fromPartial({ status: status ?? "", pagination: { key, limit: 100n } });
        const answer = await ask(rpc, "Models", QueryModelsRequest, QueryModelsResponse, fields);
        models.push(...answer.models);
        key = Uint8Array.from(answer.pagination?.nextKey ?? []);
        if (key.length === 0) return models;
      }
      throw new NodeError(`the node's list of models has more than ${MAX_PAGES} pages`);
    },
    provenance: (jobId) => ask(rpc, "Provenance", QueryProvenanceRequest, QueryProvenanceResponse, { jobId }),
    async parameter(name) {
      const { params } = await ask(rpc, "Params", QueryParamsRequest, QueryParamsResponse, {});
      return present(
        params.find((each) => each.name === name),
        `parameter ${name}`,
      ).value;
    },
    async inputBlob(blob) {
      const answer = await ask(rpc, "InputBlob", QueryInputBlobRequest, QueryInputBlobResponse, { blob });
      return present(answer.blob, "input blob");
    },
    async modelVersions(model) {
      const answer = await ask(rpc, "ModelVersions", QueryModelVersionsRequest, QueryModelVersionsResponse, { model });
      return answer.models;
    },
    async job(jobId) {
      return present((await ask(rpc, "Job", QueryJobRequest, QueryJobResponse, { jobId })).job, "job");
    },
    async receipt(jobId) {
      const answer = await ask(rpc, "Receipt", QueryReceiptRequest, QueryReceiptResponse, { jobId });
      return present(answer.receipt, "receipt");
    },
    validatorSet(height = 0) {
      const fields = { height: BigInt(height) };
      return ask(rpc, "ValidatorSet", QueryValidatorSetRequest, QueryValidatorSetResponse, fields);
    },
    committee(jobId) {
      return ask(rpc, "Committee", QueryCommitteeRequest, QueryCommitteeResponse, { jobId });
    },
    async prices() {
      return (await ask(rpc, "Prices", QueryPricesRequest, QueryPricesResponse, {})).prices;
    },
    async schedule(schedule) {
      const answer = await ask(rpc, "Schedule", QueryScheduleRequest, QueryScheduleResponse, { schedule });
      return present(answer.schedule, "schedule");
    },
    async schedules(owner = "") {
      const found: Schedule[] = [];
      let key = new Uint8Array(0);
      for (let page = 0; page < MAX_PAGES; page++) {
        const fields = QuerySchedulesRequest.fromPartial({ owner, pagination: { key } });
        const answer = await ask(rpc, "Schedules", QuerySchedulesRequest, QuerySchedulesResponse, fields);
        found.push(...answer.schedules);
        key = Uint8Array.from(answer.pagination?.nextKey ?? []);
        if (key.length === 0) return found;
      }
      throw new NodeError(`the node's list of schedules has more than ${MAX_PAGES} pages`);
    },
    security: () => ask(rpc, "Security", QuerySecurityRequest, QuerySecurityResponse, {}),
  };
}
