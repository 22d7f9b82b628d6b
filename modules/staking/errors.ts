import { defineErrors } from "../error-table.ts";

/** Codes below 100 are those of the Cosmos SDK. */
const table = defineErrors("staking", {
  noValidator: [3, "validator does not exist"],
  operatorExists: [4, "validator already exist for this operator address; must use new validator operator address"],
  identityExists: [5, "validator already exist for this pubkey; must use new validator pubkey"],
  keyType: [6, "validator pubkey type is not supported"],
  commissionHuge: [10, "commission cannot be more than 100%"],
  commissionAboveMax: [11, "commission cannot be more than the max rate"],
  commissionUpdateTime: [12, "commission cannot be changed more than once in 24h"],
  changeRateAboveMax: [14, "commission change rate cannot be more than the max rate"],
  commissionAboveChangeRate: [15, "commission cannot be changed more than max change rate"],
  selfDelegationBelowMinimum: [16, "validator's self delegation must be greater than their minimum self delegation"],
  minSelfDelegationDecreased: [17, "minimum self delegation cannot be decrease"],
  noDelegation: [19, "no delegation for (address, validator) tuple"],
  noUnbonding: [26, "no unbonding delegation found"],
  maxUnbondingEntries: [27, "too many unbonding delegation entries for (delegator, validator) tuple"],
  selfRedelegation: [29, "cannot redelegate to the same validator"],
  noDestination: [31, "redelegation destination validator not found"],
  transitiveRedelegation: [
    32,
    "redelegation to this validator already in progress; first redelegation to this validator must complete before next redelegation",
  ],
  maxRedelegationEntries: [33, "too many redelegation entries for (delegator, src-validator, dst-validator) tuple"],
  exchangeRate: [34, "cannot delegate to validators with invalid (zero) ex-rate"],
  commissionBelowMin: [40, "commission cannot be less than min rate"],
  voteKeyUsed: [100, "this vote key is or was used by a validator; generate a new one"],
  possession: [101, "the vote key is not proven to belong to this validator"],
  rotatedRecently: [102, "a vote key can be replaced once in an unbonding time"],
});
export const stakingError = table.error;
export const errors = table.docs;
