import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { whyNoNamespaces } from "../scenarios/namespaces.ts";
import { useNetwork } from "../scenarios/network.ts";
import { oneChain, signsAgain } from "../scenarios/one-chain.ts";
import { unchanging } from "../scenarios/wait.ts";

const NODES = [0, 1, 2, 3];
const PARAMS = { "consensus.emptyBlockInterval": 250n, "slashing.signedBlocksWindow": 10_000n };
/** As long as TCP may take to try again what was lost during the longest cut here. */
const PATIENCE = 180_000;
const why = whyNoNamespaces();
const leftOut = why === undefined ? "" : ` (left out: ${why})`;

describe.skipIf(why !== undefined)(`links that lose every packet, each node in a network of its own${leftOut}`, () => {
  const network = useNetwork({ offset: 5340, params: PARAMS, links: "namespaces" });

  test("one validator alone: the others go on, and it joins them again", { timeout: PATIENCE }, async () => {
    await network.waitForHeight(3, 3);
    network.isolate(3);
    const alone = await network.height(0);
    await network.waitForHeight(0, alone + 15);
    expect(await network.height(3)).toBeLessThanOrEqual(alone + 2);
    network.reconnect(3);
    await network.waitForHeight(3, alone + 15);
    await signsAgain(network, 3, alone + 15);
    await oneChain(network, NODES);
  });

  test("two against two: nobody decides anything, and then all go on as one", { timeout: PATIENCE }, async () => {
    for (const i of [0, 1]) for (const j of [2, 3]) network.cut(i, j);
    const stuck = await unchanging("all four heights", 4000, () => Promise.all(NODES.map((i) => network.height(i))));
    for (const i of [0, 1]) for (const j of [2, 3]) network.mend(i, j);
    for (const i of NODES) await network.waitForHeight(i, Math.max(...stuck) + 5);
    await oneChain(network, NODES);
  });

  test("a ring without its diagonals still agrees", { timeout: PATIENCE }, async () => {
    network.cut(0, 2);
    network.cut(1, 3);
    const before = await network.height(0);
    for (const i of NODES) await network.waitForHeight(i, before + 10);
    network.mend(0, 2);
    network.mend(1, 3);
    await oneChain(network, NODES);
  });

  test("a process that is stopped for ten seconds takes up where the others are", { timeout: PATIENCE }, async () => {
    network.freeze(1);
    const frozen = await network.height(0);
    await sleep(10_000);
    network.thaw(1);
    const reached = await network.height(0);
    expect(reached).toBeGreaterThan(frozen + 5);
    await network.waitForHeight(1, reached);
    await signsAgain(network, 1, reached);
    await oneChain(network, NODES);
  });
});
