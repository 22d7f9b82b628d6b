import { expect, test } from "vitest";
import { runMatrix } from "./matrix.ts";

test("seven validators, seeds 0 to 39: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals } = await runMatrix({ nodes: () => 7, from: 0, seeds: 40 });
  expect(failures).toEqual([]);
  for (const count of Object.values(totals)) expect(count).toBeGreaterThan(0);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
