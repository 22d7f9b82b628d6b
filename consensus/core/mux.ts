import { isValid, type State } from "./state.ts";
import type { CoreProposal, ValueId } from "./types.ts";
import { hasQuorumAny, hasQuorumFor, roundToSkipTo } from "./vote-keeper.ts";

/** A rule of the algorithm that is enabled; the numbers are lines of arXiv 1807.04938, algorithm 1. */
export type Clause =
  | { readonly line: 22; readonly valueId: ValueId; readonly accept: boolean }
  | { readonly line: 28; readonly valueId: ValueId; readonly accept: boolean }
  | { readonly line: 34 }
  | { readonly line: 36; readonly valueId: ValueId }
  | { readonly line: 44 }
  | { readonly line: 47 }
  | { readonly line: 49; readonly valueId: ValueId; readonly round: number }
  | { readonly line: 55; readonly round: number };

/*
 * Which clause applies. r is the current round; "polka" is more than two thirds of prevotes for one value, "commit"
 * the same of precommits; v is a proposal of the round in question. The first row that holds wins.
 *
 *   step               votes                          proposal                          line
 *   ----------------   ----------------------------   -------------------------------   ----
 *   not commit         commit of v in any round       v, valid                           49
 *   not commit         > 1/3 of any in a round > r    -                                  55
 *   propose            polka of v in polRound         v, polRound in [0, r), executed    28
 *   propose            -                              v, polRound -1, judged             22
 *   prevote/precommit  polka of v in r                v, valid, first time               36
 *   prevote            polka of nil in r              -                                  44
 *   prevote            > 2/3 of any prevotes in r     - (first time)                     34
 *   not commit         > 2/3 of any precommits in r   - (first time)                     47
 *
 * 36 comes before 34 and 44, so that no timer is started for a round that has its answer. 49 and 55 come first because
 * what they end needs no further vote of ours. `-1, judged` is: untimely, locked on another value, or executed.
 */
export function enabledClause(state: State): Clause | undefined {
  if (state.step === "commit") return undefined;
  return (
    commitClause(state) ??
    skipClause(state) ??
    (state.step === "propose" ? proposalClause(state) : undefined) ??
    polkaClause(state) ??
    nilOrWaitClause(state)
  );
}

function commitClause(state: State): Clause | undefined {
  for (const [round, proposals] of state.proposals) {
    for (const { valueId } of proposals) {
      if (hasQuorumFor(state.votes, round, "precommit", valueId) && isValid(state, valueId) === true) {
        return { line: 49, valueId, round };
      }
    }
  }
  return undefined;
}

function skipClause(state: State): Clause | undefined {
  const round = roundToSkipTo(state.votes, state.round);
  return round === undefined ? undefined : { line: 55, round };
}

function proposalClause(state: State): Clause | undefined {
  for (const proposal of state.proposals.get(state.round) ?? []) {
    const accept = proposal.polRound === -1 ? judgeFresh(state, proposal) : judgeWithPol(state, proposal);
    if (accept !== undefined) return { line: proposal.polRound === -1 ? 22 : 28, valueId: proposal.valueId, accept };
  }
  return undefined;
}

/** Line 23: valid(v) and (lockedRound = −1 or lockedValue = v); undefined while execution is under way. */
function judgeFresh(state: State, { valueId, timely }: CoreProposal): boolean | undefined {
  if (!timely) return false;
  if (state.locked !== undefined && state.locked.valueId !== valueId) return false;
  const outcome = state.outcomes.get(valueId);
  return outcome === undefined || outcome === "pending" ? undefined : outcome === "ok";
}

/** Lines 28–29: waits for the polka, then valid(v) and (lockedRound ≤ vr or lockedValue = v). */
function judgeWithPol(state: State, { valueId, polRound }: CoreProposal): boolean | undefined {
  if (!hasQuorumFor(state.votes, polRound, "prevote", valueId)) return undefined;
  const { locked } = state;
  if (locked !== undefined && locked.round > polRound && locked.valueId !== valueId) return false;
  return isValid(state, valueId);
}

function polkaClause(state: State): Clause | undefined {
  if (state.step === "propose" || state.done.polka) return undefined;
  for (const { valueId } of state.proposals.get(state.round) ?? []) {
    if (hasQuorumFor(state.votes, state.round, "prevote", valueId) && isValid(state, valueId) === true) {
      return { line: 36, valueId };
    }
  }
  return undefined;
}

function nilOrWaitClause(state: State): Clause | undefined {
  const { votes, round, step, done } = state;
  if (step === "prevote" && hasQuorumFor(votes, round, "prevote", null)) return { line: 44 };
  if (step === "prevote" && !done.prevoteTimer && hasQuorumAny(votes, round, "prevote")) return { line: 34 };
  if (!done.precommitTimer && hasQuorumAny(votes, round, "precommit")) return { line: 47 };
  return undefined;
}
