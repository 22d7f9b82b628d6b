import { expect, test } from "vitest";
import { transition } from "../../consensus/core/core.ts";
import { type SimulationOptions, simulate } from "./simulation.ts";

/** All violations over many seeds, each with the seed that gives it. */
function violations(options: Omit<SimulationOptions, "seed">, seeds: number): string[] {
  return Array.from({ length: seeds }, (_, seed) => simulate({ ...options, seed })).flatMap((result, seed) =>
    result.violations.map((violation) => `seed ${seed}: ${violation}`),
  );
}

const QUIET = { loss: 0, healAt: 0 };
const BAD = { loss: 0.4, healAt: 3000 };

test.each([
  ["four correct nodes", { nodes: 4, byzantine: 0, ...QUIET }, 20],
  ["four correct nodes and a network that loses two in five", { nodes: 4, byzantine: 0, ...BAD }, 200],
  ["a faulty one of four", { nodes: 4, byzantine: 1, ...QUIET }, 30],
  ["a faulty one of four and a bad network", { nodes: 4, byzantine: 1, ...BAD }, 300],
  ["two faulty ones of seven and a bad network", { nodes: 7, byzantine: 2, ...BAD }, 60],
] as const)("agreement, validity, decision: %s", (_name, options, seeds) => {
  expect(violations(options, seeds)).toEqual([]);
});

test("a seed gives the same run each time", () => {
  const options = { nodes: 7, byzantine: 2, ...BAD, seed: 5 };
  expect(simulate(options)).toEqual(simulate(options));
});

test("runs with faults really go through several rounds", () => {
  const rounds = Array.from({ length: 40 }, (_, seed) => simulate({ nodes: 4, byzantine: 1, ...BAD, seed }).rounds);
  expect(Math.max(...rounds)).toBeGreaterThan(3);
});

test("planted fault: without the lock the checker finds a disagreement", () => {
  const forgetful: typeof transition = (state, input) => transition({ ...state, locked: undefined }, input);
  const found = violations({ nodes: 4, byzantine: 1, ...BAD, step: forgetful }, 300);
  expect(found.some((violation) => violation.includes("disagreement"))).toBe(true);
});

test("planted fault: where invalid values count as good the checker says so", () => {
  const gullible: typeof transition = (state, input) =>
    transition(state, input.kind === "executed" ? { ...input, outcome: "ok" } : input);
  const found = violations({ nodes: 4, byzantine: 1, ...BAD, step: gullible }, 100);
  expect(found.some((violation) => violation.includes("not valid"))).toBe(true);
});
