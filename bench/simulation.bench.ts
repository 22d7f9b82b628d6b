import { simulate } from "../test/consensus/simulation.ts";
import type { SimulationOptions } from "../test/simulation/options.ts";
import { scenarioOf } from "../test/simulation/scenario.ts";
import { createSimulator } from "../test/simulation/simulate.ts";
import { report } from "./report.ts";

/** How many heights of a network of four validators the simulators do in a second of one core. */
const WARM_UP = 50;
const HEIGHTS = 300;
const CORE_HEIGHTS = 2000;
const SCENARIOS = 50;

async function cpuSeconds(work: () => Promise<number>): Promise<{ readonly count: number; readonly seconds: number }> {
  const before = process.cpuUsage();
  const count = await work();
  const { user, system } = process.cpuUsage(before);
  return { count, seconds: (user + system) / 1e6 };
}

const simulator = createSimulator();

function quiet(heights: number, txEvery: number): SimulationOptions {
  const network = { latency: 5, jitter: 5, loss: 0, duplication: 0, partitions: [], oneWay: [] };
  const calm = { byzantine: [], crashEvery: 0, pauseEvery: 0, skew: 0, drift: 0, machine: { disk: 0, execution: 0 } };
  return { ...scenarioOf({ seed: 0, nodes: 4 }), ...calm, network, healAt: 0, heights, txEvery, realBls: false };
}

async function heights(options: SimulationOptions): Promise<number> {
  const result = await simulator.run(options);
  if (result.violations.length > 0) throw new Error(result.violations.join("; "));
  return result.heights;
}

await heights(quiet(WARM_UP, 50));
const empty = await cpuSeconds(() => heights(quiet(HEIGHTS, 0)));
const full = await cpuSeconds(() => heights(quiet(HEIGHTS, 50)));
const faulty = await cpuSeconds(async () => {
  let sum = 0;
  for (let seed = 0; seed < SCENARIOS; seed++) sum += await heights(scenarioOf({ seed, nodes: 4 }));
  return sum;
});
const core = await cpuSeconds(async () => {
  for (let seed = 0; seed < CORE_HEIGHTS; seed++) simulate({ seed, nodes: 4, byzantine: 0, loss: 0, healAt: 0 });
  return CORE_HEIGHTS;
});

const unit = "heights/s";
report("simulation", [
  { name: "whole nodes, empty blocks", value: empty.count / empty.seconds, unit, aim: "≥ 300" },
  { name: "whole nodes, a transaction every 50 ms of virtual time", value: full.count / full.seconds, unit },
  { name: "whole nodes, settings drawn from seeds, faults included", value: faulty.count / faulty.seconds, unit },
  { name: "settings drawn from seeds", value: SCENARIOS / faulty.seconds, unit: "runs/s" },
  { name: "the core alone", value: core.count / core.seconds, unit, aim: "≥ 2,000" },
]);
