import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { homePaths } from "../../node/home.ts";
import { type TestNetwork, useNetwork } from "./network.ts";
import { earliestOf, rootsAt, signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

const LATE = 3;
/** Nobody is jailed for having come late. */
const PARAMS = { "consensus.emptyBlockInterval": 200n, "slashing.signedBlocksWindow": 10_000n };

/** Says of node 3's settings which block of now it trusts. */
async function trustTip(network: TestNetwork): Promise<number> {
  const height = (await network.height(0)) - 2;
  const { blockId } = await rootsAt(network.rpc(0), height);
  network.configure(LATE, (config) => ({
    ...config,
    sync: { ...config.sync, trustHeight: height, trustHash: blockId },
  }));
  return height;
}

/** Node 3 has the same chain as node 0 from `from` on, and its votes count. */
async function takesPart(network: TestNetwork, from: number): Promise<void> {
  const to = await network.height(LATE);
  expect(await network.roots(LATE, from, to)).toEqual(await network.roots(0, from, to));
  const { consensus } = network.validator(LATE);
  await eventually("a block that the late validator has signed", async () => {
    const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
    return signed.includes(consensus) ? true : undefined;
  });
}

/** Starts node 3 with nobody but the liar to ask, until it has been told a lie; then with everyone. */
async function startAmongLiars(network: TestNetwork, lie: string): Promise<void> {
  for (const honest of [0, 1]) network.cut(LATE, honest);
  network.start(LATE);
  await eventually(`the ban for ${lie}`, async () => {
    const log = network.log(LATE);
    return log.includes(lie) && log.includes("peer banned") ? true : undefined;
  });
  for (const honest of [0, 1]) network.mend(LATE, honest);
}

const dataOf = (network: TestNetwork): string => homePaths(network.local.nodes[LATE]?.home ?? "").data;

describe("a validator that comes late, among peers that keep everything", () => {
  const network = useNetwork({
    offset: 5600,
    params: PARAMS,
    late: [LATE],
    links: true,
    byzantine: { 2: "lying-snapshots" },
  });

  test("replays all blocks while the others go on, and bans the one whose blocks are forged", async () => {
    await network.waitForHeight(0, 20);
    await startAmongLiars(network, "a block whose certificate does not hold");
    await network.waitForHeight(LATE, (await network.height(0)) + 3);
    expect(await earliestOf(network.rpc(LATE))).toBe(1);
    await takesPart(network, 1);
  });
});

describe("a validator that comes late, among peers that have pruned", () => {
  const network = useNetwork({
    offset: 5640,
    params: PARAMS,
    late: [LATE],
    links: true,
    byzantine: { 2: "lying-snapshots" },
    config: (config) => ({
      ...config,
      retention: { heights: 20 },
      snapshots: { interval: 5, keep: 4 },
    }),
  });

  test("begins with a snapshot, bans the peer whose chunks are forged, and votes", async () => {
    await network.waitForHeight(0, 25);
    expect(await earliestOf(network.rpc(0))).toBeGreaterThan(1);
    await trustTip(network);
    await startAmongLiars(network, "a chunk that is another");
    await network.waitForHeight(LATE, (await network.height(0)) + 3);
    const begun = await earliestOf(network.rpc(LATE));
    expect(begun).toBeGreaterThan(1);
    await takesPart(network, begun);
    expect(network.log(LATE)).toContain("the state has been restored");
  });

  test("killed in the middle of a restore it begins anew, and joins", async () => {
    await network.kill(LATE, "SIGKILL");
    rmSync(join(dataOf(network), "state"), { recursive: true });
    rmSync(join(dataOf(network), "consensus.wal"));
    await trustTip(network);
    const before = network.log(LATE).length;
    network.start(LATE);
    await eventually("the beginning of the restore", async () =>
      network.log(LATE).indexOf("restoring the state", before) > 0 ? true : undefined,
    );
    await network.kill(LATE, "SIGKILL");
    expect(existsSync(join(dataOf(network), "restore"))).toBe(true);
    // Peers keep a block for four seconds, which two starts can take.
    await trustTip(network);
    network.start(LATE);
    await network.waitForHeight(LATE, (await network.height(0)) + 3);
    await takesPart(network, await earliestOf(network.rpc(LATE)));
  });

  test("a checkpoint that nobody has is refused in one line", async () => {
    await network.kill(LATE, "SIGINT");
    rmSync(join(dataOf(network), "state"), { recursive: true });
    await trustTip(network);
    network.configure(LATE, (config) => ({ ...config, sync: { ...config.sync, trustHash: "ab".repeat(32) } }));
    network.start(LATE);
    expect(await network.end(LATE)).toBe(1);
    expect(network.log(LATE).trimEnd().split("\n").at(-1)).toMatch(
      // It may be pruned by the time it is asked for.
      /^assay: (.*have no block|no peer has block) \d+ with the id abab/,
    );
  });
});
