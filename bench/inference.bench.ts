import { readFileSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { type AssayClient, connectAssay } from "../client/assay-client.ts";
import { encodeInputs, type TensorInput } from "../client/tensors.ts";
import { Tensors } from "../modules/inference/tensors.ts";
import { registerDemoModel } from "../node/cli/demo-model.ts";
import { createEngine, type RunRequest } from "../node/engine/engine.ts";
import { MsgRequestInference } from "../proto/inference.ts";
import { type BenchNetwork, call, heightOf, startNetwork } from "./network.ts";
import { quantile, type Row, report } from "./report.ts";

/**
 * Runs of cnn_digits by four validators: from broadcasting a request to seeing its output over the websocket, in both lanes; as many as
 * they take; and the price of that, beside the same engine behind one bare HTTP server on the same machine.
 */
const REQUESTS = Number(process.env.REQUESTS ?? 60);
const GAP_MS = 65;
const SECONDS = Number(process.env.SECONDS ?? 20);
/** Requests offered in a second: signing them takes a processor that the validators share. */
const OFFERED = Number(process.env.OFFERED ?? 180);
/** Requests of one transaction, each a message: a signature and a sequence for many. */
const PER_TX = 8;
const MODELS = join(import.meta.dirname, "../genesis/models");
const MODEL = "cnn_digits";
const PIXELS = 64;

const { x: picture } = JSON.parse(readFileSync(join(MODELS, `${MODEL}.input.json`), "utf8")) as { x: TensorInput };
let drawn = 0;
/** Another picture each time, so that nothing has been computed before. */
function nextPicture(): TensorInput {
  drawn++;
  const data = picture.data.map((value, at) => (at === drawn % PIXELS ? drawn / 4096 : Number(value)));
  return { ...picture, data };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

async function clients(bench: BenchNetwork): Promise<AssayClient[]> {
  const { accounts, prefix } = bench.network;
  return Promise.all(
    accounts.slice(1).map(async ({ privateKey }) => {
      const wallet = await DirectSecp256k1Wallet.fromKey(privateKey, prefix);
      return connectAssay(bench.rpc, wallet);
    }),
  );
}

async function latencies(client: AssayClient, lane: "inline" | "attested"): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < REQUESTS; i++) {
    const result = await client.infer(MODEL, { x: nextPicture() }, { lane });
    if (result.status !== "FINAL") throw new Error(`job ${result.jobId} is ${result.status}`);
    times.push(result.latencyMs);
    // Not in step with the blocks, so that requests meet them at any moment.
    await pause(GAP_MS * (i % 7));
  }
  return times;
}

/** Signs and posts requests, a transaction each `gapMs`. */
async function requestMany(
  client: AssayClient,
  rpc: string,
  { chainId, until, gapMs }: { chainId: string; until: number; gapMs: number },
): Promise<void> {
  const { address, stargate, denom } = client;
  const model = await client.queries.model(MODEL);
  const { accountNumber, sequence: first } = await stargate.getSequence(address);
  const fee = { amount: [{ denom, amount: "50000" }], gas: "2000000" };
  await pause(Math.random() * gapMs);
  for (let sequence = first, next = performance.now(); performance.now() < until; next += gapMs) {
    await pause(Math.max(0, next - performance.now()));
    const messages = Array.from({ length: PER_TX }, () => ({
      typeUrl: MsgRequestInference.typeUrl,
      value: MsgRequestInference.fromPartial({
        requester: address,
        model: MODEL,
        inputs: Tensors.serialize(encodeInputs(model.inputs, { x: nextPicture() })),
        maxFee: { denom, amount: "10000" },
      }),
    }));
    const signed = await stargate.sign(address, messages, fee, "", { accountNumber, sequence, chainId });
    const tx = Buffer.from(TxRaw.encode(signed).finish()).toString("base64");
    const { code } = await call<{ code: number }>(rpc, "broadcast_tx_sync", { tx });
    if (code === 0) sequence++;
  }
}

type Events = readonly { readonly type: string }[] | null;
interface Results {
  readonly finalize_block_events: Events;
  readonly txs_results: readonly { readonly events: Events }[] | null;
}

/** What became of jobs in these blocks, and how many were opened. */
async function jobsBetween(rpc: string, from: number, to: number) {
  const count = { requested: 0, final: 0, failed: 0 };
  for (let height = from; height <= to; height++) {
    const found = await call<Results>(rpc, "block_results", { height: String(height) });
    const events = [found.finalize_block_events, ...(found.txs_results ?? []).map((tx) => tx.events)];
    for (const { type } of events.flatMap((some) => some ?? [])) {
      for (const name of ["requested", "final", "failed"] as const) if (type === `inference_${name}`) count[name]++;
    }
  }
  return count;
}

async function sustained(bench: BenchNetwork, all: readonly AssayClient[]): Promise<Row[]> {
  const { chainId } = bench.network;
  const before = { height: await heightOf(bench.rpc), processor: sum(await bench.processorTime()) };
  const begun = performance.now();
  const until = begun + SECONDS * 1000;
  const gapMs = (1000 * PER_TX * all.length) / OFFERED;
  await Promise.all(all.map((client) => requestMany(client, bench.rpc, { chainId, until, gapMs })));
  const height = await heightOf(bench.rpc);
  const seconds = (performance.now() - begun) / 1000;
  const processor = sum(await bench.processorTime()) - before.processor;
  const { requested, final: finals, failed } = await jobsBetween(bench.rpc, before.height + 1, height);
  return [
    {
      name: `attested inferences, ${OFFERED}/s offered over ${SECONDS} s`,
      value: finals / seconds,
      unit: "/s",
      aim: "≥ 150",
    },
    { name: "jobs opened for one that became final in that time", value: requested / finals, unit: "" },
    { name: "jobs failed for one", value: failed / finals, unit: "" },
    { name: "processor time of all nodes for one, engines aside", value: (1000 * processor) / finals, unit: "ms" },
    { name: "block interval under that load", value: (1000 * seconds) / (height - before.height), unit: "ms" },
  ];
}

/** The same engine behind one HTTP server, which is what a provider without a chain would run. */
async function bareServer(): Promise<Row[]> {
  const bytes = new Uint8Array(readFileSync(join(MODELS, `${MODEL}.onnx`)));
  const engine = createEngine();
  const spec: RunRequest["spec"] = {
    inputs: [{ name: "x", dtype: 1, shape: [1, 1, 8, 8] }],
    outputs: [
      { name: "logits", dtype: 1, shape: [1, 10] },
      { name: "prob", dtype: 1, shape: [1, 10] },
    ],
  };
  async function answer(data: Uint8Array, response: ServerResponse): Promise<void> {
    const result = await engine.run({
      modelRoot: new Uint8Array(32),
      modelBytes: () => Promise.resolve(bytes),
      spec,
      inputs: [{ dtype: 1, shape: [1, 1, 8, 8], data }],
      timeoutMs: 10_000,
      priority: "high",
    });
    if (result.kind !== "ok") response.writeHead(500).end(JSON.stringify(result));
    else response.end(Buffer.concat(result.outputs.map((output) => output.data)));
  }
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => void parts.push(part));
    request.on("end", () => void answer(new Uint8Array(Buffer.concat(parts)), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const ask = async (): Promise<number> => {
    const body = new Uint8Array(Float32Array.from(nextPicture().data, Number).buffer);
    const from = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}`, { method: "POST", body });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`status ${response.status}`);
    return performance.now() - from;
  };
  try {
    for (let i = 0; i < 50; i++) await ask();
    const times: number[] = [];
    const before = process.cpuUsage();
    const COUNT = 1000;
    for (let i = 0; i < COUNT; i++) times.push(await ask());
    const { user, system } = process.cpuUsage(before);
    return [
      { name: "one bare HTTP server: request to answer, p50", value: quantile(times, 0.5), unit: "ms" },
      {
        name: "its processor time for one, with the client, engine aside",
        value: (user + system) / 1000 / COUNT,
        unit: "ms",
      },
    ];
  } finally {
    server.closeAllConnections();
    server.close();
    await engine.close();
  }
}

/** The rules of genesis hold: what a job can be appealed in is over before stake can leave. */
const bench = await startNetwork({
  "consensus.blockInterval": 100n,
  "consensus.emptyBlockInterval": 250n,
  "inference.admissionWindow": 150n,
});
const rows: Row[] = [];
try {
  await bench.reach(1);
  await registerDemoModel(bench.network, { out: () => undefined, err: () => undefined }, new AbortController().signal);
  const all = await clients(bench);
  const [client] = all;
  if (client === undefined) throw new Error("a local network has accounts");
  const inline = await latencies(client, "inline");
  const attested = await latencies(client, "attested");
  rows.push(
    { name: "inline: request to committed output, p50", value: quantile(inline, 0.5), unit: "ms", aim: "≤ 150" },
    { name: "inline: request to committed output, p95", value: quantile(inline, 0.95), unit: "ms" },
    { name: "attested: request to FINAL, p50", value: quantile(attested, 0.5), unit: "ms", aim: "≤ 400" },
    { name: "attested: request to FINAL, p99", value: quantile(attested, 0.99), unit: "ms", aim: "≤ 1000" },
    ...(await sustained(bench, all)),
  );
  for (const one of all) one.disconnect();
} finally {
  await bench.stop();
}
rows.push(...(await bareServer()));
report("inference", rows);
