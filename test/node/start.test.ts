import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { modules } from "../../modules/registry.ts";
import { homePaths } from "../../node/home.ts";
import { makeLocalNetwork, type NodePorts } from "../../node/local-network.ts";
import { openLevelStore } from "../../state/level-store.ts";
import { freePorts, runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");

async function madeHome(): Promise<{ home: string; ports: NodePorts }> {
  const [rpc = 0, p2p = 0, metrics = 0] = await freePorts(3);
  const ports = { rpc, p2p, metrics };
  const { nodes } = await makeLocalNetwork({
    dir: temporaryFolder(),
    modules,
    validators: 1,
    ports: () => ports,
  });
  return { home: nodes[0]?.home ?? "", ports };
}

/** Run as the nodes of a local network are. Returns all that it wrote: one that was ended by force, for what it left open, says so. */
async function failingStart(home: string): Promise<string> {
  const child = runNode([MAIN, "start", "--home", home], { ipc: true });
  expect(await child.ended).toBe(1);
  return child.output();
}

test("a start that fails on a used port ends by itself, with one line", async () => {
  const { home, ports } = await madeHome();
  const server = createServer();
  onTestFinished(() => void server.close());
  await new Promise<void>((resolve) => server.listen(ports.rpc, "127.0.0.1", resolve));
  expect(await failingStart(home)).toBe(`assay: port ${ports.rpc} is in use; is a node running already?\n`);
});

test("so does one whose data folder another process has", async () => {
  const { home } = await madeHome();
  const store = await openLevelStore(join(homePaths(home).data, "state"), { retention: 1 });
  onTestFinished(() => store.close());
  expect(await failingStart(home)).toMatch(/^assay: data folder .* is in use by another process\n$/);
});

test("and one with a bad genesis document", async () => {
  const { home } = await madeHome();
  const path = homePaths(home).genesis;
  writeFileSync(path, "{");
  expect(await failingStart(home)).toMatch(/^assay: genesis document .* is not JSON: .*\n$/);
});
