import { rowsUnder } from "./find-row.ts";
import type { Flag } from "./kinds.ts";
import { rowUsage, type TxRow } from "./row.ts";

type Row = Pick<TxRow, "path" | "summary" | "args" | "flags">;

/**
 * Help made of a table's rows: all of them, those of a group, or one with all its flags.
 * @param words what stands between the command's name and `--help`.
 */
export function helpOfRows(
  root: string,
  rows: readonly Row[],
  common: Readonly<Record<string, Flag<unknown>>>,
  words: readonly string[],
): string {
  const found = rowsUnder(rows, words);
  const [row] = found;
  if (found.length > 1 || row === undefined) {
    const lines = found.map((one) => `  ${rowUsage(one, `assay ${root}`)}\n      ${one.summary}`);
    return [...lines, `assay ${root} <one of these> --help says more.`].join("\n");
  }
  const flags = Object.entries({ ...row.flags, ...common });
  const width = Math.max(...flags.map(([name, { shape }]) => name.length + shape.length)) + 2;
  const lines = flags.map(([name, { shape, doc }]) => `  --${`${name} ${shape}`.padEnd(width)} ${doc}`);
  return [row.summary, `usage: ${rowUsage(row, `assay ${root}`)}`, ...lines].join("\n");
}
