import { probeCommits } from "./commit-latency.ts";
import { type BenchNetwork, call, startNetwork } from "./network.ts";
import { quantile, type Row, report } from "./report.ts";

/**
 * How fast four validators on one machine make blocks when nothing makes them wait, and what a node then weighs; then how
 * long a block takes when the processor has time to spare between two.
 */
const BLOCKS = 1000;
const MEASURED = 500;
const PACED_INTERVAL = 100n;
const PACED_BLOCKS = 600;
const PACED_MEASURED = 300;
const PAGE = 20;

interface Blockchain {
  readonly block_metas: readonly { readonly header: { readonly height: string; readonly time: string } }[];
}

async function intervals(rpc: string, first: number, last: number): Promise<number[]> {
  const times = new Map<number, number>();
  for (let from = first; from <= last; from += PAGE) {
    const range = { minHeight: String(from), maxHeight: String(Math.min(from + PAGE - 1, last)) };
    const { block_metas } = await call<Blockchain>(rpc, "blockchain", range);
    for (const { header } of block_metas) times.set(Number(header.height), Date.parse(header.time));
  }
  return [...times].flatMap(([height, time]) => {
    const before = times.get(height - 1);
    return before === undefined ? [] : [time - before];
  });
}

/** Runs a network and measures its last blocks. */
async function run<T>(
  interval: bigint,
  blocks: number,
  measured: number,
  read: (bench: BenchNetwork, latencies: readonly number[]) => Promise<T>,
): Promise<T> {
  const bench = await startNetwork({
    "consensus.blockInterval": interval,
    "consensus.emptyBlockInterval": interval,
  });
  try {
    await bench.reach(blocks - measured);
    const probe = await probeCommits(bench);
    await bench.reach(blocks);
    probe.close();
    return await read(bench, probe.latencies);
  } finally {
    await bench.stop();
  }
}

function latencyRows(at: bigint, latencies: readonly number[]): Row[] {
  const name = `commit latency at blockInterval ${at}`;
  return [
    { name: `${name}, p50`, value: quantile(latencies, 0.5), unit: "ms", aim: "≤ 25" },
    { name: `${name}, p99`, value: quantile(latencies, 0.99), unit: "ms", aim: "≤ 80" },
  ];
}

const saturated = await run(0n, BLOCKS, MEASURED, async (bench, latencies): Promise<Row[]> => {
  const memory = await bench.memory();
  const between = await intervals(bench.rpc, BLOCKS - MEASURED, BLOCKS);
  return [
    { name: "block interval at blockInterval 0, p50", value: quantile(between, 0.5), unit: "ms", aim: "≤ 40" },
    { name: "block interval at blockInterval 0, p95", value: quantile(between, 0.95), unit: "ms" },
    ...latencyRows(0n, latencies),
    { name: `node memory after ${BLOCKS} blocks, largest`, value: Math.max(...memory), unit: "MiB", aim: "≤ 250" },
  ];
});
const paced = await run(PACED_INTERVAL, PACED_BLOCKS, PACED_MEASURED, (_, latencies) =>
  Promise.resolve(latencyRows(PACED_INTERVAL, latencies)),
);
report("chain", [...saturated, ...paced]);
