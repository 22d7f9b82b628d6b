import { ATTESTING, STRATEGIES } from "./all-strategies.ts";
import type { SimulationOptions } from "./options.ts";
import { createRandom, type Random } from "./random.ts";
import type { Strategy } from "./strategy.ts";

export interface ScenarioOptions {
  readonly seed: number;
  readonly nodes: number;
}

/** The setting of a run is drawn from a source of its own, so that a change of the run does not change the setting. */
const SETTING = 0x5e771346;
/** Most faults show at once; runs of models, and the penalties after them, take longer. */
const HEIGHTS = 2;
const LONG_HEIGHTS = 12;
/** One run in so many is long. */
const LONG_EVERY = 15;
/** One run in so many is with real signatures. */
const REAL_BLS_EVERY = 50;

function strategiesOf(random: Random, isLong: boolean): readonly Strategy[] {
  const chosen = Array.from({ length: 1 + random.int(3) }, () => random.pick(STRATEGIES));
  // A short run is over before it matters what anybody attested.
  return [...new Set(isLong ? [...chosen, random.pick(ATTESTING)] : chosen)];
}

function partitions(random: Random, nodes: number, healAt: number): SimulationOptions["network"]["partitions"] {
  return Array.from({ length: random.int(3) }, () => {
    const groups: number[][] = [[], []];
    for (let node = 0; node < nodes; node++) random.pick(groups).push(node);
    const from = random.between(0, healAt);
    return { from, to: random.between(from, healAt), groups };
  });
}

function oneWay(random: Random, nodes: number, healAt: number): SimulationOptions["network"]["oneWay"] {
  return Array.from({ length: random.int(4) }, () => {
    const from = random.between(0, healAt);
    return { from, to: random.between(from, healAt), source: random.int(nodes), target: random.int(nodes) };
  });
}

/**
 * A setting drawn from a seed: some have faulty validators, up to just below a third of the stake, some a bad network, some
 * crashes, pauses, wrong clocks or slow machines, and many have several at once.
 */
export function scenarioOf({ seed, nodes }: ScenarioOptions): SimulationOptions {
  const random = createRandom(seed ^ SETTING);
  const maybe = (part: number, value: () => number): number => (random.chance(part) ? value() : 0);
  const healAt = random.between(200, 1000);
  const isLong = seed % LONG_EVERY === 0;
  const faulty = random.chance(0.7) ? 1 + random.int(Math.floor((nodes - 1) / 3)) : 0;
  const isBad = random.chance(0.7);
  return {
    seed,
    nodes,
    byzantine: Array.from({ length: faulty }, () => strategiesOf(random, isLong)),
    healAt,
    heights: isLong ? LONG_HEIGHTS : HEIGHTS,
    network: {
      latency: random.between(1, 20),
      jitter: random.between(0, isBad ? 40 : 5),
      loss: isBad ? random.between(0, 0.3) : 0,
      duplication: isBad ? random.between(0, 0.1) : 0,
      partitions: isBad ? partitions(random, nodes, healAt) : [],
      oneWay: isBad ? oneWay(random, nodes, healAt) : [],
    },
    crashEvery: maybe(0.6, () => random.between(100, 600)),
    downFor: random.between(20, 400),
    pauseEvery: maybe(0.4, () => random.between(100, 600)),
    pauseFor: random.between(50, 500),
    skew: maybe(0.5, () => 90),
    drift: maybe(0.3, () => 0.002),
    machine: { disk: maybe(0.5, () => random.between(0.5, 5)), execution: maybe(0.5, () => random.between(1, 20)) },
    txEvery: maybe(0.7, () => random.between(80, 400)),
    realBls: seed % REAL_BLS_EVERY === REAL_BLS_EVERY - 1,
  };
}
