import {
  QueryHistoricalInfoRequest,
  QueryHistoricalInfoResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryPoolRequest,
  QueryPoolResponse,
  QueryValidatorRequest,
  QueryValidatorResponse,
  QueryValidatorsRequest,
  QueryValidatorsResponse,
} from "cosmjs-types/cosmos/staking/v1beta1/query";
import { consensusParams } from "../../chain/consensus-params.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { queryOperator } from "../addresses.ts";
import { balance } from "../bank/keeper.ts";
import { decimalFromPpm } from "../decimal.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { protobufDuration } from "../timestamps.ts";
import { delegationQueries } from "./delegation-queries.ts";
import { historicalInfo } from "./historical-info.ts";
import { totalBonded } from "./keeper.ts";
import { stakingParams } from "./params.ts";
import { NOT_BONDED_POOL } from "./pools.ts";
import { validatorMessage } from "./protobuf.ts";
import { BOND, operatorKey, type ValidatorRecord, validators } from "./store.ts";

const SERVICE = "/cosmos.staking.v1beta1.Query";

const STATUSES: ReadonlyMap<string, number> = new Map([
  ["BOND_STATUS_UNBONDED", BOND.unbonded],
  ["BOND_STATUS_UNBONDING", BOND.unbonding],
  ["BOND_STATUS_BONDED", BOND.bonded],
]);

function statusFilter(text: string): (record: ValidatorRecord) => boolean {
  if (text === "" || text === "BOND_STATUS_UNSPECIFIED") return () => true;
  const status = STATUSES.get(text);
  if (status === undefined) throw new QueryError(GRPC.invalidArgument, `invalid validator status ${text.slice(0, 50)}`);
  return (record) => record.status === status;
}

export function requireQueriedValidator(ctx: QueryContext, text: string) {
  const operator = queryOperator(ctx.spec, text);
  const record = validators.get(ctx.store, operator);
  if (record === undefined) throw notFound(`validator ${text} not found`);
  return { operator, record };
}

const validatorQueries: readonly Query[] = [
  defineQuery(`${SERVICE}/Validators`, QueryValidatorsRequest, QueryValidatorsResponse, (ctx, request) => {
    const wanted = statusFilter(request.status);
    const source = { collection: validators, key: operatorKey };
    const page = paginate(ctx.store, source, request.pagination, (operator, record) =>
      wanted(record) ? validatorMessage(ctx.spec, operator, record) : undefined,
    );
    return { validators: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/Validator`, QueryValidatorRequest, QueryValidatorResponse, (ctx, request) => {
    const { operator, record } = requireQueriedValidator(ctx, request.validatorAddr);
    return { validator: validatorMessage(ctx.spec, operator, record) };
  }),
  defineQuery(`${SERVICE}/Pool`, QueryPoolRequest, QueryPoolResponse, (ctx) => ({
    pool: {
      notBondedTokens: balance(ctx.store, NOT_BONDED_POOL, ctx.spec.denom).toString(),
      bondedTokens: totalBonded(ctx.store).toString(),
    },
  })),
  defineQuery(`${SERVICE}/HistoricalInfo`, QueryHistoricalInfoRequest, QueryHistoricalInfoResponse, (ctx, request) => {
    const { height } = request;
    if (height < 0n) throw new QueryError(GRPC.invalidArgument, "height cannot be negative");
    const hist = height > BigInt(ctx.height) ? undefined : historicalInfo(ctx, Number(height));
    if (hist === undefined) throw notFound(`historical info for height ${height} not found`);
    return { hist };
  }),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => {
    const params = stakingParams.read(ctx.params);
    return {
      params: {
        unbondingTime: protobufDuration(params.unbondingTime),
        maxValidators: Number(params.maxValidators),
        maxEntries: Number(params.maxEntries),
        historicalEntries: Number(consensusParams.read(ctx.params).evidenceMaxAgeBlocks),
        bondDenom: ctx.spec.denom,
        minCommissionRate: decimalFromPpm(params.minCommissionRate).toString(),
      },
    };
  }),
];

export const queries: readonly Query[] = [...validatorQueries, ...delegationQueries];
