import { DECIMAL_ONE } from "../decimal.ts";

/** A validator's stake: `tokens` owned in proportion to parts of `shares`. */
export interface Stake {
  readonly tokens: bigint;
  readonly shares: bigint;
}

/**
 * Repeated slashing and delegating drives the shares of one token up; far below 2^256, in which they are kept, a
 * validator takes no more delegations.
 */
export const MAX_SHARES = 1n << 224n;

/** What `amount` tokens buy, rounded down, so that nobody gains from rounding. Undefined where there is no price. */
export function sharesFor(stake: Stake, amount: bigint): bigint | undefined {
  if (stake.shares === 0n) return amount * DECIMAL_ONE;
  if (stake.tokens === 0n) return undefined;
  const issued = (amount * stake.shares) / stake.tokens;
  return issued === 0n || stake.shares + issued > MAX_SHARES ? undefined : issued;
}

/** What shares are worth, rounded down. */
export function tokensFor(stake: Stake, shares: bigint): bigint {
  return stake.shares === 0n ? 0n : (shares * stake.tokens) / stake.shares;
}

/**
 * How `amount` tokens are taken out of a delegation: the shares to give up (rounded up, in favour of who stays) and the
 * tokens to take. A rest that is worth less than a token is given up as well, and the last shares take every token.
 * Undefined when the delegation is worth less than `amount`.
 */
export function redemption(stake: Stake, held: bigint, amount: bigint): Stake | undefined {
  if (amount > tokensFor(stake, held)) return undefined;
  const exact = (amount * stake.shares + stake.tokens - 1n) / stake.tokens;
  const shares = tokensFor(stake, held - exact) === 0n ? held : exact;
  return { shares, tokens: shares === stake.shares ? stake.tokens : amount };
}
