import { copyFileSync, cpSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createBls } from "../../chain/crypto/bls.ts";
import { readRotation } from "../../chain/executor/chain-state.ts";
import { supply } from "../../modules/bank/keeper.ts";
import { balances } from "../../modules/bank/store.ts";
import { modules } from "../../modules/registry.ts";
import { decodeAnyAddress } from "../../node/cli/addresses.ts";
import { examine } from "../../node/doctor.ts";
import { exportGenesis, openStopped } from "../../node/export.ts";
import { homePaths, readGenesis } from "../../node/home.ts";
import { useNetwork } from "../scenarios/network.ts";
import { call } from "../scenarios/rpc.ts";

const network = useNetwork({
  offset: 6300,
  params: { "consensus.emptyBlockInterval": 250n },
  config: (config) => ({ ...config, engine: { ...config.engine, enabled: false } }),
});

/** Of a stopped node: what each account holds, and who votes next. */
async function holdings(home: string) {
  const store = await openStopped(homePaths(home).data);
  try {
    const reader = store.latest;
    const accounts = balances
      .entries(reader)
      .map(([[address, denom], amount]) => `${Buffer.from(address).toString("hex")} ${amount}${denom}`);
    return {
      height: store.height,
      supply: supply(reader, "uassay"),
      accounts,
      voters: readRotation(reader).validators.length,
    };
  } finally {
    await store.close();
  }
}

test("two of four validators are gone for ever: the chain goes on from an export, with everybody's coins", async () => {
  for (const i of [0, 1, 2, 3]) await network.waitForHeight(i, 5);
  const client = await network.client(0);
  const { address: toAddress } = await network.client(1);
  const value = { fromAddress: client.address, toAddress, amount: [{ denom: "uassay", amount: "12345" }] };
  await client.send([{ typeUrl: "/cosmos.bank.v1beta1.MsgSend", value }]);
  for (const i of [2, 3]) await network.kill(i, "SIGKILL");
  // Nothing is decided any more, so both have the same last block after a while, or one of them one more.
  await new Promise((resolve) => setTimeout(resolve, 3000));
  for (const i of [0, 1]) await network.kill(i, "SIGTERM");

  const folder = mkdtempSync(join(tmpdir(), "assay-recovery-"));
  try {
    const homes = [0, 1].map((i) => network.local.nodes[i]?.home ?? "");
    const [before, same] = await Promise.all(homes.map(holdings));
    if (before === undefined || same === undefined) throw new Error("two nodes have state");
    const height = Math.min(before.height, same.height);
    const absent = [2, 3].map((i) => decodeAnyAddress(network.validator(i).operator));
    const files: string[] = [];
    for (const [i, home] of homes.entries()) {
      const out = join(folder, `node${i}`, "genesis.json");
      await exportGenesis({ home, height, out, chainId: "assayafter-1", absent });
      files.push(readFileSync(out, "utf8"));
    }
    // Whoever exports has the same document: that is what people compare.
    expect(files[1]).toBe(files[0]);

    for (const [i, home] of homes.entries()) {
      const paths = homePaths(home);
      cpSync(paths.data, join(folder, `old${i}`), { recursive: true });
      rmSync(paths.data, { recursive: true });
      copyFileSync(join(folder, `node${i}`, "genesis.json"), paths.genesis);
      network.start(i);
    }
    for (const i of [0, 1]) await network.waitForHeight(i, height + 5);
    const status = await call(network.rpc(0), "status", {});
    expect(status).toMatchObject({ node_info: { network: "assayafter-1" } });
    for (const i of [0, 1]) await network.kill(i, "SIGTERM");

    const after = await holdings(homes[0] ?? "");
    expect(after.voters).toBe(2);
    expect(after.supply).toBe(before.supply);
    const store = await openStopped(homePaths(homes[0] ?? "").data);
    const { spec } = readGenesis(homePaths(homes[0] ?? "").genesis, modules);
    const faults: string[] = [];
    for await (const found of examine({ store, spec, bls: createBls() }, () => 0)) faults.push(...found.faults);
    await store.close();
    expect(faults).toEqual([]);
    // Only the pools of stake and what blocks pay differ: the stake of who is gone is no longer bonded.
    const changed = before.accounts.filter((line) => !after.accounts.includes(line));
    expect(changed.length).toBeLessThanOrEqual(4);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 120_000);
