import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  { type: "upgrade_planned", attributes: ["name", "height"], when: "a software upgrade was planned" },
  { type: "upgrade_cancelled", attributes: ["name", "height"], when: "a planned upgrade was called off" },
  {
    type: "upgrade_applied",
    attributes: ["name", "height"],
    when: "the first block under the rules of an upgrade (block event)",
  },
  {
    type: "upgrade_skipped",
    attributes: ["name", "height"],
    when: "operators agreed to go on without an upgrade that was due (block event)",
  },
];
