import type { Line } from "./lines.ts";
import { enabledClause } from "./mux.ts";
import { NOTHING_DONE, type State } from "./state.ts";
import { applyEvent, type Moved, startRound, TIMEOUT_LINE } from "./state-machine.ts";
import type { CoreProposal, CoreVote, Effect, HeightConfig, Input, InputVerdict, Outcome, ValueId } from "./types.ts";
import { addVote, emptyVoteKeeper, hasQuorumFor } from "./vote-keeper.ts";

/** The new state, what the outside has to do, and what became of the input. */
export interface Transition {
  readonly state: State;
  readonly effects: readonly Effect[];
  readonly verdict: InputVerdict;
  /** The lines of the paper that were gone through, in order: why the effects are what they are. */
  readonly lines: readonly Line[];
}

/** Proposals that contradict each other: the first, and one that others may choose. More only once they have. */
const MAX_PROPOSALS_PER_ROUND = 2;
/** Rounds after the next one whose proposals are kept. */
export const MAX_PROPOSAL_ROUNDS_AHEAD = 4;
/** No correct node is so far ahead; bounds what finding a round's proposer costs. */
const MAX_ROUNDS_AHEAD = 10_000;

/** Enters a height: its first round starts at once. */
export function startHeight(config: HeightConfig): Transition {
  const state: State = {
    config,
    round: 0,
    step: "propose",
    locked: undefined,
    valid: undefined,
    proposals: new Map(),
    outcomes: new Map(),
    votes: emptyVoteKeeper(config.powers),
    done: NOTHING_DONE,
  };
  return settle(startRound(state, 0, []));
}

/** Tendermint consensus for one height (arXiv 1807.04938). Pure; never throws, whatever the input says. */
export function transition(state: State, input: Input): Transition {
  switch (input.kind) {
    case "proposal":
      return onProposal(state, input.proposal);
    case "executed":
      return onExecuted(state, input.valueId, input.outcome);
    case "vote":
      return onVote(state, input.vote);
    case "timeout": {
      const moved = applyEvent(state, { line: TIMEOUT_LINE[input.timeout], round: input.round });
      return moved === undefined ? refuse(state, "stale") : settle(moved);
    }
  }
}

function refuse(state: State, verdict: InputVerdict): Transition {
  return { state, effects: [], verdict, lines: [] };
}

const isRound = (round: number): boolean => Number.isSafeInteger(round) && round >= 0;

function onProposal(state: State, proposal: CoreProposal): Transition {
  const { round, polRound, valueId } = proposal;
  if (!isRound(round) || !Number.isSafeInteger(polRound) || polRound < -1 || polRound >= round) {
    return refuse(state, "malformed");
  }
  if (round > state.round + 1 + MAX_PROPOSAL_ROUNDS_AHEAD) return refuse(state, "tooFar");
  if (proposal.proposer !== state.config.proposer(round)) return refuse(state, "wrongProposer");
  const known = state.proposals.get(round) ?? [];
  if (known.some((other) => other.valueId === valueId && other.polRound === polRound))
    return refuse(state, "duplicate");
  if (known.length >= MAX_PROPOSALS_PER_ROUND && !isChosen(state, known, proposal)) return refuse(state, "conflicting");
  const proposals = new Map(state.proposals).set(round, [...known, proposal]);
  return settle(learned({ ...state, proposals }));
}

/**
 * Whether others have certified a value that no proposal here has: without it, a faulty proposer could fill the places
 * of a round and so keep a node from the proposal that lines 36 and 49 ask for.
 */
function isChosen({ votes }: State, known: readonly CoreProposal[], { round, valueId }: CoreProposal): boolean {
  if (known.some((other) => other.valueId === valueId)) return false;
  return hasQuorumFor(votes, round, "prevote", valueId) || hasQuorumFor(votes, round, "precommit", valueId);
}

function onExecuted(state: State, valueId: ValueId, outcome: Outcome): Transition {
  const before = state.outcomes.get(valueId);
  if (before !== undefined && before !== "pending") return refuse(state, "duplicate");
  const outcomes = new Map(state.outcomes).set(valueId, outcome);
  return settle(learned({ ...state, outcomes }));
}

function onVote(state: State, vote: CoreVote): Transition {
  if (!isRound(vote.round)) return refuse(state, "malformed");
  if (vote.round > state.round + MAX_ROUNDS_AHEAD) return refuse(state, "tooFar");
  const { keeper, verdict, conflict } = addVote(state.votes, vote, state.round);
  if (verdict !== "accepted") return refuse(state, verdict);
  const effects: Effect[] =
    conflict === undefined ? [] : [{ kind: "conflict", first: { ...vote, value: conflict }, second: vote }];
  return settle(learned({ ...state, votes: keeper }, effects));
}

/** What an input does before any clause is looked at. */
function learned(state: State, effects: readonly Effect[] = []): Moved {
  return { state, effects, lines: [] };
}

/** Applies every clause that is enabled then, until none is. */
function settle(first: Moved): Transition {
  const effects = [...first.effects];
  const lines = [...first.lines];
  let { state } = first;
  for (;;) {
    state = askForOutcomes(state, effects);
    const clause = enabledClause(state);
    const moved = clause === undefined ? undefined : applyEvent(state, clause);
    if (moved === undefined) return { state, effects, verdict: "accepted", lines };
    state = moved.state;
    effects.push(...moved.effects);
    lines.push(...moved.lines);
  }
}

/** Executes what a vote of ours waits for, and what others have certified; nothing else a proposer may send. */
function askForOutcomes(state: State, effects: Effect[]): State {
  if (state.step === "commit") return state;
  let outcomes: Map<ValueId, Outcome | "pending"> | undefined;
  for (const [round, proposals] of state.proposals) {
    for (const [index, { valueId }] of proposals.entries()) {
      if ((outcomes ?? state.outcomes).has(valueId)) continue;
      const wanted =
        (round === state.round && (index === 0 || hasQuorumFor(state.votes, round, "prevote", valueId))) ||
        hasQuorumFor(state.votes, round, "precommit", valueId);
      if (!wanted) continue;
      outcomes ??= new Map(state.outcomes);
      outcomes.set(valueId, "pending");
      effects.push({ kind: "execute", valueId });
    }
  }
  return outcomes === undefined ? state : { ...state, outcomes };
}
