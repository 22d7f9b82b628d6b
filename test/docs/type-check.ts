import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./markdown.ts";

const TSC = join(ROOT, "node_modules/typescript/bin/tsc");

/** Runs the compiler; its exit code says only whether there are errors. */
function compile(config: string): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [TSC, "--project", config, "--pretty", "false"], (_, stdout, stderr) => {
      resolve(stdout + stderr);
    });
  });
}

/**
 * Type-checks examples together, as modules that stand in the root of the repository, under the repository's own options.
 * @returns the compiler's errors; each line begins with the name of its example.
 */
export async function typeErrors(examples: Readonly<Record<string, string>>): Promise<string[]> {
  mkdirSync(join(ROOT, ".test"), { recursive: true });
  const folder = mkdtempSync(join(ROOT, ".test/docs-"));
  try {
    const files = Object.entries(examples).map(([name, code]) => {
      writeFileSync(join(folder, `${name}.ts`), `${code.replaceAll('from "./', 'from "../../')}\nexport {};\n`);
      return `${name}.ts`;
    });
    const config = join(folder, "tsconfig.json");
    writeFileSync(config, JSON.stringify({ extends: "../../tsconfig.json", include: [], files }));
    const lines = (await compile(config)).split("\n").filter((line) => line.includes("error TS"));
    return lines.map((line) => line.replace(/^.*\/(?=[^/]*\.ts\()/, ""));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
