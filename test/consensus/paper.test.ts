import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startHeight, type Transition, transition } from "../../consensus/core/core.ts";
import type { State } from "../../consensus/core/state.ts";
import type { HeightConfig, Input } from "../../consensus/core/types.ts";
import { short } from "./core-script.ts";
import { mislabelled } from "./coverage.ts";
import { paper } from "./paper.ts";
import { type Happening, inputsOf, runs } from "./random-inputs.ts";

type Step = typeof transition;

interface Run {
  readonly powers: readonly bigint[];
  readonly self: number | undefined;
  readonly happenings: readonly Happening[];
}

function configOf({ powers, self }: Run): HeightConfig {
  return { height: 1, powers, self, proposer: (round) => round % powers.length };
}

/** Feeds a run to a core, own votes included, and shows each transition. */
function play(run: Run, step: Step, watch: (before: State, input: Input, moved: Transition) => void): State {
  const config = configOf(run);
  let { state } = startHeight(config);
  const feed = (input: Input): void => {
    const before = state;
    const moved = step(before, input);
    state = moved.state;
    watch(before, input, moved);
    for (const effect of moved.effects) if (effect.kind === "vote") feed({ kind: "vote", vote: effect.vote });
  };
  for (const happening of run.happenings)
    for (const input of inputsOf(happening, state.round, config.proposer)) feed(input);
  return state;
}

function variablesOf({ round, step, locked, valid }: State): readonly unknown[] {
  const [lockedValue, lockedRound] = [locked?.valueId ?? null, locked?.round ?? -1];
  return [
    round,
    step === "commit" ? "decided" : step,
    lockedValue,
    lockedRound,
    valid?.valueId ?? null,
    valid?.round ?? -1,
  ];
}

/** Where a core does something else than the paper; undefined where it never does. */
function difference(run: Run, step: Step = transition): string | undefined {
  const model = paper(configOf(run));
  model.take({ kind: "timeout", timeout: "propose", round: -1 });
  let found: string | undefined;
  play(run, step, (_before, input, moved) => {
    if (moved.verdict !== "accepted" || found !== undefined) return;
    const expected = model.take(input);
    const done = moved.effects.filter(({ kind }) => kind !== "execute" && kind !== "conflict").map(short);
    const [round, modelStep, lockedValue, lockedRound, validValue, validRound, decision] = model.variables();
    const stands = [round, decision === null ? modelStep : "decided", lockedValue, lockedRound, validValue, validRound];
    const differs = done.join() !== expected.join() || variablesOf(moved.state).join() !== stands.join();
    if (differs) found = `${JSON.stringify(input)}: ${done.join()} and not ${expected.join()}`;
  });
  return found;
}

/** Always the same, unlike the runs of a property. */
const SAMPLE = fc.sample(runs, { numRuns: 1500, seed: 7 });

describe("the core and a literal copy of the paper", () => {
  test("do the same in random runs", () => {
    fc.assert(
      fc.property(runs, (run) => {
        expect(difference(run)).toBeUndefined();
      }),
      { numRuns: 1500 },
    );
  });

  test("the runs go through every line", () => {
    const lines = new Set<number>();
    for (const run of SAMPLE) {
      play(run, transition, (_before, _input, moved) => {
        for (const line of moved.lines) lines.add(line);
      });
    }
    expect([...lines].sort((a, b) => a - b)).toEqual([
      11, 16, 18, 21, 22, 24, 26, 28, 30, 32, 34, 36, 38, 42, 44, 47, 49, 51, 55, 57, 61, 65,
    ]);
  });

  const FAULTS: readonly (readonly [fault: string, step: Step])[] = [
    ["forgets its lock", (state, input) => transition({ ...state, locked: undefined }, input)],
    ["forgets its valid value", (state, input) => transition({ ...state, valid: undefined }, input)],
    [
      "takes the locked value for the valid one",
      (state, input) => transition({ ...state, valid: state.locked }, input),
    ],
    [
      "unlocks at a polka of nil",
      (state, input) => {
        const moved = transition(state, input);
        return moved.lines.includes(44) ? { ...moved, state: { ...moved.state, locked: undefined } } : moved;
      },
    ],
    [
      "starts a timer again and again",
      (state, input) => transition({ ...state, done: { ...state.done, precommitTimer: false } }, input),
    ],
    [
      "counts a differing inference as invalid",
      (state, input) =>
        transition(
          state,
          input.kind === "executed" && input.outcome !== "ok" ? { ...input, outcome: "invalid" } : input,
        ),
    ],
    [
      "never finds a proposal untimely",
      (state, input) =>
        transition(
          state,
          input.kind === "proposal" ? { ...input, proposal: { ...input.proposal, timely: true } } : input,
        ),
    ],
  ];
  test.each(FAULTS)("a core that %s is seen", (_fault, step) => {
    expect(SAMPLE.some((run) => difference(run, step) !== undefined)).toBe(true);
  });
});

test("in random runs each vote of its own is the only one of its kind in its round, and rounds only grow", () => {
  fc.assert(
    fc.property(runs, (run) => {
      const own = new Set<string>();
      const executed = new Set<string>();
      const wrong: string[] = [];
      play(run, transition, (before, input, moved) => {
        wrong.push(...mislabelled({ before, input, moved }));
        if (moved.state.round < before.round) wrong.push("the round went back");
        if ((moved.state.locked?.round ?? -1) < (before.locked?.round ?? -1)) wrong.push("the lock went back");
        if ((moved.state.valid?.round ?? -1) < (moved.state.locked?.round ?? -1)) wrong.push("the lock is ahead");
        if (moved.verdict !== "accepted" && (moved.state !== before || moved.effects.length > 0)) {
          wrong.push("a refused input did something");
        }
        for (const effect of moved.effects) {
          const said = effect.kind === "vote" ? `${effect.vote.kind} ${effect.vote.round}` : undefined;
          if (said !== undefined && own.has(said)) wrong.push(`${said} twice`);
          if (said !== undefined) own.add(said);
          if (effect.kind === "execute" && executed.has(effect.valueId)) wrong.push(`${effect.valueId} executed twice`);
          if (effect.kind === "execute") executed.add(effect.valueId);
        }
      });
      expect(wrong).toEqual([]);
    }),
    { numRuns: 500 },
  );
});
