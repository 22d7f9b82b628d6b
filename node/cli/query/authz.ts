import {
  QueryGranteeGrantsRequest,
  QueryGranteeGrantsResponse,
  QueryGranterGrantsRequest,
  QueryGranterGrantsResponse,
  QueryGrantsRequest,
  QueryGrantsResponse,
} from "cosmjs-types/cosmos/authz/v1beta1/query";
import { address, optional, words } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.authz.v1beta1.Query";

export const authzQueries: readonly QueryRow[] = [
  queryRow({
    path: "authz grants",
    summary: "what one account lets another do",
    method: `${SERVICE}/Grants`,
    codecs: [QueryGrantsRequest, QueryGrantsResponse],
    args: { granter: address, grantee: address },
    flags: { "message-type": optional(words, "only for this message, such as /cosmos.gov.v1.MsgVote") },
    isPaged: true,
    request: ({ granter, grantee, "message-type": type }, pagination) => ({
      granter,
      grantee,
      msgTypeUrl: type ?? "",
      pagination,
    }),
  }),
  queryRow({
    path: "authz granted-by",
    summary: "what an account lets others do",
    method: `${SERVICE}/GranterGrants`,
    codecs: [QueryGranterGrantsRequest, QueryGranterGrantsResponse],
    args: { granter: address },
    isPaged: true,
    request: ({ granter }, pagination) => ({ granter, pagination }),
  }),
  queryRow({
    path: "authz granted-to",
    summary: "what others let an account do",
    method: `${SERVICE}/GranteeGrants`,
    codecs: [QueryGranteeGrantsRequest, QueryGranteeGrantsResponse],
    args: { grantee: address },
    isPaged: true,
    request: ({ grantee }, pagination) => ({ grantee, pagination }),
  }),
];
