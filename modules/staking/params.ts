import { defineParams } from "../../chain/params.ts";
import { MAX_VALIDATORS } from "../../chain/types/limits.ts";

export const stakingParams = defineParams("staking", {
  unbondingTime: {
    unit: "ms",
    default: 1_814_400_000n,
    min: 1000n,
    max: 31_536_000_000n,
    doc: "How long stake stays answerable after it was taken out, and a validator after it left the set.",
  },
  maxValidators: {
    unit: "count",
    default: 100n,
    min: 1n,
    max: BigInt(MAX_VALIDATORS),
    doc: "Size of the validator set: the candidates with the most stake.",
  },
  maxEntries: {
    unit: "count",
    default: 7n,
    min: 1n,
    max: 32n,
    doc: "Unbondings under way at one time for a delegator and validator, and redelegations for a delegator and two validators.",
  },
  minCommissionRate: {
    unit: "ppm",
    default: 0n,
    min: 0n,
    max: 1_000_000n,
    doc: "Least commission rate of a validator.",
  },
});
