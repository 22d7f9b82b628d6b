import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "set_feegrant",
    attributes: ["granter", "grantee"],
    when: "an allowance has been given, or has changed by use",
  },
  { type: "use_feegrant", attributes: ["granter", "grantee"], when: "an allowance has paid a fee" },
  { type: "revoke_feegrant", attributes: ["granter", "grantee"], when: "an allowance has been taken back or used up" },
  { type: "prune_feegrant", attributes: ["pruner"], when: "somebody has had expired allowances removed" },
];
