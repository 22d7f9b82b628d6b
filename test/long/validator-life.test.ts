import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { NODE_FLAGS } from "../../bin/node-flags.mjs";
import { homePaths, readConfig, writeJson } from "../../node/home.ts";
import { localPorts } from "../../node/local-network.ts";
import { type Child, runNode } from "../node/child.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { useNetwork } from "../scenarios/network.ts";
import { signersAt } from "../scenarios/rpc.ts";
import { eventually } from "../scenarios/wait.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const OFFSET = 9300;
/** Enough for a share of the few fees here that is more than dust, and too little to stop the chain by its absence. */
const STAKE = 300_000_000_000;

interface ValidatorJson {
  readonly validator: {
    readonly status: string;
    readonly jailed: boolean;
    readonly tokens: string;
    readonly description: { readonly details: string };
  };
}

/** What docs/validators.md tells people to do, done by the command line against a network of real processes. */
describe("a validator's life by the command line", () => {
  const network = useNetwork({
    offset: OFFSET,
    params: {
      "consensus.emptyBlockInterval": 250n,
      "slashing.signedBlocksWindow": 20n,
      "slashing.downtimeJailDuration": 2000n,
    },
  });

  async function assay(...args: string[]): Promise<string> {
    const child = runNode([...NODE_FLAGS, MAIN, ...args]);
    if ((await child.ended) !== 0) throw new Error(`assay ${args.join(" ")}: ${child.output()}`);
    return child.output().trim();
  }

  test("from a new key to withdrawn commission", async ({ onTestFailed }) => {
    const folder = temporaryFolder();
    const at = (name: string): string => join(folder, name);
    writeFileSync(at("passphrase"), "correct horse battery\n", { mode: 0o600 });
    const node = ["--node", network.rpc(0)];
    const keyring = ["--home", at("keys"), "--passphrase-file", at("passphrase")];
    const signer = ["--from", "operator", ...keyring, ...node, "--yes", "--json"];
    const send = async (...args: string[]): Promise<number> => {
      const outcome = JSON.parse(await assay("tx", ...args)) as { readonly height: number; readonly code: number };
      expect(outcome.code).toBe(0);
      return outcome.height;
    };

    await assay("keys", "add", "operator", ...keyring);
    const account = await assay("keys", "show", "operator", "--address", ...keyring);
    const operator = await assay("keys", "show", "operator", "--operator", ...keyring);
    const look = async (): Promise<ValidatorJson["validator"]> =>
      (JSON.parse(await assay("query", "staking", "validator", operator, ...node)) as ValidatorJson).validator;
    await send("bank", "send", account, `${STAKE + 10_000_000}uassay`, ...node, "--yes", "--json");

    const home = at("validator");
    const paths = homePaths(home);
    const first = network.local.nodes[0]?.home ?? "";
    const made = await assay("init", "--home", home, "--moniker", "fifth", "--genesis", homePaths(first).genesis);
    const consensus = /consensus address +([0-9A-F]{40})/.exec(made)?.[1] ?? "";
    const ports = localPorts(4, OFFSET);
    const config = readConfig(paths.config);
    const [, second] = network.local.nodes;
    const peers = readConfig(homePaths(second?.home ?? "").config).p2p.peers;
    writeJson(paths.config, {
      ...config,
      rpc: { ...config.rpc, port: ports.rpc },
      metrics: { ...config.metrics, port: ports.metrics },
      p2p: { ...config.p2p, listen: `/ip4/127.0.0.1/tcp/${ports.p2p}`, peers, allowPrivate: true },
    });
    const start = (): Child => runNode([...NODE_FLAGS, MAIN, "start", "--home", home], { ipc: true });
    const stop = async (child: Child): Promise<void> => {
      child.process.kill("SIGINT");
      await child.ended;
    };
    /** A block after `height` that the validator has signed. */
    const signsAfter = (height: number): Promise<number> => {
      let next = height + 1;
      return eventually(`a block after ${height} that ${consensus} has signed`, async () => {
        for (const tip = await network.height(0); next < tip; next++) {
          if ((await signersAt(network.rpc(0), next)).signed.includes(consensus)) return next;
        }
        return undefined;
      });
    };

    /** Tries until the time in jail is over. @returns the height. */
    const unjail = (): Promise<number> =>
      eventually("the end of the jail", async () => {
        const child = runNode([...NODE_FLAGS, MAIN, "tx", "slashing", "unjail", ...signer]);
        if ((await child.ended) === 0) return (JSON.parse(child.output()) as { readonly height: number }).height;
        expect(child.output()).toMatch(/jail/);
        return undefined;
      });

    let running = start();
    onTestFinished(() => void running.process.kill("SIGKILL"));
    onTestFailed(() => console.error(`── the fifth node\n${running.output().slice(-3000)}`));
    const created = await send(
      ...["staking", "create-validator", "--amount", `${STAKE}uassay`, "--moniker", "fifth"],
      ...["--node-home", home, "--commission-rate", "0.5", "--commission-max-rate", "1", ...signer],
    );
    await signsAfter(created);
    expect(await look()).toMatchObject({ status: "BOND_STATUS_BONDED", jailed: false, tokens: String(STAKE) });

    await send("staking", "edit-validator", "--details", "in Bern", ...signer);
    expect((await look()).description.details).toBe("in Bern");

    await stop(running);
    await eventually("the absent validator is jailed", async () => ((await look()).jailed ? true : undefined));
    running = start();
    await signsAfter(await unjail());

    const rotated = await send("staking", "rotate-vote-key", at("new-vote.json"), "--node-home", home, ...signer);
    await stop(running);
    renameSync(paths.voteKey, at("old-vote.json"));
    copyFileSync(at("new-vote.json"), paths.voteKey);
    running = start();
    // The window is so short here that a slow restart alone may be enough for jail.
    const seen = await eventually("a look at the rotated validator", async () => {
      const height = await network.height(0);
      if (height < rotated + 25) return undefined;
      return (await look()).jailed ? unjail() : height;
    });
    await signsAfter(seen);
    expect((await look()).jailed).toBe(false);

    await send("distribution", "withdraw-rewards", operator, "--commission", ...signer);
    await send("distribution", "withdraw-all-rewards", ...signer);
    const left = JSON.parse(await assay("query", "distribution", "commission", operator, ...node)) as unknown;
    expect(left).toMatchObject({ commission: expect.anything() });
    await stop(running);
  }, 240_000);
});
