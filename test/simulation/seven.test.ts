import { expect, test } from "vitest";
import { missing, runMatrix } from "./matrix.ts";

test("seven validators, seeds 0 to 29: nothing that must hold is broken, and much has gone wrong", async () => {
  const { failures, totals } = await runMatrix({ nodes: () => 7, from: 0, seeds: 30 });
  expect(failures).toEqual([]);
  expect(missing(totals)).toEqual([]);
  // A committee needs three proposers' beacons, and most runs are shorter: accountability.test.ts has long ones.
  expect(totals.runsDrawn).toBeGreaterThan(0);
  expect(totals.rounds).toBeGreaterThan(totals.heights);
}, 300_000);
