import type { EventDoc } from "../error-table.ts";

export const eventTypes: readonly EventDoc[] = [
  {
    type: "update_param",
    attributes: ["name", "from", "to"],
    when: "a parameter has another value from the next block on",
  },
];
