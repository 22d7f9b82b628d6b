import { deepEqual } from "node:assert/strict";
import { startHeight, type Transition, transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type {
  Effect,
  HeightConfig,
  Input,
  InputVerdict,
  Outcome,
  TimeoutKind,
  ValueRound,
  VoteKind,
  VoteValue,
} from "../../consensus/core/types.ts";

/** What a core was given and what it made of it; no state before and no input for the start of the height. */
export interface Observation {
  readonly before: State | undefined;
  readonly input: Input | undefined;
  readonly moved: Transition;
}

/** Where a core stands, in a short form: `lock` and `valid` are `v@0` for value v of round 0, or `none`. */
export interface Standing {
  readonly round?: number;
  readonly step?: State["step"];
  readonly lock?: string;
  readonly valid?: string;
}

/** One core that is told what happens in the order of the calls. Proposer of round r is r mod the number of validators. */
export interface Script {
  readonly state: State;
  /** Effects since the last look, in a short form: `prevote v`, `precommit nil`, `timer prevote 0`, `decide v 0`. */
  effects(): string[];
  /** Looks at the effects and throws unless they are these. */
  sees(...effects: readonly string[]): void;
  /** Throws unless the core stands so. */
  stands(standing: Standing): void;
  proposal(
    round: number,
    valueId: string,
    more?: { polRound?: number; timely?: boolean; proposer?: number },
  ): InputVerdict;
  executed(valueId: string, outcome?: Outcome): InputVerdict;
  /** A fresh proposal that executes well. */
  good(round: number, valueId: string): void;
  /** Votes of the given validators. */
  votes(kind: VoteKind, round: number, value: VoteValue, ...from: readonly number[]): InputVerdict;
  timeout(timeout: TimeoutKind, round: number): InputVerdict;
}

/**
 * @param validator this core's index; null for a node without a vote.
 * @param powers of the validators, by index; one each of four unless given.
 */
export type MakeScript = (validator?: number | null, powers?: readonly bigint[]) => Script;

export function short(effect: Effect): string {
  switch (effect.kind) {
    case "vote":
      return `${effect.vote.kind} ${effect.vote.value ?? "nil"}`;
    case "schedule":
      return `timer ${effect.timeout} ${effect.round}`;
    case "execute":
      return `execute ${effect.valueId}`;
    case "build":
      return `build ${effect.round}`;
    case "repropose":
      return `repropose ${effect.valueId} pol ${effect.polRound}`;
    case "decide":
      return `decide ${effect.valueId} ${effect.round}`;
    case "conflict":
      return `conflict ${effect.first.validator} ${effect.first.value ?? "nil"} ${effect.second.value ?? "nil"}`;
  }
}

const mark = (at: ValueRound | undefined): string => (at === undefined ? "none" : `${at.valueId}@${at.round}`);

const EQUAL = [1n, 1n, 1n, 1n];

/** A story that throws when it does not go as told. Not bound to a test runner: docs/consensus-lines.ts plays it too. */
export interface Case {
  readonly title: string;
  readonly play: (make: MakeScript) => void;
}

/** What makes scripts whose every transition `watch` is shown. */
export function observedScripts(watch: (observation: Observation) => void): MakeScript {
  return (validator = 3, powers = EQUAL) => {
    const proposer = (round: number): number => round % powers.length;
    return createScript({ height: 1, powers, self: validator ?? undefined, proposer }, watch);
  };
}

export const script: MakeScript = observedScripts(() => undefined);

function createScript(config: HeightConfig, watch: (observation: Observation) => void): Script {
  const start = startHeight(config);
  watch({ before: undefined, input: undefined, moved: start });
  let { state } = start;
  let effects = [...start.effects];

  function feed(input: Input): InputVerdict {
    const given = state;
    const before = JSON.stringify(given, replacer);
    const moved = transition(given, input);
    if (JSON.stringify(given, replacer) !== before) throw new Error("a transition changed the state it was given");
    watch({ before: given, input, moved });
    state = moved.state;
    effects.push(...moved.effects);
    // The driver hands a node's own votes back to it.
    for (const effect of moved.effects) if (effect.kind === "vote") feed({ kind: "vote", vote: effect.vote });
    return moved.verdict;
  }

  function takeEffects(): string[] {
    const taken = effects.map(short);
    effects = [];
    return taken;
  }

  const proposal: Script["proposal"] = (
    round,
    valueId,
    { polRound = -1, timely = true, proposer = config.proposer(round) } = {},
  ) => feed({ kind: "proposal", proposal: { round, polRound, valueId, proposer, timely } });
  const executed: Script["executed"] = (valueId, outcome = "ok") => feed({ kind: "executed", valueId, outcome });

  return {
    get state() {
      return state;
    },
    effects: takeEffects,
    sees: (...expected) => deepEqual(takeEffects(), expected),
    stands(standing) {
      const { round, step, locked, valid } = state;
      const all = { round, step, lock: mark(locked), valid: mark(valid) };
      deepEqual(all, { ...all, ...standing });
    },
    proposal,
    executed,
    good(round, valueId) {
      proposal(round, valueId);
      executed(valueId);
    },
    votes(kind, round, value, ...from) {
      let verdict: InputVerdict = "accepted";
      for (const validator of from) verdict = feed({ kind: "vote", vote: { kind, round, value, validator } });
      return verdict;
    },
    timeout: (timeout, round) => feed({ kind: "timeout", timeout, round }),
  };
}

function replacer(_key: string, value: unknown): unknown {
  if (value instanceof Map) return [...value];
  return typeof value === "bigint" ? `${value}` : value;
}
