import { didYouMean } from "../../../genesis/nearest.ts";
import { UserError } from "../../user-error.ts";

/** A row's words and what stands behind them. */
export interface FoundRow<R> {
  readonly row: R;
  readonly rest: readonly string[];
}

/** The rows that a command line may mean by its first words: those of one group, or all. */
export function rowsUnder<R extends { readonly path: string }>(
  rows: readonly R[],
  words: readonly string[],
): readonly R[] {
  const named = words.filter((word) => !word.startsWith("-")).slice(0, 2);
  for (const length of [2, 1]) {
    const prefix = named.slice(0, length).join(" ");
    const found = rows.filter(({ path }) => path === prefix || (length === 1 && path.startsWith(`${prefix} `)));
    if (named.length >= length && found.length > 0) return found;
  }
  return rows;
}

/** The row that a command line names by its first one or two words. @throws UserError with the nearest name. */
export function findRow<R extends { readonly path: string }>(
  root: string,
  rows: readonly R[],
  words: readonly string[],
): FoundRow<R> {
  const [first = "", second = ""] = words;
  const single = rows.find(({ path }) => path === first);
  if (single !== undefined) return { row: single, rest: words.slice(1) };
  const groups = [...new Set(rows.map(({ path }) => path.split(" ")[0] ?? ""))];
  if (!groups.includes(first)) {
    if (first === "") throw new UserError(`${root}: one of ${groups.join(", ")} is missing; see assay help ${root}`);
    throw new UserError(
      `${root}: nothing is called "${first.slice(0, 40)}"${didYouMean(first, groups)}; see assay help ${root}`,
    );
  }
  const row = rows.find(({ path }) => path === `${first} ${second}`);
  if (row !== undefined) return { row, rest: words.slice(2) };
  const names = rows.filter(({ path }) => path.startsWith(`${first} `)).map(({ path }) => path.slice(first.length + 1));
  if (second === "" || second.startsWith("-"))
    throw new UserError(`${root} ${first}: one of ${names.join(", ")} is missing`);
  throw new UserError(`${root} ${first}: nothing is called "${second.slice(0, 40)}"${didYouMean(second, names)}`);
}
