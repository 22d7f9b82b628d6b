import type { Line } from "./lines.ts";
import type { Clause } from "./mux.ts";
import { NOTHING_DONE, type State } from "./state.ts";
import type { Effect, TimeoutKind, ValueId, VoteKind, VoteValue } from "./types.ts";

/** A rule, or a timeout that expired (lines 57, 61, 65). */
export type Event = Clause | { readonly line: 57 | 61 | 65; readonly round: number };

export const TIMEOUT_LINE = { propose: 57, prevote: 61, precommit: 65 } as const satisfies Record<TimeoutKind, number>;

export interface Moved {
  readonly state: State;
  readonly effects: readonly Effect[];
  /** The paper's lines that this went through. */
  readonly lines: readonly Line[];
}

/** @returns undefined when the step does not allow the event: stale, and of no consequence. */
export function applyEvent(state: State, event: Event): Moved | undefined {
  const { step } = state;
  if (step === "commit") return undefined;
  switch (event.line) {
    case 22: // fresh proposal
      if (step !== "propose") return undefined;
      return event.accept
        ? vote({ ...state, step: "prevote" }, "prevote", event.valueId, [22, 24])
        : vote({ ...state, step: "prevote" }, "prevote", null, [22, 26]);

    case 28: // proposal with a proof of lock
      if (step !== "propose") return undefined;
      return event.accept
        ? vote({ ...state, step: "prevote" }, "prevote", event.valueId, [28, 30])
        : vote({ ...state, step: "prevote" }, "prevote", null, [28, 32]);

    case 34: // > 2/3 of any prevotes
      if (step !== "prevote" || state.done.prevoteTimer) return undefined;
      return schedule({ ...state, done: { ...state.done, prevoteTimer: true } }, "prevote", 34);

    case 36: // polka
      if (step === "propose" || state.done.polka) return undefined;
      return polka(state, event.valueId);

    case 44: // polka of nil
      if (step !== "prevote") return undefined;
      return vote({ ...state, step: "precommit" }, "precommit", null, [44]);

    case 47: // > 2/3 of any precommits
      if (state.done.precommitTimer) return undefined;
      return schedule({ ...state, done: { ...state.done, precommitTimer: true } }, "precommit", 47);

    case 49: // commit
      return decide(state, event.valueId, event.round);

    case 55: // > 1/3 are in a later round
      return event.round > state.round ? startRound(state, event.round, [55]) : undefined;

    case 57: // OnTimeoutPropose
      if (event.round !== state.round || step !== "propose") return undefined;
      return vote({ ...state, step: "prevote" }, "prevote", null, [57]);

    case 61: // OnTimeoutPrevote
      if (event.round !== state.round || step !== "prevote") return undefined;
      return vote({ ...state, step: "precommit" }, "precommit", null, [61]);

    case 65: // OnTimeoutPrecommit
      return event.round === state.round ? startRound(state, state.round + 1, [65]) : undefined;
  }
}

/**
 * Lines 11–21. The proposer starts the timer too: building may fail, and then its vote for nil must still come.
 * @param caller the line that starts the round; none for the first one of a height.
 */
export function startRound(state: State, round: number, caller: readonly Line[]): Moved {
  const { config, valid } = state;
  const begun: State = { ...state, round, step: "propose", done: NOTHING_DONE };
  const timer: Effect = { kind: "schedule", timeout: "propose", round };
  if (config.proposer(round) !== config.self) {
    return { state: begun, effects: [timer], lines: [...caller, 11, 21] };
  }
  return valid === undefined
    ? { state: begun, effects: [timer, { kind: "build", round }], lines: [...caller, 11, 18] }
    : {
        state: begun,
        effects: [timer, { kind: "repropose", round, polRound: valid.round, valueId: valid.valueId }],
        lines: [...caller, 11, 16],
      };
}

/** Lines 36–43: locks and precommits in step prevote; a late polka only sets the valid value. */
function polka(state: State, valueId: ValueId): Moved {
  const mark = { valueId, round: state.round };
  const seen: State = { ...state, valid: mark, done: { ...state.done, polka: true } };
  return state.step === "prevote"
    ? vote({ ...seen, locked: mark, step: "precommit" }, "precommit", valueId, [36, 38, 42])
    : { state: seen, effects: [], lines: [36, 42] };
}

/** Lines 49–51. The height ends here: what follows in the paper is the start of the next one. */
function decide(state: State, valueId: ValueId, round: number): Moved | undefined {
  const outcome = state.outcomes.get(valueId);
  if (outcome === undefined || outcome === "pending") return undefined;
  const effect: Effect = { kind: "decide", round, valueId, outcome };
  return { state: { ...state, step: "commit" }, effects: [effect], lines: [49, 51] };
}

function vote(state: State, kind: VoteKind, value: VoteValue, lines: readonly Line[]): Moved {
  const { self } = state.config;
  if (self === undefined) return { state, effects: [], lines };
  return { state, effects: [{ kind: "vote", vote: { kind, round: state.round, value, validator: self } }], lines };
}

function schedule(state: State, timeout: TimeoutKind, line: Line): Moved {
  return { state, effects: [{ kind: "schedule", timeout, round: state.round }], lines: [line] };
}
