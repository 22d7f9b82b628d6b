import "../../node/ssz-hasher.ts";
import { TxBatch } from "../../node/gossip.ts";
import type { ProtocolName } from "../../p2p/protocols.ts";
import type { TopicName } from "../../p2p/topics.ts";
import { type Byzantine, createByzantine } from "./byzantine.ts";
import { createChecks } from "./checks.ts";
import { createDisk } from "./disk.ts";
import { duration } from "./life.ts";
import { createNetwork } from "./network.ts";
import { createNode, type SimNode } from "./node.ts";
import type { SimulationOptions, SimulationResult } from "./options.ts";
import { createRandom } from "./random.ts";
import { createTimeline } from "./timeline.ts";
import { randomTx } from "./workload.ts";
import { type World, worldCache } from "./world.ts";

/** How often a faulty node may do something out of the blue, milliseconds. */
const ACT_EVERY = 60;
/** Effects until a crash: from the next one to about two heights' worth. */
const CRASH_WITHIN = 120;
const COMPACT_AT = 60;

/** Runs simulations one after the other. */
export interface Simulator {
  run(options: SimulationOptions): Promise<SimulationResult>;
}

export function createSimulator(): Simulator {
  const world = worldCache();
  return { run: (options) => simulate(options, world({ nodes: options.nodes, realBls: options.realBls })) };
}

/**
 * Time that one more height may take after the healing: rounds that a faulty proposer or a late node may cost, each with
 * the timeouts of the rounds that were reached by then, and time to ask others for what was missed.
 */
function heightBound(faulty: number, round: number): number {
  const rounds = faulty + 3;
  return 6000 + rounds * (800 + 300 * (round + rounds));
}

function actsOf(faulty: readonly Byzantine[]): Pick<SimulationResult, "acts" | "byzantineActs"> {
  const acts = new Map<string, number>();
  for (const one of faulty) for (const [name, count] of one.acts) acts.set(name, (acts.get(name) ?? 0) + count);
  return { acts, byzantineActs: [...acts.values()].reduce((sum, count) => sum + count, 0) };
}

async function simulate(options: SimulationOptions, world: World): Promise<SimulationResult> {
  const random = createRandom(options.seed);
  const timeline = createTimeline(options.onTrace);
  const network = createNetwork({ ...options.network, random, timeline, healAt: options.healAt });
  const indexes = Array.from({ length: options.nodes }, (_, index) => index);
  const firstFaulty = options.nodes - options.byzantine.length;
  const correct = indexes.slice(0, firstFaulty);
  const violations: string[] = [];
  const checks = createChecks({
    world,
    correct,
    onViolation(violation) {
      timeline.note(`VIOLATION ${violation}`);
      violations.push(violation);
    },
  });
  let crashes = 0;
  let torn = 0;
  let transactions = 0;
  let pauses = 0;

  const faulty = new Map<number, Byzantine>();
  const nodes: readonly SimNode[] = indexes.map(makeNode);

  function makeNode(index: number): SimNode {
    const byzantine = options.byzantine[index - firstFaulty];
    const own =
      byzantine === undefined
        ? undefined
        : createByzantine({
            index,
            nodes: options.nodes,
            world,
            random,
            strategies: byzantine,
            node: () => nodeAt(index),
            send: (topic, bytes, to) => deliver(index, topic, bytes, to),
          });
    if (own !== undefined) faulty.set(index, own);
    return createNode({
      index,
      world,
      timeline,
      disk: createDisk({
        random,
        genesisRoot: world.genesis.spec.genesisRoot,
        delay: () => duration(random, options.machine.disk),
        compactAt: COMPACT_AT,
        onTorn: () => torn++,
      }),
      clock: {
        skew: random.between(-options.skew, options.skew),
        drift: random.between(-options.drift, options.drift),
      },
      executionTime: () => duration(random, options.machine.execution),
      peers: indexes.filter((other) => other !== index),
      plant: options.plants?.get(index) ?? {},
      watch: {
        ...checks.watch(index),
        onCrash() {
          crashes++;
          timeline.after(duration(random, options.downFor), `node${index} starts again`, () => nodeAt(index).start());
        },
      },
      publish(topic, bytes) {
        for (const to of indexes) if (to !== index) deliver(index, topic, bytes, to);
      },
      request: (peer, protocol, bytes) => request(index, peer, protocol, bytes),
      ...(own === undefined
        ? {}
        : {
            outlet: (honest) => own.outlet(honest),
            signer: (honest) => own.signer(honest),
            engine: (honest) => own.engine(honest),
          }),
    });
  }

  function nodeAt(index: number): SimNode {
    const node = nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  }

  function deliver(from: number, topic: TopicName, bytes: Uint8Array, to: number): void {
    network.send(from, to, `node${to} gets ${topic} of node${from}`, () => {
      if (faulty.get(to)?.hear(topic, bytes) !== false) nodeAt(to).receive(topic, bytes, from);
    });
  }

  function request(from: number, to: number, protocol: ProtocolName, bytes: Uint8Array): Promise<Uint8Array> {
    return new Promise((resolve) => {
      network.send(from, to, `node${to} is asked for ${protocol} by node${from}`, () => {
        void nodeAt(to)
          .serve(protocol, bytes, from)
          ?.then((honest) => {
            const answer = faulty.get(to)?.answer(protocol, honest) ?? honest;
            network.send(to, from, `node${from} has the ${protocol} of node${to}`, () => resolve(answer));
          });
      });
    });
  }

  /** Again and again until the healing, at times that nobody can foresee. */
  function nowAndThen(every: number, label: string, end: number, act: () => void): void {
    if (every <= 0) return;
    const next = random.exponential(every);
    if (timeline.now + next >= end) return;
    timeline.after(next, label, () => {
      act();
      nowAndThen(every, label, end, act);
    });
  }

  function sendTx(): void {
    const node = random.pick(nodes);
    const tx = randomTx(random, world, node);
    if (tx === undefined || !node.submit(tx)) return;
    transactions++;
    const bytes = TxBatch.serialize([tx]);
    for (const to of indexes) if (to !== node.index) deliver(node.index, "tx", bytes, to);
  }

  const forever = Number.POSITIVE_INFINITY;
  nowAndThen(options.crashEvery, "a crash is due", options.healAt, () => {
    nodeAt(random.pick(correct)).crash(1 + random.int(CRASH_WITHIN));
  });
  nowAndThen(options.pauseEvery, "a pause", options.healAt, () => {
    pauses++;
    const pause = random.exponential(options.pauseFor);
    nodeAt(random.pick(indexes)).pause(Math.min(timeline.now + pause, options.healAt));
  });
  nowAndThen(options.txEvery, "a transaction", forever, sendTx);
  for (const byzantine of faulty.values()) nowAndThen(ACT_EVERY, "a faulty node acts", forever, () => byzantine.act());
  for (const node of nodes) timeline.after(0, `node${node.index} starts`, () => node.start());

  const isBroken = (): boolean => violations.length > 0;
  await timeline.until(isBroken, options.healAt);
  for (const node of nodes) node.start();
  const goal = checks.height + options.heights;
  const round = Math.max(0, ...nodes.map(({ process }) => process?.driver.status().round ?? 0));
  const bound = options.heights * heightBound(options.byzantine.length, round);
  const isDone = (): boolean => isBroken() || correct.every((index) => nodeAt(index).height >= goal);
  const isOver = await timeline.until(isDone, options.healAt + bound);
  if (!isOver) {
    const heights = correct.map((index) => nodeAt(index).height).join(", ");
    violations.push(
      `no progress: height ${goal} not reached within ${bound} ms of the healing; nodes are at ${heights}`,
    );
  }
  return {
    violations,
    traceHash: timeline.hash(),
    heights: checks.height,
    events: timeline.events,
    crashes,
    torn,
    transactions,
    evidence: checks.counts.evidence,
    rounds: checks.counts.rounds,
    challenges: checks.counts.challenges,
    amnesia: checks.counts.amnesia,
    runsDrawn: checks.counts.jobs.drawn,
    runsWidened: checks.counts.jobs.widened,
    runsFinal: checks.counts.jobs.final,
    runsInline: checks.counts.jobs.inline,
    runsFailed: checks.counts.jobs.failed,
    runsAudited: checks.counts.jobs.audits,
    suspended: checks.counts.jobs.suspended,
    dissents: checks.counts.jobs.dissents,
    equivocations: checks.counts.jobs.equivocations,
    lost: network.lost,
    doubled: network.doubled,
    overtaken: network.overtaken,
    pauses,
    ...actsOf([...faulty.values()]),
    healing: timeline.now - options.healAt,
    bound,
  };
}
