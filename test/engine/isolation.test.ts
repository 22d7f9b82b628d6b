import { readFileSync } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const FOLDERS = "{bench,bin,chain,client,consensus,genesis,modules,node,p2p,proto,state}";

/** Paths of sources that match, from the root of the repository. */
async function sourcesWith(pattern: RegExp): Promise<string[]> {
  const found: string[] = [];
  for await (const file of glob(`${FOLDERS}/**/*.{ts,mjs}`, { cwd: ROOT })) {
    if (pattern.test(readFileSync(join(ROOT, file), "utf8"))) found.push(file.replaceAll("\\", "/"));
  }
  return found.sort();
}

test("onnxruntime is imported in the engine process and nowhere else", async () => {
  const importing = (name: string): RegExp => new RegExp(`(from|import\\()\\s*"${name}"`);
  expect(await sourcesWith(importing('onnxruntime[^"]*'))).toEqual([
    "bench/bare-engine.ts",
    "node/engine/native-worker.ts",
    "node/engine/serve.ts",
    "node/engine/session.ts",
    "node/engine/worker.ts",
  ]);
  expect(await sourcesWith(importing('[^"]*/session\\.ts'))).toEqual([
    "node/engine/native-worker.ts",
    "node/engine/serve.ts",
    "node/engine/worker.ts",
  ]);
  expect(await sourcesWith(importing('[^"]*/(native-)?worker\\.ts'))).toEqual([]);
});
