import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { handOver } from "../bin/hand-over.mjs";
import { addCounts, type Counts, countTests, failedTests, NO_COUNTS, skippedTests, summaryLine } from "./summary.ts";

/**
 * The tasks behind `npm test`, `npm run check` and `npm run format`, under the pinned Node. The last line of the output
 * stands alone and reads `N passed, N failed`, with `, N skipped` where some were.
 */

const ROOT = join(import.meta.dirname, "..");
const tool = (path: string) => join(ROOT, "node_modules", path);

/** Checks of the sources, each a program that answers with its exit code. */
const CHECKS = [
  ["types", tool("typescript/bin/tsc"), "--noEmit"],
  ["format and lint", tool("@biomejs/biome/bin/biome"), "ci", "--error-on-warnings", "."],
  ["type-aware lint", tool("oxlint/bin/oxlint"), "--type-aware", "--deny-warnings", "."],
] as const;

/** Projects of vitest.config.ts, in the order they run, and the folder that one needs to have any test. */
const PROJECTS: Readonly<Record<string, readonly (readonly [project: string, folder: string])[]>> = {
  test: [
    ["unit", "test"],
    ["scenarios", "test/scenarios"],
  ],
  long: [["long", "test/long"]],
};

function note(text: string): void {
  process.stdout.write(`\n— ${text}\n`);
}

/** What is said again before the summary line: it stands hundreds of lines above, or above what a log keeps. */
const failures: string[] = [];

async function runChecks(): Promise<Counts> {
  let failed = 0;
  for (const [name, program, ...args] of CHECKS) {
    note(name);
    if ((await handOver(process.execPath, [program, ...args])) !== 0) {
      failed += 1;
      failures.push(name);
    }
  }
  return { ...NO_COUNTS, failed };
}

/** Runs one project. A run that leaves no report, or fails without a failed test in it, counts as one failure. */
async function runProject(project: string, args: readonly string[]): Promise<Counts> {
  note(`tests: ${project}`);
  const folder = mkdtempSync(join(tmpdir(), "assay-test-"));
  const report = join(folder, "report.json");
  try {
    const code = await handOver(process.execPath, [
      tool("vitest/vitest.mjs"),
      "run",
      ...["--root", ROOT, "--project", project, "--maxWorkers", String(availableParallelism())],
      ...["--reporter", "default", "--reporter", "json", "--outputFile.json", report],
      // A filter may leave a project without tests; that none is left at all is seen in the sum.
      ...(args.length > 0 ? ["--passWithNoTests", ...args] : []),
    ]);
    if (!existsSync(report)) {
      failures.push(`${project}: no report`);
      return { ...NO_COUNTS, failed: 1 };
    }
    const json: unknown = JSON.parse(readFileSync(report, "utf8"));
    const counts = countTests(json);
    for (const name of skippedTests(json)) process.stdout.write(`skipped: ${name}\n`);
    failures.push(...failedTests(json));
    if (code === 0 || counts.failed > 0) return counts;
    failures.push(`${project}: exit code ${code} without a failed test`);
    return { ...counts, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runTests(task: string, args: readonly string[]): Promise<number> {
  let sum = task === "test" && args.length === 0 ? await runChecks() : NO_COUNTS;
  for (const [project, folder] of PROJECTS[task] ?? []) {
    if (existsSync(join(ROOT, folder))) sum = addCounts(sum, await runProject(project, args));
  }
  const isCi = process.env.CI === "true";
  if (isCi && sum.skipped > 0) note("skipped tests count as failures in CI");
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
  process.stdout.write(`\n${summaryLine(sum)}\n`);
  return sum.failed > 0 || sum.passed === 0 || (isCi && sum.skipped > 0) ? 1 : 0;
}

const [task = "test", ...args] = process.argv.slice(2);
switch (task) {
  case "test":
  case "long":
    process.exitCode = await runTests(task, args);
    break;
  case "check":
    process.exitCode = (await runChecks()).failed > 0 ? 1 : 0;
    break;
  case "format":
    process.exitCode = await handOver(process.execPath, [tool("@biomejs/biome/bin/biome"), "check", "--write", "."]);
    break;
  default:
    throw new Error(`unknown task "${task}"`);
}
