import { expect, test, vi } from "vitest";
import { scenarioOf } from "./scenario.ts";
import { createSimulator } from "./simulate.ts";

/** A busy machine takes its time. */
vi.setConfig({ testTimeout: 120_000 });

test.each([
  [4, 3],
  [7, 11],
])("%i validators, seed %i: twice the same, to the last event", async (nodes, seed) => {
  const options = scenarioOf({ seed, nodes });
  const first = await createSimulator().run(options);
  expect(await createSimulator().run(options)).toEqual(first);
  expect(first.events).toBeGreaterThan(100);
});

test("a run does not depend on those that the same simulator ran before", async () => {
  const options = scenarioOf({ seed: 5, nodes: 4 });
  const alone = await createSimulator().run(options);
  const simulator = createSimulator();
  await simulator.run(scenarioOf({ seed: 6, nodes: 4 }));
  expect(await simulator.run(options)).toEqual(alone);
});

test("another seed gives another run", async () => {
  const simulator = createSimulator();
  const quiet = { ...scenarioOf({ seed: 1, nodes: 4 }), byzantine: [] };
  const first = await simulator.run(quiet);
  expect((await simulator.run({ ...quiet, seed: 2 })).traceHash).not.toBe(first.traceHash);
});

test("the trace that a person can read is the one that is hashed", async () => {
  const lines: string[] = [];
  const options = scenarioOf({ seed: 3, nodes: 4 });
  const traced = await createSimulator().run({ ...options, onTrace: (line) => lines.push(line) });
  expect(traced).toEqual(await createSimulator().run(options));
  expect(lines.length).toBeGreaterThanOrEqual(traced.events);
});
