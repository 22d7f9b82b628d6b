import { defineParams } from "../../chain/params.ts";

export const bankParams = defineParams("bank", {
  maxMultiSendOutputs: {
    unit: "count",
    default: 256n,
    min: 1n,
    max: 4096n,
    doc: "Most receivers of one MsgMultiSend.",
  },
  defaultSendEnabled: {
    unit: "count",
    default: 1n,
    min: 0n,
    max: 1n,
    doc: "Whether users may send denominations of which genesis says nothing else: 1 is yes.",
  },
});
