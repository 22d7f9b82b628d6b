import { expect, test } from "vitest";
import { STRATEGIES } from "./all-strategies.ts";
import { missing, runMatrix } from "./matrix.ts";

test("four validators, seeds 75 to 149: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals, acts } = await runMatrix({ nodes: () => 4, from: 75, seeds: 75 });
  expect(failures).toEqual([]);
  expect(missing(totals)).toEqual([]);
  // Each is seen to act alone in reached.test.ts; a short run may be over before one drawn here finds an occasion.
  expect(STRATEGIES.filter(({ name }) => !acts.has(name)).length).toBeLessThan(4);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
