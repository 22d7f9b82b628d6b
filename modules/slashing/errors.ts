import { defineErrors } from "../error-table.ts";

/** Codes of the Cosmos SDK. */
const table = defineErrors("slashing", {
  noValidator: [2, "address is not associated with any known validator"],
  jailed: [4, "validator still jailed; cannot be unjailed"],
  notJailed: [5, "validator not jailed; cannot be unjailed"],
  noSelfDelegation: [6, "validator has no self-delegation; cannot be unjailed"],
  selfDelegationTooLow: [7, "validator's self delegation less than minimum; cannot be unjailed"],
});
export const slashingError = table.error;
export const errors = table.docs;
