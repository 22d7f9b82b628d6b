import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "base_fee",
    attributes: ["before", "after"],
    when: "the next block has another base fee, in base units for a million gas (block event)",
  },
];
