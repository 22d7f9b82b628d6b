import { describe, expect, test } from "vitest";
import { transition } from "../../consensus/core/core.ts";
import { ARMS } from "./arms.ts";
import { observedScripts } from "./core-script.ts";
import { CASES, mislabelled, playAll, reachedBy, unreached } from "./coverage.ts";
import { simulate } from "./simulation.ts";

test("every arm of the core is reached by a case", () => {
  expect(unreached(playAll())).toEqual([]);
});

test("were no case to reach an arm, it would be said", () => {
  const played = playAll();
  for (const { name } of ARMS) {
    const others = played.filter(({ arms }) => ![...arms].some((arm) => arm.name === name));
    expect(others.length).toBeLessThan(played.length);
    expect(unreached(others)).toContain(name);
  }
});

test("a case that does not go as told is seen", () => {
  const wrong = { title: "", play: (make: ReturnType<typeof observedScripts>) => make().sees("prevote v") };
  expect(() => reachedBy(wrong)).toThrow();
});

describe("the lines that a transition names", () => {
  test("are those of what it did, in every case", () => {
    const wrong: string[] = [];
    const scripts = observedScripts((observation) => wrong.push(...mislabelled(observation)));
    for (const { play } of Object.values(CASES).flat()) play(scripts);
    expect(wrong).toEqual([]);
  });

  test("were they wrong, it would be said", () => {
    const s = observedScripts(({ before, input, moved }) => {
      if (before === undefined || input === undefined || moved.lines.length === 0) return;
      const { lines: right } = moved;
      for (const lines of [[], [...right, ...right], right.slice(1), right.slice(0, -1), [11 as const, ...right]]) {
        expect(mislabelled({ before, input, moved: { ...moved, lines } })).not.toEqual([]);
      }
    })();
    s.good(0, "v");
    s.votes("prevote", 0, "v", 0, 1);
    s.votes("precommit", 0, "v", 0, 1);
    expect(s.state.step).toBe("commit");
  });
});

test("simulated networks with faults go through every line too", () => {
  const lines = new Set<number>();
  for (let seed = 0; seed < 300; seed++) {
    const step: typeof transition = (state, input) => {
      const moved = transition(state, input);
      for (const line of moved.lines) lines.add(line);
      return moved;
    };
    simulate({ nodes: 4, byzantine: 1, loss: 0.4, healAt: 3000, seed, step });
  }
  expect(ARMS.filter(({ name }) => /^\d+$/.test(name) && !lines.has(Number(name))).map(({ name }) => name)).toEqual([]);
});
