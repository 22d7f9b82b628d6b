import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  cheapest,
  EXACT_MEMBERS,
  fewest,
  type Member,
  penaltyPpm,
  powerNeeded,
  THIRD,
  type Threshold,
  TWO_THIRDS,
  topShare,
  totalPower,
} from "../../../modules/security/coalition.ts";

/** All subsets that have more power than the threshold. */
function coalitions(members: readonly Member[], { numerator, denominator }: Threshold): Member[][] {
  const total = totalPower(members);
  const found: Member[][] = [];
  for (let mask = 1; mask < 1 << members.length; mask++) {
    const chosen = members.filter((_, i) => (mask >> i) & 1);
    if (totalPower(chosen) * denominator > total * numerator) found.push(chosen);
  }
  return found;
}

const stakeOf = (members: readonly Member[]) => members.reduce((sum, { stake }) => sum + stake, 0n);
const least = (values: readonly bigint[]) => [...values].sort((a, b) => (a < b ? -1 : 1))[0] ?? 0n;
const member = fc.record({ power: fc.bigInt(1n, 50n), stake: fc.bigInt(0n, 100n) });
const sets = fc.array(member, { minLength: 1, maxLength: 9 });
const thresholds = fc.constantFrom(THIRD, TWO_THIRDS);
const even = (count: number): Member[] => Array.from({ length: count }, () => ({ power: 10n, stake: 100n }));

describe("against every subset of a small set", () => {
  test("the fewest members, and the cheapest ones", () => {
    fc.assert(
      fc.property(sets, thresholds, (members, threshold) => {
        const all = coalitions(members, threshold);
        expect(fewest(members, threshold)).toBe(Math.min(...all.map((one) => one.length)));
        const stake = least(all.map(stakeOf));
        expect(cheapest(members, threshold)).toEqual({ atLeast: stake, atMost: stake });
      }),
      { numRuns: 150 },
    );
  });

  test("the bounds for large sets hold it between them", () => {
    fc.assert(
      fc.property(fc.array(member, { minLength: 1, maxLength: 8 }), thresholds, (members, threshold) => {
        // Members that nobody would take and whose power hardly counts, so that the set is large and its coalitions are known.
        const scaled = members.map(({ power, stake }) => ({ power: power * 1_000_000n, stake }));
        const rest = Array.from({ length: EXACT_MEMBERS }, () => ({ power: 1n, stake: 10_000n }));
        const everyone = [...scaled, ...rest];
        const needed = powerNeeded(totalPower(everyone), threshold);
        const known = coalitions(scaled, { numerator: 0n, denominator: 1n }).filter((one) => totalPower(one) >= needed);
        if (known.length === 0) return;
        const { atLeast, atMost } = cheapest(everyone, threshold);
        const stake = least(known.map(stakeOf));
        expect(atLeast <= atMost && atLeast <= stake).toBe(true);
      }),
      { numRuns: 100 },
    );
  });
});

describe("known sets", () => {
  test.each([
    [3, THIRD, 2],
    [4, THIRD, 2],
    [100, THIRD, 34],
    [4, TWO_THIRDS, 3],
    [100, TWO_THIRDS, 67],
    [1, TWO_THIRDS, 1],
    [0, THIRD, 0],
  ])("%d equal members", (count, threshold, expected) => {
    expect(fewest(even(count), threshold)).toBe(expected);
    const stake = BigInt(expected) * 100n;
    expect(cheapest(even(count), threshold)).toEqual({ atLeast: expect.any(BigInt), atMost: stake });
    expect(cheapest(even(count), threshold).atLeast <= stake).toBe(true);
  });

  test("exactly a third is not enough", () => {
    const members = [10n, 10n, 10n].map((power) => ({ power, stake: power }));
    expect(cheapest(members, THIRD)).toEqual({ atLeast: 20n, atMost: 20n });
  });

  test("a thousand members are bounded closely", () => {
    const members = Array.from({ length: 1000 }, (_, i) => ({ power: BigInt(i + 1), stake: BigInt(i + 1) * 7n }));
    const { atLeast, atMost } = cheapest(members, THIRD);
    expect(atLeast).toBe(powerNeeded(totalPower(members), THIRD) * 7n);
    expect(atMost - atLeast < atLeast / 100n).toBe(true);
  });

  test("the share of the greatest", () => {
    const members = [5n, 1n, 3n, 1n].map((power) => ({ power, stake: 0n }));
    expect([0, 1, 2, 4, 9].map((top) => topShare(members, top))).toEqual([
      0n,
      500_000n,
      800_000n,
      1_000_000n,
      1_000_000n,
    ]);
    expect(topShare([], 3)).toBe(0n);
  });
});

test.each([
  [THIRD, 50_000n, 1_000_000n, 3n, 1_000_000n],
  [THIRD, 50_000n, 1_000_000n, 0n, 50_000n],
  [THIRD, 50_000n, 600_000n, 1n, 250_000n],
  [TWO_THIRDS, 50_000n, 600_000n, 1n, 450_000n],
  [TWO_THIRDS, 50_000n, 600_000n, 2n, 650_000n],
])("what a coalition with just more than the threshold loses", (threshold, fault, correlation, multiplier, ppm) => {
  expect(penaltyPpm(threshold, { fault, correlation, multiplier })).toBe(ppm);
});
