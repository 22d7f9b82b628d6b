import {
  QueryAllowanceRequest,
  QueryAllowanceResponse,
  QueryAllowancesByGranterRequest,
  QueryAllowancesByGranterResponse,
  QueryAllowancesRequest,
  QueryAllowancesResponse,
} from "cosmjs-types/cosmos/feegrant/v1beta1/query";
import { address } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.feegrant.v1beta1.Query";

export const feegrantQueries: readonly QueryRow[] = [
  queryRow({
    path: "feegrant allowance",
    summary: "what of the fees of one account another pays",
    method: `${SERVICE}/Allowance`,
    codecs: [QueryAllowanceRequest, QueryAllowanceResponse],
    args: { granter: address, grantee: address },
    request: ({ granter, grantee }) => ({ granter, grantee }),
  }),
  queryRow({
    path: "feegrant granted-to",
    summary: "who pays an account's fees",
    method: `${SERVICE}/Allowances`,
    codecs: [QueryAllowancesRequest, QueryAllowancesResponse],
    args: { grantee: address },
    isPaged: true,
    request: ({ grantee }, pagination) => ({ grantee, pagination }),
  }),
  queryRow({
    path: "feegrant granted-by",
    summary: "whose fees an account pays",
    method: `${SERVICE}/AllowancesByGranter`,
    codecs: [QueryAllowancesByGranterRequest, QueryAllowancesByGranterResponse],
    args: { granter: address },
    isPaged: true,
    request: ({ granter }, pagination) => ({ granter, pagination }),
  }),
];
