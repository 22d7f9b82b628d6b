import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
  QueryBalanceRequest,
  QueryBalanceResponse,
  QueryDenomsMetadataRequest,
  QueryDenomsMetadataResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QuerySpendableBalancesRequest,
  QuerySpendableBalancesResponse,
  QuerySupplyOfRequest,
  QuerySupplyOfResponse,
  QueryTotalSupplyRequest,
  QueryTotalSupplyResponse,
} from "cosmjs-types/cosmos/bank/v1beta1/query";
import { address, words } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.bank.v1beta1.Query";

export const bankQueries: readonly QueryRow[] = [
  queryRow({
    path: "bank balances",
    summary: "all that an account holds",
    method: `${SERVICE}/AllBalances`,
    codecs: [QueryAllBalancesRequest, QueryAllBalancesResponse],
    args: { address },
    isPaged: true,
    request: ({ address }, pagination) => ({ address, pagination, resolveDenom: false }),
  }),
  queryRow({
    path: "bank balance",
    summary: "what an account holds of one denomination",
    method: `${SERVICE}/Balance`,
    codecs: [QueryBalanceRequest, QueryBalanceResponse],
    args: { address, denom: { ...words, shape: "denom" } },
    request: ({ address, denom }) => ({ address, denom }),
  }),
  queryRow({
    path: "bank spendable",
    summary: "what an account can spend now",
    method: `${SERVICE}/SpendableBalances`,
    codecs: [QuerySpendableBalancesRequest, QuerySpendableBalancesResponse],
    args: { address },
    isPaged: true,
    request: ({ address }, pagination) => ({ address, pagination }),
  }),
  queryRow({
    path: "bank supply",
    summary: "how much there is of every denomination",
    method: `${SERVICE}/TotalSupply`,
    codecs: [QueryTotalSupplyRequest, QueryTotalSupplyResponse],
    isPaged: true,
    request: (_, pagination) => ({ pagination }),
  }),
  queryRow({
    path: "bank supply-of",
    summary: "how much there is of one denomination",
    method: `${SERVICE}/SupplyOf`,
    codecs: [QuerySupplyOfRequest, QuerySupplyOfResponse],
    args: { denom: { ...words, shape: "denom" } },
    request: ({ denom }) => ({ denom }),
  }),
  queryRow({
    path: "bank metadata",
    summary: "what denominations are called",
    method: `${SERVICE}/DenomsMetadata`,
    codecs: [QueryDenomsMetadataRequest, QueryDenomsMetadataResponse],
    isPaged: true,
    request: (_, pagination) => ({ pagination }),
  }),
  queryRow({
    path: "bank params",
    summary: "parameters of the bank, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    request: () => ({}),
  }),
];
