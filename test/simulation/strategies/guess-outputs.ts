import { tensorOf } from "../fake-engine.ts";
import type { Strategy } from "../strategy.ts";

/** Saves itself the runs, and says of each what would be right most often. */
export const guessOutputs: Strategy = {
  name: "guess-outputs",
  compute: () => [tensorOf(new Uint8Array(8))],
};
