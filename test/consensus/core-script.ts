import { startHeight, type Transition, transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type {
  Effect,
  Input,
  InputVerdict,
  Outcome,
  TimeoutKind,
  VoteKind,
  VoteValue,
} from "../../consensus/core/types.ts";

/** One core with four equal validators, told what happens in the order of the calls. Proposer of round r is r mod 4. */
export interface Script {
  readonly state: State;
  /** Effects since the last look, in a short form: `prevote v`, `precommit nil`, `timer prevote 0`, `decide v 0`. */
  effects(): string[];
  proposal(
    round: number,
    valueId: string,
    more?: { polRound?: number; timely?: boolean; proposer?: number },
  ): InputVerdict;
  executed(valueId: string, outcome?: Outcome): InputVerdict;
  /** Votes of the given validators. */
  votes(kind: VoteKind, round: number, value: VoteValue, ...from: readonly number[]): InputVerdict;
  timeout(timeout: TimeoutKind, round: number): InputVerdict;
}

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

/** @param validator this core's index; null for a node without a vote. */
export function script(validator: number | null = 3, powers: readonly bigint[] = [1n, 1n, 1n, 1n]): Script {
  const proposer = (round: number): number => round % powers.length;
  const start = startHeight({ height: 1, powers, self: validator ?? undefined, proposer });
  let { state } = start;
  let effects = [...start.effects];

  function feed(input: Input): InputVerdict {
    const before = JSON.stringify(state, replacer);
    const moved: Transition = transition(state, input);
    if (JSON.stringify(state, replacer) !== before) throw new Error("a transition changed the state it was given");
    state = moved.state;
    effects.push(...moved.effects);
    // The driver hands a node's own votes back to it.
    for (const effect of moved.effects) if (effect.kind === "vote") feed({ kind: "vote", vote: effect.vote });
    return moved.verdict;
  }

  return {
    get state() {
      return state;
    },
    effects() {
      const taken = effects.map(short);
      effects = [];
      return taken;
    },
    proposal(round, valueId, { polRound = -1, timely = true, proposer: signer = proposer(round) } = {}) {
      return feed({ kind: "proposal", proposal: { round, polRound, valueId, proposer: signer, timely } });
    },
    executed: (valueId, outcome = "ok") => feed({ kind: "executed", valueId, outcome }),
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
