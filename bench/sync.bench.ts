import { spawn } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { NODE_FLAGS } from "../bin/node-flags.mjs";
import "../node/ssz-hasher.ts";
import { toHex } from "../chain/bytes.ts";
import { makeCommit } from "../chain/commit.ts";
import { type BlsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { Body, CertifiedBlock } from "../chain/types/block.ts";
import { BLOCK_VERSION, Header } from "../chain/types/header.ts";
import { ValidatorSet } from "../chain/types/validator.ts";
import { PRECOMMIT } from "../chain/types/vote.ts";
import { voteRoot } from "../chain/vote-signing.ts";
import type { Genesis } from "../genesis/document.ts";
import { defaultConfig } from "../node/config.ts";
import { homePaths, writeJson } from "../node/home.ts";
import { createNodeKey, loadNodeKey } from "../node/keys/node-keys.ts";
import type { LocalNetwork } from "../node/local-network.ts";
import { snapshotHandlers } from "../node/snapshots/serve.ts";
import { makeSnapshot } from "../node/snapshots/snapshot-maker.ts";
import { openSnapshotStore } from "../node/snapshots/snapshot-store.ts";
import { BlocksRequest, BlocksResponse, StatusResponse } from "../node/wire.ts";
import { createNetwork } from "../p2p/network.ts";
import { type PerProtocol, PROTOCOL_NAMES } from "../p2p/protocols.ts";
import type { RequestHandler } from "../p2p/request-server.ts";
import type { TopicHandler } from "../p2p/topic-queue.ts";
import { type PerTopic, TOPIC_NAMES } from "../p2p/topics.ts";
import { openLevelStore } from "../state/level-store.ts";
import { type Row, report } from "./report.ts";
import { makeBlocks, makeNetwork, makeState } from "./sync-chain.ts";

/** A new node in a process of its own that begins from one peer in this one, over loopback: by blocks, and by a snapshot. */
const BLOCKS = 3000;
const ACCOUNTS = Number(process.env.ACCOUNTS ?? 1_000_000);
const STATE_HEIGHT = 1000;

const nothing: RequestHandler = () => Promise.resolve(undefined);
const MUTE = Object.fromEntries(PROTOCOL_NAMES.map((name) => [name, nothing])) as PerProtocol<RequestHandler>;
const DEAF = Object.fromEntries(
  TOPIC_NAMES.map((name): [string, TopicHandler] => [name, () => "ignore"]),
) as PerTopic<TopicHandler>;

interface Outcome {
  readonly seconds: number;
  /** Of all threads: what counts where others use the machine, too. */
  readonly cpuSeconds: number;
  readonly rssMiB: number;
}

async function serve(genesis: Genesis, home: string, protocols: Partial<PerProtocol<RequestHandler>>) {
  const network = await createNetwork({
    seed: loadNodeKey(homePaths(home).nodeKey).seed,
    listen: "/ip4/127.0.0.1/tcp/0",
    peers: [],
    genesisRoot: genesis.spec.genesisRoot,
    handlers: DEAF,
    protocols: { ...MUTE, ...protocols },
    log: () => undefined,
    maxConnections: 8,
  });
  await network.start();
  return network;
}

function newHome(
  folder: string,
  local: LocalNetwork,
  peer: string,
  sync: { trustHeight: number; trustHash: string },
): string {
  const home = mkdtempSync(join(folder, "new-"));
  const paths = homePaths(home);
  mkdirSync(paths.keys);
  createNodeKey(paths.nodeKey);
  copyFileSync(homePaths(local.nodes[0]?.home ?? "").genesis, paths.genesis);
  const config = defaultConfig();
  writeJson(paths.config, {
    ...config,
    rpc: { ...config.rpc, port: 0 },
    metrics: { ...config.metrics, port: 0 },
    p2p: { listen: "/ip4/127.0.0.1/tcp/0", peers: [peer] },
    log: { level: "warn" },
    engine: { enabled: false },
    sync,
  });
  return home;
}

function child(mode: "blocks" | "restore", home: string, height: number): Promise<Outcome> {
  const flags = process.env.PROFILE === undefined ? [] : ["--cpu-prof", "--cpu-prof-dir", process.env.PROFILE];
  const args = [...NODE_FLAGS, ...flags, join(import.meta.dirname, "sync-child.ts"), mode, home, String(height)];
  const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  process_.stdout.on("data", (data: Buffer) => {
    output += data.toString();
  });
  return new Promise((resolve, reject) => {
    process_.once("exit", (code) => {
      if (code === 0) resolve(JSON.parse(output.trim().split("\n").at(-1) ?? "") as Outcome);
      else reject(new Error(`the new node ended with ${code}`));
    });
  });
}

async function blockSync(folder: string): Promise<Row[]> {
  const { local, genesis, keys } = await makeNetwork(folder, Date.now() - 1000 * (BLOCKS + 60));
  const blocks = await makeBlocks(genesis, keys, BLOCKS);
  const blockId = new Uint8Array(32);
  const network = await serve(genesis, local.nodes[0]?.home ?? "", {
    status: async () => StatusResponse.serialize({ height: BLOCKS, blockId, earliestHeight: 1 }),
    blocks: async (request) => {
      const { from, count } = BlocksRequest.deserialize(request);
      return BlocksResponse.serialize(blocks.slice(from - 1, from - 1 + count));
    },
  });
  const home = newHome(folder, local, network.addresses[0] ?? "", { trustHeight: 0, trustHash: "" });
  const { seconds, cpuSeconds, rssMiB } = await child("blocks", home, BLOCKS);
  await network.stop();
  return [
    { name: `blocks from one peer, ${BLOCKS} without transactions`, value: BLOCKS / seconds, unit: "/s", aim: "≥ 500" },
    { name: "blocks in a second of the new node's processor time", value: BLOCKS / cpuSeconds, unit: "/s" },
    { name: "the new node's most memory", value: rssMiB, unit: "MiB" },
  ];
}

/** The block whose state a snapshot is of, by all four validators. */
function blockOf(genesis: Genesis, keys: readonly BlsSecretKey[], stateRoot: Uint8Array) {
  const bls = createBls();
  const validators = keys.map(({ publicKey: voteKey }, i) => ({
    operator: new Uint8Array(20).fill(i),
    identityKey: new Uint8Array(32).fill(i),
    voteKey,
    power: 10n,
  }));
  const validatorsRoot = ValidatorSet.hashTreeRoot(validators);
  const body = Body.defaultValue();
  const header: Header = {
    ...Header.defaultValue(),
    version: BLOCK_VERSION,
    height: STATE_HEIGHT,
    time: Date.now(),
    bodyRoot: Body.hashTreeRoot(body),
    stateRoot,
    validatorsRoot,
    nextValidatorsRoot: validatorsRoot,
  };
  const data = { height: STATE_HEIGHT, round: 0, blockId: Header.hashTreeRoot(header) };
  const message = voteRoot(PRECOMMIT, data, genesis.spec.genesisRoot);
  const votes = keys.map((key, validatorIndex) => ({
    type: PRECOMMIT,
    ...data,
    validatorIndex,
    signature: key.sign(message),
  }));
  return { certified: { block: { header, body }, commit: makeCommit(votes, validators, bls) }, validators };
}

async function snapshotSync(folder: string): Promise<Row[]> {
  const { local, genesis, keys } = await makeNetwork(folder, Date.now());
  const path = join(folder, "state");
  const root = await makeState(path, ACCOUNTS, STATE_HEIGHT);
  const { certified, validators } = blockOf(genesis, keys, root);
  const { blockId } = certified.commit;
  const store = await openLevelStore(path, { retention: 10 });
  const snapshots = openSnapshotStore(join(folder, "snapshots"));
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const begun = performance.now();
  const busy = process.cpuUsage();
  delay.enable();
  const frozen = store.freeze();
  const { manifest } = await makeSnapshot(frozen, blockId, snapshots, new AbortController().signal);
  await frozen.release();
  delay.disable();
  const making = performance.now() - begun;
  const { user, system } = process.cpuUsage(busy);
  await store.close();
  const network = await serve(genesis, local.nodes[0]?.home ?? "", {
    ...snapshotHandlers({
      snapshots,
      certified: (height) => (height === STATE_HEIGHT ? certified : undefined),
      validators: () => validators,
      earliestHeight: () => 1,
    }),
    blocks: async () => BlocksResponse.serialize([CertifiedBlock.serialize(certified)]),
  });
  const trust = { trustHeight: STATE_HEIGHT, trustHash: toHex(blockId) };
  const outcome = await child("restore", newHome(folder, local, network.addresses[0] ?? "", trust), STATE_HEIGHT);
  await network.stop();
  return [
    { name: `making a snapshot of ${ACCOUNTS} accounts`, value: making / 1000, unit: "s" },
    { name: "its share of one core", value: (100 * (user + system)) / 1000 / making, unit: "%" },
    { name: "event loop held up while making it, p99", value: delay.percentile(99) / 1e6, unit: "ms" },
    { name: "event loop held up while making it, most", value: delay.max / 1e6, unit: "ms" },
    { name: "the snapshot", value: manifest.bytes / 1_048_576, unit: "MiB" },
    { name: `restoring it (${ACCOUNTS} accounts)`, value: outcome.seconds, unit: "s", aim: "≤ 60" },
    { name: "the new node's processor time", value: outcome.cpuSeconds, unit: "s" },
    { name: "the new node's most memory", value: outcome.rssMiB, unit: "MiB", aim: "≤ 1024" },
  ];
}

const folder = mkdtempSync(join(tmpdir(), "assay-bench-sync-"));
const wanted = process.env.PART ?? "";
try {
  const rows: Row[] = [];
  if (wanted !== "snapshot") rows.push(...(await blockSync(folder)));
  if (wanted !== "blocks") rows.push(...(await snapshotSync(folder)));
  report("sync", rows);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
