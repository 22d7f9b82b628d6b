import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Counts } from "../test/mutation/report.ts";
import { SURVIVORS } from "../test/mutation/survivors.ts";

const RESULT = join(import.meta.dirname, "../test/mutation/result.json");

/** Code in a cell of a table. */
const code = (text: string): string => (text === "" ? "(nothing)" : `\`${text}\``);

function sum(counts: readonly Counts[], of: keyof Counts): number {
  return counts.reduce((total, one) => total + one[of], 0);
}

/** @param row makes one line of a table. */
export function mutation(row: (...cells: readonly string[]) => string): string {
  const result = JSON.parse(readFileSync(RESULT, "utf8")) as Readonly<Record<string, Counts>>;
  const all = Object.values(result);
  const columns = ["mutants", "killed", "timedOut", "survived"] as const;
  const files = [...new Set(SURVIVORS.map(({ file }) => file))];
  return [
    "# Mutation of the consensus core",
    "",
    "Made by `docs/generate.ts` from the counts of the last run and the explanations in `test/mutation/survivors.ts`.",
    "",
    "Stryker changes `consensus/core` in one place after the other (a condition turned round, a line left out, a number moved), and runs the core's own",
    "tests against each change: the cases of [the lines](consensus-lines.md), the copy of the paper, the vote keeper and the quorums, but no network and no",
    "driver. A change that no test notices survives. Each survivor is looked at: either a test is added, or it is listed below with the reason why",
    "nothing could tell. `npm run test:mutation` takes some ten minutes, one change at a time, and fails at a survivor without a reason.",
    "`consensus/core/lines.ts`, which is text, and `consensus/core/types.ts`, which is types, are left out. Random tests use one seed there, so that",
    "every run gives the same.",
    "",
    row("file", "mutants", "killed", "timed out", "survived"),
    row("---", "---:", "---:", "---:", "---:"),
    ...Object.entries(result).map(([file, counts]) =>
      row(`\`${file}\``, ...columns.map((column) => String(counts[column]))),
    ),
    row("all", ...columns.map((column) => String(sum(all, column)))),
    "",
    "A mutant that times out loops for ever; the tests notice it by not ending.",
    "",
    "## Survivors",
    "",
    "No test can tell these from the code as it is.",
    ...files.flatMap((file) => [
      "",
      `### ${file}`,
      "",
      row("line", "change", "why nothing can tell"),
      row("---", "---", "---"),
      ...SURVIVORS.filter((one) => one.file === file).map(({ line, from, to, why }) =>
        row(code(line), `${code(from)} → ${code(to)}`, why),
      ),
    ]),
    "",
  ].join("\n");
}
