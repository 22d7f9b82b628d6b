import { expect, test } from "vitest";
import type { InputVerdict } from "../../consensus/core/types.ts";
import { type Script, script } from "./core-script.ts";

/** The paper's clauses: what is told to validator 3 of 4, and what it does then. */
const CLAUSES: readonly (readonly [name: string, act: (s: Script) => void, effects: readonly string[]])[] = [
  ["11: starts a round with its timer", () => undefined, ["timer propose 0"]],
  ["22: waits for execution", (s) => s.proposal(0, "v"), ["timer propose 0", "execute v"]],
  ["22: a good proposal", (s) => good(s, 0, "v"), ["timer propose 0", "execute v", "prevote v"]],
  [
    "22: an invalid one",
    (s) => [s.proposal(0, "v"), s.executed("v", "invalid")],
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "22: an inference that differs",
    (s) => [s.proposal(0, "v"), s.executed("v", "inferenceDiffers")],
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "22: an untimely one",
    (s) => s.proposal(0, "v", { timely: false }),
    ["timer propose 0", "execute v", "prevote nil"],
  ],
  [
    "34: two thirds of any prevotes",
    (s) => [good(s, 0, "v"), s.votes("prevote", 0, null, 0, 1)],
    ["timer propose 0", "execute v", "prevote v", "timer prevote 0"],
  ],
  ["34: not before it prevoted itself", (s) => s.votes("prevote", 0, null, 0, 1, 2), ["timer propose 0"]],
  ["36: a polka", (s) => polka(s, 0, "v"), ["timer propose 0", "execute v", "prevote v", "precommit v"]],
  [
    "36: not for an invalid value",
    (s) => [s.proposal(0, "v"), s.executed("v", "invalid"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0"],
  ],
  [
    "36: for a value whose inference differs, once others certified it",
    (s) => [s.proposal(0, "v"), s.executed("v", "inferenceDiffers"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0", "precommit v"],
  ],
  [
    "36: for an untimely value, once others certified it",
    (s) => [s.proposal(0, "v", { timely: false }), s.executed("v"), s.votes("prevote", 0, "v", 0, 1, 2)],
    ["timer propose 0", "execute v", "prevote nil", "timer prevote 0", "precommit v"],
  ],
  [
    "44: a polka of nil",
    (s) => [s.timeout("propose", 0), s.votes("prevote", 0, null, 0, 1)],
    ["timer propose 0", "prevote nil", "precommit nil"],
  ],
  [
    "47: two thirds of any precommits, in any step",
    (s) => s.votes("precommit", 0, null, 0, 1, 2),
    ["timer propose 0", "timer precommit 0"],
  ],
  [
    "47: once",
    (s) => [
      s.votes("precommit", 0, null, 0, 1),
      s.votes("precommit", 0, "v", 2),
      s.timeout("propose", 0),
      s.timeout("prevote", 0),
    ],
    ["timer propose 0", "timer precommit 0", "prevote nil", "precommit nil"],
  ],
  [
    "49: a commit",
    (s) => [polka(s, 0, "v"), s.votes("precommit", 0, "v", 0, 1)],
    ["timer propose 0", "execute v", "prevote v", "precommit v", "decide v 0"],
  ],
  [
    "49: without any prevote of its own, as soon as the value is executed",
    (s) => [s.votes("precommit", 0, "v", 0, 1, 2), good(s, 0, "v")],
    ["timer propose 0", "timer precommit 0", "execute v", "decide v 0"],
  ],
  [
    "49: never an invalid value",
    (s) => [s.votes("precommit", 0, "v", 0, 1, 2), s.proposal(0, "v"), s.executed("v", "invalid")],
    ["timer propose 0", "timer precommit 0", "execute v", "prevote nil"],
  ],
  [
    "55: more than a third in a later round",
    (s) => [s.votes("prevote", 2, null, 0), s.votes("precommit", 2, "v", 1)],
    ["timer propose 0", "timer propose 2"],
  ],
  [
    "55: one of four is not enough",
    (s) => [s.votes("prevote", 2, null, 0), s.votes("precommit", 2, null, 0)],
    ["timer propose 0"],
  ],
  ["57: no proposal in time", (s) => s.timeout("propose", 0), ["timer propose 0", "prevote nil"]],
  [
    "61: no polka in time",
    (s) => [good(s, 0, "v"), s.timeout("prevote", 0)],
    ["timer propose 0", "execute v", "prevote v", "precommit nil"],
  ],
  ["65: no commit in time", (s) => s.timeout("precommit", 0), ["timer propose 0", "timer propose 1"]],
];

function good(s: Script, round: number, valueId: string): InputVerdict {
  s.proposal(round, valueId);
  return s.executed(valueId);
}

function polka(s: Script, round: number, valueId: string): void {
  good(s, round, valueId);
  s.votes("prevote", round, valueId, 0, 1);
}

test.each(CLAUSES)("line %s", (_name, act, effects) => {
  const s = script();
  act(s);
  expect(s.effects()).toEqual(effects);
});

test("line 14: the proposer asks for a value, or proposes the valid one again with its round", () => {
  const s = script(0);
  expect(s.effects()).toEqual(["timer propose 0", "build 0"]);
  good(s, 0, "v");
  s.votes("prevote", 0, "v", 1, 2);
  s.effects();
  // Round 4 is validator 0's again.
  s.votes("prevote", 4, null, 1, 2);
  expect(s.effects()).toEqual(["timer propose 4", "repropose v pol 0"]);
});

test("a node without a vote follows and decides", () => {
  const s = script(null);
  good(s, 0, "v");
  s.votes("prevote", 0, "v", 0, 1, 2);
  s.votes("precommit", 0, "v", 0, 1, 2);
  expect(s.effects()).toEqual(["timer propose 0", "execute v", "decide v 0"]);
});

test("a nil round ends in the next one, and nothing is locked", () => {
  const s = script();
  s.timeout("propose", 0);
  s.votes("prevote", 0, null, 0, 1);
  s.votes("precommit", 0, null, 0, 1);
  s.timeout("precommit", 0);
  expect(s.effects()).toEqual([
    "timer propose 0",
    "prevote nil",
    "precommit nil",
    "timer precommit 0",
    "timer propose 1",
  ]);
  expect(s.state).toMatchObject({ round: 1, step: "propose", locked: undefined, valid: undefined });
});

/** Locked on v in round 0, and now in round 1. */
function lockedInRoundOne(): Script {
  const s = script();
  polka(s, 0, "v");
  s.timeout("precommit", 0);
  s.effects();
  expect(s.state.locked).toEqual({ valueId: "v", round: 0 });
  return s;
}

test("locked: another fresh value gets nil, at once and whatever it executes to", () => {
  const s = lockedInRoundOne();
  s.proposal(1, "w");
  expect(s.effects()).toEqual(["execute w", "prevote nil"]);
});

test("locked: the same value proposed afresh gets a prevote", () => {
  const s = lockedInRoundOne();
  s.proposal(1, "v");
  expect(s.effects()).toEqual(["prevote v"]);
});

test("locked: a polka of nil does not unlock", () => {
  const s = lockedInRoundOne();
  s.timeout("propose", 1);
  s.votes("prevote", 1, null, 0, 1, 2);
  s.timeout("precommit", 1);
  s.effects();
  expect(s.state.locked).toEqual({ valueId: "v", round: 0 });
  s.proposal(2, "w");
  expect(s.effects()).toEqual(["execute w", "prevote nil"]);
});

test("locked: the polka of another value does not unlock by itself, a proof of a later one does", () => {
  const s = lockedInRoundOne();
  s.proposal(1, "w");
  s.executed("w");
  s.timeout("prevote", 1);
  s.effects();
  // The polka of w in round 1 comes after the precommit: valid value changes, the lock does not.
  s.votes("prevote", 1, "w", 0, 1, 2);
  expect(s.state.locked).toEqual({ valueId: "v", round: 0 });
  expect(s.state.valid).toEqual({ valueId: "w", round: 1 });
  s.timeout("precommit", 1);
  s.effects();
  s.proposal(2, "w", { polRound: 1 });
  expect(s.effects()).toEqual(["prevote w"]);
  s.votes("prevote", 2, "w", 0, 1);
  expect(s.state.locked).toEqual({ valueId: "w", round: 2 });
});

test("locked: a proof older than the lock does not move it", () => {
  const s = script();
  // Round 0: a polka of w that this node sees late; round 1: it locks v.
  s.timeout("propose", 0);
  s.timeout("prevote", 0);
  s.timeout("precommit", 0);
  polka(s, 1, "v");
  s.timeout("precommit", 1);
  s.effects();
  s.votes("prevote", 0, "w", 0, 1, 2);
  s.proposal(2, "w", { polRound: 0 });
  expect(s.effects()).toEqual(["execute w", "prevote nil"]);
});

test("line 28: a proposal with a proof waits for its polka, and for execution", () => {
  const s = script();
  s.timeout("precommit", 0);
  s.effects();
  s.proposal(1, "v", { polRound: 0 });
  expect(s.effects()).toEqual(["execute v"]);
  s.votes("prevote", 0, "v", 0, 1);
  s.executed("v");
  expect(s.effects()).toEqual([]);
  s.votes("prevote", 0, "v", 2);
  expect(s.effects()).toEqual(["prevote v"]);
});

test("line 28: neither timeliness nor a differing inference counts against a value others had a polka for", () => {
  const s = script();
  s.timeout("precommit", 0);
  s.effects();
  s.votes("prevote", 0, "v", 0, 1, 2);
  s.proposal(1, "v", { polRound: 0, timely: false });
  s.executed("v", "inferenceDiffers");
  expect(s.effects()).toEqual(["execute v", "prevote v"]);
});

test("line 28: without the polka the round times out", () => {
  const s = script();
  s.timeout("precommit", 0);
  s.proposal(1, "v", { polRound: 0 });
  s.executed("v");
  s.effects();
  s.timeout("propose", 1);
  expect(s.effects()).toEqual(["prevote nil"]);
});

test("hidden lock: the proposer that saw the polka late proposes the locked value, and the locked node agrees", () => {
  const locked = lockedInRoundOne();
  const proposer = script(1);
  good(proposer, 0, "v");
  proposer.timeout("prevote", 0);
  // Only now do the prevotes that locked the other node come.
  proposer.votes("prevote", 0, "v", 0, 3);
  expect(proposer.state).toMatchObject({ locked: undefined, valid: { valueId: "v", round: 0 } });
  proposer.effects();
  proposer.timeout("precommit", 0);
  expect(proposer.effects()).toEqual(["timer propose 1", "repropose v pol 0"]);
  locked.proposal(1, "v", { polRound: 0 });
  expect(locked.effects()).toEqual(["prevote v"]);
});

test("an earlier round's precommits decide in a later round", () => {
  const s = lockedInRoundOne();
  s.timeout("propose", 1);
  s.effects();
  s.votes("precommit", 0, "v", 0, 1);
  expect(s.effects()).toEqual(["decide v 0"]);
  expect(s.state.step).toBe("commit");
  expect(s.timeout("prevote", 1)).toBe("stale");
  expect(s.votes("precommit", 0, "v", 2)).toBe("accepted");
  expect(s.effects()).toEqual([]);
});

test("a later round's precommits decide, with its proposal, once execution is done", () => {
  const s = script(2);
  s.votes("precommit", 3, "v", 0, 1, 3);
  expect(s.state.round).toBe(3);
  s.proposal(3, "v", { polRound: 2 });
  s.executed("v");
  expect(s.effects()).toEqual(["timer propose 0", "timer propose 3", "timer precommit 3", "execute v", "decide v 3"]);
});

test("round skip goes to the highest round that a third are in", () => {
  const s = script();
  s.votes("prevote", 2, null, 0);
  s.votes("prevote", 5, null, 0, 1);
  expect(s.state.round).toBe(5);
  s.votes("prevote", 2, null, 1);
  expect(s.state.round).toBe(5);
});

test("a validator that contradicts itself is reported once, and both its votes count", () => {
  const s = script();
  good(s, 0, "v");
  s.effects();
  s.votes("prevote", 0, null, 0);
  expect(s.votes("prevote", 0, "v", 0)).toBe("accepted");
  expect(s.votes("prevote", 0, "w", 0)).toBe("conflicting");
  expect(s.votes("prevote", 0, "v", 0)).toBe("duplicate");
  expect(s.effects()).toEqual(["conflict 0 nil v"]);
  s.votes("prevote", 0, "v", 1);
  expect(s.effects()).toEqual(["precommit v"]);
});

test("a third value of a faulty validator counts once more than a third chose it: a polka can't be hidden", () => {
  const s = script();
  s.timeout("precommit", 0);
  s.effects();
  // Validator 0 fills its places with other values before the polka of v, which it completes, gets here.
  s.votes("prevote", 0, "x", 0);
  s.votes("prevote", 0, "y", 0);
  expect(s.votes("prevote", 0, "v", 0)).toBe("conflicting");
  s.votes("prevote", 0, "v", 1, 2);
  expect(s.votes("prevote", 0, "v", 0)).toBe("accepted");
  expect(s.votes("prevote", 0, "v", 0)).toBe("duplicate");
  s.proposal(1, "v", { polRound: 0 });
  s.executed("v");
  expect(s.effects()).toEqual(["conflict 0 x y", "execute v", "prevote v"]);
});

test("a contradicting second proposal is executed only when others chose it", () => {
  const s = script();
  good(s, 0, "v");
  s.effects();
  expect(s.proposal(0, "w")).toBe("accepted");
  expect(s.proposal(0, "x")).toBe("conflicting");
  expect(s.effects()).toEqual([]);
  s.votes("prevote", 0, "w", 0, 1, 2);
  expect(s.effects()).toEqual(["timer prevote 0", "execute w"]);
  s.executed("w");
  expect(s.effects()).toEqual(["precommit w"]);
});

const VERDICTS: readonly (readonly [name: string, act: (s: Script) => InputVerdict, verdict: InputVerdict])[] = [
  ["a stranger's vote", (s) => s.votes("prevote", 0, null, 4), "unknownValidator"],
  ["a negative index", (s) => s.votes("prevote", 0, null, -1), "unknownValidator"],
  ["a negative round", (s) => s.votes("prevote", -1, null, 0), "malformed"],
  ["half a round", (s) => s.votes("prevote", 0.5, null, 0), "malformed"],
  ["a vote far ahead", (s) => s.votes("prevote", 20_000, null, 0), "tooFar"],
  ["the wrong proposer", (s) => s.proposal(0, "v", { proposer: 1 }), "wrongProposer"],
  ["a proof of its own round", (s) => s.proposal(1, "v", { polRound: 1 }), "malformed"],
  ["a proof before any round", (s) => s.proposal(1, "v", { polRound: -2 }), "malformed"],
  ["a proposal far ahead", (s) => s.proposal(6, "v"), "tooFar"],
  ["a proposal twice", (s) => [s.proposal(0, "v"), s.proposal(0, "v")].at(-1) ?? "accepted", "duplicate"],
  ["an outcome twice", (s) => [good(s, 0, "v"), s.executed("v", "invalid")].at(-1) ?? "accepted", "duplicate"],
  ["a timeout of another round", (s) => s.timeout("propose", 1), "stale"],
  ["a timeout of another step", (s) => s.timeout("prevote", 0), "stale"],
];

test.each(VERDICTS)("%s changes nothing", (_name, act, verdict) => {
  const s = script();
  expect(act(s)).toBe(verdict);
});

test("votes of far rounds: two for each validator, the latest", () => {
  const s = script();
  for (const round of [5, 9, 7, 20]) s.votes("prevote", round, null, 0);
  expect([...s.state.votes.rounds.keys()].sort((a, b) => a - b)).toEqual([9, 20]);
  expect(s.votes("precommit", 3, null, 0)).toBe("tooFar");
  expect(s.votes("precommit", 9, null, 0)).toBe("accepted");
  expect(s.votes("prevote", 1, null, 0)).toBe("accepted");
  s.votes("prevote", 20, null, 1);
  expect(s.state.round).toBe(20);
});
