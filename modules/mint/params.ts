import { defineParams } from "../../chain/params.ts";

export const mintParams = defineParams("mint", {
  inflationMax: {
    unit: "ppm",
    default: 200_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Most new coins in a year, as a part of the supply. Zero fixes the supply: nothing is ever made.",
  },
  inflationMin: {
    unit: "ppm",
    default: 70_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Least new coins in a year, as a part of the supply.",
  },
  inflationRateChange: {
    unit: "ppm",
    default: 130_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "What inflation gains in a year in which nothing is bonded.",
  },
  goalBonded: {
    unit: "ppm",
    default: 670_000n,
    min: 1n,
    max: 1_000_000n,
    doc: "Part of the supply that is to be bonded: below it inflation rises, above it falls.",
  },
  maxBlockTime: {
    unit: "ms",
    default: 60_000n,
    min: 1000n,
    max: 3_600_000n,
    doc: "Most time for which one block makes coins: a halt of the chain is not paid for.",
  },
});
export type MintParams = ReturnType<typeof mintParams.read>;
