import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { useNetwork } from "../scenarios/network.ts";
import { oneChain, signsAgain } from "../scenarios/one-chain.ts";
import { unchanging } from "../scenarios/wait.ts";

const PARAMS = { "consensus.emptyBlockInterval": 250n };

describe("a third of the power comes late", () => {
  const ASSAY = 1_000_000n;
  // 67 of 100, and 33: not more than two thirds without the first, more than two thirds with it alone.
  const network = useNetwork({
    offset: 5300,
    params: PARAMS,
    validators: 3,
    stakes: [34n * ASSAY, 33n * ASSAY, 33n * ASSAY],
    late: [2],
  });

  test("67 of 100 decide by themselves, and the 33 that join catch up and sign", async () => {
    await network.waitForHeight(0, 10);
    network.start(2);
    await network.waitForHeight(2, 12);
    await signsAgain(network, 2, 12);
    await oneChain(network, [0, 1, 2]);
  });

  test("a change of power takes effect in the middle of the run: 34 without the new weight can't decide", async () => {
    const client = await network.client(0);
    const delegate = MsgDelegate.fromPartial({
      delegatorAddress: client.address,
      validatorAddress: network.validator(2).operator,
      amount: { denom: client.denom, amount: String(200n * ASSAY) },
    });
    await client.send([{ typeUrl: MsgDelegate.typeUrl, value: delegate }]);
    // 233 of 300 are more than two thirds: without it nothing, without the others nothing either.
    expect(await network.kill(2, "SIGKILL")).toBe("SIGKILL");
    const stuck = await unchanging("the height without the heaviest", 4000, () => network.height(0));
    network.start(2);
    await network.waitForHeight(2, stuck + 5);
    expect(await network.kill(1, "SIGKILL")).toBe("SIGKILL");
    await network.waitForHeight(0, (await network.height(0)) + 5);
    network.start(1);
    await network.waitForHeight(1, await network.height(0));
    await oneChain(network, [0, 1, 2]);
  });
});

describe("a clock that is wrong", () => {
  const AHEAD_MS = 10 * 60_000;
  const network = useNetwork({ offset: 5300, params: PARAMS, skew: { 3: AHEAD_MS } });

  test("by ten minutes on one of four: the others do not follow it, and blocks keep their time", async () => {
    await network.waitForHeight(0, 12);
    const time = await blockTime(network.rpc(0), 12);
    expect(Math.abs(time - Date.now())).toBeLessThan(AHEAD_MS / 2);
    await network.waitForHeight(3, 12);
    await oneChain(network, [0, 1, 2, 3]);
  });
});

async function blockTime(rpc: string, height: number): Promise<number> {
  const response = await fetch(`${rpc}/block?height=${height}`);
  const { result } = (await response.json()) as { result: { block: { header: { time: string } } } };
  return Date.parse(result.block.header.time);
}
