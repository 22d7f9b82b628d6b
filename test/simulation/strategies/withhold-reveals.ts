import type { Strategy } from "../strategy.ts";

/** Commits to outputs and keeps them to itself. */
export const withholdReveals: Strategy = {
  name: "withhold-reveals",
  instead: (_, message) => ("reveal" in message ? [] : [message]),
};
