import type { Clause } from "./mux.ts";
import { NOTHING_DONE, type State } from "./state.ts";
import type { Effect, TimeoutKind, ValueId, VoteKind, VoteValue } from "./types.ts";

/** A rule, or a timeout that expired (lines 57, 61, 65), or the start of a round (line 11). */
export type Event =
  | Clause
  | { readonly line: 11; readonly round: number }
  | { readonly line: 57 | 61 | 65; readonly round: number };

export const TIMEOUT_LINE = { propose: 57, prevote: 61, precommit: 65 } as const satisfies Record<TimeoutKind, number>;

export interface Moved {
  readonly state: State;
  readonly effects: readonly Effect[];
}

/** @returns undefined when the step does not allow the event: stale, and of no consequence. */
export function applyEvent(state: State, event: Event): Moved | undefined {
  const { step } = state;
  if (step === "commit") return undefined;
  switch (event.line) {
    case 11: // StartRound(r)
    case 55: // > 1/3 are in a later round
      return event.line === 55 && event.round <= state.round ? undefined : startRound(state, event.round);

    case 22: // fresh proposal
    case 28: // proposal with a proof of lock
      if (step !== "propose") return undefined;
      return vote({ ...state, step: "prevote" }, "prevote", event.accept ? event.valueId : null);

    case 34: // > 2/3 of any prevotes
      if (step !== "prevote" || state.done.prevoteTimer) return undefined;
      return schedule({ ...state, done: { ...state.done, prevoteTimer: true } }, "prevote");

    case 36: // polka
      if (step === "propose" || state.done.polka) return undefined;
      return polka(state, event.valueId);

    case 44: // polka of nil
      return step === "prevote" ? vote({ ...state, step: "precommit" }, "precommit", null) : undefined;

    case 47: // > 2/3 of any precommits
      if (state.done.precommitTimer) return undefined;
      return schedule({ ...state, done: { ...state.done, precommitTimer: true } }, "precommit");

    case 49: // commit
      return decide(state, event.valueId, event.round);

    case 57: // OnTimeoutPropose
      if (event.round !== state.round || step !== "propose") return undefined;
      return vote({ ...state, step: "prevote" }, "prevote", null);

    case 61: // OnTimeoutPrevote
      if (event.round !== state.round || step !== "prevote") return undefined;
      return vote({ ...state, step: "precommit" }, "precommit", null);

    case 65: // OnTimeoutPrecommit
      return event.round === state.round ? startRound(state, state.round + 1) : undefined;
  }
}

/** Lines 11–21. The proposer starts the timer too: building may fail, and then its vote for nil must still come. */
function startRound(state: State, round: number): Moved {
  const { config, valid } = state;
  const effects: Effect[] = [{ kind: "schedule", timeout: "propose", round }];
  if (config.self !== undefined && config.proposer(round) === config.self) {
    effects.push(
      valid === undefined
        ? { kind: "build", round }
        : { kind: "repropose", round, polRound: valid.round, valueId: valid.valueId },
    );
  }
  return { state: { ...state, round, step: "propose", done: NOTHING_DONE }, effects };
}

/** Lines 36–43: locks and precommits in step prevote; a late polka only sets the valid value. */
function polka(state: State, valueId: ValueId): Moved {
  const mark = { valueId, round: state.round };
  const seen: State = { ...state, valid: mark, done: { ...state.done, polka: true } };
  return state.step === "prevote"
    ? vote({ ...seen, locked: mark, step: "precommit" }, "precommit", valueId)
    : { state: seen, effects: [] };
}

function decide(state: State, valueId: ValueId, round: number): Moved | undefined {
  const outcome = state.outcomes.get(valueId);
  if (outcome === undefined || outcome === "pending") return undefined;
  return { state: { ...state, step: "commit" }, effects: [{ kind: "decide", round, valueId, outcome }] };
}

function vote(state: State, kind: VoteKind, value: VoteValue): Moved {
  const { self } = state.config;
  if (self === undefined) return { state, effects: [] };
  return { state, effects: [{ kind: "vote", vote: { kind, round: state.round, value, validator: self } }] };
}

function schedule(state: State, timeout: TimeoutKind): Moved {
  return { state, effects: [{ kind: "schedule", timeout, round: state.round }] };
}
