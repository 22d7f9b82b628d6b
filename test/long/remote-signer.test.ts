import { existsSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { modules } from "../../modules/registry.ts";
import type { FailpointName } from "../../node/failpoints.ts";
import { homePaths, readGenesis } from "../../node/home.ts";
import { makeSignerHome, signerPaths } from "../../node/signer/signer-home.ts";
import { CNN_DIGITS, fixtureModel, rowOf } from "../scenarios/models.ts";
import { useNetwork } from "../scenarios/network.ts";
import { evidenceAt, signersAt } from "../scenarios/rpc.ts";
import { type SignerProcess, signerProcess } from "../scenarios/signer-process.ts";
import { eventually } from "../scenarios/wait.ts";
import { startWitness } from "../scenarios/witness.ts";

const ONE = 3;

describe("a validator whose key is in another process", () => {
  const network = useNetwork({
    offset: 4900,
    params: {
      "consensus.emptyBlockInterval": 250n,
      "slashing.signedBlocksWindow": 10_000n,
      "inference.commitWindow": 8n,
      "inference.revealWindow": 8n,
    },
  });
  let signer: SignerProcess;
  let home: string;
  let witness: Awaited<ReturnType<typeof startWitness>>;
  const nodeHome = (i: number) => network.local.nodes[i]?.home ?? "";

  const votes = async (): Promise<boolean> => {
    const { signed } = await signersAt(network.rpc(0), (await network.height(0)) - 1);
    return signed.includes(network.validator(ONE).consensus);
  };
  const untilVoting = (isVoting: boolean) =>
    eventually(isVoting ? "its signature" : "its absence", async () =>
      (await votes()) === isVoting ? true : undefined,
    );
  const goesOn = async () => network.waitForHeight(ONE, (await network.height(0)) + 4);

  beforeAll(async () => {
    witness = await startWitness(network.local, new Uint8Array(32).fill(78));
    await network.waitForHeight(ONE, 5);
    await network.kill(ONE, "SIGTERM");
    home = join(network.local.dir, "signer");
    const { genesisRoot } = readGenesis(homePaths(nodeHome(ONE)).genesis, modules).spec;
    await makeSignerHome(home, { genesisRoot, from: nodeHome(ONE) });
    signer = signerProcess(home);
    network.configure(ONE, (config) => ({ ...config, signer: { socket: signerPaths(home).socket } }));
    await signer.start();
    network.start(ONE);
    await network.waitForHeight(ONE, await network.height(0));
  });
  afterAll(async () => {
    await signer.kill();
    await witness.stop();
  });

  test("signs with the key that was moved there", async () => {
    expect([existsSync(homePaths(nodeHome(ONE)).voteKey), existsSync(signerPaths(home).voteKey)]).toEqual([
      false,
      true,
    ]);
    await untilVoting(true);
  });

  test("follows the chain while the signer is dead, and votes when it is back", async () => {
    await signer.kill();
    await untilVoting(false);
    await goesOn();
    await signer.start();
    await untilVoting(true);
    const lines = network.log(ONE).split("\n");
    expect(lines.filter((line) => line.includes("the signer is away")).length).toBeLessThan(6);
  });

  test("follows the chain while the signer hangs, and votes when it goes on", async () => {
    signer.pause();
    await untilVoting(false);
    await goesOn();
    signer.resume();
    await untilVoting(true);
    expect(witness.contradictions()).toEqual([]);
  });

  test("a second node is refused, and votes are still given", async () => {
    const other = 2;
    await network.kill(other, "SIGTERM");
    const { voteKey } = homePaths(nodeHome(other));
    const aside = join(network.local.dir, "aside");
    renameSync(voteKey, aside);
    network.configure(other, (config) => ({ ...config, signer: { socket: signerPaths(home).socket } }));
    network.start(other);
    expect(await network.end(other)).toBe(1);
    expect(network.log(other)).toMatch(/assay: .*serves another node/);
    renameSync(aside, voteKey);
    network.start(other);
    expect(await network.end(other)).toBe(1);
    expect(network.log(other)).toMatch(/assay: this home has a vote key .* and settings that name a signer/);
    network.configure(other, (config) => ({ ...config, signer: { socket: "" } }));
    network.start(other);
    await network.waitForHeight(other, await network.height(0));
    await untilVoting(true);
  });

  const POINTS: readonly (readonly [FailpointName, number])[] = [
    ["sign.save.before", 3],
    ["sign.save.written", 4],
    ["sign.save.after", 5],
    ["attestation.before", 1],
    ["attestation.written", 1],
    ["attestation.after", 1],
  ];
  test.each(POINTS)("the signer is killed at %s", async (point, count) => {
    await signer.kill();
    await signer.start(`${point}:${count}`);
    if (point.startsWith("attestation")) {
      const client = await network.client(0);
      if (point === "attestation.before") await network.admit(client, fixtureModel(CNN_DIGITS));
      await client.infer(CNN_DIGITS.name, rowOf(CNN_DIGITS, 0)).catch(() => undefined); // One validator less may cost a receipt.
    }
    expect(await signer.end()).toBe("SIGKILL");
    await goesOn();
    await signer.start();
    await untilVoting(true);
    expect(witness.contradictions()).toEqual([]);
  });

  test("nobody was ever contradicted", async () => {
    for (let height = 1; height <= (await network.height(0)); height++) {
      expect(await evidenceAt(network.rpc(0), height)).toEqual([]);
    }
  });
});
