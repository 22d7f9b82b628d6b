import { defineErrors } from "../error-table.ts";

const table = defineErrors("bank", {
  noInputs: [2, "no inputs to send transaction"],
  noOutputs: [3, "no outputs to send transaction"],
  sumMismatch: [4, "sum inputs != sum outputs"],
  sendDisabled: [5, "send transactions are disabled"],
  multipleSenders: [9, "multiple senders not allowed"],
});
export const bankError = table.error;
export const errors = table.docs;
