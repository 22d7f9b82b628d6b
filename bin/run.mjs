// What the scripts of package.json call: sets up, then hands over to the task under the pinned Node.
import { join } from "node:path";
import { handOver } from "./hand-over.mjs";
import { install, pinnedNode, ROOT, SetUpError } from "./set-up.mjs";

/** The program and first arguments of each task, from the root of the repository. */
const TASKS = {
  localnet: ["node/cli/main.ts", "localnet", "up"],
  test: ["test/run.ts", "test"],
  "test:long": ["test/run.ts", "long"],
  "test:mutation": ["test/mutation/run.ts"],
  check: ["test/run.ts", "check"],
  format: ["test/run.ts", "format"],
  bench: ["bench/run.ts"],
  fuzz: ["test/fuzz/run.ts"],
  "simulate:soak": ["test/simulation/soak.ts"],
  "simulate:modules": ["test/modules/random/main.ts"],
};

const [task = "", ...args] = process.argv.slice(2);
try {
  if (!Object.hasOwn(TASKS, task)) throw new SetUpError(`unknown task "${task}": ${Object.keys(TASKS).join(", ")}`);
  install();
  const [program, ...first] = TASKS[task];
  process.exitCode = await handOver(pinnedNode(), [join(ROOT, program), ...first, ...args]);
} catch (error) {
  process.stderr.write(`${error instanceof SetUpError ? error.message : error.stack}\n`);
  process.exitCode = 1;
}
