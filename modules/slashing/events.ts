import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "slash",
    attributes: ["address", "power", "reason", "jailed", "burned_coins"],
    when: "stake was burnt; reason is double_sign or missing_signature, addresses are valcons (block event)",
  },
  {
    type: "liveness",
    attributes: ["address", "missed_blocks", "height"],
    when: "a validator's precommit was missing in the last commit (block event)",
  },
];
