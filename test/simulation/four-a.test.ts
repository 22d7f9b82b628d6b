import { expect, test } from "vitest";
import { missing, runMatrix } from "./matrix.ts";

test("four validators, seeds 0 to 74: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals } = await runMatrix({ nodes: () => 4, from: 0, seeds: 75 });
  expect(failures).toEqual([]);
  expect(missing(totals)).toEqual([]);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
