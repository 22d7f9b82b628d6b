/** Strictly more than two thirds, by cross-multiplication. */
export function isQuorum(power: bigint, total: bigint): boolean {
  return power * 3n > total * 2n;
}
