import { toHex } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import { encodeAddress } from "../../chain/crypto/bech32.ts";
import { type BlsSecretKey, blsKeyFromSeed, blsSecretKey, createBls } from "../../chain/crypto/bls.ts";
import { ed25519PublicKey, signEd25519 } from "../../chain/crypto/ed25519.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { readParams, writeParams, writeRotation, writeTip } from "../../chain/executor/chain-state.ts";
import { createContext, type RecordingContext } from "../../chain/executor/context.ts";
import type { VerifiedEvidence } from "../../chain/executor/evidence-checks.ts";
import { NO_LANE } from "../../chain/executor/inline-lane.ts";
import { messageRegistry } from "../../chain/executor/runtime.ts";
import { gasMeter } from "../../chain/gas.ts";
import type { BlockInfo, BlockInput, ChainSpec, Event, Module, QueryContext } from "../../chain/module.ts";
import { parameterRows } from "../../chain/params.ts";
import { genesisPossessionRoot, possessionSigningRoot } from "../../chain/types/possession.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { authModule } from "../../modules/auth/module.ts";
import { authzModule } from "../../modules/authz/module.ts";
import { bankModule } from "../../modules/bank/module.ts";
import { distributionModule } from "../../modules/distribution/module.ts";
import { feegrantModule } from "../../modules/feegrant/module.ts";
import { feemarketModule } from "../../modules/feemarket/module.ts";
import { govModule } from "../../modules/gov/module.ts";
import { violations } from "../../modules/invariants.ts";
import { mintModule } from "../../modules/mint/module.ts";
import { paramsModule } from "../../modules/params/module.ts";
import { securityModule } from "../../modules/security/module.ts";
import { signingInfosInvariant } from "../../modules/slashing/invariants.ts";
import { slashingModule } from "../../modules/slashing/module.ts";
import { stakingModule } from "../../modules/staking/module.ts";
import type { UpgradeHandler } from "../../modules/upgrade/handlers.ts";
import { upgradeModule } from "../../modules/upgrade/module.ts";
import { createOverlay } from "../../state/overlay.ts";
import type { Overlay, StateReader } from "../../state/store.ts";

/** What the software under test knows of upgrades; a test adds its own. */
export const UPGRADES = new Map<string, UpgradeHandler>();
export const SKIPPED_HEIGHTS = new Set<number>();

/** The modules under test, in the order of the registry. */
const TABLES: readonly Module[] = [
  upgradeModule({ handlers: UPGRADES, skipHeights: SKIPPED_HEIGHTS }, () => MODULES.map(({ name }) => name)),
  authModule,
  authzModule,
  feegrantModule,
  bankModule,
  mintModule,
  stakingModule,
  distributionModule,
  slashingModule,
  feemarketModule,
  securityModule,
  govModule,
];
export const MODULES: readonly Module[] = [...TABLES, paramsModule(TABLES)];
const REGISTRY = messageRegistry({ modules: MODULES });
export const SPEC: ChainSpec = {
  chainId: "assaytest-1",
  genesisRoot: sha256(new Uint8Array([1])),
  prefix: "assay",
  denom: "uassay",
};
export const BLS = createBls();
const EMPTY: StateReader = { get: () => undefined, iterate: () => [] };
const GENESIS_TIME = 1_700_000_000_000;

/** A 20-byte address that is the same in every run. */
export function addressOf(name: string): Uint8Array {
  return sha256(Buffer.from(name)).subarray(0, 20);
}
export const accountOf = (name: string): string => encodeAddress(SPEC.prefix, addressOf(name));
export const valoperOf = (name: string): string => encodeAddress(`${SPEC.prefix}valoper`, addressOf(name));

export interface ValidatorKeys {
  readonly name: string;
  readonly operator: Uint8Array;
  readonly identitySeed: Uint8Array;
  readonly identityKey: Uint8Array;
  readonly vote: BlsSecretKey;
}

export function validatorKeys(name: string, voteSeed = name): ValidatorKeys {
  const identitySeed = sha256(Buffer.from(`identity ${name}`));
  return {
    name,
    operator: addressOf(name),
    identitySeed,
    identityKey: ed25519PublicKey(identitySeed),
    vote: blsSecretKey(blsKeyFromSeed(sha256(Buffer.from(`vote ${voteSeed}`)))),
  };
}

/** Both signatures that bind the vote key. `chainRoot` defaults to that of a running chain. */
export function prove(keys: ValidatorKeys, chainRoot: Uint8Array = SPEC.genesisRoot) {
  const data = { operator: keys.operator, identityKey: keys.identityKey, voteKey: keys.vote.publicKey };
  const root = possessionSigningRoot(data, chainRoot);
  return { proofOfPossession: keys.vote.sign(root), identitySignature: signEd25519(keys.identitySeed, root) };
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");

export function genesisEntry(keys: ValidatorKeys, tokens: bigint) {
  const proof = prove(keys, genesisPossessionRoot(SPEC.chainId));
  return {
    operator: encodeAddress(SPEC.prefix, keys.operator),
    moniker: keys.name,
    identityKey: base64(keys.identityKey),
    voteKey: base64(keys.vote.publicKey),
    proofOfPossession: base64(proof.proofOfPossession),
    identitySignature: base64(proof.identitySignature),
    tokens: tokens.toString(),
    commissionRate: "0.100000000000000000",
  };
}

/** So that tests of other modules can count coins. */
const FIXED_SUPPLY = { "mint.inflationMax": 0n, "mint.inflationMin": 0n };

export interface NetworkOptions {
  /** Stake of each genesis validator, by name. */
  readonly validators?: Readonly<Record<string, bigint>>;
  /** Balances in the base denomination, by name. */
  readonly balances?: Readonly<Record<string, bigint>>;
  readonly params?: Readonly<Record<string, bigint>>;
  /** The section of that module. */
  readonly auth?: unknown;
}

export interface BlockOptions {
  /** Names of validators whose precommit the last commit lacks. */
  readonly missing?: readonly string[];
  readonly evidence?: Partial<VerifiedEvidence>;
  /** Milliseconds since the last block. */
  readonly after?: number;
  /** Sum of the gas limits that the block is said to have held. */
  readonly gasWanted?: bigint;
  /** What happens between the begin and the end of the block. */
  readonly run?: (ctx: RecordingContext) => void;
}

/** A chain of the modules alone: no consensus, no transactions; messages are handed to it as parsed from their bytes. */
export interface Network {
  readonly store: Overlay;
  readonly height: number;
  readonly time: number;
  readonly validators: ValidatorSet;
  readonly params: ReadonlyMap<string, bigint>;
  /** A context in the block being built. */
  context(gasLimit?: number): RecordingContext;
  /** Runs a message all or nothing, with the checks that come before. Throws what it throws. */
  run(typeUrl: string, value: Uint8Array, gasLimit?: number): { response: Uint8Array; events: readonly Event[] };
  /** Begins the next block, runs it and ends it. @returns its block events. */
  block(options?: BlockOptions): readonly Event[];
  query(path: string, request: Uint8Array): Uint8Array;
  /** Everything in the store, for comparing. */
  dump(): ReadonlyMap<string, string>;
  /** What is violated, of all invariants of all modules. */
  violations(): readonly string[];
}

export function createNetwork(options: NetworkOptions = {}): Network {
  const tables = [consensusParams, ...MODULES.map((module) => module.params)];
  const params = new Map([...parameterRows(tables)].map(([name, row]) => [name, row.default]));
  for (const [name, value] of Object.entries({ ...FIXED_SUPPLY, ...options.params })) params.set(name, value);
  const store = createOverlay(EMPTY);
  writeParams(store, params);
  let written = readParams(store);
  let height = 0;
  let time = GENESIS_TIME;
  let validators: ValidatorSet = [];
  let previous: ValidatorSet = [];

  const info = (): BlockInfo => ({
    height,
    time,
    spec: SPEC,
    params,
    validators,
    proposer: validators[0]?.operator ?? new Uint8Array(20),
    beacon: new Uint8Array(32),
    messages: REGISTRY,
    inline: NO_LANE,
  });
  const context = (gasLimit?: number): RecordingContext =>
    gasLimit === undefined ? createContext(info(), store, BLS) : createContext(info(), store, BLS, gasMeter(gasLimit));

  function end(ctx: RecordingContext, gasWanted = 0n): void {
    previous = validators;
    let next = validators;
    for (const module of MODULES) next = module.endBlock?.(ctx, gasWanted) ?? next;
    record(next);
    validators = next;
  }

  /** What the executor would keep of the block, as far as invariants look at it; but no heights, of which there is no evidence here. */
  function record(next: ValidatorSet): void {
    writeRotation(store, height, { validators: next, priorities: next.map(() => 0n) });
    writeTip(store, { height, time, beacon: ZERO_32 });
  }

  const sections: Readonly<Record<string, unknown>> = {
    auth: options.auth ?? {},
    bank: {
      balances: Object.entries(options.balances ?? {}).map(([name, amount]) => ({
        address: accountOf(name),
        coins: [{ denom: SPEC.denom, amount: amount.toString() }],
      })),
    },
    staking: {
      validators: Object.entries(options.validators ?? { alice: 10_000_000n }).map(([name, tokens]) =>
        genesisEntry(validatorKeys(name), tokens),
      ),
    },
    authz: {},
    feegrant: {},
    distribution: {},
    slashing: {},
    gov: {},
    upgrade: {},
    params: {},
    mint: {},
    feemarket: {},
    security: {},
  };
  const genesis = context();
  for (const module of MODULES) {
    module.genesis.validate(sections[module.name] ?? {}, SPEC, (path, message) => {
      throw new Error(`${path}: ${message}`);
    });
    module.genesis.init(genesis, sections[module.name] ?? {});
  }
  end(genesis);

  const dump = () =>
    new Map(store.changes().flatMap(([key, value]) => (value === undefined ? [] : [[toHex(key), toHex(value.bytes)]])));

  return {
    store,
    params,
    get height() {
      return height;
    },
    get time() {
      return time;
    },
    get validators() {
      return validators;
    },
    context,
    run(typeUrl, value, gasLimit) {
      const type = MODULES.flatMap((module) => module.messages).find((message) => message.typeUrl === typeUrl);
      if (type === undefined) throw new Error(`no message ${typeUrl}`);
      const message = type.parse(value, SPEC);
      message.validate();
      const overlay = createOverlay(store);
      const gas = gasLimit === undefined ? undefined : gasMeter(gasLimit);
      const ctx = createContext(info(), overlay, BLS, gas);
      const response = message.execute({ ...ctx, txHash: new Uint8Array(32), sequence: 0, messageIndex: 0 });
      overlay.flush();
      return { response, events: ctx.events };
    },
    block(blockOptions = {}) {
      if (readParams(store) !== written) for (const [name, value] of readParams(store)) params.set(name, value);
      written = readParams(store);
      height += 1;
      time += blockOptions.after ?? 1000;
      const missing = (blockOptions.missing ?? []).map((name) => toHex(addressOf(name)));
      const signers = height === 1 ? [] : previous;
      const input: BlockInput = {
        lastCommit: signers.map((validator) => ({ validator, signed: !missing.includes(toHex(validator.operator)) })),
        duplicateVotes: [],
        lightClientAttacks: [],
        demands: [],
        polkas: [],
        ...blockOptions.evidence,
        duplicateAttestations: [],
        commitments: [],
        reveals: [],
        outputs: [],
      };
      const ctx = context();
      for (const module of MODULES) module.beginBlock?.(ctx, input);
      blockOptions.run?.(ctx);
      end(ctx, blockOptions.gasWanted);
      return ctx.events;
    },
    query(path, request) {
      const query = MODULES.flatMap((module) => module.queries).find((candidate) => candidate.path === path);
      if (query === undefined) throw new Error(`no query ${path}`);
      const ctx: QueryContext = { store, height, time, spec: SPEC, params, validators };
      return query.handle(ctx, request);
    },
    dump,
    // The registry's look at who signs needs those heights.
    violations: () => [...violations(store, SPEC), ...signingInfosInvariant(store, validators, height)],
  };
}

/** The code with its codespace (`sdk/5`) and the text of what `action` throws; undefined when it does not. */
export function refusal(action: () => unknown): { readonly code: string; readonly text: string } | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (!(error instanceof Error) || !("codespace" in error) || !("code" in error)) throw error;
    return { code: `${String(error.codespace)}/${String(error.code)}`, text: error.message };
  }
}

export const attribute = (event: Event | undefined, key: string): string | undefined =>
  event?.attributes.find(([name]) => name === key)?.[1];
