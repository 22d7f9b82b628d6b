import { expect, test } from "vitest";
import { runMatrix } from "./matrix.ts";

test("four validators, seeds 0 to 119: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals } = await runMatrix({ nodes: () => 4, from: 0, seeds: 120 });
  expect(failures).toEqual([]);
  for (const count of Object.values(totals)) expect(count).toBeGreaterThan(0);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
