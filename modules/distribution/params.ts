import { defineParams } from "../../chain/params.ts";

export const distributionParams = defineParams("distribution", {
  communityTax: {
    unit: "ppm",
    default: 20_000n,
    min: 0n,
    max: 1_000_000n,
    doc: "Part of the fees of transactions that goes to the community pool.",
  },
  withdrawAddressEnabled: {
    unit: "count",
    default: 1n,
    min: 0n,
    max: 1n,
    doc: "Whether delegators may name another account that their rewards are paid to (1) or not (0).",
  },
});
