import { readdirSync } from "node:fs";
import { join } from "node:path";
import { handOver } from "../bin/hand-over.mjs";

/** Runs each `bench/*.bench.ts`, or those whose names hold an argument, one after the other in a process of its own. */
const filters = process.argv.slice(2);
const files = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(".bench.ts"))
  .filter((file) => filters.length === 0 || filters.some((filter) => file.includes(filter)))
  .sort();
if (files.length === 0) throw new Error(`no benchmark's name holds ${filters.join(" or ")}`);

for (const file of files) {
  process.stdout.write(`\n— ${file.slice(0, -".bench.ts".length)}\n`);
  const code = await handOver(process.execPath, [join(import.meta.dirname, file)]);
  if (code !== 0) process.exitCode = code;
}
