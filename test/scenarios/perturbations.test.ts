import { rmSync } from "node:fs";
import { join } from "node:path";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { homePaths } from "../../node/home.ts";
import { type TestNetwork, useNetwork } from "./network.ts";
import { signersAt } from "./rpc.ts";
import { eventually, unchanging } from "./wait.ts";

const PARAMS = { "consensus.emptyBlockInterval": 250n };

/** The nodes tell the same blocks and states up to the height that all of them have. @returns that height. */
async function oneChain(network: TestNetwork, nodes: readonly number[]): Promise<number> {
  const to = Math.min(...(await Promise.all(nodes.map((i) => network.height(i)))));
  const [first, ...others] = await Promise.all(nodes.map((i) => network.roots(i, 1, to)));
  for (const other of others) expect(other).toEqual(first);
  return to;
}

/** Waits for a commit above a height that this validator has signed. */
function signsAgain(network: TestNetwork, i: number, above: number): Promise<true> {
  const { consensus } = network.validator(i);
  return eventually(`a signature of validator ${i} above height ${above}`, async () => {
    const height = (await network.height(0)) - 1;
    return height > above && (await signersAt(network.rpc(0), height)).signed.includes(consensus) ? true : undefined;
  });
}

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

  test("a ring without its diagonals still agrees: what a node hears it passes on", async () => {
    network.cut(0, 2);
    network.cut(1, 3);
    const before = await network.height(0);
    for (const i of NODES) await network.waitForHeight(i, before + 10);
    network.mend(0, 2);
    network.mend(1, 3);
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

/** Consensus addresses of the set that votes on a height. */
async function membersAt(network: TestNetwork, height: number): Promise<string[]> {
  const { signed, absent } = await signersAt(network.rpc(0), height);
  return [...signed, ...absent];
}

async function blockTime(rpc: string, height: number): Promise<number> {
  const response = await fetch(`${rpc}/block?height=${height}`);
  const { result } = (await response.json()) as { result: { block: { header: { time: string } } } };
  return Date.parse(result.block.header.time);
}
