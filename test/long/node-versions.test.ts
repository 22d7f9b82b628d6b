import { execFileSync } from "node:child_process";
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const SEEDS = [1, 2, 3, 4, 5];
const BLOCKS = 60;

/** What both versions run: prints the roots of some random runs. */
const PROGRAM = `
import { simulateModules } from "./test/modules/random/simulate.js";
for (const seed of ${JSON.stringify(SEEDS)}) {
  const { failure, roots } = await simulateModules({ seed, blocks: ${BLOCKS} });
  console.log(seed, failure ?? "ok", roots.join());
}
`;

/** The sources without their types, as versions of Node need them that do not take them out by themselves. */
function withoutTypes(folder: string): void {
  for (const path of globSync(
    "{chain,client,consensus,genesis,modules,node,p2p,proto,state,test/{modules,inference,simulation,consensus}}/**/*.ts",
    {
      cwd: ROOT,
    },
  )) {
    const code = stripTypeScriptTypes(readFileSync(join(ROOT, path), "utf8"));
    const target = join(folder, path.replace(/\.ts$/, ".js"));
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, code.replace(/(from\s+"|import\s+"|import\(")(\.{1,2}\/[^"]+)\.ts"/g, '$1$2.js"'));
  }
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  writeFileSync(join(folder, "program.js"), PROGRAM);
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
}

function other(): string | undefined {
  try {
    const version = execFileSync("node", ["--version"], { encoding: "utf8" }).trim();
    return version === process.version ? undefined : version;
  } catch {
    return undefined; // There is no other one on this machine.
  }
}

/** Only where the machine has another Node than the pinned one. */
test.skipIf(other() === undefined)(
  "two versions of Node make the same roots of random runs",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "assay-versions-"));
    try {
      withoutTypes(folder);
      const [here, there] = [process.execPath, "node"].map((program) =>
        execFileSync(program, ["program.js"], { cwd: folder, encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }),
      );
      expect(here?.split("\n").filter((line) => line.includes(" ok ")).length).toBe(SEEDS.length);
      expect(there).toBe(here);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
  120_000,
);
