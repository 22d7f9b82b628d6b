import { describe, expect, test } from "vitest";
import { enabledClause } from "../../consensus/core/mux.ts";
import type { State } from "../../consensus/core/state.ts";
import { applyEvent, type Event } from "../../consensus/core/state-machine.ts";
import type { Step } from "../../consensus/core/types.ts";
import { script } from "./core-script.ts";

const STEPS = ["propose", "prevote", "precommit", "commit"] as const;

/** In round 1 of a height, with v known to be good. */
function stateIn(step: Step): State {
  const s = script();
  s.timeout("precommit", 0);
  s.proposal(5, "v");
  s.executed("v");
  return { ...s.state, step };
}

/** The steps in which an event does something; in every other it is refused. */
const EVENTS: readonly (readonly [name: string, event: Event, steps: readonly Step[]])[] = [
  ["22, good", { line: 22, valueId: "v", accept: true }, ["propose"]],
  ["22, not good", { line: 22, valueId: "v", accept: false }, ["propose"]],
  ["28, good", { line: 28, valueId: "v", accept: true }, ["propose"]],
  ["28, not good", { line: 28, valueId: "v", accept: false }, ["propose"]],
  ["34", { line: 34 }, ["prevote"]],
  ["36", { line: 36, valueId: "v" }, ["prevote", "precommit"]],
  ["44", { line: 44 }, ["prevote"]],
  ["47", { line: 47 }, ["propose", "prevote", "precommit"]],
  ["49", { line: 49, valueId: "v", round: 0 }, ["propose", "prevote", "precommit"]],
  ["49 of a value never executed", { line: 49, valueId: "w", round: 0 }, []],
  ["55", { line: 55, round: 2 }, ["propose", "prevote", "precommit"]],
  ["55 of this round", { line: 55, round: 1 }, []],
  ["55 of an earlier round", { line: 55, round: 0 }, []],
  ["57", { line: 57, round: 1 }, ["propose"]],
  ["57 of an earlier round", { line: 57, round: 0 }, []],
  ["61", { line: 61, round: 1 }, ["prevote"]],
  ["61 of a later round", { line: 61, round: 2 }, []],
  ["65", { line: 65, round: 1 }, ["propose", "prevote", "precommit"]],
  ["65 of an earlier round", { line: 65, round: 0 }, []],
];

describe.each(EVENTS)("line %s", (_name, event, steps) => {
  test.each(STEPS)("in step %s", (step) => {
    const moved = applyEvent(stateIn(step), event);
    expect(moved !== undefined).toBe(steps.includes(step));
    if (moved !== undefined) expect(moved.lines).toContain(event.line);
  });
});

describe("what the paper does for the first time in a round is refused the second time", () => {
  test.each([
    ["34", "prevote", { line: 34 }],
    ["36", "precommit", { line: 36, valueId: "v" }],
    ["47", "propose", { line: 47 }],
  ] as const)("line %s", (_line, step, event) => {
    const first = applyEvent(stateIn(step), event);
    expect(first).toBeDefined();
    if (first !== undefined) expect(applyEvent({ ...first.state, step }, event)).toBeUndefined();
  });
});

test("in step commit no clause is enabled", () => {
  const s = script();
  s.votes("precommit", 0, "v", 0, 1, 2);
  s.proposal(0, "v");
  s.executed("v");
  expect(s.state.step).toBe("commit");
  expect(enabledClause(s.state)).toBeUndefined();
  expect(enabledClause({ ...s.state, step: "precommit" })).toEqual({ line: 49, valueId: "v", round: 0 });
});

test("a value that is still being executed is not decided", () => {
  const state = stateIn("prevote");
  const pending: State = { ...state, outcomes: new Map([["v", "pending"]]) };
  expect(applyEvent(pending, { line: 49, valueId: "v", round: 0 })).toBeUndefined();
});
