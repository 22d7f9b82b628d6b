/**
 * The two thresholds, by cross-multiplication: no fraction is ever rounded. With n = 3f + 1 equal powers they are the
 * paper's 2f + 1 and f + 1.
 */

/** Strictly more than two thirds. */
export function isQuorum(power: bigint, total: bigint): boolean {
  return 3n * power > 2n * total;
}

/** Strictly more than one third: at least one correct validator is among them. */
export function hasHonest(power: bigint, total: bigint): boolean {
  return 3n * power > total;
}
