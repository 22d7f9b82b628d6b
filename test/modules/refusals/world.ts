import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 } from "../../../chain/crypto/hash.ts";
import { readParams, writeParams, writeTip } from "../../../chain/executor/chain-state.ts";
import { createContext, type RecordingContext } from "../../../chain/executor/context.ts";
import { NO_LANE } from "../../../chain/executor/inline-lane.ts";
import { messageRegistry } from "../../../chain/executor/runtime.ts";
import type { BlockInfo, BlockInput } from "../../../chain/module.ts";
import type { ValidatorSet } from "../../../chain/types/validator.ts";
import { parameterTable } from "../../../genesis/parameters.ts";
import { getAccount, setAccount } from "../../../modules/auth/keeper.ts";
import { genesisModel } from "../../../modules/inference/genesis.ts";
import { modules } from "../../../modules/registry.ts";
import { createOverlay } from "../../../state/overlay.ts";
import type { Overlay, StateReader } from "../../../state/store.ts";
import { manifestOf } from "../../inference/harness.ts";
import { accountOf, addressOf, BLS, genesisEntry, SPEC, validatorKeys } from "../network.ts";

/** A chain of every module, and its names: validators that are bonded, accounts with coins, and accounts without. */
export const VALIDATORS = ["alice", "bob", "carol"] as const;
const RICH = ["ann", "ben", "owner", ...VALIDATORS] as const;
const POOR = "poor";
/** Of everybody rich, in base units, besides stake. */
export const FUNDS = 1_000_000_000_000n;
/** Enough for one fee, and for nothing else. */
export const POOR_FUNDS = 100_000n;
/** A second denomination, which fees can not be paid in. */
export const OTHER_DENOM = "ibc/other";

const EMPTY: StateReader = { get: () => undefined, iterate: () => [] };
const GENESIS_TIME = 1_700_000_000_000;

/** The key that a name signs with. Its address is the name's and not the key's, so that validators can sign, too. */
export const secretOf = (name: string): Uint8Array => sha256(Buffer.from(`account ${name}`));

export interface World {
  readonly store: Overlay;
  /** What the next transaction finds. */
  info(): BlockInfo;
  context(): RecordingContext;
  /** Carries a message out as its signer would, without a fee. */
  send(message: Message): void;
  /** Ends the block and begins the next. */
  block(after?: number): void;
}

/** A message as a transaction carries it. */
export interface Message {
  readonly typeUrl: string;
  readonly value: Uint8Array;
}

function sectionsOf(): Readonly<Record<string, unknown>> {
  const coins = (amount: bigint) => [
    { denom: OTHER_DENOM, amount: amount.toString() },
    { denom: SPEC.denom, amount: amount.toString() },
  ];
  return {
    bank: {
      balances: [
        ...RICH.map((name) => ({ address: accountOf(name), coins: coins(FUNDS) })),
        { address: accountOf(POOR), coins: coins(POOR_FUNDS).slice(1) },
      ],
    },
    staking: { validators: VALIDATORS.map((name) => genesisEntry(validatorKeys(name), 10_000_000n)) },
    inference: { models: [genesisModel(manifestOf("digits"), SPEC.prefix)] },
  };
}

/** @param change parameters other than their defaults. */
export function createWorld(change: Readonly<Record<string, bigint>> = {}): World {
  const store = createOverlay(EMPTY);
  const initial = new Map([...parameterTable(modules)].map(([name, row]) => [name, row.default]));
  for (const [name, value] of Object.entries(change)) initial.set(name, value);
  writeParams(store, initial);
  let height = 0;
  let time = GENESIS_TIME;
  let sequence = 0;
  let validators: ValidatorSet = [];
  let previous: ValidatorSet = [];

  const info = (): BlockInfo => ({
    height,
    time,
    spec: SPEC,
    params: readParams(store),
    validators,
    proposer: addressOf("alice"),
    beacon: new Uint8Array(32),
    messages: messageRegistry({ modules }),
    inline: NO_LANE,
  });
  const context = (): RecordingContext => createContext(info(), store, BLS);

  function end(ctx: RecordingContext): void {
    previous = validators;
    for (const module of modules) validators = module.endBlock?.(ctx, 0n) ?? validators;
    writeTip(store, { height, time, beacon: ctx.block.beacon });
  }

  function begin(after: number): void {
    height += 1;
    time += after;
    const input: BlockInput = {
      lastCommit: previous.map((validator) => ({ validator, signed: true })),
      duplicateVotes: [],
      lightClientAttacks: [],
      demands: [],
      polkas: [],
      duplicateAttestations: [],
      commitments: [],
      reveals: [],
      outputs: [],
    };
    const ctx = context();
    for (const module of modules) module.beginBlock?.(ctx, input);
  }

  const sections = sectionsOf();
  const genesis = context();
  for (const module of modules) module.genesis.init(genesis, sections[module.name] ?? {});
  end(genesis);
  begin(1000);
  for (const name of [...RICH, POOR]) {
    const account = getAccount(store, addressOf(name));
    if (account === undefined) throw new Error(`${name} has no account`);
    setAccount(store, { ...account, publicKey: secp256k1.getPublicKey(secretOf(name)), sequence: 3 });
  }

  return {
    store,
    info,
    context,
    send({ typeUrl, value }) {
      const type = info().messages.get(typeUrl);
      if (type === undefined) throw new Error(`no message ${typeUrl}`);
      const message = type.parse(value, SPEC);
      message.validate();
      message.execute({ ...context(), txHash: sha256(Buffer.from([sequence])), sequence, messageIndex: 0 });
      sequence += 1;
    },
    block(after = 1000) {
      end(context());
      begin(after);
    },
  };
}
