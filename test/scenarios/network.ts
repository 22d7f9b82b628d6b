import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { afterAll, beforeAll, beforeEach } from "vitest";
import { NODE_FLAGS } from "../../bin/node-flags.mjs";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { consensusAddress } from "../../chain/crypto/hash.ts";
import { type AssayClient, connectAssay } from "../../client/assay-client.ts";
import { modules } from "../../modules/registry.ts";
import { decodeAnyAddress } from "../../node/cli/addresses.ts";
import { checkPorts } from "../../node/cli/localnet/ports.ts";
import type { NodeConfig } from "../../node/config.ts";
import { homePaths, readConfig, writeJson } from "../../node/home.ts";
import { loadAccountKey } from "../../node/keys/account-key.ts";
import { type LocalNetwork, type LocalNode, localPorts, makeLocalNetwork } from "../../node/local-network.ts";
import type { Behaviour } from "./byzantine-node.ts";
import { type Links, linkNodes } from "./links.ts";
import { type Registration, register } from "./models.ts";
import { linkByNamespaces } from "./namespaces.ts";
import { descendants, type ProcessInfo } from "./processes.ts";
import { blockEvents, type ChainEvent, heightOf, rootsAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

type SettingsChange = (config: NodeConfig) => NodeConfig;

export interface NetworkOptions {
  /** Shifts all ports, so that every file has its own; below the ports that systems hand out by themselves. */
  readonly offset: number;
  /** 4 if not given. */
  readonly validators?: number;
  /** Parameters that differ from a local network's. */
  readonly params?: Readonly<Record<string, bigint>>;
  /** In base units, of each validator; a million ASSAY if not given. */
  readonly stakes?: readonly bigint[];
  /** Whether connections between nodes go through links that can be cut: proxies, or where packets are truly lost. */
  readonly links?: boolean | "namespaces";
  /** Node number and by how many milliseconds its clock is ahead. */
  readonly skew?: Readonly<Record<number, number>>;
  /** Nodes that are not started with the others. */
  readonly late?: readonly number[];
  /** Settings of all nodes that differ from a local network's. */
  readonly config?: SettingsChange;
  /** Node number and how it breaks the rules. */
  readonly byzantine?: Readonly<Record<number, Behaviour>>;
}

/** A validator, by the names it has in transactions, queries and commits. */
export interface ValidatorNames {
  /** `assay1…` */
  readonly account: string;
  /** `assayvaloper1…` */
  readonly operator: string;
  /** Consensus address, 40 upper-case hex digits. */
  readonly consensus: string;
}

type Signal = "SIGKILL" | "SIGINT" | "SIGTERM";

/** Validators, each its own process, on loopback. Nodes are numbered from 0. */
export interface TestNetwork {
  readonly local: LocalNetwork;
  rpc(i: number): string;
  validator(i: number): ValidatorNames;
  /** Starts a node and returns at once; `waitForHeight` says when it is up. It misbehaves as the options say, or not any more. */
  start(i: number, how?: "honest" | { readonly failpoint: string }): void;
  /** Starts a node that does not run with a later build, which knows the upgrade of that name; so does each later start of it. */
  upgrade(i: number, build: { readonly version: string }): void;
  /** Changes the settings of a node that does not run. */
  configure(i: number, change: SettingsChange): void;
  /** Resolves with the exit code, or the signal's name. */
  kill(i: number, signal: Signal): Promise<number | string>;
  /** Resolves with the same when a node ends by itself, as it is meant to. */
  end(i: number): Promise<number | string>;
  /** Stops a node's process from running until it is thawed; its connections stay open. */
  freeze(i: number): void;
  thaw(i: number): void;
  /** Nothing gets through between a node and any other, and nobody is told. */
  isolate(i: number): void;
  /** What was held up goes on. */
  reconnect(i: number): void;
  /** Between two nodes alone. */
  cut(i: number, j: number): void;
  mend(i: number, j: number): void;
  /** What a node's process has started: its engine. */
  children(i: number): ProcessInfo[];
  height(i: number): Promise<number>;
  waitForHeight(i: number, height: number): Promise<void>;
  /** Block ids and state roots of heights `from` to `to`, as node i tells them. */
  roots(i: number, from: number, to: number): Promise<{ blockId: string; stateRoot: string }[]>;
  /** Waits for an event that blocks from `from` on report, as node i tells them. */
  event(i: number, from: number, what: string, wanted: (event: ChainEvent) => boolean): Promise<ChainEvent>;
  /** All events of blocks `from` to `to` that are wanted. */
  events(i: number, from: number, to: number, wanted: (event: ChainEvent) => boolean): Promise<ChainEvent[]>;
  /** Development account n, connected to node i. */
  client(n: number, i?: number): Promise<AssayClient>;
  /** The account that operates validator i, connected to node 0. */
  operatorClient(i: number): Promise<AssayClient>;
  /** Registers a model in the name of a client, uploads it to node 0, and waits until it is admitted. */
  admit(client: AssayClient, model: Registration): Promise<void>;
  /** All that a node has logged. */
  log(i: number): string;
  /** The last lines of every node's log. */
  logs(): string;
}

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const BYZANTINE = join(import.meta.dirname, "byzantine-node.ts");
const UPGRADED = join(import.meta.dirname, "upgraded-node.ts");
const LOG_LINES = 15;
const STOP_MS = 10_000;

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;
}

/** Another clock, without a switch for it in the node: what is imported first moves the only clock that nodes read. */
function clockAhead(ms: number): readonly string[] {
  return ms === 0 ? [] : ["--import", `data:text/javascript,const now=Date.now;Date.now=()=>now()+(${ms})`];
}

function commandLine(home: string, behaviour: Behaviour | undefined, version: string | undefined): readonly string[] {
  if (behaviour !== undefined) return [BYZANTINE, home, behaviour];
  return version === undefined ? [MAIN, "start", "--home", home] : [UPGRADED, home, version];
}

function launch(
  node: LocalNode,
  prefix: readonly string[],
  command: readonly string[],
  skewMs: number,
  failpoint?: string,
): Running {
  const log = openSync(node.log, "a");
  // Over the IPC channel the node learns when this process is gone, so that none is left behind whatever happens here.
  const line = [...prefix, process.execPath, ...NODE_FLAGS, ...clockAhead(skewMs), ...command];
  const child = spawn(line[0] ?? "", line.slice(1), {
    stdio: ["ignore", log, log, "ipc"],
    ...(failpoint === undefined ? {} : { env: { ...process.env, ASSAY_FAILPOINT: failpoint } }),
  });
  closeSync(log);
  const ended = new Promise<number | string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? code ?? 1));
  });
  return { child, ended };
}

async function stop({ child, ended }: Running): Promise<void> {
  child.kill("SIGCONT");
  child.kill("SIGINT");
  const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(timer);
}

interface GenesisJson {
  readonly modules: { readonly staking: { readonly validators: { operator: string; identityKey: string }[] } };
}

function namesOf(local: LocalNetwork): ValidatorNames[] {
  const [first] = local.nodes;
  if (first === undefined) throw new Error("a network without nodes");
  const genesis = JSON.parse(readFileSync(homePaths(first.home).genesis, "utf8")) as GenesisJson;
  return genesis.modules.staking.validators.map(({ operator, identityKey }) => ({
    account: operator,
    operator: encodeAddress(`${local.prefix}valoper`, decodeAnyAddress(operator)),
    consensus: Buffer.from(consensusAddress(Buffer.from(identityKey, "base64")))
      .toString("hex")
      .toUpperCase(),
  }));
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from + 1 }, (_, step) => from + step);
}

function lastLines(path: string): string {
  if (!existsSync(path)) return "(no log)";
  return readFileSync(path, "utf8").trimEnd().split("\n").slice(-LOG_LINES).join("\n");
}

/**
 * A network for the tests of a `describe` block or a file: made and started before them, with all its processes ended and
 * its folder removed after them. When one fails, the ends of the logs are shown.
 */
export function useNetwork(options: NetworkOptions): TestNetwork {
  const { offset, validators = 4, params = {}, byzantine = {}, late = [] } = options;
  let made: { readonly local: LocalNetwork; readonly names: ValidatorNames[] } | undefined;
  const running = new Map<number, Running>();
  /** Nodes that have ended by themselves, and how. */
  const crashed = new Map<number, string | number>();
  /** Builds other than this one, by node. */
  const versions = new Map<number, string>();
  const clients: AssayClient[] = [];
  let links: Links | undefined;

  const current = () => {
    if (made === undefined) throw new Error("the network is made before the tests, not while they are collected");
    return made;
  };
  const at = <T>(list: readonly T[], i: number): T => {
    const found = list[i];
    if (found === undefined) throw new Error(`there is no node ${i}`);
    return found;
  };
  const rpc = (i: number): string => {
    const { rpc: loopback } = at(current().local.nodes, i);
    return links?.host === undefined ? loopback : loopback.replace("127.0.0.1", links.host(i));
  };
  const take = (i: number): Running => {
    const one = running.get(i);
    if (one === undefined) throw new Error(`node ${i} does not run`);
    return one;
  };
  const others = (i: number): number[] => [...current().local.nodes.keys()].filter((j) => j !== i);
  const linked = (): Links => {
    if (links === undefined) throw new Error("the network was made without links");
    return links;
  };
  const giveUp = () => {
    const [first] = crashed;
    if (first !== undefined) throw new Error(`node ${first[0]} ended by itself (${first[1]})`);
  };

  async function connected(privateKey: Uint8Array, i: number): Promise<AssayClient> {
    const wallet = await DirectSecp256k1Wallet.fromKey(privateKey, current().local.prefix);
    const client = await connectAssay(rpc(i), wallet);
    clients.push(client);
    return client;
  }

  const network: TestNetwork = {
    get local() {
      return current().local;
    },
    rpc,
    validator: (i) => at(current().names, i),
    start(i, how) {
      if (running.has(i)) throw new Error(`node ${i} runs already`);
      const one = launch(
        at(current().local.nodes, i),
        links?.command?.(i) ?? [],
        commandLine(at(current().local.nodes, i).home, how === "honest" ? undefined : byzantine[i], versions.get(i)),
        options.skew?.[i] ?? 0,
        typeof how === "object" ? how.failpoint : undefined,
      );
      running.set(i, one);
      void one.ended.then((reason) => {
        if (running.get(i) === one) crashed.set(i, reason);
      });
    },
    upgrade(i, { version }) {
      versions.set(i, version);
      network.start(i);
    },
    configure(i, change) {
      const { config } = homePaths(at(current().local.nodes, i).home);
      writeJson(config, change(readConfig(config)));
    },
    kill(i, signal) {
      const { child, ended } = take(i);
      running.delete(i);
      child.kill(signal);
      return ended;
    },
    async end(i) {
      const { child } = take(i);
      const reason = await eventually(
        `the end of node ${i}`,
        async () => child.signalCode ?? child.exitCode ?? undefined,
      );
      running.delete(i);
      crashed.delete(i);
      return reason;
    },
    freeze: (i) => void take(i).child.kill("SIGSTOP"),
    thaw: (i) => void take(i).child.kill("SIGCONT"),
    isolate(i) {
      for (const j of others(i)) network.cut(i, j);
    },
    reconnect(i) {
      for (const j of others(i)) network.mend(i, j);
    },
    cut: (i, j) => linked().cut(i, j),
    mend: (i, j) => linked().mend(i, j),
    children(i) {
      const pid = running.get(i)?.child.pid;
      return pid === undefined ? [] : descendants(pid);
    },
    height: (i) => heightOf(rpc(i)),
    async waitForHeight(i, height) {
      const reached = async () => ((await heightOf(rpc(i))) >= height ? true : undefined);
      await eventually(`height ${height} on node ${i}`, reached, { giveUp });
    },
    roots: (i, from, to) => Promise.all(range(from, to).map((height) => rootsAt(rpc(i), height))),
    async events(i, from, to, wanted) {
      const all = await Promise.all(range(from, to).map((height) => blockEvents(rpc(i), height)));
      return all.flat().filter(wanted);
    },
    async event(i, from, what, wanted) {
      let next = from;
      const look = async () => {
        for (const tip = await heightOf(rpc(i)); next <= tip; next++) {
          const found = (await blockEvents(rpc(i), next)).find(wanted);
          if (found !== undefined) return found;
        }
        return undefined;
      };
      return eventually(what, look, { giveUp });
    },
    client: (n, i = 0) => connected(at(current().local.accounts, n).privateKey, i),
    async operatorClient(i) {
      const { home } = at(current().local.nodes, i);
      return connected((await loadAccountKey(homePaths(home).operatorKey)).privateKey, 0);
    },
    async admit(client, model) {
      const { status, failure } = await register(client, rpc(0), model);
      if (status !== "ACTIVE") throw new Error(`${model.manifest.name} is ${status}: ${failure}`);
    },
    log: (i) => readFileSync(at(current().local.nodes, i).log, "utf8"),
    logs: () =>
      current()
        .local.nodes.map(({ moniker, log }) => `── ${moniker}\n${lastLines(log)}`)
        .join("\n"),
  };

  async function stopAll(): Promise<void> {
    for (const client of clients.splice(0)) client.disconnect();
    const all = [...running.values()];
    running.clear();
    await Promise.all(all.map(stop));
    await links?.close();
    if (made !== undefined) rmSync(made.local.dir, { recursive: true, force: true });
  }

  beforeAll(async () => {
    const dir = mkdtempSync(join(tmpdir(), "assay-scenario-"));
    const local = await makeLocalNetwork({
      dir,
      modules,
      validators,
      params,
      ports: (i) => localPorts(i, offset),
      ...(options.stakes === undefined ? {} : { stakes: options.stakes }),
    });
    made = { local, names: namesOf(local) };
    // Whatever answers there would be taken for one of ours.
    await checkPorts(local.nodes);
    if (options.config !== undefined) for (const i of local.nodes.keys()) network.configure(i, options.config);
    try {
      if (options.links === true) links = await linkNodes(local.nodes);
      if (options.links === "namespaces") links = linkByNamespaces(local.nodes);
      const first = [...local.nodes.keys()].filter((i) => !late.includes(i));
      for (const i of first) network.start(i);
      for (const i of first) await network.waitForHeight(i, 1);
    } catch (error) {
      throw new Error(`the network did not start\n${network.logs()}`, { cause: error });
    }
  });
  beforeEach(({ onTestFailed }) => onTestFailed(() => console.error(network.logs())));
  afterAll(stopAll);
  return network;
}
