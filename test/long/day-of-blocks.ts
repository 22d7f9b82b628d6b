import { mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { equalBytes } from "../../chain/bytes.ts";
import { makeCommit } from "../../chain/commit.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { rememberingBls } from "../../chain/crypto/remembering-bls.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { proposerSchedule } from "../../chain/proposer-rotation.ts";
import { Header } from "../../chain/types/header.ts";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { ante } from "../../modules/auth/ante.ts";
import { getAccount } from "../../modules/auth/keeper.ts";
import { modules } from "../../modules/registry.ts";
import { steadyClock } from "../../node/clock.ts";
import { NO_INLINE_RUNS } from "../../node/inline/inline-runs.ts";
import { createLedger } from "../../node/ledger.ts";
import { createLog } from "../../node/log.ts";
import { openLevelStore } from "../../state/level-store.ts";
import { signTx } from "../simulation/workload.ts";
import { createWorld, GENESIS_TIME, keyOf, type World } from "../simulation/world.ts";

export interface DayOptions {
  readonly folder: string;
  readonly blocks: number;
  /** Blocks and states kept. */
  readonly retention: number;
  readonly sampleEvery: number;
}

export interface Sample {
  readonly height: number;
  /** Of all files of the database. */
  readonly bytes: number;
}

function bytesIn(folder: string): number {
  return readdirSync(folder).reduce((sum, file) => {
    // Files come and go while the database compacts.
    return sum + (statSync(join(folder, file), { throwIfNoEntry: false })?.size ?? 0);
  }, 0);
}

function send(world: World, index: number, accountNumber: number, sequence: number): Uint8Array {
  const from = world.accounts[index % world.accounts.length];
  const to = world.accounts[(index + 1) % world.accounts.length];
  if (from === undefined || to === undefined) throw new Error("a world without accounts");
  const { spec } = world.genesis;
  const fromAddress = encodeAddress(spec.prefix, from.address);
  const toAddress = encodeAddress(spec.prefix, to.address);
  const value = MsgSend.encode({ fromAddress, toAddress, amount: [{ denom: spec.denom, amount: "1" }] }).finish();
  return signTx({ typeUrl: MsgSend.typeUrl, value }, { spec, account: from, accountNumber, sequence });
}

/** A block a second with one transfer in it, on a database that keeps the latest ones; what the disk holds, now and then. */
export async function dayOfBlocks({ folder, blocks, retention, sampleEvery }: DayOptions): Promise<Sample[]> {
  const world = createWorld({ nodes: 4, realBls: false });
  const { spec } = world.genesis;
  const bls = rememberingBls(world.bls);
  mkdirSync(folder, { recursive: true });
  const store = await openLevelStore(folder, { retention });
  await store.commit(store.prepare(0, world.changes), []);
  const { app, mempool } = createLedger({
    runtime: { spec, modules, ante, bls },
    store,
    mempool: { maxTxs: 10, maxBytes: 1_048_576 },
    inline: NO_INLINE_RUNS,
    clock: steadyClock,
    retainBlocks: retention,
    log: createLog({ level: "silent", name: "day" }),
    onLateCommitment: () => undefined,
    onLateReveal: () => undefined,
    onEvidence: () => undefined,
    onCommitted: () => undefined,
  });
  const samples: Sample[] = [];
  for (let height = 1; height <= blocks; height++) {
    const account = getAccount(
      store.latest,
      world.accounts[height % world.accounts.length]?.address ?? new Uint8Array(),
    );
    if (account === undefined) throw new Error("an account that is not there");
    const { code, log } = mempool.add(send(world, height, account.accountNumber, account.sequence));
    if (code !== 0) throw new Error(log);
    const rotation = app.rotation(height);
    if (rotation === undefined) throw new Error("nobody votes");
    const keys = rotation.validators.map(({ voteKey }) => {
      const index = world.voteKeys.findIndex(({ publicKey }) => equalBytes(publicKey, voteKey));
      return keyOf(world, index);
    });
    const proposerIndex = proposerSchedule(rotation)(0);
    const randaoReveal = keys[proposerIndex]?.sign(randaoRoot(height, spec.genesisRoot)) ?? new Uint8Array();
    const time = GENESIS_TIME + 1000 * height;
    const block = await app.build({ height, round: 0, time, proposerIndex, lastCommit: app.tipCommit, randaoReveal });
    const data = { height, round: 0, blockId: Header.hashTreeRoot(block.header) };
    const message = voteRoot(PRECOMMIT, data, spec.genesisRoot);
    const votes = keys.map((key, validatorIndex) => {
      return { type: PRECOMMIT, ...data, validatorIndex, signature: key.sign(message) };
    });
    await app.commit({ block, commit: makeCommit(votes, rotation.validators, bls) });
    if (height % sampleEvery === 0) samples.push({ height, bytes: bytesIn(folder) });
  }
  await store.close();
  return samples;
}
