import { existsSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blsKeyFromSeed, blsSecretKey } from "../../chain/crypto/bls.ts";
import { PREVOTE } from "../../chain/types/vote.ts";
import { createSigner } from "../../consensus/signer/signer.ts";
import { createWal } from "../../consensus/wal/wal.ts";
import { modules } from "../../modules/registry.ts";
import { openAttestationStore } from "../../node/attester/attestation-store.ts";
import { homePaths } from "../../node/home.ts";
import { type LocalNode, makeLocalNetwork } from "../../node/local-network.ts";
import { type Child, freePorts, runNode } from "../node/child.ts";
import { temporaryFolder } from "../node/temporary-folder.ts";
import { mountMemory, remountReadOnly, unmount, whyNoMount } from "./mount.ts";
import { heightOf, rootsAt } from "./rpc.ts";
import { eventually } from "./wait.ts";

const MAIN = join(import.meta.dirname, "../../node/cli/main.ts");
const DISK = 24 * 1024 * 1024;
const KEY = blsSecretKey(blsKeyFromSeed(new Uint8Array(32).fill(1)));
const NO_MOUNT = whyNoMount();
const LEFT_OUT = NO_MOUNT === undefined ? "" : `, left out here: ${NO_MOUNT}`;

/** A chain of one validator, its data on a disk of its own. */
async function nodeOnDisk(): Promise<{ node: LocalNode; data: string }> {
  const [rpc = 0, p2p = 0, metrics = 0] = await freePorts(3);
  const { nodes } = await makeLocalNetwork({
    dir: temporaryFolder(),
    modules,
    validators: 1,
    params: { "consensus.emptyBlockInterval": 250n },
    ports: () => ({ rpc, p2p, metrics }),
  });
  const [node] = nodes;
  if (node === undefined) throw new Error("a network without nodes");
  const { data } = homePaths(node.home);
  mountMemory(data, DISK);
  onTestFinished(() => unmount(data));
  return { node, data };
}

function start({ home }: LocalNode): Child {
  const child = runNode([MAIN, "start", "--home", home], { ipc: true });
  onTestFinished(() => void child.process.kill("SIGKILL"));
  return child;
}

async function blocks(node: LocalNode, from: number, count: number): Promise<number> {
  return eventually(`${count} blocks after ${from}`, async () => {
    const height = await heightOf(node.rpc);
    return height >= from + count ? height : undefined;
  });
}

/** What a person sees besides the log: lines that are no JSON. */
const spoken = (child: Child): string[] =>
  child
    .output()
    .trim()
    .split("\n")
    .filter((line) => !line.startsWith("{"));

/** Takes all room but the last bytes of a page, which the log and the database need within a few blocks. */
function fill(data: string): string {
  const { bavail, bsize } = statfsSync(data);
  const filler = join(data, "filler");
  writeFileSync(filler, new Uint8Array(bavail * bsize));
  return filler;
}

test.skipIf(NO_MOUNT !== undefined)(
  `a node whose disk is full stops with one line and goes on when there is room${LEFT_OUT}`,
  async () => {
    const { node, data } = await nodeOnDisk();
    const first = start(node);
    const before = await blocks(node, 0, 4);
    const known = await rootsAt(node.rpc, before);
    const filler = fill(data);
    expect(await first.ended, first.output()).toBe(1);
    expect(spoken(first)).toEqual([
      expect.stringMatching(/^assay: data folder .*: no space is left on the disk: make room/),
    ]);

    // Not before there is room.
    const early = start(node);
    expect(await early.ended, early.output()).toBe(1);
    expect(spoken(early)).toEqual([expect.stringMatching(/^assay: data folder .*no space/i)]);

    rmSync(filler);
    const again = start(node);
    await blocks(node, before, 4);
    expect(await rootsAt(node.rpc, before)).toEqual(known);
    again.process.kill("SIGTERM");
    expect(await again.ended, again.output()).toBe(0);
    expect(existsSync(join(data, "sign-state"))).toBe(true);
  },
);

test.skipIf(NO_MOUNT !== undefined)(`each file on a full disk${LEFT_OUT}`, async () => {
  const folder = temporaryFolder();
  mountMemory(join(folder, "disk"), 65_536);
  onTestFinished(() => unmount(join(folder, "disk")));
  const path = (name: string) => join(folder, "disk", name);
  const genesisRoot = new Uint8Array(32).fill(7);
  const wal = createWal({ path: path("wal"), genesisRoot });
  const signer = createSigner({ path: path("sign-state"), secretKey: KEY, genesisRoot });
  const failures: unknown[] = [];
  const attestations = await openAttestationStore({
    path: path("attestations"),
    keepBlocks: 10,
    onFailure: (error) => failures.push(error),
  });
  wal.open(1);
  const record = { kind: "timeout", timeout: "propose", round: 1 } as const;
  wal.append(record);
  fill(join(folder, "disk"));

  // The log: what was there before stays as it was, nothing half written behind it.
  let appended = 1;
  const appendAll = (): void => {
    for (; appended < 10_000; appended++) wal.append(record);
  };
  expect(appendAll).toThrow("ENOSPC");
  await wal.close();
  const torn: unknown[] = [];
  const again = createWal({ path: path("wal"), genesisRoot, onTornTail: (found) => torn.push(found) });
  expect(again.open(1).length).toBe(appended);
  expect(torn).toEqual([]);
  await again.close();

  // The sign state has its room already: what is signed is remembered all the same.
  const blockId = new Uint8Array(32).fill(1);
  await signer.signVote(PREVOTE, { height: 5, round: 0, blockId });
  signer.close();
  const reopened = createSigner({ path: path("sign-state"), secretKey: KEY, genesisRoot });
  expect(reopened.lastSigned).toEqual({ height: 5, round: 0, step: "prevote" });
  reopened.close();

  // Attestations: nothing that was not written down is handed out, and the node is told to stop, once.
  const attest = (byte: number) =>
    attestations.add({
      jobId: new Uint8Array(32).fill(byte),
      height: 1,
      committeeRoot: blockId,
      outputRoot: blockId,
      signature: new Uint8Array(96),
    });
  const added: number[] = [];
  const addAll = async (): Promise<void> => {
    for (let byte = 0; byte < 256; byte++) added.push(await attest(byte).then(() => byte));
  };
  await expect(addAll()).rejects.toThrow("ENOSPC");
  await expect(attest(255)).rejects.toThrow("ENOSPC");
  expect(failures).toEqual([expect.objectContaining({ code: "ENOSPC" })]);
  await attestations.close();
  rmSync(path("filler"));
  const kept = await openAttestationStore({ path: path("attestations"), keepBlocks: 10 });
  expect(added.filter((byte) => kept.get(new Uint8Array(32).fill(byte)) === undefined)).toEqual([]);
  await kept.close();
});

test.skipIf(NO_MOUNT !== undefined)(`a read-only data folder is refused in one line${LEFT_OUT}`, async () => {
  const { node, data } = await nodeOnDisk();
  const first = start(node);
  await blocks(node, 0, 1);
  first.process.kill("SIGTERM");
  expect(await first.ended).toBe(0);
  remountReadOnly(data);
  const refused = start(node);
  expect(await refused.ended, refused.output()).toBe(1);
  expect(spoken(refused)).toEqual([expect.stringMatching(/^assay: data folder .*read-only/i)]);
});
