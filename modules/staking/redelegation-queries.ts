import { QueryRedelegationsRequest, QueryRedelegationsResponse } from "cosmjs-types/cosmos/staking/v1beta1/query";
import type { RedelegationResponse } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { equalBytes } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { queryAccount, queryOperator } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { type Page, paginate } from "../pagination.ts";
import { redelegationMessage } from "./protobuf.ts";
import { type Route, redelegationEntries } from "./redelegation.ts";
import {
  addressTripleKey,
  type RedelegationEntry,
  redelegationHeightKey,
  redelegations,
  redelegationsByHeight,
  validators,
} from "./store.ts";

type Asked = { readonly source: Uint8Array | undefined; readonly destination: Uint8Array | undefined };

function response(ctx: QueryContext, route: Route, entries: readonly RedelegationEntry[]): RedelegationResponse {
  return redelegationMessage(ctx.spec, route, entries, validators.get(ctx.store, route.destination));
}

function ofDelegator(
  ctx: QueryContext,
  within: Uint8Array,
  { source, destination }: Asked,
  request: QueryRedelegationsRequest,
): Page<RedelegationResponse> {
  const pages = { collection: redelegations, key: addressTripleKey, within };
  return paginate(ctx.store, pages, request.pagination, ([delegator, [from, to]], entries) => {
    if (source !== undefined && !equalBytes(source, from)) return undefined;
    if (destination !== undefined && !equalBytes(destination, to)) return undefined;
    return response(ctx, { delegator, source: from, destination: to }, entries);
  });
}

/** Of the entries of one route, the first stands for it. */
function ofSource(ctx: QueryContext, within: Uint8Array, request: QueryRedelegationsRequest) {
  const pages = { collection: redelegationsByHeight, key: redelegationHeightKey, within };
  return paginate(ctx.store, pages, request.pagination, ([source, [height, [delegator, destination]]]) => {
    const route = { delegator, source, destination };
    const entries = redelegationEntries(ctx.store, route);
    return entries[0]?.creationHeight === height ? response(ctx, route, entries) : undefined;
  });
}

/** By delegator, or by the validator that was left alone; the other two addresses narrow a delegator's down. */
export const redelegationsQuery: Query = defineQuery(
  "/cosmos.staking.v1beta1.Query/Redelegations",
  QueryRedelegationsRequest,
  QueryRedelegationsResponse,
  (ctx, request) => {
    const { delegatorAddr, srcValidatorAddr, dstValidatorAddr } = request;
    const source = srcValidatorAddr === "" ? undefined : queryOperator(ctx.spec, srcValidatorAddr);
    const destination = dstValidatorAddr === "" ? undefined : queryOperator(ctx.spec, dstValidatorAddr);
    const page =
      delegatorAddr === "" && source !== undefined && destination === undefined
        ? ofSource(ctx, source, request)
        : ofDelegator(ctx, queryAccount(ctx.spec, delegatorAddr), { source, destination }, request);
    if (source !== undefined && destination !== undefined && page.items.length === 0) {
      throw notFound(
        `redelegation not found for delegator address ${delegatorAddr} from validator address ${srcValidatorAddr}`,
      );
    }
    return { redelegationResponses: page.items, pagination: page.pagination };
  },
);
