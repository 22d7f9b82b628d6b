import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { connectAssay } from "../client/assay-client.ts";
import type { TensorInput } from "../client/tensors.ts";
import { registerDemoModel } from "../node/cli/demo-model.ts";
import { startNetwork } from "./network.ts";
import { quantile, report } from "./report.ts";

/** From broadcasting a request to seeing it FINAL over the websocket, at the defaults of a local network. */
const REQUESTS = 40;
const GAP_MS = 130;
const MODELS = join(import.meta.dirname, "../genesis/models");

const bench = await startNetwork({});
try {
  await bench.reach(1);
  const { network } = bench;
  const io = { out: () => undefined, err: () => undefined };
  await registerDemoModel(network, io, new AbortController().signal);
  const account = network.accounts[1];
  if (account === undefined) throw new Error("a local network has accounts");
  const wallet = await DirectSecp256k1Wallet.fromKey(account.privateKey, network.prefix);
  const client = await connectAssay(bench.rpc, wallet);
  const input = JSON.parse(readFileSync(join(MODELS, "cnn_digits.input.json"), "utf8")) as { x: TensorInput };
  const latencies: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    // Another picture each time, so that nothing has been computed before.
    const data = input.x.data.map((value, at) => (at === i ? 0.5 : Number(value)));
    const result = await client.infer("cnn_digits", { x: { ...input.x, data } });
    if (result.status !== "FINAL") throw new Error(`job ${result.jobId} is ${result.status}`);
    latencies.push(result.latencyMs);
    // Not in step with the blocks, so that requests meet them at any moment.
    await new Promise((resolve) => setTimeout(resolve, GAP_MS * (i % 7)));
  }
  client.disconnect();
  report("inference", [
    { name: "cnn_digits, request to FINAL, p50", value: quantile(latencies, 0.5), unit: "ms", aim: "≤ 900" },
    { name: "cnn_digits, request to FINAL, p95", value: quantile(latencies, 0.95), unit: "ms" },
  ]);
} finally {
  await bench.stop();
}
