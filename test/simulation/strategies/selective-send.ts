import type { Strategy } from "../strategy.ts";

/** Speaks to a third of the others in each round, a different one each time. */
export const selectiveSend: Strategy = {
  name: "selective-send",
  instead: ({ height, round }, message, to) => ((to + height + round) % 3 === 0 ? [message] : []),
};
