import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_FLAGS } from "../bin/node-flags.mjs";
import { modules } from "../modules/registry.ts";
import { type LocalNetwork, localPorts, makeLocalNetwork } from "../node/local-network.ts";

export interface BenchNetwork {
  readonly network: LocalNetwork;
  /** RPC of the first node. */
  readonly rpc: string;
  /** Resolves when the first node has the height. */
  reach(height: number): Promise<void>;
  /** Resident memory of each node's own process, MiB, without its engine. */
  memory(): Promise<number[]>;
  /** Processor time of each node's own process since it began, seconds. */
  processorTime(): Promise<number[]>;
  stop(): Promise<void>;
}

const MAIN = join(import.meta.dirname, "../node/cli/main.ts");
const PORT_OFFSET = 3000;

const agent = new Agent({ keepAlive: true });

/** PERF: `fetch` costs three times as much of a processor that the nodes want too. */
function post(url: string, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: "POST", agent, headers: { "content-length": Buffer.byteLength(body) } });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => void parts.push(part));
      response.on("error", reject);
      response.on("end", () => resolve(Buffer.concat(parts).toString()));
    });
    sent.end(body);
  });
}

export async function call<T>(rpc: string, method: string, params: Readonly<Record<string, unknown>> = {}): Promise<T> {
  const text = await post(rpc, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  const answer = JSON.parse(text) as { result?: T; error?: unknown };
  if (answer.result === undefined) throw new Error(`${method}: ${JSON.stringify(answer.error)}`);
  return answer.result;
}

export const heightOf = async (rpc: string): Promise<number> => {
  const status = await call<{ sync_info: { latest_block_height: string } }>(rpc, "status");
  return Number(status.sync_info.latest_block_height);
};

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => (child.exitCode === null ? child.once("exit", () => resolve()) : resolve()));
}

/** A folder named by PROFILE is where each node leaves a profile of its processor time. */
const PROFILER = process.env.PROFILE === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", process.env.PROFILE];

/** Validators, each its own process, in a folder that is removed afterwards. */
export async function startNetwork(params: Readonly<Record<string, bigint>>, validators = 4): Promise<BenchNetwork> {
  const dir = mkdtempSync(join(tmpdir(), "assay-bench-"));
  const ports = (index: number) => localPorts(index, PORT_OFFSET);
  const network = await makeLocalNetwork({ dir, modules, ports, params, validators });
  const children = network.nodes.map(({ home, log }) => {
    const out = openSync(log, "a");
    return spawn(process.execPath, [...NODE_FLAGS, ...PROFILER, MAIN, "start", "--home", home], {
      stdio: ["ignore", out, out],
    });
  });
  const rpc = network.nodes[0]?.rpc ?? "";
  const metric = (name: string): Promise<number[]> =>
    Promise.all(
      network.nodes.map(async ({ ports: { metrics } }) => {
        const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
        return Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1]);
      }),
    );
  return {
    network,
    rpc,
    async reach(height) {
      for (;;) {
        const now = await heightOf(rpc).catch(() => 0);
        if (now >= height) return;
        if (children.some((child) => child.exitCode !== null)) throw new Error(`a node ended; see ${dir}`);
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
    memory: async () => (await metric("process_resident_memory_bytes")).map((bytes) => bytes / 1_048_576),
    processorTime: () => metric("process_cpu_seconds_total"),
    async stop() {
      for (const child of children) child.kill("SIGINT");
      await Promise.all(children.map(ended));
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
