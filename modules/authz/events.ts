import type { EventDoc } from "../error-table.ts";

const attributes = ["msg_type_url", "granter", "grantee"];

/** Named and quoted as the Cosmos SDK's typed events are: each value is JSON. */
export const eventTypes: readonly EventDoc[] = [
  { type: "cosmos.authz.v1beta1.EventGrant", attributes, when: "an authorisation has been given" },
  { type: "cosmos.authz.v1beta1.EventRevoke", attributes, when: "an authorisation has been taken back or used up" },
];
