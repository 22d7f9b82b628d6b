import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFailed, test } from "vitest";
import { modules } from "../../modules/registry.ts";
import { type NodeConfig, parseConfig } from "../../node/config.ts";
import { haltsAfter } from "../../node/halt.ts";
import { homePaths, writeJson } from "../../node/home.ts";
import { makeLocalNetwork } from "../../node/local-network.ts";
import { type Child, freePorts, runNode } from "./child.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");

test("a node told to stop at a height or a time stops after the first block that reaches it, and at nothing else", () => {
  const stops = (halt: NodeConfig["halt"], height: number, time: number) => haltsAfter(halt)({ height, time });
  expect([1, 9, 10, 11].map((height) => stops({ height: 10, time: 0 }, height, 5))).toEqual([false, false, true, true]);
  expect([0, 8999, 9000].map((time) => stops({ height: 0, time: 9 }, 1, time))).toEqual([false, false, true]);
  expect(stops({ height: 0, time: 0 }, Number.MAX_SAFE_INTEGER, 8e15)).toBe(false);
});

// Four starts of a node and a rollback, one after the other.
test("it stops by itself, refuses to start again, can be rolled back by a height, and goes on when told to", async () => {
  const [rpc = 0, p2p = 0, metrics = 0] = await freePorts(3);
  const { nodes } = await makeLocalNetwork({
    dir: temporaryFolder(),
    modules,
    validators: 1,
    ports: () => ({ rpc, p2p, metrics }),
    params: { "consensus.emptyBlockInterval": 250n },
  });
  const { home } = nodes[0] ?? { home: "" };
  const file = homePaths(home).config;
  const run = (height: number): Child => {
    const read = parseConfig(JSON.parse(readFileSync(file, "utf8")));
    if (!read.ok) throw new Error("the settings are refused");
    writeJson(file, { ...read.config, engine: { enabled: false }, halt: { height, time: 0 } });
    const child = runNode([MAIN, "start", "--home", home]);
    onTestFailed(() => console.error(child.output()));
    return child;
  };

  const halting = run(3);
  expect(await halting.ended).toBe(0);
  expect(halting.output()).toMatch(/"height":3,"msg":"node stopped"/);

  const refused = run(3);
  expect(await refused.ended).toBe(1);
  expect(refused.output()).toBe(
    "assay: block 3 is committed, and the setting halt.height 3 says to go no further: set it to 0 to go on\n",
  );

  // Undone, the last height comes back from the block that is kept; nothing is signed anew.
  const undo = runNode([MAIN, "rollback", "--home", home]);
  expect([await undo.ended, undo.output()]).toEqual([
    0,
    "the state is that of height 2; the next start applies block 3 again\n",
  ]);

  const further = run(5);
  expect(await further.ended).toBe(0);
  expect(further.output()).toMatch(/"height":3,"msg":"applied a stored block again"/);
  expect(further.output()).toMatch(/"height":5,"msg":"node stopped"/);
}, 120_000);
