import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { equalBytes } from "../chain/bytes.ts";
import { makeCommit } from "../chain/commit.ts";
import { type BlsSecretKey, createBls } from "../chain/crypto/bls.ts";
import { type RememberingBls, rememberingBls } from "../chain/crypto/remembering-bls.ts";
import { randaoRoot } from "../chain/executor/randomness.ts";
import { proposerSchedule } from "../chain/proposer-rotation.ts";
import { CertifiedBlock } from "../chain/types/block.ts";
import { Header } from "../chain/types/header.ts";
import { PRECOMMIT } from "../chain/types/vote.ts";
import { voteRoot } from "../chain/vote-signing.ts";
import type { Application } from "../consensus/driver/ports.ts";
import type { Genesis } from "../genesis/document.ts";
import { ante } from "../modules/auth/ante.ts";
import { accounts } from "../modules/auth/store.ts";
import { balances } from "../modules/bank/store.ts";
import { modules } from "../modules/registry.ts";
import { steadyClock } from "../node/clock.ts";
import { ensureGenesis } from "../node/genesis-state.ts";
import { homePaths, readGenesis } from "../node/home.ts";
import { NO_INLINE_RUNS } from "../node/inline/inline-runs.ts";
import { loadVoteKey } from "../node/keys/node-keys.ts";
import { createLedger, type Ledger, type LedgerOptions } from "../node/ledger.ts";
import { type LocalNetwork, makeLocalNetwork } from "../node/local-network.ts";
import { createLog } from "../node/log.ts";
import { storedRootOf } from "../node/stored-types.ts";
import { storedValue } from "../state/collections.ts";
import { openBulkWriter } from "../state/level-store.ts";
import { createMemoryStore } from "../state/memory-store.ts";
import { encodeChunks, type StateEntry } from "../state/snapshot-chunks.ts";
import { finishRestore, restoreState } from "../state/snapshot-restore.ts";

const silent = createLog({ level: "silent", name: "bench" });

/** Four validators' homes, and their genesis as of `time`. */
export async function makeNetwork(
  folder: string,
  time: number,
): Promise<{ local: LocalNetwork; genesis: Genesis; keys: BlsSecretKey[] }> {
  const local = await makeLocalNetwork({
    dir: mkdtempSync(join(folder, "network-")),
    modules,
    time,
    params: { "staking.unbondingTime": 86_400_000n },
  });
  const homes = local.nodes.map(({ home }) => homePaths(home));
  const [first] = homes;
  if (first === undefined) throw new Error("a network without nodes");
  return {
    local,
    genesis: readGenesis(first.genesis, modules),
    keys: homes.map((paths) => loadVoteKey(paths.voteKey)),
  };
}

export interface Maker {
  readonly genesis: Genesis;
  readonly keys: readonly BlsSecretKey[];
  readonly bls: RememberingBls;
}

/** The next block of an application, a second after the last one, with the precommits of all. */
export async function nextBlock(app: Application, { genesis, keys, bls }: Maker): Promise<CertifiedBlock> {
  const { genesisRoot } = genesis.spec;
  const height = app.tip.height + 1;
  const rotation = app.rotation(height);
  if (rotation === undefined) throw new Error("nobody votes");
  const proposerIndex = proposerSchedule(rotation)(0);
  const keyAt = (index: number): BlsSecretKey => {
    const voteKey = rotation.validators[index]?.voteKey ?? genesisRoot;
    const key = keys.find(({ publicKey }) => equalBytes(publicKey, voteKey));
    if (key === undefined) throw new Error("a validator without a key");
    return key;
  };
  const randaoReveal = keyAt(proposerIndex).sign(randaoRoot(height, genesisRoot));
  const time = genesis.time + 1000 * height;
  const block = await app.build({ height, round: 0, time, proposerIndex, lastCommit: app.tipCommit, randaoReveal });
  const data = { height, round: 0, blockId: Header.hashTreeRoot(block.header) };
  const message = voteRoot(PRECOMMIT, data, genesisRoot);
  const votes = rotation.validators.map((_, validatorIndex) => {
    const key = keyAt(validatorIndex);
    const signature = key.sign(message);
    bls.trust({ publicKey: key.publicKey, message, signature });
    return { type: PRECOMMIT, ...data, validatorIndex, signature };
  });
  return { block, commit: makeCommit(votes, rotation.validators, bls) };
}

/** The ledger of a node that has nobody to talk to. */
export function lonelyLedger(options: Pick<LedgerOptions, "runtime" | "store" | "mempool" | "retainBlocks">): Ledger {
  return createLedger({
    ...options,
    inline: NO_INLINE_RUNS,
    clock: steadyClock,
    log: silent,
    onLateCommitment: () => undefined,
    onLateReveal: () => undefined,
    onEvidence: () => undefined,
    onCommitted: () => undefined,
  });
}

/** Certified blocks without transactions, serialised: what a network would have made one a second since genesis. */
export async function makeBlocks(
  genesis: Genesis,
  keys: readonly BlsSecretKey[],
  count: number,
): Promise<Uint8Array[]> {
  const bls = rememberingBls(createBls());
  const runtime = { spec: genesis.spec, modules, ante, bls };
  const store = createMemoryStore({ retention: 1 });
  await ensureGenesis(runtime, store, genesis, "memory");
  const { app } = lonelyLedger({ runtime, store, mempool: { maxTxs: 10, maxBytes: 1_048_576 }, retainBlocks: 2 });
  const blocks: Uint8Array[] = [];
  for (let made = 0; made < count; made++) {
    const certified = await nextBlock(app, { genesis, keys, bls });
    await app.commit(certified);
    blocks.push(CertifiedBlock.serialize(certified));
  }
  return blocks;
}

/** Far apart, in order. */
export function addressOf(i: number): Uint8Array {
  const address = new Uint8Array(20);
  new DataView(address.buffer).setUint32(0, i * 800);
  return address;
}

/** An account and a balance for each address, in the order of the keys. */
async function* accountEntries(count: number): AsyncGenerator<StateEntry> {
  for (let i = 0; i < count; i++) {
    const record = { publicKey: new Uint8Array(33).fill(2), accountNumber: i, sequence: 1 };
    yield [accounts.storeKey(addressOf(i)), storedValue(accounts.type, record).bytes];
  }
  for (let i = 0; i < count; i++) {
    yield [balances.storeKey([addressOf(i), "uassay"]), storedValue(balances.type, 1_000_000n + BigInt(i)).bytes];
  }
}

/** Writes a store of so many accounts at a height; returns its root. */
export async function makeState(path: string, count: number, height: number): Promise<Uint8Array> {
  mkdirSync(path, { recursive: true });
  const writer = await openBulkWriter(path);
  const options = { height, folder: `${path}-tree`, rootOf: storedRootOf };
  const root = await restoreState(writer, encodeChunks(accountEntries(count)), options);
  await finishRestore(writer, height, []);
  await writer.close();
  return root;
}
