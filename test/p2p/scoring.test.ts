import fc from "fast-check";
import { expect, test } from "vitest";
import { createRecentSet } from "../../p2p/recent-set.ts";
import { createScoring, type Scoring } from "../../p2p/scoring.ts";
import { createTokenBuckets } from "../../p2p/token-bucket.ts";

function scoringAt(clock: { now: number }, maxPeers = 100): Scoring {
  return createScoring({
    now: () => clock.now,
    halfLifeMs: 1000,
    banMs: (peer) => (peer === "friend" ? 50 : 5000),
    maxPeers,
  });
}

test("points add up, decay by half in the half-life and end at nothing", () => {
  const clock = { now: 0 };
  const scoring = scoringAt(clock);
  expect(scoring.score("a")).toBe(0);
  scoring.penalise("a", 40);
  scoring.penalise("a", 40);
  expect(scoring.score("a")).toBe(-80);
  clock.now = 1000;
  expect(scoring.score("a")).toBe(-40);
  clock.now = 10_000;
  expect(scoring.score("a")).toBe(0);
});

test("at the threshold the peer is banned for its time, then starts afresh", () => {
  const clock = { now: 0 };
  const scoring = scoringAt(clock);
  expect(scoring.penalise("a", 99)).toBe(false);
  expect(scoring.bannedUntil("a")).toBeUndefined();
  expect(scoring.penalise("a", 1)).toBe(true);
  expect(scoring.bannedUntil("a")).toBe(5000);
  expect(scoring.score("a")).toBe(-100);
  expect(scoring.penalise("a", 100)).toBe(false);
  clock.now = 5000;
  expect(scoring.bannedUntil("a")).toBeUndefined();
  expect(scoring.score("a")).toBe(0);
});

test("a ban lasts as long as that peer's setting says", () => {
  const clock = { now: 7 };
  const scoring = scoringAt(clock);
  scoring.penalise("friend", 100);
  expect(scoring.bannedUntil("friend")).toBe(57);
});

test("slow offences below the decay never add up to a ban", () => {
  const clock = { now: 0 };
  const scoring = scoringAt(clock);
  for (let i = 0; i < 1000; i++) {
    clock.now += 1000;
    expect(scoring.penalise("a", 40)).toBe(false);
  }
});

test("memory is bounded and the guiltiest are remembered", () => {
  const clock = { now: 0 };
  const scoring = scoringAt(clock, 50);
  scoring.penalise("banned", 100);
  scoring.penalise("bad", 90);
  for (let i = 0; i < 5000; i++) scoring.penalise(`crowd ${i}`, 10);
  expect(scoring.size).toBeLessThanOrEqual(50);
  expect(scoring.bannedUntil("banned")).toBeDefined();
  expect(scoring.score("bad")).toBe(-90);
});

test("the score stays within its range", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(3), fc.integer({ min: -50, max: 200 }), fc.nat(4000))), (events) => {
      const clock = { now: 0 };
      const scoring = scoringAt(clock, 3);
      for (const [peer, points, wait] of events) {
        clock.now += wait;
        scoring.penalise(`p${peer}`, points);
        const score = scoring.score(`p${peer}`);
        expect(score <= 0 && score >= -100).toBe(true);
        expect(scoring.size).toBeLessThanOrEqual(3);
      }
    }),
  );
});

test("a token bucket allows its burst at once and its rate after", () => {
  const clock = { now: 0 };
  const buckets = createTokenBuckets(() => clock.now, 10, 5);
  expect([1, 2, 3, 4, 5, 6].map(() => buckets.take("a", 1))).toEqual([true, true, true, true, true, false]);
  expect(buckets.take("b", 5)).toBe(true);
  clock.now = 100;
  expect([buckets.take("a", 1), buckets.take("a", 1)]).toEqual([true, false]);
  clock.now = 60_000;
  expect(buckets.take("a", 6)).toBe(false);
  expect(buckets.take("a", 5)).toBe(true);
  buckets.forget("b");
  expect(buckets.take("b", 5)).toBe(true);
});

test("a recent set forgets by time and by number", () => {
  const clock = { now: 0 };
  const recent = createRecentSet(() => clock.now, 100, 3);
  expect([recent.add("a"), recent.add("a")]).toEqual([true, false]);
  clock.now = 100;
  expect(recent.add("a")).toBe(true);
  for (const key of ["b", "c", "d", "e"]) recent.add(key);
  expect(recent.size).toBe(3);
  expect(recent.add("a")).toBe(true);
});
