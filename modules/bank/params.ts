import { defineParams } from "../../chain/params.ts";

export const bankParams = defineParams("bank", {
  maxMultiSendOutputs: {
    unit: "count",
    default: 256n,
    min: 1n,
    max: 4096n,
    doc: "Most receivers of one MsgMultiSend.",
  },
});
