import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { superviseNodes } from "../../node/cli/localnet/supervisor.ts";
import { type LocalNetwork, makeLocalNetwork, type NodePorts } from "../../node/local-network.ts";
import { testModules } from "../genesis/modules.ts";
import { type Child, freePorts, runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function portsFor(count: number): Promise<NodePorts[]> {
  const ports = await freePorts(count * 3);
  return Array.from({ length: count }, (_, i) => {
    return { rpc: ports[3 * i] ?? 0, p2p: ports[3 * i + 1] ?? 0, metrics: ports[3 * i + 2] ?? 0 };
  });
}

function up(dir: string, ports: readonly NodePorts[], fault = "", limitMs = 60_000): Child {
  return runNode([join(import.meta.dirname, "localnet-runner.ts"), dir, JSON.stringify(ports), fault, String(limitMs)]);
}

function pidsOf(dir: string, count: number): number[] {
  return Array.from({ length: count }, (_, i) => {
    return Number(/pid (\d+)\n$/.exec(readFileSync(join(dir, `node${i}`, "node.log"), "utf8"))?.[1]);
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    // An orphan that nobody has asked for its exit code yet is a zombie.
    const stat = `/proc/${pid}/stat`;
    return !existsSync(stat) || !/\) Z /.test(readFileSync(stat, "utf8"));
  } catch {
    return false; // No such process.
  }
}

async function untilGone(pids: readonly number[]): Promise<void> {
  while (pids.some(isAlive)) await sleep(20);
}

test("starts, announces itself, keeps others out, and stops every node at one signal", async () => {
  const dir = temporaryFolder();
  const ports = await portsFor(2);
  const child = up(dir, ports);
  await child.until("ready: 2 validators");
  const lines = child.output().split("\n");
  expect(lines.filter((line) => line.includes("ready"))).toHaveLength(1);
  expect(child.output()).toMatch(/prepared assaylocal[a-z]{6}-1\nready:/);
  expect(child.output()).toContain("(0) assay15yk64u7zc9g9k2yr2wmzeva5qgwxps6y6kakhv  1000000 ASSAY");
  expect(child.output()).toContain("test test test test test test test test test test test junk");
  expect(child.output()).toContain(`RPC http://127.0.0.1:${ports[1]?.rpc}`);
  expect(child.output()).toContain("0.025uassay");

  const second = up(dir, await portsFor(2));
  expect(await second.ended).toBe(1);
  expect(second.output()).toBe(
    `assay: the network in ${dir} is run by process ${child.process.pid} already (if it is not, delete ${join(dir, "lock")})\n`,
  );

  const pids = pidsOf(dir, 2);
  expect(pids.map(isAlive)).toEqual([true, true]);
  child.process.kill("SIGINT");
  child.process.kill("SIGINT"); // As when a terminal and the process in front both send it.
  expect(await child.ended).toBe(0);
  expect(child.output()).toContain("all nodes stopped");
  expect(pids.map(isAlive)).toEqual([false, false]);
  expect(existsSync(join(dir, "lock"))).toBe(false);
});

test("a node that dies stops the network, with its log's path in one line", async () => {
  const dir = temporaryFolder();
  const child = up(dir, (await portsFor(2)).reverse(), "dies");
  await child.until("Nodes");
  const ports = JSON.parse(readFileSync(join(dir, "node1", "config.json"), "utf8")) as { rpc: { port: number } };
  // Its first question kills it.
  const ask = async () => fetch(`http://127.0.0.1:${ports.rpc.port}/status`).catch(() => undefined);
  while (isAlive(child.process.pid ?? 0) && child.process.exitCode === null) {
    await ask();
    await sleep(20);
  }
  expect(await child.ended).toBe(1);
  expect(child.output()).toContain(
    `assay: node1 ended unexpectedly (exit code 3), so the network stops: see ${join(dir, "node1", "node.log")}`,
  );
  await untilGone([pidsOf(dir, 2)[0] ?? 0]);
});

test("no node outlives a network process that is killed, and its lock is taken over", async () => {
  const dir = temporaryFolder();
  const ports = await portsFor(2);
  const child = up(dir, ports);
  await child.until("ready");
  const pids = pidsOf(dir, 2);
  child.process.kill("SIGKILL");
  expect(await child.ended).toBe("SIGKILL");
  await untilGone(pids);
  const chainId = /assaylocal\w+-1/.exec(child.output())?.[0];

  const next = up(dir, ports);
  await next.until("ready");
  expect(next.output()).toContain("(resumed)");
  expect(next.output()).toContain(`Chain id   ${chainId}`);
  next.process.kill("SIGTERM");
  expect(await next.ended).toBe(0);
});

test("a first block that does not come is an error, and a stop before it is none", async () => {
  const ports = await portsFor(1);
  const slow = up(temporaryFolder(), ports, "mute", 500);
  const stopped = up(temporaryFolder(), await portsFor(1), "mute");
  await stopped.until("Logs");
  stopped.process.kill("SIGINT");
  expect(await stopped.ended).toBe(0);
  expect(stopped.output()).not.toContain("ready");
  expect(await slow.ended).toBe(1);
  expect(slow.output()).toContain(
    `assay: http://127.0.0.1:${ports[0]?.rpc} does not answer after 0.5 s: see the nodes' logs`,
  );
});

test("a port in use is one line, and nothing is started", async () => {
  const dir = temporaryFolder();
  const ports = await portsFor(2);
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(ports[1]?.metrics, "127.0.0.1", resolve));
  const child = up(dir, ports);
  expect(await child.ended).toBe(1);
  expect(child.output()).toBe(
    `assay: port ${ports[1]?.metrics} (metrics of node1) is in use: stop what uses it, or shift all ports with --port-offset\n`,
  );
  expect(existsSync(join(dir, "node0", "node.log"))).toBe(false);
  server.close();
});

test("a node that does not listen to SIGINT is killed and named", async () => {
  const network = await makeLocalNetwork({
    dir: temporaryFolder(),
    modules: testModules(),
    validators: 1,
    ports: () => ({ rpc: 0, p2p: 0, metrics: 0 }),
  });
  const [node] = network.nodes;
  if (node === undefined) throw new Error("no node");
  const supervisor = superviseNodes(
    [node],
    ({ home }) => [join(import.meta.dirname, "fake-node.ts"), home, "stubborn"],
    100,
  );
  while (!/pid \d+\n/.test(readFileSync(node.log, "utf8"))) await sleep(20);
  expect(await supervisor.stop()).toEqual([node]);
  expect(await supervisor.died).toEqual({ node, reason: "signal SIGKILL" });
});

const chainIdOf = (network: LocalNetwork) => network.chainId;
const genesisOf = (network: LocalNetwork, i: number) =>
  readFileSync(join(network.nodes[i]?.home ?? "", "genesis.json"), "utf8");

test("the maker makes whole homes, takes them up again, and makes fresh ones", async () => {
  const dir = temporaryFolder();
  const modules = testModules();
  const made = await makeLocalNetwork({ dir, modules, validators: 3 });
  expect(made.created).toBe(true);
  expect(made.nodes.map((node) => node.ports)).toEqual([
    { rpc: 26657, p2p: 26656, metrics: 26660 },
    { rpc: 26667, p2p: 26666, metrics: 26670 },
    { rpc: 26677, p2p: 26676, metrics: 26680 },
  ]);
  expect(made.accounts).toHaveLength(10);
  expect(genesisOf(made, 1)).toBe(genesisOf(made, 0));
  const config = JSON.parse(readFileSync(join(dir, "node1", "config.json"), "utf8")) as { p2p: { peers: string[] } };
  expect(config.p2p.peers.map((peer) => peer.split("/p2p/")[0])).toEqual([
    "/ip4/127.0.0.1/tcp/26656",
    "/ip4/127.0.0.1/tcp/26676",
  ]);

  const again = await makeLocalNetwork({ dir, modules });
  expect([again.created, chainIdOf(again), again.nodes.length]).toEqual([false, chainIdOf(made), 3]);
  await expect(makeLocalNetwork({ dir, modules, validators: 4 })).rejects.toThrow("has 3 validators, not 4");

  writeFileSync(join(dir, "notes.txt"), "mine");
  const fresh = await makeLocalNetwork({ dir, modules, validators: 1, fresh: true });
  expect([fresh.created, fresh.nodes.length]).toEqual([true, 1]);
  expect(chainIdOf(fresh)).not.toBe(chainIdOf(made));
  expect([existsSync(join(dir, "node1")), existsSync(join(dir, "notes.txt"))]).toEqual([false, true]);
});

test("a network that was cut off while it was made is made anew; a stranger's folder is left alone", async () => {
  const modules = testModules();
  const dir = temporaryFolder();
  const made = await makeLocalNetwork({ dir, modules, validators: 1 });
  const marker = join(dir, "local-network.json");
  writeFileSync(marker, readFileSync(marker, "utf8").replace("true", "false"));
  const again = await makeLocalNetwork({ dir, modules, validators: 1 });
  expect(again.created).toBe(true);
  expect(chainIdOf(again)).not.toBe(chainIdOf(made));

  writeFileSync(marker, JSON.stringify({ purpose: "something else", validators: 1, complete: true }));
  await expect(makeLocalNetwork({ dir, modules, validators: 1, fresh: true })).rejects.toThrow(
    "is no part of a local network",
  );
  expect(genesisOf(again, 0)).toContain(chainIdOf(again));
});

test("a genesis that the modules no longer take says how to start afresh", async () => {
  const dir = temporaryFolder();
  await makeLocalNetwork({ dir, modules: testModules(), validators: 1 });
  await expect(makeLocalNetwork({ dir, modules: testModules().slice(0, 1) })).rejects.toThrow(
    "A new network is made by --fresh",
  );
});

test.each([0, 17, 1.5, Number.NaN])("%d validators are refused", async (validators) => {
  await expect(makeLocalNetwork({ dir: temporaryFolder(), modules: testModules(), validators })).rejects.toThrow();
});
