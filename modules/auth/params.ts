import { defineParams } from "../../chain/params.ts";

export const authParams = defineParams("auth", {
  maxUnorderedTtl: {
    unit: "ms",
    default: 600_000n,
    min: 1_000n,
    max: 3_600_000n,
    doc: "Longest time ahead that an unordered transaction may name as its time-out.",
  },
  maxMemoBytes: { unit: "bytes", default: 256n, min: 0n, max: 65_536n, doc: "Bytes of a transaction's memo." },
});
