import { rmSync } from "node:fs";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { homePaths } from "../../node/home.ts";
import { useNetwork } from "./network.ts";
import { signersAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

const NODES = [0, 1, 2, 3];

describe("four validators", () => {
  const network = useNetwork({ offset: 5100, params: { "consensus.emptyBlockInterval": 250n } });

  /** Every node tells the same block ids and state roots up to the height that all of them have. */
  async function expectOneChain(): Promise<number> {
    const heights = await Promise.all(NODES.map((i) => network.height(i)));
    const to = Math.min(...heights);
    const [first, ...others] = await Promise.all(NODES.map((i) => network.roots(i, 1, to)));
    expect(new Set(first?.map(({ blockId }) => blockId)).size).toBe(to);
    for (const other of others) expect(other).toEqual(first);
    return to;
  }

  test("agree on every block and state, each of them signing", async () => {
    for (const i of NODES) await network.waitForHeight(i, 20);
    expect(await expectOneChain()).toBeGreaterThanOrEqual(20);
    const everyone = NODES.map((i) => network.validator(i).consensus).sort();
    await eventually("a commit that all four signed", async () => {
      const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
      return signed.length === 4 ? signed.sort() : undefined;
    }).then((signed) => expect(signed).toEqual(everyone));
  });

  test("go on without one that was killed, which catches up and signs again", async () => {
    const { consensus } = network.validator(3);
    expect(await network.kill(3, "SIGKILL")).toBe("SIGKILL");
    const died = await network.height(0);
    await network.waitForHeight(0, died + 8);
    expect((await signersAt(network.rpc(0), died + 6)).absent).toEqual([consensus]);

    network.start(3);
    await network.waitForHeight(3, await network.height(0));
    const back = await eventually("a commit with the restarted validator's signature", async () => {
      const height = (await network.height(0)) - 1;
      return (await signersAt(network.rpc(0), height)).signed.includes(consensus) ? height : undefined;
    });
    expect(back).toBeGreaterThan(died + 6);
    await expectOneChain();
  });

  test("are not disturbed by one that hangs, which takes up where the others are", async () => {
    const { consensus } = network.validator(2);
    network.freeze(2);
    const frozen = await network.height(0);
    await network.waitForHeight(0, frozen + 8);
    network.thaw(2);
    await network.waitForHeight(2, frozen + 8);
    await eventually("a commit with its signature", async () => {
      const height = (await network.height(0)) - 1;
      return height > frozen + 8 && (await signersAt(network.rpc(0), height)).signed.includes(consensus)
        ? true
        : undefined;
    });
    await expectOneChain();
  });

  test("go on from the same state after all of them were killed at once", async () => {
    const before = await expectOneChain();
    const known = await network.roots(0, before, before);
    expect(await Promise.all(NODES.map((i) => network.kill(i, "SIGKILL")))).toEqual(NODES.map(() => "SIGKILL"));
    for (const i of NODES) network.start(i);
    for (const i of NODES) await network.waitForHeight(i, before + 3);
    for (const i of NODES) expect(await network.roots(i, before, before)).toEqual(known);
    await expectOneChain();
  });

  test("each stop at a signal within seconds and with exit code 0", async () => {
    expect(await Promise.all([network.kill(0, "SIGINT"), network.kill(1, "SIGTERM")])).toEqual([0, 0]);
    network.start(0);
    network.start(1);
    const before = await eventually("a height after the restart", () => network.height(2));
    for (const i of NODES) await network.waitForHeight(i, before + 3);
    await expectOneChain();
  });

  test("are followed by a node without a vote key and without data, from the first block on", async () => {
    const home = network.local.nodes[3]?.home ?? "";
    const { consensus } = network.validator(3);
    expect(await network.kill(3, "SIGTERM")).toBe(0);
    rmSync(homePaths(home).data, { recursive: true });
    rmSync(homePaths(home).voteKey);
    network.start(3);
    // A node that is behind would name a height that the fourth has signed before it was stopped.
    const tip = Math.max(...(await Promise.all([0, 1, 2].map((node) => network.height(node)))));
    await network.waitForHeight(3, tip + 3);
    expect(await expectOneChain()).toBeGreaterThan(tip);
    // It may have signed what was under way when it was stopped.
    expect((await signersAt(network.rpc(3), tip + 2)).absent).toEqual([consensus]);

    // What is sent to it reaches the validators.
    const client = await network.client(0, 3);
    const to = network.validator(0).account;
    const amount = [{ denom: client.denom, amount: "7" }];
    const before = await client.stargate.getBalance(to, client.denom);
    const value = MsgSend.fromPartial({ fromAddress: client.address, toAddress: to, amount });
    await client.send([{ typeUrl: MsgSend.typeUrl, value }]);
    const after = await client.stargate.getBalance(to, client.denom);
    expect(BigInt(after.amount) - BigInt(before.amount)).toBeGreaterThanOrEqual(7n);
  });
});
