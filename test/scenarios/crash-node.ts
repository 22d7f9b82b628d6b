import { rmSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { homePaths } from "../../node/home.ts";
import type { CrashCase } from "./crash-points.ts";
import { CNN_DIGITS, fixtureModel, rowOf } from "./models.ts";
import type { TestNetwork } from "./network.ts";
import { call, chainQueries, earliestOf, evidenceAt, rootsAt, signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";
import type { SignedRecord } from "./witness.ts";

async function indexOf(rpc: string, address: string): Promise<number> {
  const { validators } = await call<{ validators: { address: string }[] }>(rpc, "validators");
  return validators.findIndex((validator) => validator.address === address);
}

/** Heights that a node found in its database, start by start. */
function startHeights(log: string): number[] {
  const lines = log.split("\n").filter((line) => line.includes('"msg":"node started"'));
  return lines.map((line) => (JSON.parse(line) as { height: number }).height);
}

/**
 * Kills one node of a network at given points. Node 0 and the others go on meanwhile.
 * @param node that is down.
 */
export async function crashNode(network: TestNetwork, node: number, witness: SignedRecord) {
  const { consensus } = network.validator(node);
  const index = await indexOf(network.rpc(0), consensus);
  const files = network.local.nodes[node];
  if (index < 0 || files === undefined) throw new Error(`node ${node} is not a validator of this network`);
  const client = await network.client(0);
  const others = [...network.local.nodes.keys()].filter((i) => i !== node);
  let registered = false;
  /** Heights up to this one have been compared. */
  let compared = 0;
  /** A height that the node itself had told. */
  let reached = 0;
  /** Starts before it lost its database. */
  let forgotten = 0;

  /** Its database and log are gone, what it has signed is not; it is told a block to begin from. */
  async function loseState(): Promise<void> {
    const { data } = homePaths(files?.home ?? "");
    for (const part of ["state", "consensus.wal"]) rmSync(join(data, part), { recursive: true, force: true });
    const trustHeight = (await network.height(0)) - 2;
    const { blockId } = await rootsAt(network.rpc(0), trustHeight);
    network.configure(node, (config) => ({ ...config, sync: { ...config.sync, trustHeight, trustHash: blockId } }));
    forgotten = startHeights(network.log(node)).length;
    reached = 0;
  }

  /** Jobs until the node has died: a slow machine may miss the windows of the first. */
  async function provoke(isDead: () => boolean): Promise<void> {
    // Its admission is a job, too.
    if (!registered) await network.admit(client, fixtureModel(CNN_DIGITS));
    registered = true;
    while (!isDead()) await client.infer(CNN_DIGITS.name, rowOf(CNN_DIGITS, 0));
  }

  async function at({ point, count, prepare, needs }: CrashCase): Promise<void> {
    prepare?.(files as NonNullable<typeof files>);
    if (needs === "restore") await loseState();
    network.start(node, { failpoint: `${point}:${count}` });
    // What needs a request must be up to see it.
    if (needs === "job") await network.waitForHeight(node, await network.height(0));
    let dead = false;
    const died = network.end(node).finally(() => {
      dead = true;
    });
    const jobs = needs === "job" ? provoke(() => dead) : undefined;
    const [how] = await Promise.all([died, jobs]).catch((error: unknown) => {
      throw new Error(`${point} was not come by`, { cause: error });
    });
    expect([point, how]).toEqual([point, "SIGKILL"]);
    expect(witness.contradictions()).toEqual([]);
  }

  /** Starts it as usual; it must catch up, sign, and hold what the others hold. Blocks are compared once, and evidence with them. */
  async function recover(): Promise<void> {
    const voted = witness.lastVote(index);
    network.start(node);
    const tip = await network.height(0);
    await network.waitForHeight(node, tip);
    await eventually("a commit with its signature", async () => {
      const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
      return signed.includes(consensus) && witness.lastVote(index) > voted ? true : undefined;
    });
    const common = Math.min(...(await Promise.all([node, ...others].map((i) => network.height(i)))));
    const first = Math.max(compared + 1, await earliestOf(network.rpc(node)));
    const [mine, ...theirs] = await Promise.all([node, ...others].map((i) => network.roots(i, first, common)));
    for (const other of theirs) expect(mine).toEqual(other);
    for (let height = compared + 1; height <= common; height++) {
      expect(await evidenceAt(network.rpc(0), height)).toEqual([]);
    }
    compared = common;
    // Blocks that had been lost would have come back from the others meanwhile: each start tells where it began.
    const begun = startHeights(network.log(node)).slice(forgotten);
    expect(begun).toEqual(begun.toSorted((a, b) => a - b));
    expect(begun.at(-1)).toBeGreaterThanOrEqual(reached);
    reached = await network.height(node);
    const infos = await (await chainQueries(network.rpc(0))).signingInfos();
    expect(infos.filter(({ tombstoned }) => tombstoned)).toEqual([]);
    expect(witness.contradictions()).toEqual([]);
    for (const i of [node, ...others]) expect(network.log(i)).not.toContain("contradicted itself");
  }

  /** As abruptly as at any point. */
  const stop = () => network.kill(node, "SIGKILL");

  return { at, recover, stop };
}
