import { renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { DOUBLE_SIGN_BLOCKS } from "../../consensus/signer/sign-state.ts";
import { homePaths } from "../../node/home.ts";
import { useNetwork } from "../scenarios/network.ts";
import { evidenceAt, signersAt } from "../scenarios/rpc.ts";
import { eventually } from "../scenarios/wait.ts";

const ONE = 3;

describe("a validator that does not know what its key has signed", () => {
  const network = useNetwork({
    offset: 4800,
    params: { "consensus.emptyBlockInterval": 250n, "slashing.signedBlocksWindow": 10_000n },
  });
  const paths = () => homePaths(network.local.nodes[ONE]?.home ?? "");
  const lastLine = () => network.log(ONE).trim().split("\n").at(-1);

  test("refuses to start without its sign state, and does as the message says", async () => {
    for (const i of network.local.nodes.keys()) await network.waitForHeight(i, 5);
    await network.kill(ONE, "SIGKILL");
    rmSync(join(paths().data, "sign-state"));
    network.start(ONE);
    expect(await network.end(ONE)).toBe(1);
    expect(lastLine()).toMatch(
      /^assay: .*vote key, of which its sign state knows none.*move the file and the vote key/i,
    );

    const aside = `${paths().voteKey}.aside`;
    renameSync(paths().voteKey, aside);
    network.start(ONE);
    const from = await network.height(0);
    await network.waitForHeight(ONE, from + DOUBLE_SIGN_BLOCKS + 1);
    expect(await network.kill(ONE, "SIGTERM")).toBe(0);
    rmSync(join(paths().data, "sign-state"), { force: true });
    renameSync(aside, paths().voteKey);
    network.start(ONE);
    const { consensus } = network.validator(ONE);
    await eventually("a commit with its signature", async () => {
      const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
      return signed.includes(consensus) ? true : undefined;
    });
  });

  // As on a second machine that the keys were copied to: an empty folder, and blocks that the key has signed.
  test("stops at the first block that its key has signed when it starts with an empty folder", async () => {
    await network.kill(ONE, "SIGKILL");
    rmSync(paths().data, { recursive: true });
    network.start(ONE);
    expect(await network.end(ONE)).toBe(1);
    expect(lastLine()).toMatch(
      /^assay: .*signed with this node's own vote key.*another machine signs with the same key/i,
    );
    // Nor does it start a second time.
    network.start(ONE);
    expect(await network.end(ONE)).toBe(1);
    for (let height = 1; height <= (await network.height(0)); height++) {
      expect(await evidenceAt(network.rpc(0), height)).toEqual([]);
    }
  });
});
