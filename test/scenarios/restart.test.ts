import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFailed, test } from "vitest";
import { type Child, runNode } from "../node/child.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { descendants, isAlive } from "./processes.ts";
import { heightOf, rootsAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const OFFSET = 5400;
const RPC = `http://127.0.0.1:${26657 + OFFSET}`;

/** `assay localnet` as a person runs it. */
function localnet(dir: string, ...more: readonly string[]): Child {
  const child = runNode([MAIN, "localnet", "--dir", dir, "--port-offset", String(OFFSET), ...more]);
  onTestFailed(() => console.error(child.output()));
  return child;
}

function chainIdOf(child: Child): string {
  return /^Chain id {3}(\S+)$/m.exec(child.output())?.[1] ?? "none";
}

/** Stops it as Ctrl-C does. Nothing that it has started may be left. */
async function stopCleanly(child: Child): Promise<void> {
  const started = descendants(child.process.pid ?? 0);
  expect(started.filter(({ command }) => command.includes(" start --home "))).toHaveLength(4);
  child.process.kill("SIGINT");
  expect(await child.ended, child.output()).toBe(0);
  expect(child.output()).toContain("all nodes stopped");
  expect(child.output()).not.toContain("was killed");
  await eventually("the end of all that was started", async () =>
    started.some(({ pid }) => isAlive(pid)) ? undefined : true,
  );
}

test("localnet runs, stops, goes on where it was, and begins afresh when told to", async () => {
  const dir = temporaryFolder();
  const first = localnet(dir);
  await first.until("ready: 4 validators");
  expect(first.output()).toContain("(new)");
  expect(first.output()).toMatch(/model cnn_digits is active/);

  const second = localnet(dir);
  expect(await second.ended).toBe(1);
  expect(second.output().trimEnd().split("\n")).toEqual([
    `assay: the network in ${dir} is run by process ${first.process.pid} already (if it is not, delete ${join(dir, "lock")})`,
  ]);

  const before = await heightOf(RPC);
  const known = await rootsAt(RPC, before);
  await stopCleanly(first);

  const resumed = localnet(dir);
  await resumed.until("ready: 4 validators");
  expect(resumed.output()).toContain("(resumed)");
  expect(chainIdOf(resumed)).toBe(chainIdOf(first));
  await eventually("a new block", async () => ((await heightOf(RPC)) > before ? true : undefined));
  expect(await rootsAt(RPC, before)).toEqual(known);
  const started = JSON.parse(
    readFileSync(join(dir, "node0", "node.log"), "utf8")
      .split("\n")
      .findLast((line) => line.includes("node started")) ?? "{}",
  ) as { height?: number };
  expect(started.height).toBeGreaterThanOrEqual(before);
  await stopCleanly(resumed);

  const fresh = localnet(dir, "--fresh");
  await fresh.until("Gas price");
  expect(fresh.output()).toContain("(new)");
  expect(chainIdOf(fresh)).toMatch(/^assaylocal[a-z]{6}-1$/);
  expect(chainIdOf(fresh)).not.toBe(chainIdOf(first));
  // In the middle of its start, too.
  fresh.process.kill("SIGINT");
  expect(await fresh.ended, fresh.output()).toBe(0);
});

test("a port in use is one line that names it, and nothing is started", async () => {
  const port = 26657 + OFFSET + 20;
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  try {
    const child = localnet(temporaryFolder());
    expect(await child.ended).toBe(1);
    expect(child.output().trimEnd().split("\n")).toEqual([
      `assay: port ${port} (RPC of node2) is in use: stop what uses it, or shift all ports with --port-offset`,
    ]);
  } finally {
    server.close();
  }
});
