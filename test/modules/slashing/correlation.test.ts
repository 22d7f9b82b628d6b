import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { writeParams } from "../../../chain/executor/chain-state.ts";
import type { Event } from "../../../chain/module.ts";
import { sealParams } from "../../../chain/params.ts";
import { correlationPpm } from "../../../modules/slashing/correlation.ts";
import { punishEquivocation } from "../../../modules/slashing/keeper.ts";
import { marginToHalt } from "../../../modules/slashing/presence.ts";
import { faults, faultTotals } from "../../../modules/slashing/store.ts";
import { validatorByOperator } from "../../../modules/staking/keeper.ts";
import { addressOf, attribute, createNetwork, type Network } from "../network.ts";

const M = 1_000_000n;
const WINDOW = 5;
const NAMES = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
/** Ten validators of ten units; 5 % for a fault, and up to all of it for what comes together. */
const network = (params: Readonly<Record<string, bigint>> = {}): Network =>
  createNetwork({
    validators: Object.fromEntries(NAMES.map((name) => [name, 10n * M])),
    params: { "slashing.correlationWindow": BigInt(WINDOW), "slashing.signedBlocksWindow": 4n, ...params },
  });
const tokens = (net: Network, name: string) => validatorByOperator(net.store, addressOf(name))?.tokens ?? 0n;
const fault = (net: Network, ...names: readonly string[]): readonly Event[] =>
  net.block({
    run: (ctx) => {
      for (const name of names) punishEquivocation(ctx, addressOf(name), ctx.block.height, 10n);
    },
  });
const penalties = (events: readonly Event[]) => events.filter(({ type }) => type === "correlation_penalty");
function idle(net: Network, count: number): readonly Event[] {
  return Array.from({ length: count }, () => net.block()).flat();
}

describe("the penalty", () => {
  test.each([
    [1_000_000n, 3n, 1n, 100n, 30_000n],
    [1_000_000n, 3n, 33n, 100n, 990_000n],
    [1_000_000n, 3n, 34n, 100n, 1_000_000n],
    [10_000n, 1n, 50n, 100n, 5000n],
    [1_000_000n, 0n, 50n, 100n, 0n],
    [1_000_000n, 3n, 50n, 0n, 0n],
  ])("%d ppm × min(1, %d × %d / %d)", (most, multiplier, faulty, total, ppm) => {
    expect(correlationPpm(most, multiplier, faulty, total)).toBe(ppm);
  });

  test("is at most the fraction, and never less for more", () => {
    const power = fc.bigInt(0n, 1n << 60n);
    fc.assert(
      fc.property(fc.bigInt(0n, M), fc.bigInt(0n, 1000n), power, power, power, (most, multiplier, a, b, total) => {
        const [less, more] = a < b ? [a, b] : [b, a];
        const [low, high] = [less, more].map((faulty) => correlationPpm(most, multiplier, faulty, total));
        expect(low !== undefined && high !== undefined && low >= 0n && low <= high && high <= most).toBe(true);
      }),
    );
  });
});

describe("faults of voting", () => {
  test("pay for themselves at once, and for those around them when the window is over", () => {
    const net = network();
    fault(net, "a");
    expect(tokens(net, "a")).toBe(9_500_000n);
    expect(penalties(idle(net, WINDOW))).toEqual([]);
    const [event] = penalties(net.block());
    // 3 × 10 / 100 of what it had.
    expect(attribute(event, "fraction_ppm")).toBe("300000");
    expect(tokens(net, "a")).toBe(6_500_000n);
    expect(faults.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("of a third take everything, the first ones too", () => {
    const net = network();
    fault(net, "a");
    net.block();
    fault(net, "b", "c", "d");
    idle(net, 2 * WINDOW);
    for (const name of ["a", "b", "c", "d"]) expect(tokens(net, name)).toBe(0n);
    expect(tokens(net, "e")).toBe(10n * M);
    expect(net.violations()).toEqual([]);
  });

  test("count within the window before and after, and not beyond", () => {
    for (const [gap, ppm] of [
      [WINDOW, "600000"],
      [WINDOW + 1, "300000"],
    ] as const) {
      const net = network({ "slashing.correlationMultiplier": 3n });
      fault(net, "a");
      const before = idle(net, gap - 1);
      const events = [...before, ...fault(net, "b"), ...idle(net, WINDOW + 1)];
      const [first, second] = penalties(events).map((event) => attribute(event, "faulty_power"));
      expect(first).toBe(gap === WINDOW ? "20" : "10");
      expect(second).toBe(first);
      const total = Number(attribute(penalties(events)[0], "fraction_ppm"));
      expect(total.toString()).toBe(ppm);
    }
  });

  test("with a multiplier of zero leave nothing behind", () => {
    const net = network({ "slashing.correlationMultiplier": 0n });
    fault(net, "a", "b");
    expect(faults.entries(net.store)).toEqual([]);
    expect(penalties(idle(net, 2 * WINDOW))).toEqual([]);
    expect(tokens(net, "a")).toBe(9_500_000n);
  });

  test("are forgotten in time, but for the sum that windows begin at", () => {
    const net = network({ "slashing.correlationMultiplier": 1n });
    for (const name of NAMES.slice(0, 6)) {
      fault(net, name);
      idle(net, 3 * WINDOW);
    }
    expect(faults.entries(net.store)).toEqual([]);
    expect(faultTotals.entries(net.store).length).toBeLessThanOrEqual(2);
  });

  test("sums over windows are those of the faults, whatever comes when", () => {
    const moments = fc.uniqueArray(fc.integer({ min: 0, max: 30 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(moments, (unsorted) => {
        const times = [...unsorted].sort((a, b) => a - b);
        const net = network({ "slashing.correlationMultiplier": 1n });
        const heights: number[] = [];
        const events: Event[] = [];
        for (let time = 0; time <= 30 + WINDOW + 1; time++) {
          const index = times.indexOf(time);
          const name = NAMES[index];
          events.push(...(name === undefined ? net.block() : fault(net, name)));
          if (name !== undefined) heights.push(net.height);
        }
        const near = (at: number) => heights.filter((other) => Math.abs(other - at) <= WINDOW).length * 10;
        const announced = penalties(events).map((event) => [
          Number(attribute(event, "height")),
          Number(attribute(event, "faulty_power")),
        ]);
        expect(announced).toEqual(heights.map((at) => [at, near(at)]));
        expect(net.violations()).toEqual([]);
      }),
      { numRuns: 15 },
    );
  });
});

test("a window that governance makes longer counts nothing that lies before it", () => {
  const net = network({ "slashing.correlationMultiplier": 1n });
  for (const name of ["a", "b", "c"]) {
    fault(net, name);
    idle(net, 20);
  }
  writeParams(net.store, sealParams([...net.params, ["slashing.correlationWindow", 30n]]));
  fault(net, "d");
  const [penalty] = penalties(idle(net, 31));
  // Of c and d: a and b are more than 30 blocks away.
  expect(attribute(penalty, "faulty_power")).toBe("20");
});

test("what made a barred validator's fault dearer is counted once", () => {
  const net = network({ "slashing.correlationMultiplier": 1n });
  net.block();
  const at = (power: bigint) =>
    net.block({ run: (ctx) => punishEquivocation(ctx, addressOf("a"), ctx.block.height, power) });
  at(1n);
  at(10n);
  at(10n);
  expect(tokens(net, "a")).toBe(9_500_000n);
  const announced = penalties(idle(net, 2 * WINDOW)).map((event) => attribute(event, "faulty_power"));
  expect(announced).toEqual(["10"]);
  expect(tokens(net, "a")).toBe(8_500_000n);
  expect(net.violations()).toEqual([]);
});

test("a dear fault that is proven after a cheap one was settled pays for the difference", () => {
  const net = network({ "slashing.correlationMultiplier": 1n });
  net.block();
  const { height } = net;
  net.block({ run: (ctx) => punishEquivocation(ctx, addressOf("a"), height, 1n) });
  idle(net, 2 * WINDOW);
  net.block({ run: (ctx) => punishEquivocation(ctx, addressOf("a"), height + 1, 10n) });
  const announced = penalties(idle(net, 2 * WINDOW)).map((event) => attribute(event, "faulty_power"));
  expect(announced).toEqual(["9"]);
  expect(net.violations()).toEqual([]);
});

describe("downtime", () => {
  test("costs at most as much again, however many are down", () => {
    const net = network({ "slashing.minSignedPerWindow": M });
    const missing = ["a", "b", "c"];
    for (let i = 0; i < 6; i++) net.block({ missing });
    const after = tokens(net, "a");
    expect(after).toBe(9_900_000n);
    idle(net, 2 * WINDOW);
    // 1 % × 30 / 100 more.
    expect(tokens(net, "a")).toBe(9_870_000n);
    expect(net.violations()).toEqual([]);
  });

  test("does not make faults of voting dearer", () => {
    const net = network({ "slashing.minSignedPerWindow": M });
    for (let i = 0; i < 6; i++) net.block({ missing: ["a", "b", "c"] });
    fault(net, "j");
    const events = idle(net, WINDOW + 1);
    const safety = penalties(events).filter((event) => attribute(event, "class") === "safety");
    expect(safety.map((event) => attribute(event, "faulty_power"))).toEqual(["10"]);
  });
});

test.each([
  [100n, 100n, 33n],
  [67n, 100n, 0n],
  [66n, 100n, -1n],
  [4n, 4n, 1n],
  [3n, 3n, 0n],
  [0n, 0n, -1n],
])("with %d of %d present, %d may vanish", (present, total, margin) => {
  expect(marginToHalt(present, total)).toBe(margin);
});
