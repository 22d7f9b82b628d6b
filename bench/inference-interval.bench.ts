import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { sha256 } from "../chain/crypto/hash.ts";
import { type AssayClient, connectAssay } from "../client/assay-client.ts";
import { registerAndAdmit } from "../node/cli/register/admission.ts";
import { prepareModel } from "../node/cli/register/prepare.ts";
import { MAX_DEPOSIT } from "../node/cli/register/register-model.ts";
import { createEngine } from "../node/engine/engine.ts";
import { HEAVY_SHAPE, heavyModel } from "./heavy-model.ts";
import { type BenchNetwork, call, heightOf, startNetwork } from "./network.ts";
import { quantile, type Row, report } from "./report.ts";

/**
 * What a model that takes about 60 ms does to the interval of blocks, when two jobs a second ask for it: four validators, a block every 200 ms
 * whether anything waits or not, first without jobs, then with attested, then with inline ones.
 */
const SECONDS = Number(process.env.SECONDS ?? 20);
const JOBS_PER_SECOND = 2;
const RUN_MS = 60;
const INTERVAL_MS = 200n;
const NAME = "heavy";

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Milliseconds of a run of so many layers at best, in an engine that has nothing else to do: whatever else the machine does only adds to it. */
async function runTime(layers: number): Promise<number> {
  const bytes = heavyModel(layers);
  const engine = createEngine({ processes: 1 });
  const data = new Uint8Array(new Float32Array(HEAVY_SHAPE[0]).fill(0.25).buffer);
  const times: number[] = [];
  try {
    for (let i = 0; i < 20; i++) {
      const from = performance.now();
      const result = await engine.run({
        modelRoot: sha256(bytes),
        modelBytes: () => Promise.resolve(bytes),
        spec: {
          inputs: [{ name: "x", dtype: 1, shape: HEAVY_SHAPE }],
          outputs: [{ name: "y", dtype: 1, shape: HEAVY_SHAPE }],
        },
        inputs: [{ dtype: 1, shape: [...HEAVY_SHAPE], data }],
        timeoutMs: 60_000,
        priority: "high",
      });
      if (result.kind !== "ok") throw new Error(JSON.stringify(result));
      times.push(performance.now() - from);
    }
  } finally {
    await engine.close();
  }
  return Math.min(...times);
}

let drawn = 0;
function nextInput() {
  drawn++;
  return {
    dtype: "float32" as const,
    shape: [...HEAVY_SHAPE],
    data: Array.from({ length: HEAVY_SHAPE[0] }, (_, i) => ((i + drawn) % 97) / 97),
  };
}

/** Two a second in turn by several accounts, sent whether those before have been answered or not. @returns how many were, in this lane. */
async function ask(clients: readonly AssayClient[], lane: "inline" | "attested", until: number): Promise<number> {
  const answers: Promise<boolean>[] = [];
  for (let next = performance.now(); next < until; next += 1000 / JOBS_PER_SECOND) {
    await pause(Math.max(0, next - performance.now()));
    const client = clients[answers.length % clients.length];
    const answer = client?.infer(NAME, { x: nextInput() }, { lane }).catch(() => undefined);
    answers.push(Promise.resolve(answer).then((found) => found?.status === "FINAL" && found.lane === lane));
  }
  return (await Promise.all(answers)).filter((isFinal) => isFinal).length;
}

interface Headers {
  readonly block_metas: readonly { readonly header: { readonly height: string; readonly time: string } }[];
}

/** By the headers' own times, milliseconds. */
async function intervals(rpc: string, from: number, to: number): Promise<number[]> {
  const times: number[] = [];
  for (let low = from; low <= to; low += 20) {
    const params = { minHeight: String(low), maxHeight: String(Math.min(to, low + 19)) };
    const { block_metas: metas } = await call<Headers>(rpc, "blockchain", params);
    times.push(...metas.map(({ header }) => Date.parse(header.time)).sort((a, b) => a - b));
  }
  return times.slice(1).map((time, i) => time - (times[i] ?? time));
}

async function measure(bench: BenchNetwork, name: string, work: (until: number) => Promise<number>): Promise<Row[]> {
  const first = await heightOf(bench.rpc);
  const answered = await work(performance.now() + SECONDS * 1000);
  const found = await intervals(bench.rpc, first, await heightOf(bench.rpc));
  return [
    { name: `block interval ${name}, median`, value: quantile(found, 0.5), unit: "ms" },
    { name: `block interval ${name}, p99`, value: quantile(found, 0.99), unit: "ms" },
    ...(answered === 0 ? [] : [{ name: `jobs final ${name}`, value: answered / SECONDS, unit: "/s" }]),
  ];
}

const perLayer = (await runTime(8)) / 8;
const layers = Math.max(1, Math.round(RUN_MS / perLayer));
const rows: Row[] = [{ name: "a run, alone", value: await runTime(layers), unit: "ms", aim: `about ${RUN_MS}` }];
const folder = mkdtempSync(join(tmpdir(), "assay-bench-model-"));
const bench = await startNetwork({
  "consensus.blockInterval": INTERVAL_MS,
  "consensus.emptyBlockInterval": INTERVAL_MS,
});
try {
  await bench.reach(1);
  const path = join(folder, "heavy.onnx");
  writeFileSync(path, heavyModel(layers));
  const said = {
    name: NAME,
    version: "1",
    fee: "5000",
    royaltyPpm: 0,
    licence: "",
    inline: true,
    tier: 0,
    reveal: "committed" as const,
    class: "canonical" as const,
    absoluteTolerance: 0,
    relativeTolerance: 0,
  };
  const file = await prepareModel(path, { ...said, shapes: [], probeFiles: [] });
  const clients = await Promise.all(
    bench.network.accounts.slice(1).map(async ({ privateKey }) => {
      const wallet = await DirectSecp256k1Wallet.fromKey(privateKey, bench.network.prefix);
      return connectAssay(bench.rpc, wallet);
    }),
  );
  const [client] = clients;
  if (client === undefined) throw new Error("a local network has accounts");
  const { signal } = new AbortController();
  const { model, verdicts } = await registerAndAdmit(client, bench.rpc, file, {
    maxDeposit: MAX_DEPOSIT,
    timeoutMs: 120_000,
    signal,
  });
  if (model.status !== "ACTIVE") throw new Error(`${NAME}: ${model.failure} ${JSON.stringify(verdicts)}`);
  await client.infer(NAME, { x: nextInput() }, { lane: "attested" });
  const idle = async (until: number): Promise<number> => {
    await pause(until - performance.now());
    return 0;
  };
  rows.push(...(await measure(bench, "without jobs", idle)));
  for (const lane of ["attested", "inline"] as const) {
    rows.push(...(await measure(bench, `with two ${lane} jobs a second`, (until) => ask(clients, lane, until))));
  }
  for (const one of clients) one.disconnect();
} finally {
  await bench.stop();
  rmSync(folder, { recursive: true, force: true });
}
report("inference-interval", rows);
