import fc from "fast-check";
import { expect, test } from "vitest";
import { hasHonest, isQuorum } from "../../consensus/core/quorum.ts";

test.each([
  [2n, 3n, false],
  [3n, 4n, true],
  [2n, 4n, false],
  [66n, 100n, false],
  [67n, 100n, true],
  [4n, 6n, false],
  [5n, 6n, true],
  [0n, 0n, false],
  [1n, 1n, true],
])("%s of %s is a quorum: %s", (power, total, expected) => {
  expect(isQuorum(power, total)).toBe(expected);
});

test.each([
  [1n, 3n, false],
  [2n, 4n, true],
  [1n, 4n, false],
  [33n, 99n, false],
  [34n, 100n, true],
])("%s of %s holds a correct one: %s", (power, total, expected) => {
  expect(hasHonest(power, total)).toBe(expected);
});

const powers = fc.array(fc.bigInt({ min: 1n, max: 2n ** 60n }), { minLength: 1, maxLength: 12 });
const sum = (values: readonly bigint[]) => values.reduce((a, b) => a + b, 0n);

test("two quorums share more than a third, and all but a third is a quorum", () => {
  fc.assert(
    fc.property(powers, fc.infiniteStream(fc.boolean()), fc.infiniteStream(fc.boolean()), (set, inA, inB) => {
      const total = sum(set);
      const a = set.map((power) => (inA.next().value === true ? power : 0n));
      const b = set.map((power) => (inB.next().value === true ? power : 0n));
      const both = sum(a.map((power, i) => (power > 0n && (b[i] ?? 0n) > 0n ? power : 0n)));
      if (isQuorum(sum(a), total) && isQuorum(sum(b), total)) expect(hasHonest(both, total)).toBe(true);
      // What is left without a set that may be faulty (less than a third) always decides.
      if (3n * sum(a) < total) expect(isQuorum(total - sum(a), total)).toBe(true);
    }),
  );
});
