import { BitArray } from "@chainsafe/ssz";
import { toHex } from "../../../chain/bytes.ts";
import { consensusParams } from "../../../chain/consensus-params.ts";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { ed25519PublicKey, signEd25519 } from "../../../chain/crypto/ed25519.ts";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { decodeTx } from "../../../chain/decode-tx.ts";
import { sdkError, TxError } from "../../../chain/errors.ts";
import { type BlockRun, startBlock } from "../../../chain/executor/block-run.ts";
import { isGenesis, readParams, readRotation, readTip } from "../../../chain/executor/chain-state.ts";
import { initialState } from "../../../chain/executor/genesis.ts";
import { headerBase } from "../../../chain/executor/header.ts";
import { buildingLane, RunPendingError } from "../../../chain/executor/inline-lane.ts";
import { randaoRoot } from "../../../chain/executor/randomness.ts";
import { messageRegistry, type Runtime } from "../../../chain/executor/runtime.ts";
import type { Module } from "../../../chain/module.ts";
import { parameterRows } from "../../../chain/params.ts";
import { type BlockEvidence, NO_EVIDENCE } from "../../../chain/types/evidence.ts";
import { genesisPossessionRoot, possessionSigningRoot } from "../../../chain/types/possession.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../../chain/types/validator.ts";
import { Commit } from "../../../chain/types/vote.ts";
import { type Genesis, parseGenesis } from "../../../genesis/document.ts";
import { chargeFee } from "../../../modules/auth/fee.ts";
import { getAccount, setAccount } from "../../../modules/auth/keeper.ts";
import { checkTimeouts, claimNonce } from "../../../modules/auth/unordered.ts";
import { exportDocument, leaveChain } from "../../../modules/export.ts";
import { createMemoryStore } from "../../../state/memory-store.ts";
import type { StateStore } from "../../../state/store.ts";
import { createFakeBls, type FakeBls } from "../../simulation/fake-bls.ts";

export const DENOM = "uassay";
export const PREFIX = "assay";
export const GENESIS_TIME = 1_700_000_000_000;

/** An actor of a run: it may hold coins, delegate, operate a validator. All keys come from its name. */
export interface Actor {
  readonly name: string;
  readonly address: Uint8Array;
  readonly account: string;
  readonly valoper: string;
  readonly identitySeed: Uint8Array;
  readonly identityKey: Uint8Array;
}

export function createActor(name: string): Actor {
  const address = sha256(Buffer.from(`actor ${name}`)).subarray(0, 20);
  const identitySeed = sha256(Buffer.from(`identity ${name}`));
  return {
    name,
    address,
    account: encodeAddress(PREFIX, address),
    valoper: encodeAddress(`${PREFIX}valoper`, address),
    identitySeed,
    identityKey: ed25519PublicKey(identitySeed),
  };
}

/** Both signatures that bind a vote key to an operator. */
export function prove(actor: Actor, vote: VoteKey, root: Uint8Array) {
  const data = { operator: actor.address, identityKey: actor.identityKey, voteKey: vote.publicKey };
  const message = possessionSigningRoot(data, root);
  return { proofOfPossession: vote.sign(message), identitySignature: signEd25519(actor.identitySeed, message) };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

/** The real rules of fees and sequences; who signed is taken for granted, which spares nearly all of the time. */
const ante: Runtime["ante"] = (ctx, tx, mode) => {
  checkTimeouts(ctx, tx);
  chargeFee(ctx, tx, mode);
  for (const signer of tx.signers) {
    if (tx.body.unordered) claimNonce(ctx, tx, signer, toHex(signer));
    const account = getAccount(ctx.store, signer);
    if (account === undefined) throw sdkError("unknownAddress", "no such account");
    setAccount(ctx.store, { ...account, sequence: account.sequence + 1 });
  }
};

type VoteKey = ReturnType<FakeBls["key"]>;

/** The vote keys of a run, by name and by public key. */
export interface Keys {
  readonly bls: FakeBls;
  key(name: string): VoteKey;
  of(publicKey: Uint8Array): VoteKey;
}

export function createKeys(): Keys {
  const bls = createFakeBls();
  const known = new Map<string, VoteKey>();
  return {
    bls,
    key(name) {
      const key = bls.key(name);
      known.set(toHex(key.publicKey), key);
      return key;
    },
    of(publicKey) {
      const key = known.get(toHex(publicKey));
      if (key === undefined) throw new Error("a vote key that is not of this run");
      return key;
    },
  };
}

export interface ChainOptions {
  readonly modules: readonly Module[];
  readonly keys: Keys;
  readonly params: Readonly<Record<string, bigint>>;
  /** Stake of genesis validators. */
  readonly stakes: readonly (readonly [actor: Actor, tokens: bigint])[];
  readonly balances: readonly (readonly [actor: Actor, amount: bigint])[];
  readonly models: readonly unknown[];
  readonly store?: StateStore;
}

/** A genesis document as people write it. */
function firstDocument(options: ChainOptions): unknown {
  const chainId = "assayrandom-1";
  const root = genesisPossessionRoot(chainId);
  const validators = options.stakes.map(([actor, tokens]) => {
    const vote = options.keys.key(`${actor.name} 0`);
    const { proofOfPossession, identitySignature } = prove(actor, vote, root);
    return {
      operator: actor.account,
      moniker: actor.name,
      identityKey: base64(actor.identityKey),
      voteKey: base64(vote.publicKey),
      proofOfPossession: base64(proofOfPossession),
      identitySignature: base64(identitySignature),
      tokens: String(tokens),
      commissionRate: "0.100000000000000000",
    };
  });
  const balances = options.balances.map(([{ account }, amount]) => ({
    address: account,
    coins: [
      { denom: DENOM, amount: String(amount) },
      { denom: "ugold", amount: "1000000" },
    ],
  }));
  const sections: Readonly<Record<string, unknown>> = {
    bank: { balances },
    staking: { validators },
    inference: { models: options.models },
  };
  const known = parameterRows([consensusParams, ...options.modules.map(({ params }) => params)]);
  const params = Object.entries(options.params).filter(([name]) => known.has(name));
  return {
    version: 1,
    chainId,
    genesisTime: new Date(GENESIS_TIME).toISOString(),
    prefix: PREFIX,
    denom: DENOM,
    params: Object.fromEntries(params.map(([name, value]) => [name, String(value)])),
    modules: Object.fromEntries(options.modules.map(({ name }) => [name, sections[name] ?? {}])),
  };
}

export interface BlockPlan {
  /** Milliseconds since the last block. */
  readonly after: number;
  readonly evidence: BlockEvidence;
  /** Who precommits this block, by index in the set that votes on it. */
  signs(index: number): boolean;
  /** Between the begin of the block, which it must call, and its end. */
  run(block: BlockRun): void;
}

/** The executor and all modules over a store, without consensus, headers and account signatures. */
export interface RandomChain {
  readonly runtime: Runtime;
  readonly store: StateStore;
  readonly height: number;
  readonly time: number;
  readonly validators: ValidatorSet;
  block(plan: BlockPlan): Promise<void>;
  /** @returns the code, `ok`, or `barred` where the block can't carry the transaction. */
  tx(run: BlockRun, bytes: Uint8Array): string;
  /** The chain that the exported state of this one makes, in an empty store of its own. */
  reborn(chainId: string, store?: StateStore): Promise<RandomChain>;
  /** The document of this state. */
  exported(chainId: string): string;
}

function parsed(json: unknown, modules: readonly Module[]): Genesis {
  const result = parseGenesis(json, modules);
  if (result.ok) return result.genesis;
  throw new Error(`genesis: ${result.errors.map(({ path, message }) => `${path} ${message}`).join("; ")}`);
}

async function chainOf(
  genesis: Genesis,
  modules: readonly Module[],
  keys: Keys,
  store: StateStore,
): Promise<RandomChain> {
  const runtime: Runtime = { spec: genesis.spec, modules, ante, bls: keys.bls };
  const registry = messageRegistry(runtime);
  const initial = initialState(runtime, store.latest, genesis);
  await store.commit(store.prepare(genesis.recorded?.height ?? 0, initial.changes()), []);
  let parent = { id: ZERO_32, commit: Commit.defaultValue() };

  const exported = (chainId: string): string =>
    [...exportDocument(runtime, leaveChain(runtime, store.latest), { chainId })].join("");

  return {
    runtime,
    store,
    get height() {
      return readTip(store.latest).height;
    },
    get time() {
      return readTip(store.latest).time;
    },
    get validators() {
      return readRotation(store.latest).validators;
    },
    async block(plan) {
      const tip = readTip(store.latest);
      const height = tip.height + 1;
      const { validators } = readRotation(store.latest);
      const proposerIndex = height % validators.length;
      const message = randaoRoot(height, genesis.spec.genesisRoot);
      const head = headerBase(store.latest, parent.id);
      const start = {
        height,
        time: tip.time + plan.after,
        proposerIndex,
        round: 0,
        parentId: parent.id,
        parentCommit: parent.commit,
        lastCommit: parent.commit,
        validatorsRoot: head.validatorsRoot,
        paramsRoot: head.paramsRoot,
        randaoReveal: keys.of(validators[proposerIndex]?.voteKey ?? ZERO_32).sign(message),
        evidence: isGenesis(store.latest) ? NO_EVIDENCE : plan.evidence,
      };
      const run = startBlock(
        runtime,
        store.latest,
        start,
        buildingLane(0, (run) => run.blank()),
      );
      plan.run(run);
      const { overlay } = run.finish();
      await store.commit(store.prepare(height, overlay.changes()), []);
      const id = sha256(Buffer.from(`block ${height}`));
      const signers = BitArray.fromBoolArray(validators.map((_, index) => plan.signs(index)));
      parent = { id, commit: { height, round: 0, blockId: id, signers, signature: new Uint8Array(96) } };
    },
    tx(run, bytes) {
      try {
        const { code, codespace } = run.attempt(decodeTx(bytes, registry, genesis.spec));
        return code === 0 ? "ok" : `${codespace}/${code}`;
      } catch (error) {
        if (error instanceof TxError) return `barred ${error.codespace}/${error.code}`;
        if (error instanceof RunPendingError) return "waits for room";
        throw error;
      }
    },
    exported,
    reborn: async (chainId, into = createMemoryStore({ retention: 0 })) =>
      chainOf(parsed(JSON.parse(exported(chainId)), modules), modules, keys, into),
  };
}

export async function createRandomChain(options: ChainOptions): Promise<RandomChain> {
  const store = options.store ?? createMemoryStore({ retention: 0 });
  return chainOf(parsed(firstDocument(options), options.modules), options.modules, options.keys, store);
}

export const paramsOf = (chain: RandomChain) => readParams(chain.store.latest);
