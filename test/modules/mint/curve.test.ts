import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DECIMAL_ONE, decimalFromPpm } from "../../../modules/decimal.ts";
import {
  annualProvisions,
  bondedRatio,
  initialInflation,
  nextInflation,
  provision,
  REMAINDER_UNIT,
  YEAR_MS,
} from "../../../modules/mint/curve.ts";
import { type MintParams, mintParams } from "../../../modules/mint/params.ts";

const PARAMS: MintParams = Object.fromEntries(
  Object.entries(mintParams.rows).map(([name, row]) => [name, row.default]),
) as MintParams;
const ppm = (value: bigint) => decimalFromPpm(value);

describe("inflation", () => {
  // x/mint, README: with nothing bonded it rises by inflationRateChange a year, at the goal it stays.
  test.each([
    ["nothing bonded", 0n, 100_000n, 200_000n],
    ["at the goal", 670_000n, 100_000n, 100_000n],
    ["half the goal", 335_000n, 100_000n, 165_000n],
    ["all bonded", 1_000_000n, 150_000n, 85_970n],
    ["never above the greatest", 0n, 190_000n, 200_000n],
    ["never below the least", 1_000_000n, 80_000n, 70_000n],
  ])("%s", (_, ratio, from, to) => {
    const next = nextInflation(ppm(from), ppm(ratio), YEAR_MS, PARAMS);
    expect(next / 10n ** 12n).toBe(to);
  });

  test("is within its bounds, rises below the goal and falls above it, whatever the time", () => {
    const bounds = fc
      .tuple(fc.bigInt(0n, 1_000_000n), fc.bigInt(0n, 1_000_000n))
      .map(([a, b]) => (a < b ? [a, b] : [b, a]) as [bigint, bigint]);
    const ratios = fc.bigInt(0n, DECIMAL_ONE);
    const times = fc.bigInt(0n, YEAR_MS);
    const goals = fc.bigInt(1n, 1_000_000n);
    fc.assert(
      fc.property(bounds, ratios, times, goals, fc.bigInt(0n, DECIMAL_ONE), ([min, max], ratio, time, goal, from) => {
        const params = { ...PARAMS, inflationMin: min, inflationMax: max, goalBonded: goal };
        const next = nextInflation(from, ratio, time, params);
        expect(next >= ppm(min) && next <= ppm(max)).toBe(true);
        if (from < ppm(min) || from > ppm(max)) return;
        if (ratio <= ppm(goal)) expect(next >= from).toBe(true);
        if (ratio >= ppm(goal)) expect(next <= from).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("begins half way, and is nothing where there is no supply to bond", () => {
    expect(initialInflation(PARAMS)).toBe(ppm(135_000n));
    expect(initialInflation({ ...PARAMS, inflationMin: 0n, inflationMax: 0n })).toBe(0n);
    expect(bondedRatio(0n, 0n)).toBe(0n);
    expect(bondedRatio(1n, 3n)).toBe(DECIMAL_ONE / 3n);
    expect(annualProvisions(ppm(130_000n), 1_000_000n)).toBe(130_000n);
  });
});

describe("provisions", () => {
  test("nothing is rounded away, however a time is divided into blocks", () => {
    const blocks = fc.array(fc.bigInt(0n, 60_000n), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.bigInt(0n, DECIMAL_ONE), fc.bigInt(0n, 10n ** 24n), blocks, (inflation, supply, times) => {
        let coins = 0n;
        let remainder = 0n;
        for (const time of times) {
          const made = provision(inflation, supply, time, remainder);
          coins += made.coins;
          remainder = made.remainder;
          expect(remainder >= 0n && remainder < REMAINDER_UNIT).toBe(true);
        }
        const whole = times.reduce((sum, time) => sum + time, 0n);
        expect(coins * REMAINDER_UNIT + remainder).toBe(inflation * supply * whole);
        expect(coins).toBe(provision(inflation, supply, whole, 0n).coins);
      }),
      { numRuns: 200 },
    );
  });

  test("a year of blocks of a second makes a year's coins, to the coin", () => {
    const [inflation, supply] = [ppm(130_000n), 1_234_567_891_234n];
    let coins = 0n;
    let remainder = 0n;
    let left = YEAR_MS;
    // Blocks of an hour, of a second more and of the rest.
    for (let i = 0; left > 0n; i++) {
      const time = left < 3_601_000n ? left : 3_600_000n + BigInt(i % 2) * 1000n;
      ({ coins, remainder } = (() => {
        const made = provision(inflation, supply, time, remainder);
        return { coins: coins + made.coins, remainder: made.remainder };
      })());
      left -= time;
    }
    expect(coins).toBe(annualProvisions(inflation, supply));
  });

  test("a remainder that is dropped would be seen", () => {
    let coins = 0n;
    for (let i = 0; i < 1000; i++) coins += provision(ppm(130_000n), 1_000_000n, 1000n, 0n).coins;
    expect(coins).toBe(0n);
    expect(provision(ppm(130_000n), 1_000_000n, 1_000_000n, 0n).coins).toBe(4n);
  });
});
