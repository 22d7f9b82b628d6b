import fc from "fast-check";
import { expect, test } from "vitest";
import {
  advanceRotation,
  initialRotation,
  proposerIndex,
  proposerSchedule,
  type Rotation,
  updateRotation,
} from "../../chain/proposer-rotation.ts";
import type { Validator } from "../../chain/types/validator.ts";

function validator(name: number, power: bigint): Validator {
  const operator = new Uint8Array(20);
  new DataView(operator.buffer).setUint16(18, name);
  return { operator, identityKey: new Uint8Array(32), voteKey: new Uint8Array(48), power };
}

const nameOf = ({ operator }: Validator): number => new DataView(operator.buffer, operator.byteOffset).getUint16(18);

/** The names of the next proposers of round 0. */
function proposers(rotation: Rotation, count: number): number[] {
  const names: number[] = [];
  for (let current = rotation; names.length < count; current = advanceRotation(current, 1)) {
    names.push(nameOf(current.validators[proposerIndex(current, 0)] as Validator));
  }
  return names;
}

function raw(entries: readonly (readonly [name: number, power: bigint, priority: bigint])[]): Rotation {
  return {
    validators: entries.map(([name, power]) => validator(name, power)),
    priorities: entries.map((entry) => entry[2]),
  };
}

test("powers 1000, 300 and 330 propose in CometBFT's order", () => {
  // types/validator_set_test.go, TestProposerSelection1: foo 1000, bar 300, baz 330.
  const [foo, bar, baz] = [2, 0, 1];
  const expected =
    "foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar foo baz foo foo bar foo baz foo foo bar foo baz foo foo foo baz bar foo foo foo baz foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo bar foo foo baz foo foo bar foo baz foo foo bar foo baz foo foo bar foo baz foo foo";
  const numbers = expected.split(" ").map((name) => (name === "foo" ? foo : name === "bar" ? bar : baz));
  const rotation = initialRotation([validator(foo, 1000n), validator(bar, 300n), validator(baz, 330n)]);
  expect(proposers(rotation, numbers.length)).toEqual(numbers);
});

test("equal powers take turns, the lower address first", () => {
  const rotation = initialRotation([3, 1, 0, 2].map((name) => validator(name, 100n)));
  expect(proposers(rotation, 8)).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
});

test("one power dominates as CometBFT's second example has it", () => {
  // TestProposerSelection2: powers 100, 100, 400 put the strongest first; 100, 100, 401 lets it propose twice in a row.
  const four = initialRotation([validator(0, 100n), validator(1, 100n), validator(2, 400n)]);
  expect(proposers(four, 3)).toEqual([2, 0, 2]);
  const more = initialRotation([validator(0, 100n), validator(1, 100n), validator(2, 401n)]);
  expect(proposers(more, 3)).toEqual([2, 2, 0]);
});

test("proposals are in proportion to power over a full cycle", () => {
  fc.assert(
    fc.property(fc.array(fc.bigInt({ min: 1n, max: 30n }), { minLength: 1, maxLength: 8 }), (powers) => {
      const total = Number(powers.reduce((a, b) => a + b, 0n));
      const counts = powers.map(() => 0);
      const rotation = initialRotation(powers.map((power, name) => validator(name, power)));
      for (const name of proposers(rotation, total)) counts[name] = (counts[name] ?? 0) + 1;
      for (const [name, power] of powers.entries()) expect(counts[name]).toBe(Number(power));
    }),
    { numRuns: 40 },
  );
});

test("a wide spread is rescaled by truncating and centred by rounding down", () => {
  // CometBFT's TestAveragingInIncrementProposerPriority and its companion with voting power.
  const centred = (priorities: readonly bigint[]) =>
    advanceRotation(raw(priorities.map((priority, name) => [name, 2n ** 40n, priority])), 0).priorities;
  expect(centred([1n, 2n, 3n])).toEqual([-1n, 0n, 1n]);
  expect(centred([10n, -10n, 1n])).toEqual([10n, -10n, 1n]);
  expect(centred([100n, -10n, 1n])).toEqual([70n, -40n, -29n]);
  // The mean of −1 and 0 is −0.5, which Euclidean division makes −1 where truncation would make it 0.
  expect(centred([-1n, 0n])).toEqual([0n, 1n]);
  // Spread 16, window 2 × 3 = 6: ratio 3 (rounded up); −8/3 truncates to −2, 8/3 to 2; the mean is 0.
  expect(
    advanceRotation(
      raw([
        [0, 2n, -8n],
        [1, 1n, 8n],
      ]),
      0,
    ).priorities,
  ).toEqual([-2n, 2n]);
});

test("a newcomer starts at −1.125 of the power before removals", () => {
  const before: Rotation = raw([
    [0, 10n, 0n],
    [1, 6n, 0n],
  ]);
  const after = updateRotation(before, [validator(0, 10n), validator(2, 8n)]);
  // P = 10 + 8 + 6 = 24: −(24 + 3) = −27; spread 27 fits into 2 × 18; the mean of 0 and −27 is −13.5, rounded down −14.
  expect(after.validators.map(nameOf)).toEqual([0, 2]);
  expect(after.priorities).toEqual([14n, -13n]);
});

test("leaving and coming back does not improve a validator's turn", () => {
  const set = [validator(0, 10n), validator(1, 10n), validator(2, 10n)];
  let rotation = initialRotation(set);
  for (let i = 0; i < 30; i++) {
    rotation = advanceRotation(updateRotation(updateRotation(rotation, set.slice(0, 2)), set), 1);
    const back = rotation.priorities[rotation.validators.findIndex((one) => nameOf(one) === 2)] ?? 0n;
    expect(rotation.priorities.every((priority) => priority >= back)).toBe(true);
  }
});

test("sets are ordered by power, then operator, without those that have none", () => {
  const rotation = initialRotation([validator(5, 1n), validator(3, 2n), validator(9, 0n), validator(1, 1n)]);
  expect(rotation.validators.map(nameOf)).toEqual([3, 1, 5]);
  expect(() => initialRotation([validator(5, 1n), validator(5, 2n)])).toThrow("twice");
  expect(() => initialRotation([validator(5, 2n ** 60n), validator(6, 1n)])).toThrow("total power");
});

test("a schedule agrees with asking for each round, in any order", () => {
  const rotation = advanceRotation(initialRotation([1n, 5n, 3n, 3n].map((power, name) => validator(name, power))), 7);
  const schedule = proposerSchedule(rotation);
  for (const round of [9, 0, 3, 1, 30]) expect(schedule(round)).toBe(proposerIndex(rotation, round));
});

test("priorities survive any history: sum near zero, spread within the window, state value round trip", () => {
  const set = fc.uniqueArray(fc.tuple(fc.nat(20), fc.bigInt({ min: 0n, max: 2n ** 50n })), {
    selector: ([name]) => name,
    minLength: 1,
    maxLength: 8,
  });
  const step = fc.oneof(fc.nat(5), set);
  fc.assert(
    fc.property(set, fc.array(step, { maxLength: 12 }), (first, steps) => {
      const make = (entries: readonly (readonly [number, bigint])[]) =>
        entries.map(([name, power]) => validator(name, power));
      let rotation = initialRotation(make([...first, [99, 1n]]));
      for (const next of steps) {
        rotation =
          typeof next === "number"
            ? advanceRotation(rotation, next)
            : updateRotation(rotation, make([...next, [99, 1n]]));
        const total = rotation.validators.reduce((a, { power }) => a + power, 0n);
        const sum = rotation.priorities.reduce((a, b) => a + b, 0n);
        const size = BigInt(rotation.validators.length);
        expect(sum >= 0n && sum < size).toBe(true);
        for (const priority of rotation.priorities) expect(priority < 4n * total && priority > -4n * total).toBe(true);
      }
    }),
    { numRuns: 60 },
  );
});
