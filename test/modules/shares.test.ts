import fc from "fast-check";
import { expect, test } from "vitest";
import { MAX_SHARES, redemption, type Stake, sharesFor, tokensFor } from "../../modules/staking/shares.ts";

const stake: fc.Arbitrary<Stake> = fc
  .record({ tokens: fc.bigInt(1n, 10n ** 24n), slashed: fc.bigInt(0n, 10n ** 6n) })
  .map(({ tokens, slashed }) => {
    const left = tokens - (tokens * slashed) / 10n ** 6n;
    return { tokens: left === 0n ? 1n : left, shares: tokens * 10n ** 18n };
  });

test("the first shares are 10^18 a token", () => {
  expect(sharesFor({ tokens: 0n, shares: 0n }, 7n)).toBe(7n * 10n ** 18n);
});

test("a validator slashed to nothing, or with shares beyond the bound, has no price", () => {
  expect(sharesFor({ tokens: 0n, shares: 5n }, 7n)).toBeUndefined();
  expect(sharesFor({ tokens: 1n, shares: MAX_SHARES - 1n }, 2n)).toBeUndefined();
});

test("who delegates and undelegates at once gains nothing, and nobody else loses", () => {
  fc.assert(
    fc.property(stake, fc.bigInt(1n, 10n ** 24n), (before, amount) => {
      const issued = sharesFor(before, amount);
      if (issued === undefined) return;
      const after = { tokens: before.tokens + amount, shares: before.shares + issued };
      expect(tokensFor(after, issued)).toBeLessThanOrEqual(amount);
      expect(tokensFor(after, before.shares)).toBeGreaterThanOrEqual(before.tokens);
    }),
  );
});

test("taking out gives exactly what was asked, leaves no dust, and who stays loses nothing", () => {
  fc.assert(
    fc.property(stake, fc.bigInt(1n, 10n ** 6n), fc.bigInt(0n, 10n ** 6n), (before, part, wanted) => {
      const held = (before.shares * part) / 10n ** 6n;
      const worth = tokensFor(before, held);
      const amount = (worth * wanted) / 10n ** 6n;
      if (amount === 0n) return;
      const taken = redemption(before, held, amount);
      if (taken === undefined) throw new Error("no more than the worth was asked");
      expect(taken.shares).toBeLessThanOrEqual(held);
      expect(taken.tokens).toBe(taken.shares === before.shares ? before.tokens : amount);
      const after = { tokens: before.tokens - taken.tokens, shares: before.shares - taken.shares };
      if (held > taken.shares) expect(tokensFor(before, held - taken.shares)).toBeGreaterThan(0n);
      const others = before.shares - held;
      if (others > 0n) expect(tokensFor(after, others)).toBeGreaterThanOrEqual(tokensFor(before, others));
    }),
  );
});

test("more than a delegation is worth can't be taken out", () => {
  expect(redemption({ tokens: 10n, shares: 10n * 10n ** 18n }, 10n ** 18n, 2n)).toBeUndefined();
  expect(redemption({ tokens: 0n, shares: 10n ** 18n }, 10n ** 18n, 1n)).toBeUndefined();
});
