import type { Metadata } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QueryDenomMetadataRequest,
  QueryDenomMetadataResponse,
  QueryDenomsMetadataRequest,
  QueryDenomsMetadataResponse,
  QueryParamsRequest,
  QueryParamsResponse,
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
import { queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { balance, supply } from "./keeper.ts";
import { denomMetadata } from "./metadata.ts";
import { balanceKey, balances, supplies } from "./store.ts";

const SERVICE = "/cosmos.bank.v1beta1.Query";

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

function metadataOf(ctx: QueryContext, denom: string): Metadata {
  if (denom === ctx.spec.denom) return denomMetadata(denom);
  throw notFound(`client metadata for denom ${denom.slice(0, 130)}`);
}

/** Nothing is locked, so all that an account holds is spendable. */
export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Balance`, QueryBalanceRequest, QueryBalanceResponse, oneBalance),
  defineQuery(`${SERVICE}/AllBalances`, QueryAllBalancesRequest, QueryAllBalancesResponse, allBalances),
  defineQuery(
    `${SERVICE}/SpendableBalances`,
    QuerySpendableBalancesRequest,
    QuerySpendableBalancesResponse,
    allBalances,
  ),
  defineQuery(
    `${SERVICE}/SpendableBalanceByDenom`,
    QuerySpendableBalanceByDenomRequest,
    QuerySpendableBalanceByDenomResponse,
    oneBalance,
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
  defineQuery(`${SERVICE}/DenomsMetadata`, QueryDenomsMetadataRequest, QueryDenomsMetadataResponse, (ctx) => ({
    metadatas: [denomMetadata(ctx.spec.denom)],
    pagination: { nextKey: new Uint8Array(0), total: 1n },
  })),
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, () => ({
    params: { sendEnabled: [], defaultSendEnabled: true },
  })),
];
