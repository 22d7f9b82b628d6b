import type { Strategy } from "../strategy.ts";

/** Has a machine that is far too slow for the runs it serves. */
export const slowRuns: Strategy = { name: "slow-runs", slowness: 25 };
