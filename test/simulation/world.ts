import { secp256k1 } from "@noble/curves/secp256k1.js";
import { type Bls, type BlsSecretKey, blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519 } from "../../chain/crypto/ed25519.ts";
import { accountAddress, sha256 } from "../../chain/crypto/hash.ts";
import { readParams, writeParams } from "../../chain/executor/chain-state.ts";
import { initialState } from "../../chain/executor/genesis.ts";
import { type Genesis, parseGenesis } from "../../genesis/document.ts";
import { localGenesis } from "../../genesis/local-network.ts";
import { ante } from "../../modules/auth/ante.ts";
import { supply as supplyOf } from "../../modules/bank/keeper.ts";
import { genesisModel } from "../../modules/inference/genesis.ts";
import { modules } from "../../modules/registry.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { Overlay } from "../../state/store.ts";
import { createFakeBls } from "./fake-bls.ts";
import { simulatedModel } from "./fake-engine.ts";

/** An account with money that signs transactions. */
export interface Account {
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly address: Uint8Array;
}

/** All that the runs with one number of validators share: keys, genesis document and state. Nothing of it changes. */
export interface World {
  readonly bls: Bls;
  /** The vote key of each node, and the operator's address. */
  readonly voteKeys: readonly BlsSecretKey[];
  readonly operators: readonly Uint8Array[];
  readonly accounts: readonly Account[];
  readonly genesis: Genesis;
  /** What genesis writes. */
  readonly changes: ReturnType<Overlay["changes"]>;
  /** All coins that genesis makes. */
  readonly supply: bigint;
}

export interface WorldOptions {
  readonly nodes: number;
  /** Real signatures instead of hashes. */
  readonly realBls: boolean;
}

export const GENESIS_TIME = Date.UTC(2026, 0, 1);
export const STAKE = 1_000_000_000_000n;
const ACCOUNTS = 6;
/** Small beside the stakes: whatever is done with it moves no third of the power. */
const ALLOWANCE = 10_000_000_000n;

/** Quick blocks; the rules of genesis hold. Nobody is jailed for a pause, so that every correct validator stays one. */
const PARAMS = {
  "consensus.blockInterval": 50n,
  "consensus.emptyBlockInterval": 100n,
  "consensus.timeoutPropose": 400n,
  "consensus.timeoutProposeDelta": 100n,
  "consensus.executionBudget": 50n,
  "consensus.inferenceBudget": 50n,
  "consensus.networkMargin": 200n,
  "consensus.timePrecision": 200n,
  "consensus.timeMessageDelay": 2000n,
  "slashing.signedBlocksWindow": 100_000n,
  "slashing.amnesiaWindow": 3n,
  "inference.commitWindow": 2n,
  "inference.revealWindow": 2n,
  "inference.appealWindow": 3n,
  "inference.auditInterval": 5n,
  "inference.auditMinSample": 5n,
};

/** By the number of validators: so few that committees are drawn, and so many that the faulty, less than a third, can't be two thirds of one. */
const COMMITTEE_MAX: ReadonlyMap<number, bigint> = new Map([
  [7, 4n],
  [10, 5n],
]);

const seedOf = (name: string): Uint8Array => sha256(Buffer.from(name));

function account(index: number): Account {
  const privateKey = seedOf(`account ${index}`);
  const publicKey = secp256k1.getPublicKey(privateKey, true);
  return { privateKey, publicKey, address: accountAddress(publicKey) };
}

export function createWorld({ nodes, realBls }: WorldOptions): World {
  const fake = createFakeBls();
  const bls = realBls ? createBls() : fake;
  const indexes = Array.from({ length: nodes }, (_, index) => index);
  const voteKeys = indexes.map((index) =>
    realBls ? blsSecretKey(blsKeyFromSeed(seedOf(`vote ${index}`))) : fake.key(`vote ${index}`),
  );
  const operators = indexes.map((index) => seedOf(`operator ${index}`).subarray(0, 20));
  const accounts = Array.from({ length: ACCOUNTS }, (_, index) => account(index));
  const document = localGenesis({
    chainId: "assaysim-1",
    time: GENESIS_TIME,
    params: PARAMS,
    modules,
    validators: indexes.map((index) => {
      const seed = seedOf(`identity ${index}`);
      return {
        moniker: `node${index}`,
        operator: operators[index] ?? new Uint8Array(20),
        identityKey: { publicKey: ed25519PublicKey(seed), sign: (message) => signEd25519(seed, message) },
        voteKey: voteKeys[index] ?? fake.key("none"),
        tokens: STAKE,
      };
    }),
    balances: accounts.map(({ address }) => ({ address, amount: ALLOWANCE })),
  });
  const model = genesisModel(simulatedModel(accounts[0]?.address ?? new Uint8Array(20)), document.prefix);
  const sections = { ...document.modules, inference: { models: [model] } };
  const parsed = parseGenesis({ ...document, modules: sections }, modules);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
  const { genesis } = parsed;
  const runtime = { spec: genesis.spec, modules, ante, bls };
  const empty = createOverlay({ get: () => undefined, iterate: () => [] });
  const state = initialState(runtime, empty, genesis);
  // Genesis has at least 70: a network that large takes too long here.
  const committeeMax = COMMITTEE_MAX.get(nodes);
  if (committeeMax !== undefined) {
    writeParams(state, new Map([...readParams(state), ["inference.committeeMax", committeeMax]]));
  }
  const supply = supplyOf(state, genesis.spec.denom);
  return { bls, voteKeys, operators, accounts, genesis, changes: state.changes(), supply };
}

export function keyOf({ voteKeys }: World, index: number): BlsSecretKey {
  const key = voteKeys[index];
  if (key === undefined) throw new Error(`there is no node ${index}`);
  return key;
}

export function operatorOf({ operators }: World, index: number): Uint8Array {
  const operator = operators[index];
  if (operator === undefined) throw new Error(`there is no node ${index}`);
  return operator;
}

/** Makes each world once. */
export function worldCache(): (options: WorldOptions) => World {
  const known = new Map<string, World>();
  return (options) => {
    const key = `${options.nodes}/${options.realBls}`;
    const world = known.get(key) ?? createWorld(options);
    known.set(key, world);
    return world;
  };
}
