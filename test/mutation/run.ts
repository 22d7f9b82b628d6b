import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { judge, type Report, type Survivor } from "./report.ts";
import { SURVIVORS } from "./survivors.ts";

/**
 * `npm run test:mutation`: changes consensus/core in one place after the other and runs its tests against each change, one at
 * a time, for some ten minutes. Fails when a change survives that test/mutation/survivors.ts does not explain, and writes
 * down the counts for docs/mutation.md, which `node docs/generate.ts` then makes anew.
 */
const ROOT = join(import.meta.dirname, "../..");
/** Locked apart from the project: its packages are more than all the others together. */
const TOOL = join(import.meta.dirname, "tool");
const STRYKER = join(TOOL, "node_modules/@stryker-mutator/core/bin/stryker.js");
const REPORT = join(ROOT, ".test/mutation.json");
const RESULT = join(import.meta.dirname, "result.json");

const show = ({ file, line, from, to }: Survivor): string => `${file}: ${line}\n    ${from} -> ${to}\n`;

async function main(): Promise<number> {
  if (!existsSync(STRYKER)) {
    const [code] = await once(spawn("npm", ["ci"], { cwd: TOOL, stdio: "inherit" }), "exit");
    if (code !== 0) return 1;
  }
  const child = spawn(process.execPath, [STRYKER, "run", "test/mutation/stryker.config.json"], {
    cwd: ROOT,
    stdio: "inherit",
  });
  await once(child, "exit");
  if (child.exitCode !== 0) return 1;
  const report = JSON.parse(readFileSync(REPORT, "utf8")) as Report;
  const { counts, unexplained, needless } = judge(report, SURVIVORS);
  for (const one of unexplained) process.stderr.write(`survives without an explanation: ${show(one)}`);
  for (const one of needless) process.stderr.write(`explained, but does not survive: ${show(one)}`);
  if (unexplained.length + needless.length > 0) return 1;
  writeFileSync(RESULT, `${JSON.stringify(counts, undefined, 2)}\n`);
  return 0;
}

process.exitCode = await main();
