import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "mint",
    attributes: ["bonded_ratio", "inflation", "annual_provisions", "amount"],
    when: "coins were made for the stakers (block event)",
  },
];
