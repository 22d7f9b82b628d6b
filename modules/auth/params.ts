import { defineParams } from "../../chain/params.ts";

export const authParams = defineParams("auth", {
  minGasPrice: {
    unit: "uassay",
    default: 25_000n,
    min: 0n,
    max: 1_000_000_000_000n,
    doc: "Least fee for a million gas (25000 is 0.025uassay per gas).",
  },
  maxMemoBytes: { unit: "bytes", default: 256n, min: 0n, max: 65_536n, doc: "Bytes of a transaction's memo." },
});
