import { parseArgs } from "node:util";
import { runMatrix, totalsText } from "./matrix.ts";

/** Runs many seeds: `npm run simulate:soak -- --seeds 1000 --from 0 [--nodes 4] [--trace]`. Exits with 1 when a rule is broken. */

const SIZES = [4, 7, 10];

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not ${text}`);
  return value;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "0" },
    /** Validators of every run; 4, 7 and 10 in turn by the seed if not given. */
    nodes: { type: "string" },
    trace: { type: "boolean", default: false },
  },
});
const seeds = whole(values.seeds, "seeds");
const fixed = values.nodes === undefined ? undefined : whole(values.nodes, "nodes");
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const begun = performance.now();
const { failedSeeds, totals } = await runMatrix({
  nodes: (seed) => fixed ?? SIZES[seed % SIZES.length] ?? 4,
  from: whole(values.from, "from"),
  seeds,
  onFailure: print,
  ...(values.trace ? { onTrace: print } : {}),
});
const { user, system } = process.cpuUsage();
const wall = ((performance.now() - begun) / 1000).toFixed(1);
const cpu = ((user + system) / 1e6).toFixed(1);
const list = failedSeeds.length === 0 ? "" : ` (seeds ${failedSeeds.join(", ")})`;
print(`${totalsText(seeds, totals)}, ${failedSeeds.length} failures${list}, ${wall} s wall, ${cpu} s CPU`);
process.exitCode = failedSeeds.length === 0 ? 0 : 1;
