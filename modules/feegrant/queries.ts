import type { Grant } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import {
  QueryAllowanceRequest,
  QueryAllowanceResponse,
  QueryAllowancesByGranterRequest,
  QueryAllowancesByGranterResponse,
  QueryAllowancesRequest,
  QueryAllowancesResponse,
} from "cosmjs-types/cosmos/feegrant/v1beta1/query";
import { fromUtf8 } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { accountText, queryAccount } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { type AllowanceRecord, allowances, allowancesByGranter, pairOfAddresses } from "./store.ts";

const SERVICE = "/cosmos.feegrant.v1beta1.Query";

function grant({ spec, time }: QueryContext, granter: Uint8Array, grantee: Uint8Array, record?: AllowanceRecord) {
  // Expired ones are gone for whoever asks, whether or not a block has removed them yet.
  if (record === undefined || (record.expiration > 0 && record.expiration < time)) return undefined;
  const found: Grant = {
    granter: accountText(spec, granter),
    grantee: accountText(spec, grantee),
    allowance: { typeUrl: fromUtf8(record.typeUrl), value: record.value },
  };
  return found;
}

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Allowance`, QueryAllowanceRequest, QueryAllowanceResponse, (ctx, request) => {
    const granter = queryAccount(ctx.spec, request.granter);
    const grantee = queryAccount(ctx.spec, request.grantee);
    const allowance = grant(ctx, granter, grantee, allowances.get(ctx.store, [grantee, granter]));
    if (allowance === undefined) throw notFound("fee-grant not found");
    return { allowance };
  }),
  defineQuery(`${SERVICE}/Allowances`, QueryAllowancesRequest, QueryAllowancesResponse, (ctx, request) => {
    const within = queryAccount(ctx.spec, request.grantee);
    const source = { collection: allowances, key: pairOfAddresses, within };
    const page = paginate(ctx.store, source, request.pagination, ([grantee, granter], record) =>
      grant(ctx, granter, grantee, record),
    );
    return { allowances: page.items, pagination: page.pagination };
  }),
  defineQuery(
    `${SERVICE}/AllowancesByGranter`,
    QueryAllowancesByGranterRequest,
    QueryAllowancesByGranterResponse,
    (ctx, request) => {
      const within = queryAccount(ctx.spec, request.granter);
      const source = { collection: allowancesByGranter, key: pairOfAddresses, within };
      const page = paginate(ctx.store, source, request.pagination, ([granter, grantee]) =>
        grant(ctx, granter, grantee, allowances.get(ctx.store, [grantee, granter])),
      );
      return { allowances: page.items, pagination: page.pagination };
    },
  ),
];
