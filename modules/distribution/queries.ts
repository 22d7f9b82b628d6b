import {
  QueryCommunityPoolRequest,
  QueryCommunityPoolResponse,
  QueryDelegationRewardsRequest,
  QueryDelegationRewardsResponse,
  QueryDelegationTotalRewardsRequest,
  QueryDelegationTotalRewardsResponse,
  QueryDelegatorValidatorsRequest,
  QueryDelegatorValidatorsResponse,
  QueryDelegatorWithdrawAddressRequest,
  QueryDelegatorWithdrawAddressResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryValidatorCommissionRequest,
  QueryValidatorCommissionResponse,
  QueryValidatorDistributionInfoRequest,
  QueryValidatorDistributionInfoResponse,
  QueryValidatorOutstandingRewardsRequest,
  QueryValidatorOutstandingRewardsResponse,
  QueryValidatorSlashesRequest,
  QueryValidatorSlashesResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/query";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { Query, QueryContext } from "../../chain/module.ts";
import { accountText, operatorText, queryAccount, queryOperator } from "../addresses.ts";
import { decimalFromPpm } from "../decimal.ts";
import { defineQuery, notFound } from "../define-query.ts";
import { paginate } from "../pagination.ts";
import { delegatedShares, delegationsOf, validatorByOperator } from "../staking/keeper.ts";
import { decimalText, readExact } from "./exact.ts";
import { accruedOf, owedTo, withdrawAddress } from "./keeper.ts";
import { distributionParams } from "./params.ts";
import { communityPool, slashes, slashKey } from "./store.ts";

const SERVICE = "/cosmos.distribution.v1beta1.Query";

interface DecCoin {
  denom: string;
  amount: string;
}

/** No coin where not even 10^-18 of one is owed. */
function decCoins(denom: string, exact: bigint): DecCoin[] {
  const amount = decimalText(exact);
  return amount === "0" ? [] : [{ denom, amount }];
}

function requireOperator(ctx: QueryContext, text: string): Uint8Array {
  const operator = queryOperator(ctx.spec, text);
  if (validatorByOperator(ctx.store, operator) === undefined) throw notFound(`validator ${text} not found`);
  return operator;
}

const ofValidator: readonly Query[] = [
  defineQuery(
    `${SERVICE}/ValidatorDistributionInfo`,
    QueryValidatorDistributionInfoRequest,
    QueryValidatorDistributionInfoResponse,
    (ctx, request) => {
      const operator = requireOperator(ctx, request.validatorAddress);
      const shares = delegatedShares(ctx.store, operator, operator);
      return {
        operatorAddress: accountText(ctx.spec, operator),
        selfBondRewards: decCoins(ctx.spec.denom, owedTo(ctx.store, operator, operator, shares)),
        commission: decCoins(ctx.spec.denom, accruedOf(ctx.store, operator).commission),
      };
    },
  ),
  defineQuery(
    `${SERVICE}/ValidatorOutstandingRewards`,
    QueryValidatorOutstandingRewardsRequest,
    QueryValidatorOutstandingRewardsResponse,
    (ctx, request) => {
      const operator = requireOperator(ctx, request.validatorAddress);
      return { rewards: { rewards: decCoins(ctx.spec.denom, accruedOf(ctx.store, operator).outstanding) } };
    },
  ),
  defineQuery(
    `${SERVICE}/ValidatorCommission`,
    QueryValidatorCommissionRequest,
    QueryValidatorCommissionResponse,
    (ctx, request) => {
      const operator = requireOperator(ctx, request.validatorAddress);
      return { commission: { commission: decCoins(ctx.spec.denom, accruedOf(ctx.store, operator).commission) } };
    },
  ),
  defineQuery(
    `${SERVICE}/ValidatorSlashes`,
    QueryValidatorSlashesRequest,
    QueryValidatorSlashesResponse,
    (ctx, request) => {
      const within = requireOperator(ctx, request.validatorAddress);
      const { startingHeight, endingHeight } = request;
      if (startingHeight > endingHeight) {
        const text = `starting height greater than ending height (${startingHeight} > ${endingHeight})`;
        throw new QueryError(GRPC.invalidArgument, text);
      }
      const source = { collection: slashes, key: slashKey, within };
      const page = paginate(ctx.store, source, request.pagination, ([, number], { height, fraction }) => {
        if (BigInt(height) < startingHeight || BigInt(height) > endingHeight) return undefined;
        return { validatorPeriod: BigInt(number), fraction: fraction.toString() };
      });
      return { slashes: page.items, pagination: page.pagination };
    },
  ),
];

const ofDelegator: readonly Query[] = [
  defineQuery(
    `${SERVICE}/DelegationRewards`,
    QueryDelegationRewardsRequest,
    QueryDelegationRewardsResponse,
    (ctx, request) => {
      const delegator = queryAccount(ctx.spec, request.delegatorAddress);
      const operator = requireOperator(ctx, request.validatorAddress);
      const shares = delegatedShares(ctx.store, delegator, operator);
      if (shares === 0n) {
        throw notFound(`delegation of ${request.delegatorAddress} to ${request.validatorAddress} not found`);
      }
      return { rewards: decCoins(ctx.spec.denom, owedTo(ctx.store, delegator, operator, shares)) };
    },
  ),
  // PERF: reads every delegation of one delegator; each cost its delegator the gas of two writes and at least one base unit.
  defineQuery(
    `${SERVICE}/DelegationTotalRewards`,
    QueryDelegationTotalRewardsRequest,
    QueryDelegationTotalRewardsResponse,
    (ctx, request) => {
      const { denom } = ctx.spec;
      const delegator = queryAccount(ctx.spec, request.delegatorAddress);
      const each = delegationsOf(ctx.store, delegator).map(({ operator, shares }) => {
        return { operator, due: owedTo(ctx.store, delegator, operator, shares) };
      });
      return {
        rewards: each.map(({ operator, due }) => {
          return { validatorAddress: operatorText(ctx.spec, operator), reward: decCoins(denom, due) };
        }),
        total: decCoins(
          denom,
          each.reduce((sum, { due }) => sum + due, 0n),
        ),
      };
    },
  ),
  defineQuery(
    `${SERVICE}/DelegatorValidators`,
    QueryDelegatorValidatorsRequest,
    QueryDelegatorValidatorsResponse,
    (ctx, request) => {
      const delegations = delegationsOf(ctx.store, queryAccount(ctx.spec, request.delegatorAddress));
      return { validators: delegations.map(({ operator }) => operatorText(ctx.spec, operator)) };
    },
  ),
  defineQuery(
    `${SERVICE}/DelegatorWithdrawAddress`,
    QueryDelegatorWithdrawAddressRequest,
    QueryDelegatorWithdrawAddressResponse,
    (ctx, request) => {
      const address = withdrawAddress(ctx.store, queryAccount(ctx.spec, request.delegatorAddress));
      return { withdrawAddress: accountText(ctx.spec, address) };
    },
  ),
];

export const queries: readonly Query[] = [
  defineQuery(`${SERVICE}/Params`, QueryParamsRequest, QueryParamsResponse, (ctx) => {
    const { communityTax, withdrawAddressEnabled } = distributionParams.read(ctx.params);
    return {
      params: {
        communityTax: decimalFromPpm(communityTax).toString(),
        baseProposerReward: "0",
        bonusProposerReward: "0",
        withdrawAddrEnabled: withdrawAddressEnabled === 1n,
      },
    };
  }),
  ...ofValidator,
  ...ofDelegator,
  defineQuery(`${SERVICE}/CommunityPool`, QueryCommunityPoolRequest, QueryCommunityPoolResponse, (ctx) => ({
    pool: communityPool.entries(ctx.store).flatMap(([denom, held]) => decCoins(denom, readExact(held))),
  })),
];
