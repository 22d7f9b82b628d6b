import {
  QueryCommunityPoolRequest,
  QueryCommunityPoolResponse,
  QueryDelegationTotalRewardsRequest,
  QueryDelegationTotalRewardsResponse,
  QueryDelegatorWithdrawAddressRequest,
  QueryDelegatorWithdrawAddressResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryValidatorCommissionRequest,
  QueryValidatorCommissionResponse,
  QueryValidatorOutstandingRewardsRequest,
  QueryValidatorOutstandingRewardsResponse,
  QueryValidatorSlashesRequest,
  QueryValidatorSlashesResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/query";
import { address, operator } from "../tx/kinds.ts";
import { type QueryRow, queryRow } from "./row.ts";

const SERVICE = "cosmos.distribution.v1beta1.Query";

export const distributionQueries: readonly QueryRow[] = [
  queryRow({
    path: "distribution rewards",
    summary: "what an account can withdraw",
    method: `${SERVICE}/DelegationTotalRewards`,
    codecs: [QueryDelegationTotalRewardsRequest, QueryDelegationTotalRewardsResponse],
    args: { delegator: address },
    decimals: ["amount"],
    request: ({ delegator }) => ({ delegatorAddress: delegator }),
  }),
  queryRow({
    path: "distribution commission",
    summary: "what a validator can withdraw",
    method: `${SERVICE}/ValidatorCommission`,
    codecs: [QueryValidatorCommissionRequest, QueryValidatorCommissionResponse],
    args: { validator: operator },
    decimals: ["amount"],
    request: ({ validator }) => ({ validatorAddress: validator }),
  }),
  queryRow({
    path: "distribution outstanding",
    summary: "what nobody has withdrawn yet from a validator",
    method: `${SERVICE}/ValidatorOutstandingRewards`,
    codecs: [QueryValidatorOutstandingRewardsRequest, QueryValidatorOutstandingRewardsResponse],
    args: { validator: operator },
    decimals: ["amount"],
    request: ({ validator }) => ({ validatorAddress: validator }),
  }),
  queryRow({
    path: "distribution slashes",
    summary: "when a validator was slashed, and by how much",
    method: `${SERVICE}/ValidatorSlashes`,
    codecs: [QueryValidatorSlashesRequest, QueryValidatorSlashesResponse],
    args: { validator: operator },
    decimals: ["fraction"],
    isPaged: true,
    request: ({ validator }, pagination) => ({
      validatorAddress: validator,
      startingHeight: 0n,
      endingHeight: 2n ** 63n - 1n,
      pagination,
    }),
  }),
  queryRow({
    path: "distribution withdraw-address",
    summary: "where an account's rewards go",
    method: `${SERVICE}/DelegatorWithdrawAddress`,
    codecs: [QueryDelegatorWithdrawAddressRequest, QueryDelegatorWithdrawAddressResponse],
    args: { delegator: address },
    request: ({ delegator }) => ({ delegatorAddress: delegator }),
  }),
  queryRow({
    path: "distribution community-pool",
    summary: "what is in the community pool",
    method: `${SERVICE}/CommunityPool`,
    codecs: [QueryCommunityPoolRequest, QueryCommunityPoolResponse],
    decimals: ["amount"],
    request: () => ({}),
  }),
  queryRow({
    path: "distribution params",
    summary: "parameters of distribution, as the Cosmos SDK has them",
    method: `${SERVICE}/Params`,
    codecs: [QueryParamsRequest, QueryParamsResponse],
    decimals: ["community_tax", "base_proposer_reward", "bonus_proposer_reward"],
    request: () => ({}),
  }),
];
