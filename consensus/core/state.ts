import type { CoreProposal, HeightConfig, Outcome, Step, ValueId, ValueRound } from "./types.ts";
import type { VoteKeeper } from "./vote-keeper.ts";

/** Everything the algorithm remembers about a height. Never changed in place. */
export interface State {
  readonly config: HeightConfig;
  readonly round: number;
  readonly step: Step;
  /** lockedValue and lockedRound; undefined for −1. */
  readonly locked: ValueRound | undefined;
  /** validValue and validRound: the latest value known to have had a polka. Not the same as the locked one. */
  readonly valid: ValueRound | undefined;
  /** By round, in the order they came; a second one contradicts the first and only matters if others chose it. */
  readonly proposals: ReadonlyMap<number, readonly CoreProposal[]>;
  /** `pending` once execution has been asked for. */
  readonly outcomes: ReadonlyMap<ValueId, Outcome | "pending">;
  readonly votes: VoteKeeper;
  /** What the paper does "for the first time" in a round. */
  readonly done: RoundMarks;
}

export interface RoundMarks {
  /** Line 34. */
  readonly prevoteTimer: boolean;
  /** Line 47. */
  readonly precommitTimer: boolean;
  /** Line 36. */
  readonly polka: boolean;
}

export const NOTHING_DONE: RoundMarks = { prevoteTimer: false, precommitTimer: false, polka: false };

/** valid(v) of the paper, or undefined while it is not known. */
export function isValid(state: State, valueId: ValueId): boolean | undefined {
  const outcome = state.outcomes.get(valueId);
  return outcome === undefined || outcome === "pending" ? undefined : outcome !== "invalid";
}
