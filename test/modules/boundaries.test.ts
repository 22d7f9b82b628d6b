import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { modules } from "../../modules/registry.ts";

const ROOT = join(import.meta.dirname, "../../modules");
const NAMES = modules.map(({ name }) => name);

/** What a source of a module takes from other modules, besides their keepers. */
function trespasses(path: string, source: string): string[] {
  const own = path.split("/")[0];
  return [...source.matchAll(/from "(?:\.\.\/)+(\w+)\/([\w./-]+)"/g)]
    .filter(([, module = "", file]) => NAMES.includes(module) && module !== own && file !== "keeper.ts")
    .map(([, module, file]) => `${path} imports ${module}/${file}`);
}

test("modules know each other by their keepers only", async () => {
  const found: string[] = [];
  let sources = 0;
  for await (const path of glob("*/**/*.ts", { cwd: ROOT })) {
    sources++;
    found.push(...trespasses(path, readFileSync(join(ROOT, path), "utf8")));
  }
  expect(sources).toBeGreaterThan(50);
  expect(found).toEqual([]);
});

test("an import of another module's store is found", () => {
  const source = 'import { a } from "../staking/store.ts";\nimport { b } from "../../bank/keeper.ts";';
  expect(trespasses("slashing/messages/x.ts", source)).toEqual(["slashing/messages/x.ts imports staking/store.ts"]);
  expect(trespasses("staking/x.ts", source)).toEqual([]);
});
