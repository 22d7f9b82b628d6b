import type { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QueryDenomMetadataRequest,
  QueryDenomMetadataResponse,
  QueryDenomOwnersRequest,
  QueryDenomOwnersResponse,
  QueryDenomsMetadataRequest,
  QueryDenomsMetadataResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySendEnabledRequest,
  QuerySendEnabledResponse,
  QuerySpendableBalanceByDenomRequest,
  QuerySpendableBalanceByDenomResponse,
  QuerySpendableBalancesRequest,
  QuerySpendableBalancesResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
  QueryTotalSupplyRequest,
  QueryTotalSupplyResponse,
} from "cosmjs-types/cosmos/bank/v1beta1/query";
import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { textKey } from "../../state/collections.ts";
import { accountText, queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { balance, spendable, supply } from "./keeper.ts";
import { denomInfo, metadataMessage } from "./metadata.ts";
import { bankParams } from "./params.ts";
import { isSendEnabled } from "./send-enabled.ts";
import { balanceKey, balances, metadata, sendEnabled, supplies } from "./store.ts";

const SERVICE = "/cosmos.bank.v1beta1.Query";
/** In one question about sending. */
const MAX_DENOMS = 100;

function requireDenom(denom: string): string {
  if (denom === "") throw new QueryError(GRPC.invalidArgument, "invalid denom");
  return denom;
}

function oneBalance(ctx: QueryContext, request: { address: string; denom: string }) {
  const denom = requireDenom(request.denom);
  const amount = balance(ctx.store, queryAccount(ctx.spec, request.address), denom);
  return { balance: { denom, amount: amount.toString() } };
}

function allBalances(ctx: QueryContext, request: { address: string; pagination?: PageRequest }) {
  const within = queryAccount(ctx.spec, request.address);
  const source = { collection: balances, key: balanceKey, within };
  const page = paginate(ctx.store, source, request.pagination, ([, denom], amount) => ({
    denom,
    amount: amount.toString(),
  }));
  return { balances: page.items, pagination: page.pagination };
}

/** As AllBalances, less what is not vested: a denomination of which nothing is free shows with zero. */
function spendableBalances(ctx: QueryContext, request: { address: string; pagination?: PageRequest }) {
  const within = queryAccount(ctx.spec, request.address);
  const source = { collection: balances, key: balanceKey, within };
  const page = paginate(ctx.store, source, request.pagination, ([, denom]) => ({
    denom,
    amount: spendable(ctx.store, within, denom, ctx.time).toString(),
  }));
  return { balances: page.items, pagination: page.pagination };
}

/** PERF: visits every balance of the chain until the page is full; `paginate` bounds how many. */
function denomOwners(ctx: QueryContext, request: QueryDenomOwnersRequest): QueryDenomOwnersResponse {
  const denom = requireDenom(request.denom);
  const source = { collection: balances, key: balanceKey };
  const page = paginate(ctx.store, source, request.pagination, ([address, held], amount) =>
    held === denom
      ? { address: accountText(ctx.spec, address), balance: { denom, amount: amount.toString() } }
      : undefined,
  );
  return { denomOwners: page.items, pagination: page.pagination };
}

function sendEnabledOf(ctx: QueryContext, request: QuerySendEnabledRequest): QuerySendEnabledResponse {
  if (request.denoms.length > MAX_DENOMS) {
    throw new QueryError(
      GRPC.invalidArgument,
      `${request.denoms.length} denominations, at most ${MAX_DENOMS} are answered`,
    );
  }
  if (request.denoms.length > 0) {
    const asked = request.denoms.map((denom) => ({ denom, enabled: isSendEnabled(ctx.store, ctx.params, denom) }));
    return { sendEnabled: asked };
  }
  const source = { collection: sendEnabled, key: textKey };
  const page = paginate(ctx.store, source, request.pagination, (denom, enabled) => ({ denom, enabled }));
  return { sendEnabled: page.items, pagination: page.pagination };
}

function metadataOf(ctx: QueryContext, denom: string): Metadata {
  const record = metadata.get(ctx.store, denom);
  if (record !== undefined) return metadataMessage(denomInfo(denom, record));
  throw notFound(`client metadata for denom ${denom.slice(0, 130)}`);
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Balance`, QueryBalanceRequest, QueryBalanceResponse, oneBalance),
  defineQuery(`${SERVICE}/AllBalances`, QueryAllBalancesRequest, QueryAllBalancesResponse, allBalances),
  defineQuery(
    `${SERVICE}/SpendableBalances`,
    QuerySpendableBalancesRequest,
    QuerySpendableBalancesResponse,
    spendableBalances,
  ),
  defineQuery(
    `${SERVICE}/SpendableBalanceByDenom`,
    QuerySpendableBalanceByDenomRequest,
    QuerySpendableBalanceByDenomResponse,
    (ctx, request) => {
      const denom = requireDenom(request.denom);
      const amount = spendable(ctx.store, queryAccount(ctx.spec, request.address), denom, ctx.time);
      return { balance: { denom, amount: amount.toString() } };
    },
  ),
  defineQuery(`${SERVICE}/TotalSupply`, QueryTotalSupplyRequest, QueryTotalSupplyResponse, (ctx, request) => {
    const source = { collection: supplies, key: textKey };
    const page = paginate(ctx.store, source, request.pagination, (denom, amount) => ({
      denom,
      amount: amount.toString(),
    }));
    return { supply: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/SupplyOf`, QuerySupplyOfRequest, QuerySupplyOfResponse, (ctx, request) => {
    const denom = requireDenom(request.denom);
    return { amount: { denom, amount: supply(ctx.store, denom).toString() } };
  }),
  defineQuery(`${SERVICE}/DenomMetadata`, QueryDenomMetadataRequest, QueryDenomMetadataResponse, (ctx, { denom }) => ({
    metadata: metadataOf(ctx, denom),
  })),
  defineQuery(`${SERVICE}/DenomsMetadata`, QueryDenomsMetadataRequest, QueryDenomsMetadataResponse, (ctx, request) => {
    const source = { collection: metadata, key: textKey };
    const page = paginate(ctx.store, source, request.pagination, (base, record) =>
      metadataMessage(denomInfo(base, record)),
    );
    return { metadatas: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/DenomOwners`, QueryDenomOwnersRequest, QueryDenomOwnersResponse, denomOwners),
  defineQuery(`${SERVICE}/SendEnabled`, QuerySendEnabledRequest, QuerySendEnabledResponse, sendEnabledOf),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => ({
    params: { sendEnabled: [], defaultSendEnabled: bankParams.read(ctx.params).defaultSendEnabled === 1n },
  })),
];
