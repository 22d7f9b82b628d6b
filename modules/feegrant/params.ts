import { defineParams } from "../../chain/params.ts";

export const feegrantParams = defineParams("feegrant", {
  maxPrunedPerBlock: {
    unit: "count",
    default: 200n,
    min: 1n,
    max: 10_000n,
    doc: "Expired allowances that are forgotten with each block.",
  },
});
