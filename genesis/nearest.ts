/** Longer words are compared by their first characters only, so that a hostile key costs little. */
const MAX_LENGTH = 64;

/** Number of insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
function editDistance(from: string, to: string): number {
  const width = to.length + 1;
  const table = new Uint16Array((from.length + 1) * width);
  const at = (row: number, column: number) => table[row * width + column] as number;
  for (let row = 0; row <= from.length; row++) {
    for (let column = 0; column <= to.length; column++) {
      if (row === 0 || column === 0) {
        table[row * width + column] = row + column;
        continue;
      }
      const same = from[row - 1] === to[column - 1];
      let best = Math.min(at(row - 1, column) + 1, at(row, column - 1) + 1, at(row - 1, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) best = Math.min(best, at(row - 2, column - 2) + 1);
      table[row * width + column] = best;
    }
  }
  return at(from.length, to.length);
}

/**
 * The candidate that was probably meant, case aside: at most a third of the word's letters away, the first of equals.
 * PERF: |word| × |candidate| steps a candidate; for error messages only.
 */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = word.slice(0, MAX_LENGTH).toLowerCase();
  let best: string | undefined;
  let bound = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.slice(0, MAX_LENGTH).toLowerCase());
    if (distance < bound) {
      best = candidate;
      bound = distance;
    }
  }
  return best;
}

/** ` (did you mean "x"?)`, or nothing when no candidate is near; to be put behind a message that names the word. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = nearest(word, candidates);
  return found === undefined ? "" : ` (did you mean "${found}"?)`;
}
