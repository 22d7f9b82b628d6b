import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { isSame, judge, type Report } from "./report.ts";
import { SURVIVORS } from "./survivors.ts";

const ROOT = join(import.meta.dirname, "../..");

const source = "const a = 1;\n  if (a > 0 &&\n    a < 5) run();\n";

function mutant(status: string, start: readonly [number, number], end: readonly [number, number], replacement: string) {
  const place = ([line, column]: readonly [number, number]) => ({ line, column });
  return { mutatorName: "any", status, replacement, location: { start: place(start), end: place(end) } };
}

const report: Report = {
  files: {
    "a.ts": {
      source,
      mutants: [
        mutant("Killed", [1, 11], [1, 12], "2"),
        mutant("Timeout", [2, 7], [2, 12], "true"),
        mutant("Survived", [2, 7], [3, 10], "false"),
        mutant("NoCoverage", [3, 5], [3, 10], "a <= 5"),
      ],
    },
  },
};

const two = { file: "a.ts", line: "if (a > 0 &&", from: "a > 0 && a < 5", to: "false" };
const one = { file: "a.ts", line: "a < 5) run();", from: "a < 5", to: "a <= 5" };

test("counts what became of the mutants, and names survivors that have no explanation", () => {
  expect(judge(report, []).counts).toEqual({ "a.ts": { mutants: 4, killed: 1, timedOut: 1, survived: 2 } });
  expect(judge(report, []).unexplained).toEqual([two, one]);
  expect(judge(report, [two]).unexplained).toEqual([one]);
  expect(judge(report, [one, two]).unexplained).toEqual([]);
});

test("names explanations of what does not survive", () => {
  const killed = { file: "a.ts", line: "const a = 1;", from: "1", to: "2" };
  expect(judge(report, [one, two, killed]).needless).toEqual([killed]);
  expect(judge(report, [{ ...one, file: "b.ts" }]).needless).toHaveLength(1);
});

test("what is explained stands in the sources still, once; where it does not, run `npm run test:mutation` again", () => {
  const gone = SURVIVORS.filter(({ file, line, from }) => {
    const path = join(ROOT, file);
    if (!existsSync(path)) return true;
    const text = readFileSync(path, "utf8").replace(/\s+/g, " ");
    return !text.includes(line) || !text.includes(from);
  });
  expect(gone).toEqual([]);
  expect(SURVIVORS.filter((a, i) => SURVIVORS.some((b, j) => j < i && isSame(a, b)))).toEqual([]);
});
