import { defineParams } from "../../chain/params.ts";

export const feemarketParams = defineParams("feemarket", {
  minBaseFee: {
    unit: "uassay",
    default: 25_000n,
    min: 1n,
    // A thousandth of an ASSAY for one gas: who wants to lower it again must be able to pay it.
    max: 1_000_000_000n,
    doc: "Least base fee, for a million gas (25000 is 0.025uassay per gas).",
  },
  maxBaseFee: {
    unit: "uassay",
    default: 1_000_000_000_000n,
    min: 0n,
    max: 1_000_000_000_000n,
    doc: "Greatest base fee, for a million gas. Below minBaseFee it counts as that: the base fee is then fixed.",
  },
  targetUsage: {
    unit: "ppm",
    default: 500_000n,
    min: 1000n,
    max: 1_000_000n,
    doc: "Part of consensus.maxBlockGas at which the base fee stays: more in a block raises it, less lowers it.",
  },
  changeDenominator: {
    unit: "count",
    default: 8n,
    min: 1n,
    max: 1_000_000n,
    doc: "The base fee changes by one part of so many with a block, at most.",
  },
  burnShare: {
    unit: "ppm",
    default: 500_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the base fee that is burnt; the rest and what is paid above it goes to stakers.",
  },
});
export type FeemarketParams = ReturnType<typeof feemarketParams.read>;
