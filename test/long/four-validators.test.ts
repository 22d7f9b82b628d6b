import { describe, test } from "vitest";
import { useNetwork } from "../scenarios/network.ts";
import { oneChain } from "../scenarios/one-chain.ts";
import { unchanging } from "../scenarios/wait.ts";

const NODES = [0, 1, 2, 3];

describe("four validators", () => {
  const network = useNetwork({ offset: 11_500, params: { "consensus.emptyBlockInterval": 250n }, links: true });

  test("stand still without two, do not fork, and go on when these are back", async () => {
    await Promise.all([network.kill(2, "SIGKILL"), network.kill(3, "SIGKILL")]);
    // Five times the least that a round takes when nothing is decided.
    const stuck = await unchanging("the height of the two left", 5000, () =>
      Promise.all([network.height(0), network.height(1)]),
    );
    network.start(2);
    network.start(3);
    for (const i of NODES) await network.waitForHeight(i, Math.max(...stuck) + 5);
    await oneChain(network, NODES);
  });

  test("a ring without its diagonals still agrees: what a node hears it passes on", async () => {
    network.cut(0, 2);
    network.cut(1, 3);
    const before = await network.height(0);
    for (const i of NODES) await network.waitForHeight(i, before + 10);
    network.mend(0, 2);
    network.mend(1, 3);
    await oneChain(network, NODES);
  });
});
