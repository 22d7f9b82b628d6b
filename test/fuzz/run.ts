import { parseArgs } from "node:util";
import { seeded } from "../consensus/simulation.ts";
import { CORPUS, keepInput, readCorpus } from "./corpus.ts";
import { startCoverage } from "./coverage.ts";
import { fuzz, shrink } from "./fuzzer.ts";
import type { FuzzTarget } from "./target.ts";
import { TARGETS } from "./targets/all.ts";
import { startWatchdog } from "./watchdog.ts";

/**
 * `npm run fuzz -- [target …] [--seconds 60] [--seed 1]`: each target for so long, guided by coverage. What reaches something new stays in
 * the corpus, and so does what is found, so that the tests try it again for ever.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seconds: { type: "string", default: "60" }, seed: { type: "string", default: String(Date.now() % 1e9) } },
});
const seconds = Number(values.seconds);
const seed = Number(values.seed);
if (!(seconds > 0) || !Number.isInteger(seed)) throw new Error("--seconds and --seed are positive numbers");
const unknown = positionals.filter((name) => !TARGETS.some((target) => target.name === name));
if (unknown.length > 0) {
  throw new Error(`no target is called ${unknown.join(", ")}: ${TARGETS.map(({ name }) => name).join(", ")}`);
}

/** The project's own code, and the decoders that it hands bytes to. */
const DECODERS = /\/(chain|client|consensus|genesis|modules|node|p2p|proto|state)\/.*\.ts$|@chainsafe\/ssz|protobufjs/;
/** An input that takes longer than this is a finding, too. */
const LIMIT_MS = 10_000;

/** Whether the target held. */
async function fuzzOne(target: FuzzTarget): Promise<boolean> {
  const coverage = startCoverage(DECODERS);
  const watchdog = startWatchdog(`${CORPUS}/${target.name}.txt`, target.maxBytes, LIMIT_MS);
  const end = Date.now() + seconds * 1000;
  let kept = 0;
  try {
    const { runs, finding } = await fuzz({
      target,
      corpus: readCorpus(target),
      random: seeded(seed),
      coverage,
      isOver: () => Date.now() >= end,
      onInput: (input) => watchdog.watch(input),
      onNew(input) {
        kept++;
        keepInput(target, input);
      },
    });
    console.log(`${target.name}: ${runs} inputs, ${kept} kept`);
    if (finding === undefined) return true;
    const input = await shrink(target, finding);
    keepInput(target, input);
    console.error(`${target.name}: FOUND, kept in the corpus: ${Buffer.from(input).toString("hex")}`, finding.error);
    return false;
  } finally {
    coverage.stop();
    await watchdog.stop();
  }
}

console.log(`seed ${seed}, ${seconds} s for each target`);
let found = 0;
for (const target of TARGETS) {
  if (positionals.length > 0 && !positionals.includes(target.name)) continue;
  if (!(await fuzzOne(target))) found++;
}
console.log(`${found} ${found === 1 ? "target" : "targets"} with a finding`);
process.exitCode = found === 0 ? 0 : 1;
