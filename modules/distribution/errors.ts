import { defineErrors } from "../error-table.ts";

/** Codes of the Cosmos SDK. */
const table = defineErrors("distribution", {
  noCommission: [7, "no validator commission to withdraw"],
  withdrawAddressDisabled: [8, "set withdraw address disabled"],
  poolTooSmall: [9, "community pool does not have sufficient coins to distribute"],
  noValidator: [12, "validator does not exist"],
  noDelegation: [13, "delegation does not exist"],
});
export const distributionError = table.error;
export const errors = table.docs;
