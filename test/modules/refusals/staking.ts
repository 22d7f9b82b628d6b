import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { jail } from "../../../modules/staking/keeper.ts";
import { DESCRIPTION_LIMITS, validators } from "../../../modules/staking/store.ts";
import { MsgSetVoteKey } from "../../../proto/staking.ts";
import { accountOf, addressOf, prove, validatorKeys, valoperOf } from "../network.ts";
import { BAD_ACCOUNTS, BAD_AMOUNTS, BAD_OPERATORS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { createWorld, FUNDS, OTHER_DENOM, POOR_FUNDS, type World } from "./world.ts";

const DAY = 86_400_000;
const ONE = 10n ** 18n;
const rate = (percent: bigint): string => `${(ONE * percent) / 100n}`;
const UNKNOWN = valoperOf("nobody");
const message = <M>(codec: { typeUrl: string; encode(value: M): { finish(): Uint8Array } }, value: M) => ({
  typeUrl: codec.typeUrl,
  value: codec.encode(value).finish(),
});

const DELEGATE = { delegatorAddress: accountOf("ann"), validatorAddress: valoperOf("alice"), amount: coin(1000n) };
const REDELEGATE = {
  delegatorAddress: accountOf("ann"),
  validatorSrcAddress: valoperOf("alice"),
  validatorDstAddress: valoperOf("bob"),
  amount: coin(10n),
};

function delegated(): World {
  const world = createWorld();
  world.send(message(MsgDelegate, DELEGATE));
  return world;
}

/** Every entry that a delegator may have, each of a block of its own. */
function fullUnbonding(): World {
  const world = delegated();
  for (let i = 0; i < 7; i++) {
    world.send(message(MsgUndelegate, { ...DELEGATE, amount: coin(10n) }));
    world.block();
  }
  return world;
}

function fullRedelegation(): World {
  const world = delegated();
  for (let i = 0; i < 7; i++) {
    world.send(message(MsgBeginRedelegate, REDELEGATE));
    world.block();
  }
  return world;
}

function jailedWhileUnbonding(): World {
  const world = fullUnbonding();
  jail(world.context(), addressOf("alice"));
  return world;
}

/** A validator that has lost all that was delegated to it. */
function worthless(): World {
  const world = createWorld();
  const alice = validators.get(world.store, addressOf("alice"));
  if (alice !== undefined) validators.set(world.store, addressOf("alice"), { ...alice, tokens: 0n });
  return world;
}

function dayLater(): World {
  const world = createWorld();
  const alice = validators.get(world.store, addressOf("alice"));
  if (alice === undefined) throw new Error("no validator");
  const commission = { ...alice.commission, maxChangeRate: ONE / 100n, maxRate: ONE / 2n };
  validators.set(world.store, addressOf("alice"), { ...alice, commission });
  world.block(DAY + 1000);
  return world;
}

const minimumCommission = (): World => createWorld({ "staking.minCommissionRate": 50_000n });

const delegate = rowsOf(MsgDelegate, DELEGATE);
const undelegate = rowsOf(MsgUndelegate, { ...DELEGATE, amount: coin(10n) }, { given: delegated });
const redelegate = rowsOf(MsgBeginRedelegate, REDELEGATE, { given: delegated });
const cancel = rowsOf(
  MsgCancelUnbondingDelegation,
  { ...DELEGATE, amount: coin(10n), creationHeight: 1n },
  { given: fullUnbonding },
);

/** What all messages that move stake refuse alike. */
function stakeRows(row: typeof delegate): readonly Refusal[] {
  return [
    ...each(BAD_AMOUNTS, "amount", (wrong, amount) => row(wrong, "sdk/10", { amount: coin(amount) })),
    row("another denomination", "sdk/18", { amount: coin(1n, OTHER_DENOM) }),
    ...each(BAD_ACCOUNTS, "delegator", (wrong, delegatorAddress) => row(wrong, "sdk/7", { delegatorAddress })),
  ];
}
const operatorRows = (row: typeof delegate): readonly Refusal[] =>
  each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => row(wrong, "sdk/7", { validatorAddress }));

const identity = (name: string, typeUrl = "/cosmos.crypto.ed25519.PubKey") => ({
  typeUrl,
  value: PubKey.encode({ key: validatorKeys(name).identityKey }).finish(),
});
const DESCRIPTION = { moniker: "ann", identity: "", website: "", securityContact: "", details: "" };
const COMMISSION = { rate: rate(10n), maxRate: rate(20n), maxChangeRate: rate(1n) };
const create = rowsOf(MsgCreateValidator, {
  description: DESCRIPTION,
  commission: COMMISSION,
  minSelfDelegation: "1",
  delegatorAddress: "",
  validatorAddress: valoperOf("ann"),
  pubkey: identity("ann"),
  value: coin(1000n),
});
const edit = rowsOf(
  MsgEditValidator,
  { description: DESCRIPTION, validatorAddress: valoperOf("alice"), commissionRate: "", minSelfDelegation: "" },
  { by: "alice" },
);
const tooLong = (Object.entries(DESCRIPTION_LIMITS) as [keyof typeof DESCRIPTION, number][]).map(
  ([field, limit]) => [`${field} too long`, { ...DESCRIPTION, [field]: "x".repeat(limit + 1) }] as const,
);

const fresh = validatorKeys("alice", "second key");
const setKey = rowsOf(
  MsgSetVoteKey,
  { validatorAddress: valoperOf("alice"), voteKey: fresh.vote.publicKey, ...prove(fresh) },
  { by: "alice" },
);
function rotated(): World {
  const world = createWorld();
  const third = validatorKeys("alice", "third key");
  const value = { validatorAddress: valoperOf("alice"), voteKey: third.vote.publicKey, ...prove(third) };
  world.send(message(MsgSetVoteKey, value));
  return world;
}
/** Somebody else has named alice's identity key and shows a vote key for it. */
const thief = { ...validatorKeys("alice", "of ann"), operator: addressOf("ann") };
function claimed(): World {
  const world = createWorld();
  const ann = validators.get(world.store, addressOf("alice"));
  if (ann !== undefined) validators.set(world.store, addressOf("ann"), { ...ann, voteKey: new Uint8Array(0) });
  return world;
}

export const staking: readonly Refusal[] = [
  ...stakeRows(delegate),
  ...operatorRows(delegate),
  delegate("unknown validator", "staking/3", { validatorAddress: UNKNOWN }),
  delegate("more than the delegator has", "sdk/5", { amount: coin(FUNDS) }),
  delegate("the largest amount", "sdk/5", { amount: coin((1n << 128n) - 1n) }),
  delegate("a validator that has lost all its stake", "staking/34", {}, { given: worthless }),

  ...stakeRows(undelegate),
  ...operatorRows(undelegate),
  undelegate("unknown validator", "staking/3", { validatorAddress: UNKNOWN }),
  undelegate("no delegation", "staking/19", { validatorAddress: valoperOf("bob") }),
  undelegate("more than is delegated", "sdk/18", { amount: coin(1001n) }),
  undelegate("too many entries", "staking/27", {}, { given: fullUnbonding }),

  ...each(BAD_AMOUNTS, "amount", (wrong, amount) => redelegate(wrong, "sdk/10", { amount: coin(amount) })),
  redelegate("another denomination", "sdk/18", { amount: coin(1n, OTHER_DENOM) }),
  ...each(BAD_ACCOUNTS, "delegator", (wrong, delegatorAddress) => redelegate(wrong, "sdk/7", { delegatorAddress })),
  ...each(BAD_OPERATORS, "source", (wrong, validatorSrcAddress) => redelegate(wrong, "sdk/7", { validatorSrcAddress })),
  ...each(BAD_OPERATORS, "destination", (wrong, validatorDstAddress) =>
    redelegate(wrong, "sdk/7", { validatorDstAddress }),
  ),
  redelegate("to the same validator", "staking/29", { validatorDstAddress: valoperOf("alice") }),
  redelegate("unknown source", "staking/3", { validatorSrcAddress: UNKNOWN }),
  redelegate("unknown destination", "staking/31", { validatorDstAddress: UNKNOWN }),
  redelegate("no delegation", "staking/19", {
    validatorSrcAddress: valoperOf("carol"),
  }),
  redelegate("more than is delegated", "sdk/18", { amount: coin(1001n) }),
  redelegate(
    "of stake that is arriving",
    "staking/32",
    { validatorSrcAddress: valoperOf("bob"), validatorDstAddress: valoperOf("carol") },
    { given: fullRedelegation },
  ),
  redelegate("too many entries", "staking/33", {}, { given: fullRedelegation }),

  ...each(BAD_AMOUNTS, "amount", (wrong, amount) => cancel(wrong, "sdk/10", { amount: coin(amount) })),
  cancel("another denomination", "sdk/18", { amount: coin(1n, OTHER_DENOM) }),
  ...each(BAD_ACCOUNTS, "delegator", (wrong, delegatorAddress) => cancel(wrong, "sdk/7", { delegatorAddress })),
  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => cancel(wrong, "sdk/7", { validatorAddress })),
  cancel("creation height zero", "sdk/18", { creationHeight: 0n }),
  cancel("negative creation height", "sdk/18", { creationHeight: -1n }),
  cancel("unknown validator", "staking/3", { validatorAddress: UNKNOWN }),
  cancel("no entry of that height", "staking/26", { creationHeight: 100n }),
  cancel("more than is unbonding", "sdk/18", { amount: coin(11n) }),
  cancel("the validator is jailed", "sdk/18", {}, { given: jailedWhileUnbonding }),

  ...each(BAD_AMOUNTS, "stake", (wrong, amount) => create(wrong, "sdk/10", { value: coin(amount) })),
  create("stake of another denomination", "sdk/18", { value: coin(1n, OTHER_DENOM) }),
  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => create(wrong, "sdk/7", { validatorAddress })),
  ...each(BAD_ACCOUNTS.slice(1), "delegator", (wrong, delegatorAddress) =>
    create(wrong, "sdk/7", { delegatorAddress }),
  ),
  create("the delegator is not the operator", "sdk/7", { delegatorAddress: accountOf("ben") }),
  create("an identity key of another type", "staking/6", {
    pubkey: identity("ann", "/cosmos.crypto.secp256k1.PubKey"),
  }),
  create("an identity key of 31 bytes", "sdk/8", {
    pubkey: { ...identity("ann"), value: PubKey.encode({ key: new Uint8Array(31) }).finish() },
  }),
  create("an undecodable identity key", "sdk/8", { pubkey: { ...identity("ann"), value: Uint8Array.of(255) } }),
  ...each(tooLong, "", (wrong, description) => create(wrong.trim(), "sdk/18", { description })),
  create("an empty description", "sdk/18", { description: { ...DESCRIPTION, moniker: "" } }),
  create("a rate that is no number", "sdk/18", { commission: { ...COMMISSION, rate: "much" } }),
  create("a negative rate", "sdk/18", { commission: { ...COMMISSION, rate: "-1" } }),
  create("a rate above one", "staking/10", { commission: { ...COMMISSION, maxRate: rate(101n) } }),
  create("a rate above the maximum", "staking/11", { commission: { ...COMMISSION, rate: rate(21n) } }),
  create("a change above the maximum", "staking/14", { commission: { ...COMMISSION, maxChangeRate: rate(21n) } }),
  create(
    "a rate below the least",
    "staking/40",
    { commission: { ...COMMISSION, rate: rate(4n) } },
    { given: minimumCommission },
  ),
  ...each(BAD_AMOUNTS, "minimum self delegation", (wrong, minSelfDelegation) =>
    create(wrong, "sdk/18", { minSelfDelegation }),
  ),
  create("less stake than the minimum self delegation", "staking/16", { minSelfDelegation: "1001" }),
  create("the operator has a validator", "staking/4", { validatorAddress: valoperOf("alice") }, { by: "alice" }),
  create("the identity key is another validator's", "staking/5", { pubkey: identity("alice") }),
  create("more stake than the operator has", "sdk/5", { value: coin(FUNDS) }),
  create(
    "no coins but for the fee",
    "sdk/5",
    { validatorAddress: valoperOf("poor"), value: coin(POOR_FUNDS) },
    { by: "poor" },
  ),

  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => edit(wrong, "sdk/7", { validatorAddress })),
  edit("unknown validator", "staking/3", { validatorAddress: valoperOf("ann") }, { by: "ann" }),
  ...each(tooLong, "", (wrong, description) => edit(wrong.trim(), "sdk/18", { description })),
  edit("an empty description", "sdk/18", { description: { ...DESCRIPTION, moniker: "" } }),
  edit("a rate that is no number", "sdk/18", { commissionRate: "much" }),
  edit("a rate above one", "staking/10", { commissionRate: rate(101n) }),
  edit("a second change of the rate within a day", "staking/12", { commissionRate: rate(11n) }),
  edit("a change larger than allowed", "staking/15", { commissionRate: rate(40n) }, { given: dayLater }),
  edit("a rate above the maximum", "staking/11", { commissionRate: rate(51n) }, { given: dayLater }),
  edit("a rate below the least", "staking/40", { commissionRate: rate(4n) }, { given: minimumCommission }),
  ...each(
    BAD_AMOUNTS.filter(([wrong]) => wrong !== "empty"),
    "minimum self delegation",
    (wrong, minSelfDelegation) => edit(wrong, "sdk/18", { minSelfDelegation }),
  ),
  edit("the minimum self delegation is not raised", "staking/17", { minSelfDelegation: "1" }),
  edit("a minimum above the self delegation", "staking/16", { minSelfDelegation: "10000001" }),

  ...each(BAD_OPERATORS, "validator", (wrong, validatorAddress) => setKey(wrong, "sdk/7", { validatorAddress })),
  setKey("unknown validator", "staking/3", { validatorAddress: valoperOf("ann") }, { by: "ann" }),
  setKey("a vote key of 47 bytes", "sdk/18", { voteKey: new Uint8Array(47) }),
  setKey("a proof of 95 bytes", "sdk/18", { proofOfPossession: new Uint8Array(95) }),
  setKey("an identity signature of 63 bytes", "sdk/18", { identitySignature: new Uint8Array(63) }),
  setKey("a key that is in use", "staking/100", { voteKey: validatorKeys("bob").vote.publicKey }),
  setKey("a proof of another key", "staking/101", { proofOfPossession: prove(validatorKeys("bob")).proofOfPossession }),
  setKey("an identity signature of another", "staking/101", {
    identitySignature: prove(validatorKeys("bob")).identitySignature,
  }),
  setKey("no point of the curve", "staking/101", { voteKey: new Uint8Array(48).fill(1) }),
  setKey("a second replacement within an unbonding time", "staking/102", {}, { given: rotated }),
  setKey(
    "the identity key is another validator's",
    "staking/5",
    { validatorAddress: valoperOf("ann"), voteKey: thief.vote.publicKey, ...prove(thief) },
    { by: "ann", given: claimed },
  ),
];
