import { expect, test } from "vitest";
import { missing, runMatrix } from "./matrix.ts";

test("ten validators, seeds 0 to 13: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals } = await runMatrix({ nodes: () => 10, from: 0, seeds: 14 });
  expect(failures).toEqual([]);
  expect(missing(totals)).toEqual([]);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
