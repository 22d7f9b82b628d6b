import { fromHex, fromUtf8, toHex } from "../../chain/bytes.ts";
import { GRPC, QueryError, TxError } from "../../chain/errors.ts";
import { readValidators } from "../../chain/executor/chain-state.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { type Validator, ValidatorSet } from "../../chain/types/validator.ts";
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
  QueryPricesRequest,
  QueryPricesResponse,
  QueryReceiptRequest,
  QueryReceiptResponse,
  QuerySecurityRequest,
  QuerySecurityResponse,
  QueryValidatorSetRequest,
  QueryValidatorSetResponse,
} from "../../proto/inference-query.ts";
import { operatorText, queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { cheapest, TWO_THIRDS } from "../security/keeper.ts";
import { POWER_REDUCTION } from "../staking/keeper.ts";
import { modelWithAdmission } from "./admission-query.ts";
import { blobQueries } from "./blob-queries.ts";
import { resolveModel } from "./models.ts";
import { inferenceParams } from "./params.ts";
import { provenanceQueries } from "./provenance.ts";
import { JOB_STATUS_NAMES, jobMessage, MODEL_STATUS_NAMES, modelMessage, receiptMessage } from "./query-messages.ts";
import { freeStake, valueFor } from "./reservation.ts";
import { seatsOfJob } from "./seats.ts";
import {
  committees,
  heightJobKey,
  JOB_KIND,
  type JobRecord,
  jobs,
  jobsByHeight,
  type ModelRecord,
  modelKey,
  models,
  receipts,
} from "./store.ts";
import { tierPrices } from "./tier-market.ts";
import { versionQueries } from "./version-queries.ts";

const SERVICE = "/assay.inference.v1.Query";

/** @throws QueryError NotFound, with what a transaction would be told. */
function requireModel(ctx: QueryContext, text: string): ModelRecord {
  if (text === "") throw new QueryError(GRPC.invalidArgument, "no model was named");
  try {
    return resolveModel(ctx.store, ctx.spec, text);
  } catch (error) {
    if (error instanceof TxError) throw notFound(error.message);
    throw error;
  }
}

function parseJobId(text: string): Uint8Array {
  if (/^[0-9a-fA-F]{64}$/.test(text)) return fromHex(text);
  throw new QueryError(GRPC.invalidArgument, `"${text.slice(0, 100)}" is not a job id of 64 hex digits`);
}

function requireJob(ctx: QueryContext, text: string): { readonly jobId: Uint8Array; readonly job: JobRecord } {
  const jobId = parseJobId(text);
  const job = jobs.get(ctx.store, jobId);
  if (job === undefined) throw notFound(`job ${text}`);
  return { jobId, job };
}

/** The number of a status that was asked for; undefined for any. */
function statusNumber(names: readonly string[], text: string): number | undefined {
  if (text === "") return undefined;
  const number = names.indexOf(text.toUpperCase());
  if (number >= 0) return number;
  throw new QueryError(GRPC.invalidArgument, `status "${text.slice(0, 40)}" is none of ${names.join(", ")}`);
}

function listModels(ctx: QueryContext, request: QueryModelsRequest): QueryModelsResponse {
  const status = statusNumber(MODEL_STATUS_NAMES, request.status);
  const owner = request.owner === "" ? undefined : toHex(queryAccount(ctx.spec, request.owner));
  const source = { collection: models, key: modelKey };
  const page = paginate(ctx.store, source, request.pagination, (_, model) => {
    if (status !== undefined && model.status !== status) return undefined;
    if (owner !== undefined && toHex(model.manifest.owner) !== owner) return undefined;
    return modelMessage(ctx, model);
  });
  return { models: page.items, pagination: page.pagination };
}

/** Without the members: a list of jobs is not the place for every committee. */
function listJobs(ctx: QueryContext, request: QueryJobsRequest): QueryJobsResponse {
  const status = statusNumber(JOB_STATUS_NAMES, request.status);
  const requester = request.requester === "" ? undefined : toHex(queryAccount(ctx.spec, request.requester));
  const source = { collection: jobsByHeight, key: heightJobKey };
  const page = paginate(ctx.store, source, request.pagination, ([, jobId]) => {
    const job = jobs.get(ctx.store, jobId);
    if (job === undefined || (status !== undefined && job.status !== status)) return undefined;
    if (requester !== undefined && toHex(job.fields.requester) !== requester) return undefined;
    return jobMessage(ctx, jobId, job, false);
  });
  return { jobs: page.items, pagination: page.pagination };
}

function validatorEntries(ctx: QueryContext, validators: readonly Validator[]) {
  return validators.map(({ operator, identityKey, voteKey, power }) => ({
    operator: operatorText(ctx.spec, operator),
    identityKey,
    voteKey,
    power,
  }));
}

function validatorSet(ctx: QueryContext, request: QueryValidatorSetRequest): QueryValidatorSetResponse {
  const next = BigInt(ctx.height + 1);
  const height = request.height === 0n ? next : request.height;
  const validators = height === next ? ctx.validators : readValidators(ctx.store, Number(height));
  if (validators === undefined) throw notFound(`validator set of height ${height}`);
  const root = ValidatorSet.hashTreeRoot([...validators]);
  return { height, root, validators: validatorEntries(ctx, validators) };
}

function committee(ctx: QueryContext, request: QueryCommitteeRequest): QueryCommitteeResponse {
  const { job } = requireJob(ctx, request.jobId);
  const validators = committees.get(ctx.store, job.committeeRoot);
  if (validators === undefined) throw notFound(`committee of job ${request.jobId}`);
  return {
    root: job.committeeRoot,
    validators: validatorEntries(ctx, validators),
    eligible: job.eligible.uint8Array,
    drawn: job.drawn.uint8Array,
    seats: seatsOfJob(job).uint8Array,
    tier: job.tier,
    drawHeight: BigInt(job.drawHeight),
  };
}

function receipt(ctx: QueryContext, request: QueryReceiptRequest): QueryReceiptResponse {
  const { jobId, job } = requireJob(ctx, request.jobId);
  const found = receipts.get(ctx.store, jobId);
  if (found === undefined) {
    const status = JOB_STATUS_NAMES[job.status] ?? "";
    if (job.kind === JOB_KIND.inline) {
      throw notFound(
        `receipt of job ${request.jobId}, which ran inline: what shows its output is block ${job.finalHeight}`,
      );
    }
    const why = job.failure.length === 0 ? "" : ` (${fromUtf8(job.failure)})`;
    throw notFound(`receipt of job ${request.jobId}, which is ${status}${why}`);
  }
  return { receipt: receiptMessage(jobId, found) };
}

function params(ctx: QueryContext): QueryParamsResponse {
  const values = inferenceParams.read(ctx.params);
  const rows = Object.entries(inferenceParams.rows) as [keyof typeof values, { readonly unit: string }][];
  return { params: rows.map(([name, { unit }]) => ({ name, unit, value: values[name] })) };
}

function security(ctx: QueryContext): QuerySecurityResponse {
  const { securityRatio, slashFractionWrongOutput } = inferenceParams.read(ctx.params);
  const members = ctx.validators.map(({ operator, power }) => ({
    power,
    stake: power * POWER_REDUCTION,
    free: freeStake(ctx.store, operator, power),
  }));
  const sum = (of: (member: (typeof members)[number]) => bigint): bigint =>
    members.reduce((total, member) => total + of(member), 0n);
  const [stake, free] = [sum((member) => member.stake), sum((member) => member.free)];
  const { atLeast, atMost } = cheapest(members, TWO_THIRDS);
  const cost = (of: bigint): string => ((of * slashFractionWrongOutput) / 1_000_000n).toString();
  return {
    securityRatio,
    slashFraction: slashFractionWrongOutput,
    stake: stake.toString(),
    reserved: (stake - free).toString(),
    headroom: valueFor(free, ctx.params).toString(),
    costAtLeast: cost(atLeast),
    costAtMost: cost(atMost),
  };
}

function prices(ctx: QueryContext): QueryPricesResponse {
  const rows = tierPrices(ctx.store, ctx.params, ctx.height);
  return {
    prices: rows.map(({ tier, price, ahead, jobs: opened, costUnits, open }) => ({
      tier,
      price: price.toString(),
      priceAhead: ahead.toString(),
      jobs: opened,
      costUnits: BigInt(costUnits),
      open,
    })),
  };
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Model`, QueryModelRequest, QueryModelResponse, (ctx, request) => ({
    model: modelWithAdmission(ctx, requireModel(ctx, request.model)),
  })),
  defineQuery(`${SERVICE}/Models`, QueryModelsRequest, QueryModelsResponse, listModels),
  defineQuery(`${SERVICE}/Job`, QueryJobRequest, QueryJobResponse, (ctx, request) => {
    const { jobId, job } = requireJob(ctx, request.jobId);
    return { job: jobMessage(ctx, jobId, job, true) };
  }),
  defineQuery(`${SERVICE}/Jobs`, QueryJobsRequest, QueryJobsResponse, listJobs),
  defineQuery(`${SERVICE}/Receipt`, QueryReceiptRequest, QueryReceiptResponse, receipt),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, params),
  defineQuery(`${SERVICE}/ValidatorSet`, QueryValidatorSetRequest, QueryValidatorSetResponse, validatorSet),
  defineQuery(`${SERVICE}/Committee`, QueryCommitteeRequest, QueryCommitteeResponse, committee),
  defineQuery(`${SERVICE}/Security`, QuerySecurityRequest, QuerySecurityResponse, security),
  defineQuery(`${SERVICE}/Prices`, QueryPricesRequest, QueryPricesResponse, prices),
  ...blobQueries,
  ...versionQueries,
  ...provenanceQueries,
];
