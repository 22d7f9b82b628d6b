import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NODE_FLAGS } from "../bin/node-flags.mjs";
import { sha256 } from "../chain/crypto/hash.ts";
import { localGenesis, type ValidatorSeed } from "../genesis/local-network.ts";
import { modules } from "../modules/registry.ts";
import { defaultConfig } from "../node/config.ts";
import { homePaths, writeJson } from "../node/home.ts";
import { createIdentityKey, createNodeKey, createVoteKey } from "../node/keys/node-keys.ts";
import { peerIdOfSeed } from "../node/keys/peer-id.ts";
import { crowdKey } from "./crowd.ts";
import { heightOf } from "./network.ts";
import { type Row, report } from "./report.ts";

/**
 * What one validator spends on a height without transactions, by the number of validators: a real node, all of whose peers are one process
 * (bench/crowd-child.ts). In a real network of this size each vote also comes from several neighbours, whose copies cost a hash each.
 */
const SIZES = [4, 16, 64, 128, 512, 1000];
const MAIN = join(import.meta.dirname, "../node/cli/main.ts");
const CROWD = join(import.meta.dirname, "crowd-child.ts");
const P2P_PORT = 29_650;
const RPC_PORT = 29_651;
const METRICS_PORT = 29_652;
const PROXY_PORT = 29_653;

/** Heights to warm up and to measure: fewer of the large ones, which take seconds each. */
function heightsOf(size: number): { readonly warm: number; readonly measured: number } {
  return size > 128 ? { warm: 4, measured: 16 } : { warm: 50, measured: 200 };
}

async function makeHome(home: string, size: number): Promise<string> {
  const paths = homePaths(home);
  mkdirSync(paths.data, { recursive: true });
  const node = createNodeKey(paths.nodeKey);
  const own = { identityKey: createIdentityKey(paths.identityKey), voteKey: createVoteKey(paths.voteKey) };
  const seedOf = (i: number): ValidatorSeed => {
    const identity = i === 0 ? own.identityKey : identityOf(i, home);
    const voteKey = i === 0 ? own.voteKey : crowdKey(i - 1);
    const operator = sha256(voteKey.publicKey).subarray(0, 20);
    return { moniker: `v${i}`, operator, identityKey: identity, voteKey, tokens: 1_000_000_000n };
  };
  const document = localGenesis({
    chainId: "crowd-1",
    time: Date.now(),
    modules,
    params: {
      "consensus.blockInterval": 0n,
      "consensus.emptyBlockInterval": 0n,
      "staking.maxValidators": BigInt(size),
    },
    validators: Array.from({ length: size }, (_, i) => seedOf(i)),
    balances: [],
  });
  writeJson(paths.genesis, document);
  const base = defaultConfig();
  writeJson(paths.config, {
    ...base,
    rpc: { ...base.rpc, port: RPC_PORT },
    p2p: { ...base.p2p, listen: `/ip4/127.0.0.1/tcp/${P2P_PORT}` },
    metrics: { ...base.metrics, port: METRICS_PORT },
    engine: { ...base.engine, enabled: false },
    log: { ...base.log, level: "warn" },
  });
  return `/ip4/127.0.0.1/tcp/${PROXY_PORT}/p2p/${await peerIdOfSeed(node.seed)}`;
}

function identityOf(i: number, home: string): ReturnType<typeof createIdentityKey> {
  return createIdentityKey(join(home, `identity-${i}.json`));
}

/** Counts what passes between the two. */
async function countingProxy(): Promise<{ readonly bytes: { in: number; out: number }; close(): void }> {
  const bytes = { in: 0, out: 0 };
  const server = createServer((near) => {
    const far = dial(P2P_PORT, "127.0.0.1");
    near.on("data", (data) => (bytes.in += data.length)).pipe(far);
    far.on("data", (data) => (bytes.out += data.length)).pipe(near);
    near.on("error", () => far.destroy());
    far.on("error", () => near.destroy());
  });
  await new Promise<void>((resolve) => server.listen(PROXY_PORT, "127.0.0.1", resolve));
  return { bytes, close: () => server.close() };
}

interface Reading {
  readonly cpuMs: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
}

async function read(): Promise<Reading> {
  const text = await (await fetch(`http://127.0.0.1:${METRICS_PORT}/metrics`)).text();
  const sum = (name: string): number =>
    [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)`, "gm"))].reduce((total, [, v]) => total + Number(v), 0);
  return {
    cpuMs: sum("process_cpu_seconds_total") * 1000,
    messagesIn: sum("assay_p2p_gossip_in_total"),
    messagesOut: sum("assay_p2p_gossip_out_total"),
  };
}

async function reach(height: number, children: readonly ChildProcess[]): Promise<void> {
  for (;;) {
    const now = await heightOf(`http://127.0.0.1:${RPC_PORT}`).catch(() => 0);
    if (now >= height) return;
    if (children.some(({ exitCode }) => exitCode !== null && exitCode !== 0)) throw new Error("a process ended");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function measure(size: number): Promise<Row[]> {
  const home = mkdtempSync(join(tmpdir(), "assay-load-"));
  const address = await makeHome(home, size);
  const { warm, measured } = heightsOf(size);
  const proxy = await countingProxy();
  const log = openSync(join(home, "node.log"), "a");
  const start = (file: string, ...args: string[]): ChildProcess =>
    spawn(process.execPath, [...NODE_FLAGS, file, ...args], { stdio: ["ignore", log, log] });
  const node = start(MAIN, "start", "--home", home);
  const crowd = start(CROWD, home, address, String(size - 1), String(warm + measured + 20));
  try {
    await reach(warm, [node, crowd]);
    const from = await heightOf(`http://127.0.0.1:${RPC_PORT}`);
    const [before, bytesBefore] = [await read(), { ...proxy.bytes }];
    await reach(from + measured, [node, crowd]);
    const heights = (await heightOf(`http://127.0.0.1:${RPC_PORT}`)) - from;
    const after = await read();
    const of = `${size} validators, per height:`;
    return [
      { name: `${of} processor time`, value: (after.cpuMs - before.cpuMs) / heights, unit: "ms" },
      { name: `${of} messages in`, value: (after.messagesIn - before.messagesIn) / heights, unit: "" },
      { name: `${of} messages out`, value: (after.messagesOut - before.messagesOut) / heights, unit: "" },
      { name: `${of} bytes in`, value: (proxy.bytes.in - bytesBefore.in) / heights, unit: "bytes" },
      { name: `${of} bytes out`, value: (proxy.bytes.out - bytesBefore.out) / heights, unit: "bytes" },
    ];
  } finally {
    node.kill("SIGINT");
    crowd.kill("SIGKILL");
    await new Promise((resolve) => (node.exitCode === null ? node.once("exit", resolve) : resolve(0)));
    proxy.close();
    rmSync(home, { recursive: true, force: true });
  }
}

const rows: Row[] = [];
for (const size of SIZES) rows.push(...(await measure(size)));
report("load", rows);
