import type { Arm } from "../test/consensus/arms.ts";
import { coverage, type Played, playAll } from "../test/consensus/coverage.ts";

/** So many cases are named for an arm; of the others the number. */
const NAMED = 3;

function cases(by: readonly Played[]): string {
  const named = by.slice(0, NAMED).map(({ title }) => `“${title}”`);
  return by.length > NAMED ? `${named.join(", ")} and ${by.length - NAMED} more` : named.join(", ");
}

const isLine = ({ name }: Arm): boolean => /^\d+$/.test(name);

const placeOf = ({ where: [file, name] }: Arm): string => `\`consensus/core/${file}\` (\`${name}\`)`;

/**
 * What the page shows of each arm: the paper's line or a name, what it says, where it is in the code, the cases that
 * reach it. Plays every case, which takes a fraction of a second; throws when one fails.
 * @param row makes one line of a table.
 */
export function consensusLines(row: (...cells: readonly string[]) => string): string {
  const played = playAll();
  const rows = (only: (arm: Arm) => boolean): readonly string[] =>
    [...coverage(played)]
      .filter(([arm]) => only(arm))
      .map(([arm, by]) => row(arm.name, arm.says, placeOf(arm), cases(by)));
  const files = [...new Set(played.map(({ file }) => file))];
  return [
    "# The lines of the consensus core",
    "",
    "Made by `docs/generate.ts`, which plays every case of the core and watches which lines of Tendermint (arXiv 1807.04938, algorithm 1) each",
    "goes through: the core names them with every transition. `test/consensus/coverage.test.ts` fails when an arm is reached by no case, and when",
    `a transition's lines are not those of what it did. The ${played.length} cases are run by`,
    `${files.map((file) => `\`${file}\``).join(" and ")}. What is shown beyond single lines: [consensus](consensus.md).`,
    "",
    "Lines that only open or close a block, or set `step`, have no row of their own; lines 52 to 54, the start of the next height, are the driver's.",
    "",
    "## The paper",
    "",
    row("line", "what it says", "arm", "cases"),
    row("---", "---", "---", "---"),
    ...rows(isLine),
    "",
    "## What is added",
    "",
    row("arm", "what it does", "where", "cases"),
    row("---", "---", "---", "---"),
    ...rows((arm) => !isLine(arm)),
    "",
  ].join("\n");
}
