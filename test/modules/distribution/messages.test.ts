import { QueryClient, setupDistributionExtension, setupStakingExtension } from "@cosmjs/stargate";
import {
  QueryValidatorDistributionInfoRequest,
  QueryValidatorDistributionInfoResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/query";
import {
  MsgCommunityPoolSpend,
  MsgDepositValidatorRewardsPool,
  MsgFundCommunityPool,
  MsgSetWithdrawAddress,
  MsgWithdrawDelegatorReward,
  MsgWithdrawDelegatorRewardResponse,
  MsgWithdrawValidatorCommission,
  MsgWithdrawValidatorCommissionResponse,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { balance, mint } from "../../../modules/bank/keeper.ts";
import { communityFunds, DISTRIBUTION } from "../../../modules/distribution/community-pool.ts";
import { exactly, wholeUnits } from "../../../modules/distribution/exact.ts";
import { accruedOf, communityPoolSpend } from "../../../modules/distribution/keeper.ts";
import { claims, rewards } from "../../../modules/distribution/store.ts";
import { jail, slash, validatorByOperator } from "../../../modules/staking/keeper.ts";
import { accountOf, addressOf, attribute, createNetwork, type Network, refusal, SPEC, valoperOf } from "../network.ts";

const M = 1_000_000n;
const COLLECTOR = moduleAddress("fee_collector");
const GOV = encodeAddress("assay", moduleAddress("gov"));

const coins = (amount: bigint | string, denom = SPEC.denom) => [{ denom, amount: amount.toString() }];
const uassay = (net: Network, name: string): bigint => balance(net.store, addressOf(name), SPEC.denom);
const outstanding = (net: Network, name: string): bigint => accruedOf(net.store, addressOf(name)).outstanding;
const community = (net: Network): bigint => communityFunds(net.store, SPEC.denom);

function network(params: Readonly<Record<string, bigint>> = {}): Network {
  const net = createNetwork({
    validators: { a: 10n * M, b: 20n * M, c: 40n * M },
    balances: { ann: 100n * M, bob: 100n * M },
    params: { "distribution.communityTax": 0n, ...params },
  });
  net.block();
  return net;
}

/** Fees of the last block, which the next one shares out. */
const fees = (net: Network, amount: bigint) => mint(net.context(), COLLECTOR, [{ denom: SPEC.denom, amount }]);

interface Codec<M> {
  readonly typeUrl: string;
  encode(message: M): { finish(): Uint8Array };
}
const run = <M>(net: Network, codec: Codec<M>, message: M) => net.run(codec.typeUrl, codec.encode(message).finish());

const stake = (net: Network, codec: Codec<MsgDelegate>, who: string, to: string, amount: bigint) =>
  run(net, codec, {
    delegatorAddress: accountOf(who),
    validatorAddress: valoperOf(to),
    amount: { denom: SPEC.denom, amount: amount.toString() },
  });
const withdraw = (net: Network, who: string, from: string) => {
  const message = { delegatorAddress: accountOf(who), validatorAddress: valoperOf(from) };
  const { response, events } = run(net, MsgWithdrawDelegatorReward, message);
  return { amount: MsgWithdrawDelegatorRewardResponse.decode(response).amount, events };
};
const withdrawCommission = (net: Network, name: string) => {
  const { response } = run(net, MsgWithdrawValidatorCommission, { validatorAddress: valoperOf(name) });
  return MsgWithdrawValidatorCommissionResponse.decode(response).amount;
};
const setAddress = (net: Network, who: string, withdrawAddress: string) =>
  run(net, MsgSetWithdrawAddress, { delegatorAddress: accountOf(who), withdrawAddress });

/** The action must be refused with this code, and nothing may have changed. */
function expectRefusal(net: Network, code: string, text: string, action: () => unknown): void {
  const before = net.dump();
  const found = refusal(action);
  expect(found?.code).toBe(code);
  expect(found?.text).toContain(text);
  expect(net.dump()).toEqual(before);
}

describe("fees of a block", () => {
  test("go to those who signed, by power, to the last fraction", () => {
    const net = network();
    fees(net, 100n);
    net.block({ missing: ["c"] });
    expect(outstanding(net, "a")).toBe(exactly(100n) / 3n);
    expect(outstanding(net, "b")).toBe(exactly(200n) / 3n);
    expect(outstanding(net, "c")).toBe(0n);
    expect(balance(net.store, COLLECTOR, SPEC.denom)).toBe(0n);
    expect(balance(net.store, DISTRIBUTION, SPEC.denom)).toBe(100n);
    expect(net.violations()).toEqual([]);
  });

  test("wait when nobody signed", () => {
    const net = network();
    fees(net, 1n);
    net.block({ missing: ["a", "b", "c"] });
    expect(balance(net.store, COLLECTOR, SPEC.denom)).toBe(1n);
    net.block();
    expect(outstanding(net, "a")).toBe(exactly(1n) / 7n);
  });

  test("leave the tax to the community", () => {
    const net = network({ "distribution.communityTax": 20_000n });
    fees(net, 1000n);
    net.block();
    expect(wholeUnits(community(net))).toBe(20n);
    const taxed = network({ "distribution.communityTax": 1_000_000n });
    fees(taxed, 1000n);
    taxed.block();
    expect(community(taxed)).toBe(exactly(1000n));
    expect(taxed.violations()).toEqual([]);
  });

  test("of which one base unit is not lost over a hundred blocks", () => {
    const net = network();
    for (let i = 0; i < 100; i++) {
      fees(net, 1n);
      net.block();
    }
    // A tenth of each validator's reward is its operator's commission, the rest is its own as a delegator.
    const paid = ["a", "b", "c"].map((name) => {
      withdraw(net, name, name);
      withdrawCommission(net, name);
      return uassay(net, name);
    });
    expect(paid).toEqual([12n + 1n, 25n + 2n, 51n + 5n]);
    expect(net.violations()).toEqual([]);
  });

  test("are the community's where the validator is gone", () => {
    const net = network();
    stake(net, MsgUndelegate, "a", "a", 10n * M);
    net.block();
    // It voted on the last block, and has no delegator left.
    fees(net, 70n);
    net.block();
    expect(wholeUnits(community(net))).toBe(10n);
    expect(net.violations()).toEqual([]);
  });
});

describe("MsgWithdrawDelegatorReward", () => {
  test("pays a delegator its part, and keeps what is less than a unit for the next time", () => {
    const net = network();
    stake(net, MsgDelegate, "ann", "a", 20n * M);
    net.block();
    net.block();
    fees(net, 9n); // One third to the validator, of that nine tenths to shares, of that two thirds: 1.8.
    net.block();
    const { amount, events } = withdraw(net, "ann", "a");
    expect(amount).toEqual(coins(1n));
    expect(
      attribute(
        events.find(({ type }) => type === "withdraw_rewards"),
        "amount",
      ),
    ).toBe("1uassay");
    expect(withdraw(net, "ann", "a").amount).toEqual([]);
    fees(net, 9n);
    net.block();
    expect(withdraw(net, "ann", "a").amount).toEqual(coins(2n));
    expect(uassay(net, "ann")).toBe(80n * M + 3n);
    expect(net.violations()).toEqual([]);
  });

  test.each([
    ["a validator that is none", "ann", "nobody", "distribution/12", "validator does not exist"],
    ["a delegation that is none", "ann", "a", "distribution/13", "delegation does not exist"],
  ])("refuses %s", (_, who, from, code, text) => {
    const net = network();
    expectRefusal(net, code, text, () => withdraw(net, who, from));
  });

  test("refuses addresses of another kind", () => {
    const net = network();
    const message = { delegatorAddress: accountOf("a"), validatorAddress: accountOf("a") };
    expectRefusal(net, "sdk/7", "assayvaloper", () => run(net, MsgWithdrawDelegatorReward, message));
    const foreign = { delegatorAddress: "cosmos1x", validatorAddress: valoperOf("a") };
    expectRefusal(net, "sdk/7", "delegator", () => run(net, MsgWithdrawDelegatorReward, foreign));
  });

  test("is not needed: whatever changes a delegation pays first", () => {
    const net = network();
    stake(net, MsgDelegate, "ann", "a", 10n * M);
    net.block();
    net.block();
    fees(net, 8000n);
    net.block();
    stake(net, MsgDelegate, "ann", "a", M);
    expect(uassay(net, "ann")).toBe(89n * M + 900n);
    fees(net, 8100n);
    net.block();
    stake(net, MsgUndelegate, "ann", "a", 11n * M);
    expect(claims.has(net.store, [addressOf("a"), addressOf("ann")])).toBe(false);
    // Of 2,000 (its power counts from the block after), nine tenths to shares, of those 11 of 21.
    expect(uassay(net, "ann")).toBeGreaterThan(89n * M + 1800n);
    expect(net.violations()).toEqual([]);
  });

  test("a slash between does not change who earned what", () => {
    const net = network();
    stake(net, MsgDelegate, "ann", "a", 10n * M);
    net.block();
    net.block();
    fees(net, 8000n);
    net.block();
    slash(net.context(), addressOf("a"), net.height, 20n, 900_000n);
    expect(withdraw(net, "ann", "a").amount).toEqual(coins(900n));
    expect(withdraw(net, "a", "a").amount).toEqual(coins(900n));
    expect(net.violations()).toEqual([]);
  });

  test("works for stake that is worth nothing any more", () => {
    const net = network();
    stake(net, MsgDelegate, "ann", "a", 10n * M);
    net.block();
    net.block();
    fees(net, 8000n);
    net.block();
    slash(net.context(), addressOf("a"), net.height, 20n, 1_000_000n);
    expect(validatorByOperator(net.store, addressOf("a"))?.tokens).toBe(0n);
    expect(withdraw(net, "ann", "a").amount).toEqual(coins(900n));
    expect(net.violations()).toEqual([]);
  });
});

describe("MsgSetWithdrawAddress", () => {
  test("sends rewards and commission elsewhere, until it is undone", () => {
    const net = network();
    setAddress(net, "a", accountOf("till"));
    fees(net, 7000n);
    net.block();
    expect(withdraw(net, "a", "a").amount).toEqual(coins(900n));
    expect(withdrawCommission(net, "a")).toEqual(coins(100n));
    expect([uassay(net, "a"), uassay(net, "till")]).toEqual([0n, 1000n]);
    setAddress(net, "a", accountOf("a"));
    fees(net, 7000n);
    net.block();
    withdraw(net, "a", "a");
    expect([uassay(net, "a"), uassay(net, "till")]).toEqual([900n, 1000n]);
  });

  test("refuses module accounts, other prefixes, and all when it is switched off", () => {
    const net = network();
    const pool = encodeAddress("assay", moduleAddress("bonded_tokens_pool"));
    expectRefusal(net, "sdk/4", "not allowed to receive", () => setAddress(net, "a", pool));
    expectRefusal(net, "sdk/7", "withdraw address", () => setAddress(net, "a", valoperOf("a")));
    expectRefusal(net, "sdk/7", "withdraw address", () => setAddress(net, "a", ""));
    const off = network({ "distribution.withdrawAddressEnabled": 0n });
    expectRefusal(off, "distribution/8", "disabled", () => setAddress(off, "a", accountOf("till")));
  });
});

describe("MsgWithdrawValidatorCommission", () => {
  test("pays the operator, by the rate at the time of each reward", () => {
    const net = network();
    fees(net, 7000n);
    net.block();
    expect(withdrawCommission(net, "b")).toEqual(coins(200n));
    expect(uassay(net, "b")).toBe(200n);
    expectRefusal(net, "distribution/7", "no validator commission", () => withdrawCommission(net, "b"));
    expectRefusal(net, "distribution/12", "does not exist", () => withdrawCommission(net, "nobody"));
    expect(net.violations()).toEqual([]);
  });

  test("is not needed when the validator goes: it is paid, and the rest is the community's", () => {
    const net = network({ "staking.unbondingTime": 5000n });
    fees(net, 7003n);
    net.block();
    stake(net, MsgUndelegate, "a", "a", 10n * M);
    expect(uassay(net, "a")).toBe(900n);
    net.block();
    net.block({ after: 5000 });
    net.block({ after: 5000 });
    expect(validatorByOperator(net.store, addressOf("a"))).toBeUndefined();
    expect(rewards.has(net.store, addressOf("a"))).toBe(false);
    expect(uassay(net, "a")).toBe(10n * M + 1000n);
    expect(wholeUnits(community(net))).toBe(0n);
    expect(community(net)).toBeGreaterThan(0n);
    expect(net.violations()).toEqual([]);
  });
});

describe("the community pool", () => {
  const fund = (net: Network, amount: { denom: string; amount: string }[]) =>
    run(net, MsgFundCommunityPool, { depositor: accountOf("ann"), amount });
  const spend = (net: Network, change: Partial<MsgCommunityPoolSpend> = {}) =>
    run(net, MsgCommunityPoolSpend, { authority: GOV, recipient: accountOf("bob"), amount: coins(5n), ...change });

  test("takes coins of any denomination and gives them to whom governance says", () => {
    const net = network();
    mint(net.context(), addressOf("ann"), [{ denom: "ufoo", amount: 7n }]);
    fund(net, [...coins(10n), ...coins(7n, "ufoo")]);
    spend(net, { amount: [...coins(4n), ...coins(7n, "ufoo")] });
    expect(balance(net.store, addressOf("bob"), "ufoo")).toBe(7n);
    expect(uassay(net, "bob")).toBe(100n * M + 4n);
    expect(community(net)).toBe(exactly(6n));
    expect(communityFunds(net.store, "ufoo")).toBe(0n);
    const ctx = net.context();
    communityPoolSpend(ctx, addressOf("bob"), [{ denom: SPEC.denom, amount: 6n }]);
    expect(community(net)).toBe(0n);
    expect(net.violations()).toEqual([]);
  });

  test("is nobody else's", () => {
    const net = network();
    fund(net, coins(10n));
    expectRefusal(net, "sdk/4", "invalid authority", () => spend(net, { authority: accountOf("ann") }));
    expectRefusal(net, "distribution/9", "sufficient coins", () => spend(net, { amount: coins(11n) }));
    expectRefusal(net, "distribution/9", "sufficient coins", () => spend(net, { amount: coins(1n, "ufoo") }));
    const pool = encodeAddress("assay", moduleAddress("bonded_tokens_pool"));
    expectRefusal(net, "sdk/4", "not allowed to receive", () => spend(net, { recipient: pool }));
    expectRefusal(net, "sdk/10", "no coins", () => spend(net, { amount: [] }));
  });

  const bad: readonly (readonly [string, { denom: string; amount: string }[], string])[] = [
    ["nothing", [], "sdk/10"],
    ["zero", coins(0n), "sdk/10"],
    ["a negative amount", coins(-1n), "sdk/10"],
    ["a denomination twice", [...coins(1n), ...coins(1n)], "sdk/10"],
    ["what is no number", coins("1e3"), "sdk/10"],
    ["more than 256 bits", coins(1n << 256n), "sdk/10"],
    ["more than there is", coins(100n * M + 1n), "sdk/5"],
  ];
  test.each(bad)("can't be given %s", (_, amount, code) => {
    const net = network();
    expectRefusal(net, code, "", () => fund(net, amount));
    const deposit = { depositor: accountOf("ann"), validatorAddress: valoperOf("a"), amount };
    expectRefusal(net, code, "", () => run(net, MsgDepositValidatorRewardsPool, deposit));
  });
});

describe("MsgDepositValidatorRewardsPool", () => {
  const deposit = (net: Network, to: string, amount = coins(1000n)) =>
    run(net, MsgDepositValidatorRewardsPool, {
      depositor: accountOf("ann"),
      validatorAddress: valoperOf(to),
      amount,
    });

  test("is a reward like any other", () => {
    const net = network();
    deposit(net, "a");
    expect(withdraw(net, "a", "a").amount).toEqual(coins(900n));
    expect(withdrawCommission(net, "a")).toEqual(coins(100n));
    expect(uassay(net, "ann")).toBe(100n * M - 1000n);
    expect(net.violations()).toEqual([]);
  });

  test("refuses foreign coins and validators that are none", () => {
    const net = network();
    mint(net.context(), addressOf("ann"), [{ denom: "ufoo", amount: 7n }]);
    expectRefusal(net, "sdk/10", "rewards are paid in uassay", () => deposit(net, "a", coins(1n, "ufoo")));
    expectRefusal(net, "distribution/12", "does not exist", () => deposit(net, "nobody"));
  });
});

test("CosmJS's distribution queries", async () => {
  const net = network({ "distribution.communityTax": 100_000n });
  stake(net, MsgDelegate, "ann", "a", 10n * M);
  setAddress(net, "ann", accountOf("till"));
  net.block();
  net.block();
  fees(net, 8000n);
  net.block();
  slash(net.context(), addressOf("a"), net.height, 20n, 100_000n);
  jail(net.context(), addressOf("a"));
  const answer = async (path: string, data: Uint8Array) => ({ value: net.query(path, data), height: net.height });
  const queries = QueryClient.withExtensions(
    {
      abciQuery: async ({ path, data }: { path: string; data: Uint8Array }) => ({
        ...(await answer(path, data)),
        code: 0,
      }),
    } as never,
    setupDistributionExtension,
    setupStakingExtension,
  );
  const { distribution } = queries;
  const one = 10n ** 18n;
  const dec = (units: bigint) => [{ denom: SPEC.denom, amount: (units * one).toString() }];
  const near = (found: readonly { amount: string }[], units: bigint) =>
    expect(units * one - BigInt(found[0]?.amount ?? 0)).toBeLessThanOrEqual(1n);
  expect((await distribution.communityPool()).pool).toEqual(dec(800n));
  near((await distribution.delegationRewards(accountOf("ann"), valoperOf("a"))).rewards, 810n);
  const total = await distribution.delegationTotalRewards(accountOf("ann"));
  expect(total.rewards.map(({ validatorAddress }) => validatorAddress)).toEqual([valoperOf("a")]);
  near(total.total, 810n);
  expect((await distribution.delegatorValidators(accountOf("ann"))).validators).toEqual([valoperOf("a")]);
  expect((await distribution.delegatorWithdrawAddress(accountOf("ann"))).withdrawAddress).toBe(accountOf("till"));
  expect((await distribution.delegatorWithdrawAddress(accountOf("bob"))).withdrawAddress).toBe(accountOf("bob"));
  near((await distribution.validatorCommission(valoperOf("a"))).commission.commission, 180n);
  near((await distribution.validatorOutstandingRewards(valoperOf("a"))).rewards.rewards, 1800n);
  const slashes = await distribution.validatorSlashes(valoperOf("a"), 0, net.height);
  expect(slashes.slashes).toEqual([{ validatorPeriod: 1n, fraction: (one / 10n).toString() }]);
  expect((await distribution.validatorSlashes(valoperOf("a"), net.height + 1, net.height + 9)).slashes).toEqual([]);
  await expect(async () => distribution.validatorSlashes(valoperOf("a"), 2, 1)).rejects.toThrow(
    "greater than ending height",
  );
  expect((await distribution.params()).params).toEqual({
    communityTax: (one / 10n).toString(),
    baseProposerReward: "0",
    bonusProposerReward: "0",
    withdrawAddrEnabled: true,
  });
  const request = QueryValidatorDistributionInfoRequest.encode({ validatorAddress: valoperOf("a") }).finish();
  const path = "/cosmos.distribution.v1beta1.Query/ValidatorDistributionInfo";
  const info = QueryValidatorDistributionInfoResponse.decode(net.query(path, request));
  expect(info.operatorAddress).toBe(accountOf("a"));
  near(info.commission, 180n);
  near(info.selfBondRewards, 810n);
});
