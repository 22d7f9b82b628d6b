import { expect, test } from "vitest";
import { simulate } from "../consensus/simulation.ts";

/** As test/consensus/simulation.test.ts, over more seeds and larger sets: minutes instead of seconds. */
const SEEDS = 3000;
/** Where the short suite's seeds end, so that these are others. */
const FROM = 1000;

test.each([
  [4, 1],
  [7, 2],
  [10, 3],
])("%i nodes, %i of them faulty, on a bad network: agreement, validity, decision", (nodes, byzantine) => {
  const found: string[] = [];
  for (let seed = FROM; seed < FROM + SEEDS; seed++) {
    const { violations } = simulate({ nodes, byzantine, loss: 0.4, healAt: 3000, seed });
    found.push(...violations.map((violation) => `seed ${seed}: ${violation}`));
  }
  expect(found).toEqual([]);
});
