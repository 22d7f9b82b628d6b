import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  burntPart,
  feeFor,
  greatestBaseFee,
  nextBaseFee,
  targetGas,
  withinBounds,
} from "../../../modules/feemarket/base-fee.ts";
import { type FeemarketParams, feemarketParams } from "../../../modules/feemarket/params.ts";

const { rows } = feemarketParams;
const PARAMS = Object.fromEntries(Object.entries(rows).map(([name, row]) => [name, row.default])) as FeemarketParams;
const GAS = 40_000_000n;

const params: fc.Arbitrary<FeemarketParams> = fc.record({
  minBaseFee: fc.bigInt(rows.minBaseFee.min, rows.minBaseFee.max),
  maxBaseFee: fc.bigInt(rows.maxBaseFee.min, rows.maxBaseFee.max),
  targetUsage: fc.bigInt(rows.targetUsage.min, rows.targetUsage.max),
  changeDenominator: fc.bigInt(rows.changeDenominator.min, rows.changeDenominator.max),
  burnShare: fc.bigInt(0n, 1_000_000n),
});
const blockGas = fc.bigInt(100_000n, 9_007_199_254_740_991n);
const greater = (a: bigint, b: bigint) => [a, b].reduce((most, one) => (one > most ? one : most));
const feeOf = (of: FeemarketParams, seed: bigint) => withinBounds(seed, of);

describe("the base fee", () => {
  // EIP-1559: a full block of twice the target adds an eighth, an empty one takes an eighth.
  test.each([
    ["a full block", 1_000_000n, GAS, 1_125_000n],
    ["an empty block", 1_000_000n, 0n, 875_000n],
    ["the target", 1_000_000n, GAS / 2n, 1_000_000n],
    ["three quarters", 1_000_000n, (GAS * 3n) / 4n, 1_062_500n],
    ["a little too much, and little to change", 25_001n, GAS / 2n + 1n, 25_002n],
    ["a little too little", 25_001n, GAS / 2n - 1n, 25_000n],
    ["never below the least", 25_000n, 0n, 25_000n],
  ])("%s", (_, fee, gas, next) => {
    expect(nextBaseFee(fee, gas, GAS, PARAMS)).toBe(next);
  });

  test("stays within bounds, is never zero, and moves by a part of itself or one, at any parameters and sizes", () => {
    fc.assert(
      fc.property(params, fc.bigInt(0n, 10n ** 13n), blockGas, fc.bigInt(0n, 1_000_000n), (of, seed, most, used) => {
        const fee = feeOf(of, seed);
        const gas = (most * used) / 1_000_000n;
        const next = nextBaseFee(fee, gas, most, of);
        const top = greater(of.maxBaseFee, of.minBaseFee);
        expect(next >= of.minBaseFee && next <= top && next > 0n && next < 1n << 63n).toBe(true);
        const step = next > fee ? next - fee : fee - next;
        const greatest = fee / of.changeDenominator;
        expect(step <= greater(greatest, 1n)).toBe(true);
        if (gas > targetGas(most, of)) expect(next >= fee).toBe(true);
        else expect(next <= fee).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test("more gas never makes it lower, and a higher one stays the higher", () => {
    const gases = fc.tuple(fc.bigInt(0n, GAS), fc.bigInt(0n, GAS));
    const fees = fc.tuple(fc.bigInt(25_000n, 10n ** 12n), fc.bigInt(25_000n, 10n ** 12n));
    fc.assert(
      fc.property(gases, fees, ([g, h], [a, b]) => {
        const [less, more] = g < h ? [g, h] : [h, g];
        expect(nextBaseFee(a, less, GAS, PARAMS) <= nextBaseFee(a, more, GAS, PARAMS)).toBe(true);
        const [low, high] = a < b ? [a, b] : [b, a];
        // Up to the one unit that a small fee moves at least.
        expect(nextBaseFee(low, g, GAS, PARAMS) <= nextBaseFee(high, g, GAS, PARAMS) + 1n).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  test("comes down to the least one on idle blocks, and up to the greatest on full ones", () => {
    const small = { ...PARAMS, minBaseFee: 1n, maxBaseFee: 1_000_000n };
    for (const [start, gas, end] of [
      [1_000_000n, 0n, 1n],
      [1n, GAS, 1_000_000n],
    ] as const) {
      let fee: bigint = start;
      for (let i = 0; i < 200; i++) fee = nextBaseFee(fee, gas, GAS, small);
      expect(fee).toBe(end);
    }
  });

  test("converges where demand falls with the price", () => {
    // Buyers of 2e12 / price gas, so that the target of 2e7 clears at 100,000.
    let fee = 25_000n;
    for (let i = 0; i < 200; i++) {
      const wanted = 2_000_000_000_000n / fee;
      fee = nextBaseFee(fee, wanted < GAS ? wanted : GAS, GAS, PARAMS);
    }
    expect(fee > 99_000n && fee < 101_000n).toBe(true);
  });

  test("a greatest one below the least fixes it", () => {
    const fixed = { ...PARAMS, maxBaseFee: 0n };
    for (const gas of [0n, GAS / 2n, GAS]) expect(nextBaseFee(25_000n, gas, GAS, fixed)).toBe(25_000n);
    expect(greatestBaseFee(25_000n, 1000, GAS, fixed)).toBe(25_000n);
  });

  test("the estimate bounds what any blocks can lead to", () => {
    const usage = fc.array(fc.bigInt(0n, GAS), { maxLength: 12 });
    fc.assert(
      fc.property(fc.bigInt(25_000n, 10n ** 9n), usage, (start, gases) => {
        const fee = gases.reduce((now, gas) => nextBaseFee(now, gas, GAS, PARAMS), start);
        expect(fee <= greatestBaseFee(start, gases.length, GAS, PARAMS)).toBe(true);
      }),
    );
  });
});

test("what is burnt is never more than what was paid", () => {
  const limits = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { maxLength: 20 });
  fc.assert(
    fc.property(limits, fc.bigInt(1n, 10n ** 12n), fc.bigInt(0n, 1_000_000n), (gasLimits, fee, burnShare) => {
      const paid = gasLimits.reduce((sum, limit) => sum + feeFor(limit, fee), 0n);
      const gas = gasLimits.reduce((sum, limit) => sum + BigInt(limit), 0n);
      expect(burntPart(gas, fee, { ...PARAMS, burnShare }) <= paid).toBe(true);
    }),
  );
});
