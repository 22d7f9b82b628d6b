import {
  QueryAccountRequest,
  QueryAccountResponse,
  QueryAccountsRequest,
  QueryAccountsResponse,
  QueryModuleAccountsRequest,
  QueryModuleAccountsResponse,
  QueryParamsRequest,
  QueryParamsResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { address } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.auth.v1beta1.Query";

export const authQueries: readonly QueryRow[] = [
  queryRow({
    path: "auth account",
    summary: "an account: its number, sequence, key and vesting",
    method: `${SERVICE}/Account`,
    codecs: [QueryAccountRequest, QueryAccountResponse],
    args: { address },
    request: ({ address }) => ({ address }),
  }),
  queryRow({
    path: "auth accounts",
    summary: "all accounts",
    method: `${SERVICE}/Accounts`,
    codecs: [QueryAccountsRequest, QueryAccountsResponse],
    isPaged: true,
    request: (_, pagination) => ({ pagination }),
  }),
  queryRow({
    path: "auth module-accounts",
    summary: "the accounts of modules",
    method: `${SERVICE}/ModuleAccounts`,
    codecs: [QueryModuleAccountsRequest, QueryModuleAccountsResponse],
    request: () => ({}),
  }),
  queryRow({
    path: "auth params",
    summary: "parameters of accounts, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    request: () => ({}),
  }),
];
