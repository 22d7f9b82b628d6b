import { parseArgs } from "node:util";
import { simulateModules } from "./simulate.ts";

/** `npm run simulate:modules -- --seeds 1000 [--from 0] [--blocks 60] [--outcomes]`. Exits with 1 when something is broken. */

function whole(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new Error(`--${name} must be a whole number, not ${text}`);
  return value;
}

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    from: { type: "string", default: "0" },
    blocks: { type: "string", default: "60" },
    /** Prints how often each message ended how, and how many events of each type there were. */
    outcomes: { type: "boolean", default: false },
  },
});
const seeds = whole(values.seeds, "seeds");
const from = whole(values.from, "from");
const blocks = whole(values.blocks, "blocks");
const print = (line: string): void => void process.stdout.write(`${line}\n`);
const totals = new Map<string, number>();
const failed: number[] = [];
let done = 0;
let exports = 0;
let accepted = 0;
let refused = 0;
const begun = performance.now();
for (let seed = from; seed < from + seeds; seed++) {
  const result = await simulateModules({ seed, blocks });
  if (result.failure !== undefined) {
    failed.push(seed);
    print(result.failure);
  }
  done += result.roots.length;
  exports += result.exports;
  for (const [name, number] of result.outcomes) {
    totals.set(name, (totals.get(name) ?? 0) + number);
    if (name.endsWith(" ok")) accepted += number;
    else refused += number;
  }
  for (const [type, number] of result.events) totals.set(`event ${type}`, (totals.get(`event ${type}`) ?? 0) + number);
}
if (values.outcomes)
  for (const [name, number] of [...totals].sort(([a], [b]) => (a < b ? -1 : 1))) print(`${name} ${number}`);
const { user, system } = process.cpuUsage();
const wall = ((performance.now() - begun) / 1000).toFixed(1);
const cpu = ((user + system) / 1e6).toFixed(1);
const list = failed.length === 0 ? "" : ` (seeds ${failed.join(", ")})`;
print(
  `${seeds} seeds, ${done} blocks, ${accepted} messages accepted and ${refused} refused, ${exports} exports and imports, ` +
    `${failed.length} failures${list}, ${wall} s wall, ${cpu} s CPU`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
