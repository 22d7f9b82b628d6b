import { defineErrors } from "../error-table.ts";

/** Codes of the Cosmos SDK. */
const table = defineErrors("params", {
  unknown: [2, "unknown subspace"],
  refused: [3, "failed to set parameter"],
  empty: [4, "submitted parameter changes are empty"],
});
export const paramsError = table.error;
export const errors = table.docs;
