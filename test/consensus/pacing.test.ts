import { expect, test } from "vitest";
import { pacing } from "../../consensus/driver/pacing.ts";
import { testParams } from "./fake-app.ts";

const PARENT = 50_000;

test("a block is never at its parent's time, and the intervals apply in the right cases", () => {
  const fast = pacing(testParams({ blockInterval: 0n, emptyBlockInterval: 0n }), PARENT);
  expect(fast.proposeAt(0, true)).toBe(PARENT + 1);
  expect(fast.proposeAt(0, false)).toBe(PARENT + 1);
  const slow = pacing(testParams({ blockInterval: 200n, emptyBlockInterval: 5000n }), PARENT);
  expect([slow.proposeAt(0, true), slow.proposeAt(0, false), slow.proposeAt(1, false)]).toEqual([
    50_200, 55_000, 50_200,
  ]);
  const odd = pacing(testParams({ blockInterval: 900n, emptyBlockInterval: 100n }), PARENT);
  expect(odd.proposeAt(0, false)).toBe(50_900);
});

test("timeouts grow linearly with the round", () => {
  const times = pacing(testParams({ timeoutPropose: 300n, timeoutProposeDelta: 50n }), PARENT);
  expect([0, 1, 10].map((round) => times.timeout("propose", round))).toEqual([300, 350, 800]);
});

test.each([
  // Precision 500, delay 1000: a proposal is timely from 500 before its time stamp to 1500 after it.
  [0, -501, false],
  [0, -500, true],
  [0, 1500, true],
  [0, 1501, false],
  // The delay grows by a tenth each round: 1100.
  [1, 1600, true],
  [1, 1601, false],
  [1, -501, false],
  // And is capped at a day.
  [500, 86_400_500, true],
  [500, 86_400_501, false],
])("in round %s a proposal received %s ms after its time stamp is timely: %s", (round, after, expected) => {
  const times = pacing(testParams({ timePrecision: 500n, timeMessageDelay: 1000n }), PARENT);
  expect(times.isTimely(PARENT, PARENT + after, round)).toBe(expected);
});
