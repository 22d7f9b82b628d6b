import { defineErrors } from "../error-table.ts";

const table = defineErrors("authz", {
  noAuthorization: [2, "authorization not found"],
  invalidExpiration: [3, "expiration time of authorization should be more than current time"],
  unknownAuthorization: [4, "unknown authorization type"],
  expired: [6, "authorization expired"],
  granteeIsGranter: [7, "grantee and granter should be different"],
  signerCount: [9, "authorization can be given to msg with only one signer"],
  maxTokens: [12, "max tokens should be positive"],
});
export const authzError = table.error;
export const errors = table.docs;
