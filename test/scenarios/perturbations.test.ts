import { rmSync } from "node:fs";
import { join } from "node:path";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { homePaths } from "../../node/home.ts";
import { type TestNetwork, useNetwork } from "./network.ts";
import { oneChain, signsAgain } from "./one-chain.ts";
import { signersAt } from "./rpc.ts";
import { unchanging } from "./wait.ts";

const PARAMS = { "consensus.emptyBlockInterval": 250n };

describe("links that break without a word", () => {
  const NODES = [0, 1, 2, 3];
  const network = useNetwork({ offset: 5300, params: PARAMS, links: true });

  test("one validator alone: the others go on, and it joins them again", async () => {
    await network.waitForHeight(3, 3);
    network.isolate(3);
    const alone = await network.height(0);
    await network.waitForHeight(0, alone + 15);
    // What was under way when the links broke may still have come to an end.
    expect(await network.height(3)).toBeLessThanOrEqual(alone + 2);
    network.reconnect(3);
    await network.waitForHeight(3, alone + 15);
    await signsAgain(network, 3, alone + 15);
    await oneChain(network, NODES);
  });

  test("two against two: nobody decides anything, and when the links are mended all go on as one", async () => {
    for (const i of [0, 1]) for (const j of [2, 3]) network.cut(i, j);
    const stuck = await unchanging("all four heights", 4000, () => Promise.all(NODES.map((i) => network.height(i))));
    for (const i of [0, 1]) for (const j of [2, 3]) network.mend(i, j);
    for (const i of NODES) await network.waitForHeight(i, Math.max(...stuck) + 5);
    await oneChain(network, NODES);
  });

  test("a validator that has lost its database has it back from the others, and goes on signing", async () => {
    expect(await network.kill(2, "SIGKILL")).toBe("SIGKILL");
    const lost = await network.height(0);
    const { data } = homePaths(network.local.nodes[2]?.home ?? "");
    // What it has signed it still knows.
    for (const part of ["state", "consensus.wal"]) rmSync(join(data, part), { recursive: true });
    network.start(2);
    await network.waitForHeight(2, lost + 3);
    await signsAgain(network, 2, lost + 3);
    await oneChain(network, NODES);
  });
});

describe("a set that changes in the middle of the run", () => {
  const NODES = [0, 1, 2, 3];
  const network = useNetwork({ offset: 5300, params: PARAMS });
  const STAKE = 1_000_000_000_000n;

  test("a validator leaves, follows without a vote, and signs again once it is back", async () => {
    const { operator, account, consensus } = network.validator(3);
    const stake = (amount: bigint, delegatorAddress: string) => ({
      delegatorAddress,
      validatorAddress: operator,
      amount: { denom: network.local.denom, amount: String(amount) },
    });
    const own = await network.operatorClient(3);
    // Less than the least unit of power stays behind, so that the validator itself does.
    const leave = MsgUndelegate.fromPartial(stake(STAKE - 1n, account));
    await own.send([{ typeUrl: MsgUndelegate.typeUrl, value: leave }]);
    const left = await network.height(0);
    await network.waitForHeight(0, left + 3);
    expect((await membersAt(network, left + 2)).includes(consensus)).toBe(false);

    await network.waitForHeight(3, left + 3);
    const client = await network.client(0);
    const join = MsgDelegate.fromPartial(stake(STAKE / 10n, client.address));
    await client.send([{ typeUrl: MsgDelegate.typeUrl, value: join }]);
    const joined = await network.height(0);
    await signsAgain(network, 3, joined);
    await oneChain(network, NODES);
  });
});

/** Consensus addresses of the set that votes on a height. */
async function membersAt(network: TestNetwork, height: number): Promise<string[]> {
  const { signed, absent } = await signersAt(network.rpc(0), height);
  return [...signed, ...absent];
}
