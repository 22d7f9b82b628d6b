import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startHeight, transition } from "../../consensus/core/core.ts";
import type { Input } from "../../consensus/core/types.ts";
import { CORE_CASES } from "./core-cases.ts";
import { script } from "./core-script.ts";

describe("the core", () => {
  test.each(CORE_CASES)("$title", ({ play }) => play(script));
});

/** Numbers that no correct sender uses, and some that it does. */
const number = fc.oneof(
  fc.integer({ min: -2, max: 6 }),
  fc.constantFrom(0.5, -0, Number.NaN, Infinity, -Infinity, 2 ** 53, -(2 ** 53), 10_000, 10_001, 4_000_000_000),
  fc.double(),
);
const value = fc.constantFrom("v", "w", "", "null", "undefined", "__proto__", "constructor");
const hostile: fc.Arbitrary<Input> = fc.oneof(
  fc.record({
    kind: fc.constant("proposal" as const),
    proposal: fc.record({ round: number, polRound: number, valueId: value, proposer: number, timely: fc.boolean() }),
  }),
  fc.record({
    kind: fc.constant("vote" as const),
    vote: fc.record({
      kind: fc.constantFrom("prevote" as const, "precommit" as const),
      round: number,
      value: fc.oneof(value, fc.constant(null)),
      validator: number,
    }),
  }),
  fc.record({
    kind: fc.constant("timeout" as const),
    timeout: fc.constantFrom("propose" as const, "prevote" as const, "precommit" as const),
    round: number,
  }),
);

test("whatever comes, it never throws, and what is refused changes nothing", () => {
  fc.assert(
    fc.property(fc.array(hostile, { maxLength: 80, size: "max" }), (inputs) => {
      let { state } = startHeight({ height: 1, powers: [1n, 1n, 1n, 1n], self: 3, proposer: (round) => round % 4 });
      for (const input of inputs) {
        const moved = transition(state, input);
        if (moved.verdict !== "accepted") {
          expect(moved).toMatchObject({ effects: [], lines: [] });
          expect(moved.state).toBe(state);
        }
        state = moved.state;
        expect(Number.isSafeInteger(state.round) && state.round >= 0).toBe(true);
        // Rounds begun, the next one, and two far ones of each of the four.
        expect([...state.votes.rounds.keys()].filter((round) => round > state.round + 1).length).toBeLessThanOrEqual(8);
        for (const round of state.proposals.keys()) expect(round).toBeLessThanOrEqual(state.round + 5);
      }
    }),
    { numRuns: 200 },
  );
});
