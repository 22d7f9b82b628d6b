/**
 * What distribution must come to, without its shortcuts: in each block every delegator's part of what its validator earns, by the tokens that
 * its delegation is worth just then, in exact fractions that nothing ever rounds.
 */

/** A fraction, not reduced: that would cost more than the long numbers do. */
export interface Ratio {
  readonly n: bigint;
  readonly d: bigint;
}
export const ZERO: Ratio = { n: 0n, d: 1n };

export function plus(a: Ratio, b: Ratio): Ratio {
  return a.d === b.d ? { n: a.n + b.n, d: a.d } : { n: a.n * b.d + b.n * a.d, d: a.d * b.d };
}

export const times = (a: Ratio, b: Ratio): Ratio => ({ n: a.n * b.n, d: a.d * b.d });

/** Cut at 2^-64: for a comparison with a tolerance far above that. */
export const near = ({ n, d }: Ratio): bigint => (n << 64n) / d;

/** A validator as staking has it while a reward is shared out. */
export interface Staked {
  readonly tokens: bigint;
  readonly shares: bigint;
  /** 18 decimals, scaled. */
  readonly rate: bigint;
  readonly delegations: ReadonlyMap<string, bigint>;
}

export interface Model {
  /** What each delegation, `operator/delegator`, has earned since the beginning, withdrawn or not. */
  readonly earned: Map<string, Ratio>;
  /** The same of operators by their commission. */
  readonly commission: Map<string, Ratio>;
  community: Ratio;
}

export const createModel = (): Model => ({ earned: new Map(), commission: new Map(), community: ZERO });

function add(map: Map<string, Ratio>, key: string, value: Ratio): void {
  map.set(key, plus(map.get(key) ?? ZERO, value));
}

/** A delegation's part of its validator: tokens of tokens, or of shares where a slash has left no token. */
function part({ tokens, shares }: Staked, held: bigint): Ratio {
  return tokens === 0n ? { n: held, d: shares } : { n: tokens * held, d: tokens * shares };
}

/** Shares out one validator's reward. */
export function reward(model: Model, operator: string, amount: Ratio, staked: Staked | undefined): void {
  if (staked === undefined || staked.shares === 0n) {
    model.community = plus(model.community, amount);
    return;
  }
  const one = 10n ** 18n;
  add(model.commission, operator, times(amount, { n: staked.rate, d: one }));
  const rest = times(amount, { n: one - staked.rate, d: one });
  for (const [delegator, held] of staked.delegations) {
    add(model.earned, `${operator}/${delegator}`, times(rest, part(staked, held)));
  }
}
