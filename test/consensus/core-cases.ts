import { equal } from "node:assert/strict";
import type { InputVerdict } from "../../consensus/core/types.ts";
import type { Case, Script } from "./core-script.ts";

/** What is told to validator 3 of 4, and all that it does then. */
type Clause = readonly [title: string, act: (s: Script) => void, effects: readonly string[]];

const CLAUSES: readonly Clause[] = [
  ["line 11: starts a round with its timer", () => undefined, ["timer propose 0"]],
  ["line 22: waits for execution", (s) => s.proposal(0, "v"), ["timer propose 0", "execute v"]],
  ["line 22: a good proposal", (s) => s.good(0, "v"), ["timer propose 0", "execute v", "prevote v"]],
  [
    "line 22: an invalid one",
    (s) => [s.proposal(0, "v"), s.executed("v", "invalid")],
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "line 22: an inference that differs",
    (s) => [s.proposal(0, "v"), s.executed("v", "inferenceDiffers")],
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "line 22: an untimely one",
    (s) => s.proposal(0, "v", { timely: false }),
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "line 34: two thirds of any prevotes",
    (s) => [s.good(0, "v"), s.votes("prevote", 0, null, 0, 1)],
    ["timer propose 0", "execute v", "prevote v", "timer prevote 0"],
  ],
  ["line 34: not before it prevoted itself", (s) => s.votes("prevote", 0, null, 0, 1, 2), ["timer propose 0"]],
  ["line 36: a polka", (s) => polka(s, 0, "v"), ["timer propose 0", "execute v", "prevote v", "precommit v"]],
  [
    "line 36: not for an invalid value",
    (s) => [s.proposal(0, "v"), s.executed("v", "invalid"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0"],
  ],
  [
    "line 36: for a value whose inference differs, once others certified it",
    (s) => [s.proposal(0, "v"), s.executed("v", "inferenceDiffers"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0", "precommit v"],
  ],
  [
    "line 36: for an untimely value, once others certified it",
    (s) => [s.proposal(0, "v", { timely: false }), s.executed("v"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0", "precommit v"],
  ],
  [
    "line 44: a polka of nil",
    (s) => [s.timeout("propose", 0), s.votes("prevote", 0, null, 0, 1)],
    ["timer propose 0", "prevote nil", "precommit nil"],
  ],
  [
    "line 47: two thirds of any precommits, in any step",
    (s) => s.votes("precommit", 0, null, 0, 1, 2),
    ["timer propose 0", "timer precommit 0"],
  ],
  [
    "line 47: once",
    (s) => [
      s.votes("precommit", 0, null, 0, 1),
      s.votes("precommit", 0, "v", 2),
      s.timeout("propose", 0),
      s.timeout("prevote", 0),
    ],
    ["timer propose 0", "timer precommit 0", "prevote nil", "precommit nil"],
  ],
  [
    "line 49: a commit",
    (s) => [polka(s, 0, "v"), s.votes("precommit", 0, "v", 0, 1)],
    ["timer propose 0", "execute v", "prevote v", "precommit v", "decide v 0"],
  ],
  [
    "line 49: without any prevote of its own, as soon as the value is executed",
    (s) => [s.votes("precommit", 0, "v", 0, 1, 2), s.good(0, "v")],
    ["timer propose 0", "timer precommit 0", "execute v", "decide v 0"],
  ],
  [
    "line 49: a value whose inference differs, because the others are sure",
    (s) => [s.proposal(0, "v"), s.executed("v", "inferenceDiffers"), s.votes("precommit", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "decide v 0"],
  ],
  [
    "line 50: never an invalid value",
    (s) => [s.votes("precommit", 0, "v", 0, 1, 2), s.proposal(0, "v"), s.executed("v", "invalid")],
    ["timer propose 0", "timer precommit 0", "execute v", "prevote nil"],
  ],
  [
    "line 55: more than a third in a later round",
    (s) => [s.votes("prevote", 2, null, 0), s.votes("precommit", 2, "v", 1)],
    ["timer propose 0", "timer propose 2"],
  ],
  [
    "line 55: one of four is not enough",
    (s) => [s.votes("prevote", 2, null, 0), s.votes("precommit", 2, null, 0)],
    ["timer propose 0"],
  ],
  ["line 57: no proposal in time", (s) => s.timeout("propose", 0), ["timer propose 0", "prevote nil"]],
  [
    "line 61: no polka in time",
    (s) => [s.good(0, "v"), s.timeout("prevote", 0)],
    ["timer propose 0", "execute v", "prevote v", "precommit nil"],
  ],
  ["line 65: no commit in time", (s) => s.timeout("precommit", 0), ["timer propose 0", "timer propose 1"]],
];

/** A proposal that gets its polka, with this validator's prevote. */
export function polka(s: Script, round: number, valueId: string): void {
  s.good(round, valueId);
  s.votes("prevote", round, valueId, 0, 1);
}

const VERDICTS: readonly (readonly [what: string, act: (s: Script) => InputVerdict, verdict: InputVerdict])[] = [
  ["a stranger's vote", (s) => s.votes("prevote", 0, null, 4), "unknownValidator"],
  ["a negative index", (s) => s.votes("prevote", 0, null, -1), "unknownValidator"],
  ["a vote of a negative round", (s) => s.votes("prevote", -1, null, 0), "malformed"],
  ["a vote of half a round", (s) => s.votes("prevote", 0.5, null, 0), "malformed"],
  ["a vote of no round", (s) => s.votes("prevote", Number.NaN, null, 0), "malformed"],
  ["a vote far ahead", (s) => s.votes("prevote", 10_001, null, 0), "tooFar"],
  ["a vote twice", (s) => s.votes("prevote", 0, "v", 0, 0), "duplicate"],
  ["the wrong proposer", (s) => s.proposal(0, "v", { proposer: 1 }), "wrongProposer"],
  ["a proposal of a negative round", (s) => s.proposal(-1, "v", { polRound: -2 }), "malformed"],
  ["a proposal of half a round", (s) => s.proposal(0.5, "v", { proposer: 0 }), "malformed"],
  ["a proof of its own round", (s) => s.proposal(1, "v", { polRound: 1 }), "malformed"],
  ["a proof of a later round", (s) => s.proposal(1, "v", { polRound: 2 }), "malformed"],
  ["a proof in the first round", (s) => s.proposal(0, "v", { polRound: 0 }), "malformed"],
  ["a proof before any round", (s) => s.proposal(1, "v", { polRound: -2 }), "malformed"],
  ["a proof of half a round", (s) => s.proposal(2, "v", { polRound: 0.5 }), "malformed"],
  ["a proposal far ahead", (s) => s.proposal(6, "v"), "tooFar"],
  ["a proposal twice", (s) => last(s.proposal(0, "v"), s.proposal(0, "v")), "duplicate"],
  ["an outcome twice", (s) => last(s.good(0, "v"), s.executed("v", "invalid")), "duplicate"],
  ["a timeout of another round", (s) => s.timeout("propose", 1), "stale"],
  ["a timeout of another step", (s) => s.timeout("prevote", 0), "stale"],
];

/** What the last of several calls gave. */
function last(...results: readonly [unknown, InputVerdict]): InputVerdict {
  return results[1];
}

const STORIES: readonly Case[] = [
  {
    title: "line 14: the proposer asks for a value, or proposes the valid one again with its round",
    play(make) {
      const s = make(0);
      s.sees("timer propose 0", "build 0");
      s.good(0, "v");
      s.votes("prevote", 0, "v", 1, 2);
      s.sees("execute v", "prevote v", "precommit v");
      // Round 4 is validator 0's again.
      s.votes("prevote", 4, null, 1, 2);
      s.sees("timer propose 4", "repropose v pol 0");
    },
  },
  {
    title: "line 14: a proposer that has nothing in time prevotes nil, as the others do",
    play(make) {
      const s = make(0);
      s.timeout("propose", 0);
      s.sees("timer propose 0", "build 0", "prevote nil");
    },
  },
  {
    title: "a nil round ends in the next one, and nothing is locked",
    play(make) {
      const s = make();
      s.timeout("propose", 0);
      s.votes("prevote", 0, null, 0, 1);
      s.votes("precommit", 0, null, 0, 1);
      s.timeout("precommit", 0);
      s.sees("timer propose 0", "prevote nil", "precommit nil", "timer precommit 0", "timer propose 1");
      s.stands({ round: 1, step: "propose", lock: "none", valid: "none" });
    },
  },
  {
    title: "a validator that contradicts itself is reported once, and both its votes count",
    play(make) {
      const s = make();
      s.good(0, "v");
      s.sees("timer propose 0", "execute v", "prevote v");
      s.votes("prevote", 0, null, 0);
      equal(s.votes("prevote", 0, "v", 0), "accepted");
      equal(s.votes("prevote", 0, "w", 0), "conflicting");
      equal(s.votes("prevote", 0, "v", 0), "duplicate");
      s.sees("conflict 0 nil v");
      s.votes("prevote", 0, "v", 1);
      s.sees("precommit v");
    },
  },
  {
    title: "a validator that contradicts itself is one voter: its two votes start no timer",
    play(make) {
      const s = make();
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0);
      s.votes("prevote", 0, "w", 0);
      s.sees("timer propose 0", "prevote nil", "conflict 0 v w");
      s.votes("prevote", 0, "x", 1);
      s.sees("timer prevote 0");
    },
  },
  {
    title: "a third value of a faulty validator counts once more than a third chose it: a polka can't be hidden",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.sees("timer propose 0", "timer propose 1");
      // Validator 0 fills its places with other values before the polka of v, which it completes, gets here.
      s.votes("prevote", 0, "x", 0);
      s.votes("prevote", 0, "y", 0);
      equal(s.votes("prevote", 0, "v", 0), "conflicting");
      s.votes("prevote", 0, "v", 1, 2);
      equal(s.votes("prevote", 0, "v", 0), "accepted");
      equal(s.votes("prevote", 0, "v", 0), "duplicate");
      s.proposal(1, "v", { polRound: 0 });
      s.executed("v");
      s.sees("conflict 0 x y", "execute v", "prevote v");
    },
  },
  {
    title: "a contradicting second proposal is executed only when others chose it",
    play(make) {
      const s = make();
      s.good(0, "v");
      s.sees("timer propose 0", "execute v", "prevote v");
      equal(s.proposal(0, "w"), "accepted");
      equal(s.proposal(0, "x"), "conflicting");
      s.sees();
      s.votes("prevote", 0, "w", 0, 1, 2);
      s.sees("timer prevote 0", "execute w");
      s.executed("w");
      s.sees("precommit w");
    },
  },
  {
    title: "a third proposal counts once others chose it: a faulty proposer can't fill the places of a round",
    play(make) {
      const s = make();
      s.good(0, "v");
      equal(s.proposal(0, "w"), "accepted");
      equal(s.proposal(0, "x"), "conflicting");
      s.votes("precommit", 0, "x", 0, 1, 2);
      equal(s.proposal(0, "y"), "conflicting");
      equal(s.proposal(0, "x"), "accepted");
      equal(s.proposal(0, "x"), "duplicate");
      s.sees("timer propose 0", "execute v", "prevote v", "timer precommit 0", "execute x");
      s.executed("x");
      s.sees("decide x 0");
    },
  },
  {
    title: "a third proposal for a polka counts too, but one value takes no further place with other proofs",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.timeout("precommit", 1);
      equal(s.proposal(2, "v"), "accepted");
      equal(s.proposal(2, "w"), "accepted");
      s.votes("prevote", 2, "x", 0, 1, 2);
      equal(s.proposal(2, "x", { polRound: 0 }), "accepted");
      equal(s.proposal(2, "x", { polRound: 1 }), "conflicting");
      equal(s.proposal(2, "x"), "conflicting");
    },
  },
  {
    title: "what is decided stays so: nothing is voted, executed or scheduled any more",
    play(make) {
      const s = make();
      s.votes("precommit", 0, "v", 0, 1, 2);
      s.timeout("precommit", 0);
      s.good(0, "v");
      s.sees("timer propose 0", "timer precommit 0", "timer propose 1", "execute v", "decide v 0");
      s.stands({ round: 1, step: "commit" });
      for (const timeout of ["propose", "prevote", "precommit"] as const) equal(s.timeout(timeout, 1), "stale");
      equal(s.proposal(1, "w"), "accepted");
      equal(s.votes("prevote", 1, "w", 0, 1, 2), "accepted");
      equal(s.votes("precommit", 5, "w", 0, 1, 2), "accepted");
      equal(s.proposal(5, "w"), "accepted");
      s.sees();
      s.stands({ round: 1, step: "commit" });
    },
  },
  {
    title: "bounded rounds: the furthest proposal and vote that are kept, and the first that are not",
    play(make) {
      const s = make();
      equal(s.proposal(5, "v"), "accepted");
      equal(s.proposal(6, "v"), "tooFar");
      equal(s.votes("prevote", 10_000, null, 0), "accepted");
      equal(s.votes("prevote", 10_001, null, 0), "tooFar");
      s.timeout("precommit", 0);
      equal(s.proposal(6, "v"), "accepted");
      equal(s.votes("prevote", 10_001, null, 0), "accepted");
    },
  },
  {
    title: "bounded rounds: votes of two far rounds for each validator, the latest",
    play(make) {
      const s = make();
      for (const round of [5, 9, 7, 20]) s.votes("prevote", round, null, 0);
      equal([...s.state.votes.rounds.keys()].sort((a, b) => a - b).join(), "9,20");
      equal(s.votes("precommit", 3, null, 0), "tooFar");
      equal(s.votes("precommit", 9, null, 0), "accepted");
      equal(s.votes("prevote", 1, null, 0), "accepted");
      s.sees("timer propose 0");
      s.votes("prevote", 20, null, 1);
      s.sees("timer propose 20");
    },
  },
];

/** What the core does, clause by clause, and what it refuses. */
export const CORE_CASES: readonly Case[] = [
  ...CLAUSES.map(
    ([title, act, effects]): Case => ({
      title,
      play(make) {
        const s = make();
        act(s);
        s.sees(...effects);
      },
    }),
  ),
  ...STORIES,
  ...VERDICTS.map(
    ([what, act, verdict]): Case => ({
      title: `${what}: ${verdict}`,
      play(make) {
        const s = make();
        equal(act(s), verdict);
      },
    }),
  ),
];
