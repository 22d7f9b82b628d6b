/** A validator, by its voting power and by what it can lose. */
export interface Member {
  readonly power: bigint;
  readonly stake: bigint;
}

/** A part of the power. A coalition needs strictly more. */
export interface Threshold {
  readonly numerator: bigint;
  readonly denominator: bigint;
}
/** More than this can keep any block from being decided, and is what two contradicting decisions have in common. */
export const THIRD: Threshold = { numerator: 1n, denominator: 3n };
/** More than this decides blocks alone. */
export const TWO_THIRDS: Threshold = { numerator: 2n, denominator: 3n };

const PPM = 1_000_000n;
/** Members up to which all coalitions are looked at: twice 2^10 halves. */
export const EXACT_MEMBERS = 20;

export function totalPower(members: readonly Member[]): bigint {
  return members.reduce((sum, { power }) => sum + power, 0n);
}

/** The least power that is strictly more than the threshold. */
export function powerNeeded(total: bigint, { numerator, denominator }: Threshold): bigint {
  return (total * numerator) / denominator + 1n;
}

const byPower = (members: readonly Member[]): Member[] =>
  [...members].sort((a, b) => (a.power === b.power ? 0 : a.power > b.power ? -1 : 1));

/** The Nakamoto coefficient: the fewest members with more power than the threshold. Zero without members. */
export function fewest(members: readonly Member[], threshold: Threshold): number {
  const needed = powerNeeded(totalPower(members), threshold);
  let sum = 0n;
  let count = 0;
  for (const { power } of byPower(members)) {
    sum += power;
    count++;
    if (sum >= needed) return count;
  }
  return 0;
}

/** Part of the power that the greatest `top` members have, in ppm, rounded down. */
export function topShare(members: readonly Member[], top: number): bigint {
  const total = totalPower(members);
  return total === 0n ? 0n : (totalPower(byPower(members).slice(0, top)) * PPM) / total;
}

/** Bounds of the stake of the cheapest coalition; equal where it is known for certain. */
export interface Cheapest {
  readonly atLeast: bigint;
  readonly atMost: bigint;
}

/** Every subset of a half: its power and its stake. */
function subsets(members: readonly Member[]): Member[] {
  let all: Member[] = [{ power: 0n, stake: 0n }];
  for (const { power, stake } of members) {
    all = [...all, ...all.map((one) => ({ power: one.power + power, stake: one.stake + stake }))];
  }
  return all;
}

/** The greatest power first, each with the least stake of all with as much power or more. */
function frontier(members: readonly Member[]): Member[] {
  const sorted = byPower(subsets(members));
  let least: bigint | undefined;
  return sorted.map(({ power, stake }) => {
    least = least === undefined || stake < least ? stake : least;
    return { power, stake: least };
  });
}

/** Meets in the middle: for each subset of one half the cheapest of the other half that suffices. */
function exact(members: readonly Member[], needed: bigint): bigint {
  const half = members.length >> 1;
  const others = frontier(members.slice(half));
  let best: bigint | undefined;
  for (const { power, stake } of subsets(members.slice(0, half))) {
    let [low, high] = [0, others.length];
    // The last whose power suffices is the cheapest.
    while (low < high) {
      const middle = (low + high) >> 1;
      if (power + (others[middle]?.power ?? 0n) >= needed) low = middle + 1;
      else high = middle;
    }
    const other = others[low - 1];
    if (other !== undefined && (best === undefined || stake + other.stake < best)) best = stake + other.stake;
  }
  return best ?? 0n;
}

/** Cheapest stake for its power first. */
const byPrice = (members: readonly Member[]): Member[] =>
  [...members].sort((a, b) => {
    const [left, right] = [a.stake * b.power, b.stake * a.power];
    return left === right ? 0 : left < right ? -1 : 1;
  });

/** What it would cost if members could be had in parts: no coalition costs less. Rounded up, since stakes are whole. */
function relaxed(members: readonly Member[], needed: bigint): bigint {
  let power = 0n;
  let stake = 0n;
  for (const member of byPrice(members)) {
    if (power + member.power >= needed) {
      return member.power === 0n ? stake : stake + ((needed - power) * member.stake + member.power - 1n) / member.power;
    }
    power += member.power;
    stake += member.stake;
  }
  return stake;
}

/** The best of: the cheapest for their power, and one more member that suffices. PERF: the square of the members, at most 1024. */
function greedy(members: readonly Member[], needed: bigint): bigint {
  const sorted = byPrice(members);
  let power = 0n;
  let stake = 0n;
  let best: bigint | undefined;
  sorted.forEach((member, i) => {
    for (const last of sorted.slice(i)) {
      if (power + last.power < needed) continue;
      if (best === undefined || stake + last.stake < best) best = stake + last.stake;
    }
    power += member.power;
    stake += member.stake;
  });
  return best ?? stake;
}

/**
 * The least stake of members that together have more power than the threshold. Finding it is a knapsack problem: up to EXACT_MEMBERS all
 * coalitions are compared, beyond that it is given within bounds. Zero without members.
 */
export function cheapest(members: readonly Member[], threshold: Threshold): Cheapest {
  if (members.length === 0) return { atLeast: 0n, atMost: 0n };
  const needed = powerNeeded(totalPower(members), threshold);
  if (members.length <= EXACT_MEMBERS) {
    const stake = exact(members, needed);
    return { atLeast: stake, atMost: stake };
  }
  return { atLeast: relaxed(members, needed), atMost: greedy(members, needed) };
}

/**
 * What of its stake a coalition loses that has just the threshold's power, in ppm: for the fault itself and for its correlation.
 * Larger ones lose as much or more.
 */
export function penaltyPpm(
  { numerator, denominator }: Threshold,
  {
    fault,
    correlation,
    multiplier,
  }: { readonly fault: bigint; readonly correlation: bigint; readonly multiplier: bigint },
): bigint {
  const weighted = multiplier * numerator;
  const correlated = weighted >= denominator ? correlation : (correlation * weighted) / denominator;
  const sum = fault + correlated;
  return sum < PPM ? sum : PPM;
}
