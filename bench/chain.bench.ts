import { call, startNetwork } from "./network.ts";
import { quantile, report } from "./report.ts";

/** How fast four validators on one machine make blocks when nothing makes them wait, and what a node then weighs. */
const BLOCKS = 1000;
const MEASURED = 500;
const PAGE = 20;

interface Blockchain {
  readonly block_metas: readonly { readonly header: { readonly height: string; readonly time: string } }[];
}

const bench = await startNetwork({ "consensus.blockInterval": 0n, "consensus.emptyBlockInterval": 0n });
try {
  await bench.reach(BLOCKS);
  const memory = await bench.memory();
  const times = new Map<number, number>();
  for (let from = BLOCKS - MEASURED; from <= BLOCKS; from += PAGE) {
    const range = { minHeight: String(from), maxHeight: String(Math.min(from + PAGE - 1, BLOCKS)) };
    const { block_metas } = await call<Blockchain>(bench.rpc, "blockchain", range);
    for (const { header } of block_metas) times.set(Number(header.height), Date.parse(header.time));
  }
  const intervals: number[] = [];
  for (const [height, time] of times) {
    const before = times.get(height - 1);
    if (before !== undefined) intervals.push(time - before);
  }
  report("chain", [
    { name: "block interval at blockInterval 0, p50", value: quantile(intervals, 0.5), unit: "ms", aim: "≤ 40" },
    { name: "block interval at blockInterval 0, p95", value: quantile(intervals, 0.95), unit: "ms" },
    { name: `node memory after ${BLOCKS} blocks, largest`, value: Math.max(...memory), unit: "MiB", aim: "≤ 250" },
  ]);
} finally {
  await bench.stop();
}
