import {
  QueryGranteeGrantsRequest,
  QueryGranteeGrantsResponse,
  QueryGranterGrantsRequest,
  QueryGranterGrantsResponse,
  QueryGrantsRequest,
  QueryGrantsResponse,
} from "cosmjs-types/cosmos/authz/v1beta1/query";
import { concatBytes, fromUtf8 } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { accountText, queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { protobufTime } from "../timestamps.ts";
import { type GrantRecord, grantKey, grants, grantsByGrantee } from "./store.ts";

const SERVICE = "/cosmos.authz.v1beta1.Query";

/** Expired ones are gone for whoever asks, whether or not a block has removed them yet. */
function grant({ time }: QueryContext, record: GrantRecord | undefined) {
  if (record === undefined || (record.expiration > 0 && record.expiration < time)) return undefined;
  const authorization = { typeUrl: fromUtf8(record.typeUrl), value: record.value };
  return record.expiration === 0 ? { authorization } : { authorization, expiration: protobufTime(record.expiration) };
}

function named(ctx: QueryContext, granter: Uint8Array, grantee: Uint8Array, record: GrantRecord | undefined) {
  const given = grant(ctx, record);
  if (given === undefined) return undefined;
  return { granter: accountText(ctx.spec, granter), grantee: accountText(ctx.spec, grantee), ...given };
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Grants`, QueryGrantsRequest, QueryGrantsResponse, (ctx, request) => {
    const granter = queryAccount(ctx.spec, request.granter);
    const grantee = queryAccount(ctx.spec, request.grantee);
    const { msgTypeUrl } = request;
    if (msgTypeUrl !== "") {
      const found = grant(ctx, grants.get(ctx.store, [granter, [grantee, msgTypeUrl]]));
      if (found === undefined) throw notFound(`no authorization found for ${msgTypeUrl.slice(0, 130)} type`);
      return { grants: [found] };
    }
    const source = { collection: grants, key: grantKey, within: concatBytes(granter, grantee) };
    const page = paginate(ctx.store, source, request.pagination, (_, record) => grant(ctx, record));
    return { grants: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/GranterGrants`, QueryGranterGrantsRequest, QueryGranterGrantsResponse, (ctx, request) => {
    const source = { collection: grants, key: grantKey, within: queryAccount(ctx.spec, request.granter) };
    const page = paginate(ctx.store, source, request.pagination, ([granter, [grantee]], record) =>
      named(ctx, granter, grantee, record),
    );
    return { grants: page.items, pagination: page.pagination };
  }),
  defineQuery(`${SERVICE}/GranteeGrants`, QueryGranteeGrantsRequest, QueryGranteeGrantsResponse, (ctx, request) => {
    const source = { collection: grantsByGrantee, key: grantKey, within: queryAccount(ctx.spec, request.grantee) };
    const page = paginate(ctx.store, source, request.pagination, ([grantee, [granter, message]]) =>
      named(ctx, granter, grantee, grants.get(ctx.store, [granter, [grantee, message]])),
    );
    return { grants: page.items, pagination: page.pagination };
  }),
];
