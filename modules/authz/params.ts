import { defineParams } from "../../chain/params.ts";

export const authzParams = defineParams("authz", {
  maxPrunedPerBlock: {
    unit: "count",
    default: 200n,
    min: 1n,
    max: 10_000n,
    doc: "Expired grants that are forgotten with each block.",
  },
  maxExecMessages: { unit: "count", default: 64n, min: 1n, max: 256n, doc: "Messages that one MsgExec may carry." },
});
