#!/usr/bin/env node
// The command line: `npx assay …` in the clone. npm finds it by the `bin` field of the root package and needs no network.
import { join } from "node:path";
import { handOver } from "./hand-over.mjs";
import { NODE_FLAGS } from "./node-flags.mjs";
import { install, pinnedNode, ROOT, SetUpError } from "./set-up.mjs";

try {
  install();
  process.exitCode = await handOver(pinnedNode(), [
    ...NODE_FLAGS,
    join(ROOT, "node/cli/main.ts"),
    ...process.argv.slice(2),
  ]);
} catch (error) {
  process.stderr.write(`assay: ${error instanceof SetUpError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
