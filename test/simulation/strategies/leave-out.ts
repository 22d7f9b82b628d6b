import type { Strategy } from "../strategy.ts";

/** Proposes blocks with nobody's commitments and reveals: it takes none in. */
export const leaveOut: Strategy = { name: "leave-out", ignores: ["commitment", "reveal"] };
