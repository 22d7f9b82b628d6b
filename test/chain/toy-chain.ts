import { AuthInfo, Fee, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { utf8 } from "../../chain/bytes.ts";
import { makeCommit } from "../../chain/commit.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { decodeTx } from "../../chain/decode-tx.ts";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { InvalidBlockError, sdkError, TxError } from "../../chain/errors.ts";
import { initialState } from "../../chain/executor/genesis.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import type { Runtime } from "../../chain/executor/runtime.ts";
import { type ChainSpec, type InlineRun, type Module, messageType } from "../../chain/module.ts";
import { defineParams, parameterRows } from "../../chain/params.ts";
import type { Block } from "../../chain/types/block.ts";
import { Header } from "../../chain/types/header.ts";
import { Uint64, ZERO_32 } from "../../chain/types/primitives.ts";
import type { Validator } from "../../chain/types/validator.ts";
import { Commit, PRECOMMIT, type Vote } from "../../chain/types/vote.ts";
import { voteRoot } from "../../chain/vote-signing.ts";
import { collection, heightKey } from "../../state/collections.ts";
import { createMemoryStore } from "../../state/memory-store.ts";
import type { StateStore } from "../../state/store.ts";

export const SPEC: ChainSpec = { chainId: "toy-1", genesisRoot: sha256(utf8("toy")), prefix: "assay", denom: "uassay" };
export const BLS = createBls();
export const GENESIS_TIME = 1_000_000;

export const KEYS = [1, 2, 3, 4].map((i) => blsSecretKey(blsKeyFromSeed(sha256(Uint8Array.of(i)))));

/** Four validators of equal power, in the order of their set. */
export const VALIDATORS: readonly Validator[] = KEYS.map((key, i) => ({
  operator: new Uint8Array(20).fill(i + 1),
  identityKey: new Uint8Array(32).fill(i + 1),
  voteKey: key.publicKey,
  power: 10n,
}));

/** What the toy modules write. 200 and up are instructions to the end of the block. */
export const numbers = collection("chain", 200, heightKey, Uint64);
const sequences = collection("chain", 201, heightKey, Uint64);

export const FAIL_AT_END = 200;
export const CHANGE_SET = 201;
export const HUGE_KEY = 202;

export const EFFECT = {
  succeed: 0,
  fail: 1,
  crash: 2,
  hugeEvent: 3,
  infer: 4,
  inferAndFail: 5,
  full: 6,
  backlog: 7,
  inferThenFull: 8,
  inferThenCrowded: 9,
} as const;
/** Cost units of all inline runs of a block; each run costs its key. */
export const MAX_UNITS = 50;

/** A run whose identity is the key that asks for it. */
export const runOf = (key: number): InlineRun => ({
  jobId: new Uint8Array(32).fill(key),
  modelRoot: new Uint8Array(32).fill(key),
  engineId: ZERO_32,
  inputsRoot: ZERO_32,
  inputs: new Uint8Array(0),
  units: key,
  blank: () => new Uint8Array(1),
});

/** Writes its first byte, then does what the second says. The third byte is its signer. */
const poke = messageType<Uint8Array, number>({
  typeUrl: "/toy.counter.Poke",
  responseTypeUrl: "/toy.counter.PokeResponse",
  decode: (reader) => reader.buf,
  encodeResponse: (response) => Uint8Array.of(response),
  signers: (message) => [new Uint8Array(20).fill(message[2] ?? 0)],
  validate: () => undefined,
  subject: ([, effect]) => String(effect),
  execute(ctx, message) {
    const [key = 0, effect] = message;
    numbers.set(ctx.store, key, (numbers.get(ctx.store, key) ?? 0) + 1);
    ctx.emit("poked", ["key", String(key)]);
    if (
      effect === EFFECT.infer ||
      effect === EFFECT.inferAndFail ||
      effect === EFFECT.inferThenFull ||
      effect === EFFECT.inferThenCrowded
    ) {
      const { inline } = ctx.block;
      if (inline.open) ctx.emit("output", ["bytes", inline.run(runOf(key), MAX_UNITS).join()]);
      else inline.demote(runOf(key).modelRoot);
    }
    if (effect === EFFECT.inferAndFail) throw new TxError("toy", 8, "asked to fail after a run");
    const none = new TxError("toy", 9, "no room");
    if (effect === EFFECT.full || effect === EFFECT.inferThenFull) throw ctx.block.inline.full(none, "block");
    if (effect === EFFECT.inferThenCrowded) throw ctx.block.inline.full(none, "tier");
    if (effect === EFFECT.backlog) throw ctx.block.inline.full(none, "chain");
    if (effect === EFFECT.fail) throw new TxError("toy", 7, "asked to fail");
    if (effect === EFFECT.crash) throw new RangeError("a bug in a message");
    if (effect === EFFECT.hugeEvent) ctx.emit("huge", ["text", "x".repeat(70_000)]);
    return key;
  },
});

const noParams = (name: string) => defineParams(name, {});
const noGenesis = { validate: () => undefined, init: () => undefined };

const counter: Module = {
  name: "counter",
  params: noParams("counter"),
  messages: [poke],
  queries: [],
  stored: {},
  genesis: noGenesis,
  beginBlock(ctx, input) {
    ctx.emit("begun", ["evidence", String(input.duplicateVotes.length)]);
    const [commitment] = input.commitments;
    const entries = commitment?.data.entries.length;
    if (entries === 1) throw new InvalidBlockError("a commitment of one entry");
    if (entries === 2) throw sdkError("insufficientFunds", "a TxError where there is no transaction");
    if (entries === 3) throw new RangeError("a bug in the begin of the block");
  },
};

const keeper: Module = {
  name: "keeper",
  params: noParams("keeper"),
  messages: [],
  queries: [],
  stored: {},
  genesis: noGenesis,
  endBlock(ctx) {
    if (ctx.block.height === 0) return VALIDATORS;
    for (const modelRoot of ctx.block.inline.demoted) ctx.emit("demoted", ["model", String(modelRoot[0])]);
    if (numbers.has(ctx.store, FAIL_AT_END)) throw new RangeError("a bug in the end of the block");
    if (numbers.has(ctx.store, HUGE_KEY))
      ctx.store.set(new Uint8Array(2000), { bytes: new Uint8Array(1), root: ZERO_32 });
    return numbers.has(ctx.store, CHANGE_SET) ? VALIDATORS.slice(0, 3) : undefined;
  },
};

export const runtime: Runtime = {
  spec: SPEC,
  modules: [counter, keeper],
  bls: BLS,
  /** The memo is the sequence of the first signer; "free" has none, "crash" is a bug. */
  ante(ctx, tx) {
    ctx.gas.consume(1000, "ante");
    if (tx.body.memo === "crash") throw new RangeError("a bug in the ante step");
    if (tx.body.memo === "free") return;
    const signer = tx.signers[0]?.[0] ?? 0;
    const expected = sequences.get(ctx.store, signer) ?? 0;
    if (tx.body.memo !== String(expected)) throw sdkError("wrongSequence", `expected ${expected}, got ${tx.body.memo}`);
    sequences.set(ctx.store, signer, expected + 1);
  },
};
export const registry = new Map([[poke.typeUrl, poke]]);

export interface TxOptions {
  readonly key?: number;
  readonly effect?: number;
  readonly signer?: number;
  /** The signer's sequence, or "free". */
  readonly memo?: string;
  readonly gas?: number;
  /** Bytes added. */
  readonly padding?: number;
  /** With one, the memo stands as the sequence where transactions have theirs, too. */
  readonly fee?: number;
  readonly timeoutHeight?: number;
  readonly unordered?: boolean;
}

export function txBytes(options: TxOptions = {}): Uint8Array {
  const {
    key = 1,
    effect = 0,
    signer = 1,
    memo = "free",
    gas = 100_000,
    padding = 0,
    fee,
    unordered = false,
  } = options;
  const value = new Uint8Array(3 + padding);
  value.set([key, effect, signer]);
  const timeoutHeight = BigInt(options.timeoutHeight ?? 0);
  const messages = [{ typeUrl: poke.typeUrl, value }];
  const body = TxBody.fromPartial({ memo, messages, timeoutHeight, unordered });
  const amount = fee === undefined ? [] : [{ denom: SPEC.denom, amount: String(fee) }];
  const signerInfos = fee === undefined ? [] : [{ sequence: BigInt(memo) }];
  const authInfo = AuthInfo.fromPartial({ signerInfos, fee: Fee.fromPartial({ gasLimit: BigInt(gas), amount }) });
  const raw = { bodyBytes: TxBody.encode(body).finish(), authInfoBytes: AuthInfo.encode(authInfo).finish() };
  return TxRaw.encode(TxRaw.fromPartial(raw)).finish();
}

export const tx = (options: TxOptions = {}) => decodeTx(txBytes(options), registry, SPEC);

/** Writes the genesis state; the parameters have their defaults but for those given. */
export async function writeGenesis(store: StateStore, params: Readonly<Record<string, bigint>> = {}): Promise<void> {
  const rows = parameterRows([consensusParams]);
  const values = new Map([...rows].map(([name, row]) => [name, params[name] ?? row.default]));
  const overlay = initialState(runtime, store.latest, { time: GENESIS_TIME, params: values, sections: new Map() });
  await store.commit(store.prepare(0, overlay.changes()), []);
}

export async function toyStore(params: Readonly<Record<string, bigint>> = {}): Promise<StateStore> {
  const store = createMemoryStore();
  await writeGenesis(store, params);
  return store;
}

/** Everything that a proposer decides but for the block's contents. */
export function startOf(parent: Parent, proposerIndex = 0, round = 0) {
  const height = parent.height + 1;
  const key = KEYS[proposerIndex];
  if (key === undefined) throw new Error("no such validator");
  return {
    height,
    round,
    time: GENESIS_TIME + 1000 * height,
    proposerIndex,
    parentId: parent.blockId,
    parentCommit: parent.commit,
    lastCommit: parent.commit,
    randaoReveal: key.sign(randaoRoot(height, SPEC.genesisRoot)),
  };
}

export interface Parent {
  readonly height: number;
  readonly blockId: Uint8Array;
  readonly commit: Commit;
}
export const GENESIS_PARENT: Parent = { height: 0, blockId: ZERO_32, commit: Commit.defaultValue() };

export function vote(height: number, blockId: Uint8Array, validatorIndex: number, round = 0): Vote {
  const root = voteRoot(PRECOMMIT, { height, round, blockId }, SPEC.genesisRoot);
  const key = KEYS[validatorIndex];
  if (key === undefined) throw new Error("no such validator");
  return { type: PRECOMMIT, height, round, blockId, validatorIndex, signature: key.sign(root) };
}

/** The certificate of a block, by these validators. */
export function certify(block: Block, signers: readonly number[] = [0, 1, 2, 3], set = VALIDATORS): Commit {
  const blockId = Header.hashTreeRoot(block.header);
  const votes = signers.map((index) => vote(block.header.height, blockId, index));
  return makeCommit(votes, set, BLS);
}

/** A validator that precommitted two blocks. */
export function equivocation(height: number, validatorIndex: number, fill = 1) {
  const a = vote(height, new Uint8Array(32).fill(fill), validatorIndex);
  const b = vote(height, new Uint8Array(32).fill(fill + 1), validatorIndex);
  return duplicateVoteEvidence(a, b);
}
