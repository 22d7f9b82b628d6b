import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import {
  MsgCancelUnbondingDelegation,
  MsgCreateValidator,
  MsgDelegate,
  MsgEditValidator,
  MsgUndelegate,
  MsgUndelegateResponse,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { consensusAddress } from "../../chain/crypto/hash.ts";
import { GAS } from "../../chain/gas.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { operatorByConsensusAddress, validatorByOperator } from "../../modules/staking/keeper.ts";
import { BONDED_POOL, NOT_BONDED_POOL } from "../../modules/staking/pools.ts";
import { BOND, delegations, unbondings } from "../../modules/staking/store.ts";
import { MsgSetVoteKey } from "../../proto/staking.ts";
import {
  accountOf,
  addressOf,
  attribute,
  createNetwork,
  type Network,
  prove,
  refusal,
  validatorKeys,
  valoperOf,
} from "./network.ts";

const RATE = "100000000000000000";
const network = (params: Record<string, bigint> = {}) =>
  createNetwork({
    validators: { alice: 10_000_000n },
    balances: { bob: 50_000_000n, ann: 100_000_000n },
    params,
  });
const coin = (amount: string, denom = "uassay") => ({ denom, amount });

function create(net: Network, change: Partial<MsgCreateValidator> = {}, name = "bob") {
  const message = MsgCreateValidator.fromPartial({
    description: { moniker: "Bob", identity: "", website: "", securityContact: "", details: "" },
    commission: { rate: RATE, maxRate: `2${RATE.slice(1)}`, maxChangeRate: RATE },
    minSelfDelegation: "1",
    delegatorAddress: "",
    validatorAddress: valoperOf(name),
    pubkey: pubkeyOf(name),
    value: coin("5000000"),
  });
  return net.run(MsgCreateValidator.typeUrl, MsgCreateValidator.encode({ ...message, ...change }).finish());
}

const pubkeyOf = (name: string) => ({
  typeUrl: "/cosmos.crypto.ed25519.PubKey",
  value: PubKey.encode({ key: validatorKeys(name).identityKey }).finish(),
});

function setKey(net: Network, change: Partial<MsgSetVoteKey> = {}, keys = validatorKeys("bob"), gasLimit?: number) {
  const message = { validatorAddress: valoperOf(keys.name), voteKey: keys.vote.publicKey, ...prove(keys), ...change };
  return net.run(MsgSetVoteKey.typeUrl, MsgSetVoteKey.encode(message).finish(), gasLimit);
}

function delegate(net: Network, from: string, to: string, amount = coin("1000000")) {
  const message = { delegatorAddress: accountOf(from), validatorAddress: valoperOf(to), amount };
  return net.run(MsgDelegate.typeUrl, MsgDelegate.encode(message).finish());
}

function undelegate(net: Network, from: string, to: string, amount = coin("1000000")) {
  const message = { delegatorAddress: accountOf(from), validatorAddress: valoperOf(to), amount };
  return net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish());
}

/** The action must be refused with this code, and nothing may have changed. */
function expectRefusal(net: Network, code: string, text: string, action: () => unknown): void {
  const before = net.dump();
  const found = refusal(action);
  expect(found?.code).toBe(code);
  expect(found?.text).toContain(text);
  expect(net.dump()).toEqual(before);
}

describe("MsgCreateValidator and MsgSetVoteKey", () => {
  test("make a validator that votes from the next height on", () => {
    const net = network();
    net.block({ run: () => void create(net) });
    expect(net.validators).toHaveLength(1);
    expect(validatorByOperator(net.store, addressOf("bob"))?.status).toBe(BOND.unbonded);
    net.block({ run: () => void setKey(net) });
    expect(net.validators.map(({ power }) => power)).toEqual([10n, 5n]);
    expect(net.validators[1]?.voteKey).toEqual(validatorKeys("bob").vote.publicKey);
    expect(validatorByOperator(net.store, addressOf("bob"))?.status).toBe(BOND.bonded);
    expect(balance(net.store, BONDED_POOL, "uassay")).toBe(15_000_000n);
    expect(balance(net.store, NOT_BONDED_POOL, "uassay")).toBe(0n);
    expect(net.violations()).toEqual([]);
  });

  const description = { moniker: "m".repeat(71), identity: "", website: "", securityContact: "", details: "" };
  const rates = { rate: RATE, maxRate: RATE, maxChangeRate: RATE };
  const badCreations: readonly (readonly [string, Partial<MsgCreateValidator>, string, string])[] = [
    ["an account prefix", { validatorAddress: accountOf("bob") }, "sdk/7", "assayvaloper"],
    ["another delegator", { delegatorAddress: accountOf("ann") }, "sdk/7", "operator"],
    ["an unknown identity key type", { pubkey: { typeUrl: "", value: new Uint8Array(0) } }, "staking/6", "ed25519"],
    [
      "another key type",
      { pubkey: { typeUrl: "/cosmos.crypto.secp256k1.PubKey", value: new Uint8Array(0) } },
      "staking/6",
      "ed25519",
    ],
    [
      "a short key",
      {
        pubkey: {
          typeUrl: "/cosmos.crypto.ed25519.PubKey",
          value: PubKey.encode({ key: new Uint8Array(31) }).finish(),
        },
      },
      "sdk/8",
      "32 bytes",
    ],
    ["a long moniker", { description }, "sdk/18", "invalid moniker length"],
    ["an empty description", { description: { ...description, moniker: "" } }, "sdk/18", "empty description"],
    ["a rate above its maximum", { commission: { ...rates, maxRate: "1" } }, "staking/11", "max rate"],
    [
      "a change rate above it",
      { commission: { ...rates, maxChangeRate: `9${RATE.slice(1)}` } },
      "staking/14",
      "change rate",
    ],
    ["a rate above one", { commission: { ...rates, rate: `1${RATE}` } }, "staking/10", "100%"],
    ["a rate with a dot", { commission: { ...rates, rate: "0.1" } }, "sdk/18", "not a rate"],
    ["too little stake", { minSelfDelegation: "5000001" }, "staking/16", "self delegation"],
    ["no minimum", { minSelfDelegation: "0" }, "sdk/18", "positive"],
    ["a foreign denomination", { value: coin("5000000", "ufoo") }, "sdk/18", "expected uassay"],
    ["no stake", { value: coin("0") }, "sdk/10", "positive"],
    ["more than the account has", { value: coin("50000001") }, "sdk/5", "insufficient funds"],
  ];
  test.each(badCreations)("refuse %s", (_, change, code, text) => {
    const net = network();
    expectRefusal(net, code, text, () => create(net, change));
  });

  test("refuse an operator or an identity key that is known, and a rate below the network's", () => {
    const net = network({ "staking.minCommissionRate": 200_000n });
    expectRefusal(net, "staking/40", "min rate", () => create(net));
    const other = network();
    create(other);
    expectRefusal(other, "staking/4", "operator", () => create(other));
    // Proven, here by genesis; another validator's claim alone does not count.
    expectRefusal(other, "staking/5", "pubkey", () => create(other, { pubkey: pubkeyOf("alice") }, "ann"));
  });

  test("an identity key belongs to who proves to hold it, whoever was first to name it", () => {
    const net = network();
    const squatter = { ...validatorKeys("ann"), identityKey: validatorKeys("bob").identityKey };
    net.block({ run: () => void create(net, { pubkey: pubkeyOf("bob") }, "ann") });
    net.block({ run: () => void create(net) });
    expectRefusal(net, "staking/101", "identity signature", () => setKey(net, {}, squatter));
    net.block({ run: () => void setKey(net) });
    expect(net.validators.map(({ operator }) => operator)).toContainEqual(addressOf("bob"));
    expect(operatorByConsensusAddress(net.store, consensusAddress(squatter.identityKey))).toEqual(addressOf("bob"));
    // From now on it is taken: by the same owner's second operator, too.
    expectRefusal(net, "staking/5", "pubkey", () =>
      setKey(net, {}, { ...squatter, identitySeed: validatorKeys("bob").identitySeed }),
    );
    expectRefusal(net, "staking/5", "pubkey", () => create(net, { pubkey: pubkeyOf("bob") }, "carl"));
    net.block({ run: () => void setKey(net, {}, validatorKeys("bob", "bob 2")) });
    expect(net.violations()).toEqual([]);
  });

  const ann = validatorKeys("ann");
  const badKeys: readonly (readonly [string, Partial<MsgSetVoteKey>, string, string])[] = [
    ["a short key", { voteKey: new Uint8Array(47) }, "sdk/18", "48 bytes"],
    ["a short proof", { proofOfPossession: new Uint8Array(95) }, "sdk/18", "96 bytes"],
    ["a short signature", { identitySignature: new Uint8Array(65) }, "sdk/18", "64 bytes"],
    ["a validator that does not exist", { validatorAddress: valoperOf("ann") }, "staking/3", "does not exist"],
    ["somebody's proof", { proofOfPossession: prove(ann).proofOfPossession }, "staking/101", "proof of possession"],
    ["somebody's identity", { identitySignature: prove(ann).identitySignature }, "staking/101", "identity signature"],
    ["another chain's proof", prove(validatorKeys("bob"), new Uint8Array(32)), "staking/101", "proof of possession"],
    ["the point at infinity", { voteKey: new Uint8Array(48).fill(0xc0, 0, 1) }, "staking/101", "proof of possession"],
  ];
  test.each(badKeys)("refuse %s as vote key", (_, change, code, text) => {
    const net = network();
    create(net);
    expectRefusal(net, code, text, () => setKey(net, change));
  });

  test("refuse a vote key for a second time, by whomever; a rotated key stays taken", () => {
    const net = network();
    create(net);
    create(net, {}, "ann");
    setKey(net);
    expectRefusal(net, "staking/100", "is or was used", () => setKey(net));
    setKey(net, {}, validatorKeys("bob", "bob 2"));
    expectRefusal(net, "staking/100", "is or was used", () => setKey(net));
    expectRefusal(net, "staking/100", "is or was used", () => setKey(net, {}, validatorKeys("ann", "bob")));
    const record = validatorByOperator(net.store, addressOf("bob"));
    expect(record?.voteKey).toEqual(validatorKeys("bob", "bob 2").vote.publicKey);
    expect(net.violations()).toEqual([]);
  });

  test("a rotated key is in the next set", () => {
    const net = network();
    const next = validatorKeys("alice", "alice 2");
    net.block({ run: () => void setKey(net, {}, next) });
    expect(net.validators[0]?.voteKey).toEqual(next.vote.publicKey);
  });

  test("the signature check costs gas", () => {
    const net = network();
    create(net);
    expectRefusal(net, "sdk/11", "proof of possession", () => setKey(net, {}, validatorKeys("bob"), GAS.verifyBls - 1));
  });
});

describe("MsgEditValidator", () => {
  const keep = "[do-not-modify]";
  const same = { moniker: keep, identity: keep, website: keep, securityContact: keep, details: keep };
  const edit = (net: Network, change: Partial<MsgEditValidator>) =>
    net.run(
      MsgEditValidator.typeUrl,
      MsgEditValidator.encode({
        description: same,
        validatorAddress: valoperOf("bob"),
        commissionRate: "",
        minSelfDelegation: "",
        ...change,
      }).finish(),
    );
  const DAY = 86_400_000;

  test("changes what it names and nothing else", () => {
    const net = network();
    create(net);
    net.block({ after: DAY });
    const before = validatorByOperator(net.store, addressOf("bob"));
    edit(net, {
      description: { ...same, website: "https://b" },
      commissionRate: `2${RATE.slice(1)}`,
      minSelfDelegation: "7",
    });
    const after = validatorByOperator(net.store, addressOf("bob"));
    expect(after?.description).toEqual({ ...before?.description, website: utf8("https://b") });
    expect(after?.commission.rate).toBe(2n * BigInt(RATE));
    expect(after?.minSelfDelegation).toBe(7n);
    expect(after?.tokens).toBe(before?.tokens);
  });

  test("refuses", () => {
    const net = network();
    create(net);
    expectRefusal(net, "staking/12", "24h", () => edit(net, { commissionRate: RATE }));
    net.block({ after: DAY });
    expectRefusal(net, "staking/11", "max rate", () => edit(net, { commissionRate: `3${RATE.slice(1)}` }));
    expectRefusal(net, "staking/17", "decrease", () => edit(net, { minSelfDelegation: "1" }));
    expectRefusal(net, "staking/16", "self delegation", () => edit(net, { minSelfDelegation: "5000001" }));
    expectRefusal(net, "staking/3", "does not exist", () => edit(net, { validatorAddress: valoperOf("ann") }));
    expectRefusal(net, "sdk/18", "length", () => edit(net, { description: { ...same, details: "x".repeat(281) } }));
  });
});

describe("MsgDelegate and MsgUndelegate", () => {
  test("move stake in and, after the unbonding time, out again", () => {
    const net = network({ "staking.unbondingTime": 60_000n });
    net.block({ run: () => void delegate(net, "bob", "alice", coin("3000000")) });
    expect(net.validators[0]?.power).toBe(13n);
    const start = net.time;
    net.block({
      run() {
        const { response, events } = undelegate(net, "bob", "alice", coin("2500000"));
        const answer = MsgUndelegateResponse.decode(response);
        expect(answer.amount).toEqual(coin("2500000"));
        expect(answer.completionTime.seconds).toBe(BigInt((start + 61_000) / 1000));
        expect(attribute(events.at(-1), "completion_time")).toBe(
          new Date(start + 61_000).toISOString().replace(".000", ""),
        );
      },
    });
    expect(net.validators[0]?.power).toBe(10n);
    expect(balance(net.store, addressOf("bob"), "uassay")).toBe(47_000_000n);
    expect(balance(net.store, NOT_BONDED_POOL, "uassay")).toBe(2_500_000n);
    net.block({ after: 59_999 });
    expect(balance(net.store, addressOf("bob"), "uassay")).toBe(47_000_000n);
    const events = net.block({ after: 1 });
    expect(balance(net.store, addressOf("bob"), "uassay")).toBe(49_500_000n);
    expect(events.some(({ type }) => type === "complete_unbonding")).toBe(true);
    expect(unbondings.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("refuse", () => {
    const net = network({ "staking.maxEntries": 2n });
    expectRefusal(net, "staking/3", "does not exist", () => delegate(net, "bob", "nobody"));
    expectRefusal(net, "sdk/18", "expected uassay", () => delegate(net, "bob", "alice", coin("1", "ufoo")));
    expectRefusal(net, "sdk/10", "positive", () => delegate(net, "bob", "alice", coin("0")));
    expectRefusal(net, "sdk/5", "insufficient funds", () => delegate(net, "bob", "alice", coin("50000001")));
    expectRefusal(net, "staking/3", "does not exist", () => undelegate(net, "bob", "nobody"));
    expectRefusal(net, "staking/19", "no delegation", () => undelegate(net, "bob", "alice"));
    delegate(net, "bob", "alice");
    expectRefusal(net, "sdk/18", "less than 1000001uassay", () => undelegate(net, "bob", "alice", coin("1000001")));
    net.block({ run: () => void undelegate(net, "bob", "alice", coin("1")) });
    net.block({ run: () => void undelegate(net, "bob", "alice", coin("1")) });
    expectRefusal(net, "staking/27", "2 of 2", () => undelegate(net, "bob", "alice", coin("1")));
  });

  test("unbondings of one block are one entry", () => {
    const net = network();
    delegate(net, "bob", "alice");
    undelegate(net, "bob", "alice", coin("10"));
    undelegate(net, "bob", "alice", coin("20"));
    expect(unbondings.get(net.store, [addressOf("bob"), addressOf("alice")])).toMatchObject([
      { initialBalance: 30n, balance: 30n },
    ]);
  });

  test("an operator below its own minimum is jailed; the last share takes the validator with it", () => {
    const net = network({ "staking.unbondingTime": 1000n });
    create(net, { minSelfDelegation: "2000000" });
    setKey(net);
    net.block();
    expect(net.validators).toHaveLength(2);
    net.block({ run: () => void undelegate(net, "bob", "bob", coin("3000001")) });
    expect(validatorByOperator(net.store, addressOf("bob"))).toMatchObject({ jailed: true, status: BOND.unbonding });
    expect(net.validators).toHaveLength(1);
    net.block({ after: 500, run: () => void undelegate(net, "bob", "bob", coin("1999999")) });
    expect(delegations.get(net.store, [addressOf("bob"), addressOf("bob")])).toBeUndefined();
    net.block({ after: 5000 });
    expect(validatorByOperator(net.store, addressOf("bob"))).toBeUndefined();
    expect(balance(net.store, addressOf("bob"), "uassay")).toBe(50_000_000n);
    expectRefusal(net, "staking/5", "pubkey", () => create(net));
    expect(net.violations()).toEqual([]);
  });
});

describe("MsgCancelUnbondingDelegation", () => {
  const cancel = (net: Network, amount: string, creationHeight: number) =>
    net.run(
      MsgCancelUnbondingDelegation.typeUrl,
      MsgCancelUnbondingDelegation.encode({
        delegatorAddress: accountOf("bob"),
        validatorAddress: valoperOf("alice"),
        amount: coin(amount),
        creationHeight: BigInt(creationHeight),
      }).finish(),
    );

  test("delegates again, in part and in whole", () => {
    const net = network();
    delegate(net, "bob", "alice");
    net.block({ run: () => void undelegate(net, "bob", "alice", coin("500000")) });
    cancel(net, "200000", 1);
    expect(net.violations()).toEqual([]);
    expectRefusal(net, "sdk/18", "greater", () => cancel(net, "300001", 1));
    expectRefusal(net, "staking/26", "no unbonding", () => cancel(net, "1", 2));
    cancel(net, "300000", 1);
    expect(unbondings.entries(net.store)).toEqual([]);
    expect(balance(net.store, NOT_BONDED_POOL, "uassay")).toBe(0n);
    net.block({ after: 2_000_000_000 });
    expect(net.violations()).toEqual([]);
  });
});
