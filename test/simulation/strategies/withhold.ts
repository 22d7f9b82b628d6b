import type { Strategy } from "../strategy.ts";

/** Says nothing to anybody, half of the time. */
export const withhold: Strategy = {
  name: "withhold",
  instead: ({ height, round }, message) => ((height + round) % 2 === 0 ? [] : [message]),
};
