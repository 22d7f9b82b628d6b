import {
  QueryDelegationRequest,
  QueryDelegationResponse,
  QueryDelegatorDelegationsRequest,
  QueryDelegatorDelegationsResponse,
  QueryDelegatorUnbondingDelegationsRequest,
  QueryDelegatorUnbondingDelegationsResponse,
  QueryDelegatorValidatorRequest,
  QueryDelegatorValidatorResponse,
  QueryDelegatorValidatorsRequest,
  QueryDelegatorValidatorsResponse,
  QueryUnbondingDelegationRequest,
  QueryUnbondingDelegationResponse,
  QueryValidatorDelegationsRequest,
  QueryValidatorDelegationsResponse,
  QueryValidatorUnbondingDelegationsRequest,
  QueryValidatorUnbondingDelegationsResponse,
} from "cosmjs-types/cosmos/staking/v1beta1/query";
import { toHex } from "../../chain/bytes.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { queryAccount, queryOperator } from "../addresses.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { delegationMessage, unbondingMessage, validatorMessage } from "./protobuf.ts";
import { redelegationsQuery } from "./redelegation-queries.ts";
import {
  addressPairKey,
  delegations,
  delegators,
  unbondingDelegators,
  unbondings,
  type ValidatorRecord,
  validators,
} from "./store.ts";

const SERVICE = "/cosmos.staking.v1beta1.Query";

/** A validator that is delegated to always exists; anything else is a fault of the node. */
function delegatedTo(ctx: QueryContext, operator: Uint8Array): ValidatorRecord {
  const record = validators.get(ctx.store, operator);
  if (record === undefined) throw new Error(`a delegation to ${toHex(operator)}, which is no validator`);
  return record;
}

function delegationOf(ctx: QueryContext, delegator: Uint8Array, operator: Uint8Array) {
  const shares = delegations.get(ctx.store, [delegator, operator]) ?? 0n;
  return delegationMessage(ctx.spec, delegator, operator, shares, delegatedTo(ctx, operator));
}

function unbondingOf(ctx: QueryContext, delegator: Uint8Array, operator: Uint8Array) {
  return unbondingMessage(ctx.spec, delegator, operator, unbondings.get(ctx.store, [delegator, operator]) ?? []);
}

/** The two addresses of a request, the delegation between them being required. */
function requirePair(ctx: QueryContext, request: { delegatorAddr: string; validatorAddr: string }) {
  const delegator = queryAccount(ctx.spec, request.delegatorAddr);
  const operator = queryOperator(ctx.spec, request.validatorAddr);
  if (delegations.has(ctx.store, [delegator, operator])) return { delegator, operator };
  throw notFound(`delegation with delegator ${request.delegatorAddr} not found for validator ${request.validatorAddr}`);
}

const ofValidator: readonly Query[] = [
  defineQuery(
    `${SERVICE}/ValidatorDelegations`,
    QueryValidatorDelegationsRequest,
    QueryValidatorDelegationsResponse,
    (ctx, request) => {
      const within = queryOperator(ctx.spec, request.validatorAddr);
      const source = { collection: delegators, key: addressPairKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([operator, delegator]) =>
        delegationOf(ctx, delegator, operator),
      );
      return { delegationResponses: page.items, pagination: page.pagination };
    },
  ),
  defineQuery(
    `${SERVICE}/ValidatorUnbondingDelegations`,
    QueryValidatorUnbondingDelegationsRequest,
    QueryValidatorUnbondingDelegationsResponse,
    (ctx, request) => {
      const within = queryOperator(ctx.spec, request.validatorAddr);
      const source = { collection: unbondingDelegators, key: addressPairKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([operator, delegator]) =>
        unbondingOf(ctx, delegator, operator),
      );
      return { unbondingResponses: page.items, pagination: page.pagination };
    },
  ),
];

const ofPair: readonly Query[] = [
  defineQuery(`${SERVICE}/Delegation`, QueryDelegationRequest, QueryDelegationResponse, (ctx, request) => {
    const { delegator, operator } = requirePair(ctx, request);
    return { delegationResponse: delegationOf(ctx, delegator, operator) };
  }),
  defineQuery(
    `${SERVICE}/UnbondingDelegation`,
    QueryUnbondingDelegationRequest,
    QueryUnbondingDelegationResponse,
    (ctx, request) => {
      const delegator = queryAccount(ctx.spec, request.delegatorAddr);
      const operator = queryOperator(ctx.spec, request.validatorAddr);
      const unbond = unbondingOf(ctx, delegator, operator);
      if (unbond.entries.length > 0) return { unbond };
      const pair = `delegator ${request.delegatorAddr} not found for validator ${request.validatorAddr}`;
      throw notFound(`unbonding delegation with ${pair}`);
    },
  ),
  defineQuery(
    `${SERVICE}/DelegatorValidator`,
    QueryDelegatorValidatorRequest,
    QueryDelegatorValidatorResponse,
    (ctx, request) => {
      const { operator } = requirePair(ctx, request);
      return { validator: validatorMessage(ctx.spec, operator, delegatedTo(ctx, operator)) };
    },
  ),
];

const ofDelegator: readonly Query[] = [
  defineQuery(
    `${SERVICE}/DelegatorDelegations`,
    QueryDelegatorDelegationsRequest,
    QueryDelegatorDelegationsResponse,
    (ctx, request) => {
      const within = queryAccount(ctx.spec, request.delegatorAddr);
      const source = { collection: delegations, key: addressPairKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([delegator, operator], shares) =>
        delegationMessage(ctx.spec, delegator, operator, shares, delegatedTo(ctx, operator)),
      );
      return { delegationResponses: page.items, pagination: page.pagination };
    },
  ),
  defineQuery(
    `${SERVICE}/DelegatorUnbondingDelegations`,
    QueryDelegatorUnbondingDelegationsRequest,
    QueryDelegatorUnbondingDelegationsResponse,
    (ctx, request) => {
      const within = queryAccount(ctx.spec, request.delegatorAddr);
      const source = { collection: unbondings, key: addressPairKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([delegator, operator], entries) =>
        unbondingMessage(ctx.spec, delegator, operator, entries),
      );
      return { unbondingResponses: page.items, pagination: page.pagination };
    },
  ),
  defineQuery(
    `${SERVICE}/DelegatorValidators`,
    QueryDelegatorValidatorsRequest,
    QueryDelegatorValidatorsResponse,
    (ctx, request) => {
      const within = queryAccount(ctx.spec, request.delegatorAddr);
      const source = { collection: delegations, key: addressPairKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([, operator]) =>
        validatorMessage(ctx.spec, operator, delegatedTo(ctx, operator)),
      );
      return { validators: page.items, pagination: page.pagination };
    },
  ),
  redelegationsQuery,
];

export const delegationQueries: readonly Query[] = [...ofValidator, ...ofPair, ...ofDelegator];
