import { expect, onTestFinished, test } from "vitest";
import { createMetrics, startMetrics } from "../../node/metrics.ts";
import { PortInUseError } from "../../node/rpc/listen.ts";

async function lines(registry: { metrics(): Promise<string> }, prefix: string): Promise<string[]> {
  return (await registry.metrics()).split("\n").filter((line) => line.startsWith(prefix));
}

test("consensus: height, rounds and the interval between neighbouring blocks only", async () => {
  const { metrics, registry } = createMetrics({ process: false });
  metrics.observeCommit(1, 1000, 3, 0);
  metrics.observeCommit(2, 1200, 2, 1);
  metrics.observeCommit(9, 99_000, 0, 0); // After a sync: no interval to speak of.
  metrics.setMissingValidators(1, 30n);
  metrics.setMarginToHalt(13n, 100n);
  expect(await lines(registry, "assay_consensus_height")).toEqual(["assay_consensus_height 9"]);
  expect(await lines(registry, "assay_consensus_transactions_total")).toEqual(["assay_consensus_transactions_total 5"]);
  expect(await lines(registry, "assay_consensus_block_interval_seconds_sum")).toEqual([
    "assay_consensus_block_interval_seconds_sum 0.2",
  ]);
  expect(await lines(registry, "assay_consensus_rounds_sum")).toEqual(["assay_consensus_rounds_sum 1"]);
  expect(await lines(registry, "assay_consensus_missing_power")).toEqual(["assay_consensus_missing_power 30"]);
});

test("labels are bounded: what comes after the first 64 values counts as other", async () => {
  const { metrics, registry } = createMetrics({ process: false });
  for (let i = 0; i < 100; i++) metrics.increment("p2p_gossip_in", { topic: `topic ${i}` });
  for (let i = 0; i < 100; i++) metrics.increment(`p2p_name_${i}`, {});
  metrics.increment('p2p bad"name', {});
  const counted = await lines(registry, "assay_p2p_gossip_in_total");
  expect(counted).toHaveLength(65);
  expect(counted.at(-1)).toBe('assay_p2p_gossip_in_total{topic="other"} 36');
  expect(await lines(registry, "assay_p2p_name_")).toHaveLength(63);
});

test("a counter keeps the label names of its first use", async () => {
  const { metrics, registry } = createMetrics({ process: false });
  metrics.increment("p2p_dials", { outcome: "ok" });
  metrics.increment("p2p_dials", { other: "x" });
  expect(await lines(registry, "assay_p2p_dials_total")).toEqual([
    'assay_p2p_dials_total{outcome="ok"} 1',
    'assay_p2p_dials_total{outcome=""} 1',
  ]);
});

test("jobs that are not named any more are gone", async () => {
  const { metrics, registry } = createMetrics({ process: false });
  metrics.setJobs({ open: 3, final: 1 });
  metrics.setJobs({ final: 4 });
  metrics.observeEngineRun("canonical", "output", 0.2);
  metrics.observeJobEnd("final", 2);
  expect(await lines(registry, "assay_inference_jobs")).toEqual(['assay_inference_jobs{status="final"} 4']);
});

test("registries of two nodes do not mix; /metrics serves one", async () => {
  const [a, b] = [createMetrics({ process: true }), createMetrics({ process: false })];
  a.metrics.setMempool(5, 50);
  b.metrics.setMempool(6, 60);
  const server = await startMetrics({ host: "127.0.0.1", port: 0, registry: a.registry });
  onTestFinished(() => server.close());
  const url = `http://127.0.0.1:${server.port}`;
  const response = await fetch(`${url}/metrics`);
  expect(response.headers.get("content-type")).toContain("text/plain");
  const text = await response.text();
  expect(text).toContain("assay_mempool_transactions 5\n");
  expect(text).toContain("process_cpu_seconds_total");
  expect((await fetch(url)).status).toBe(404);
  expect((await fetch(`${url}/metrics`, { method: "POST" })).status).toBe(404);
  const taken = startMetrics({ host: "127.0.0.1", port: server.port, registry: b.registry });
  await expect(taken).rejects.toThrow(PortInUseError);
});
