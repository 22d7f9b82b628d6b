import type { EncodeObject } from "@cosmjs/proto-signing";
import { accountFromAny } from "@cosmjs/stargate";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
  MsgCreateVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { DelayedVestingAccount } from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { authModule } from "../../modules/auth/module.ts";
import {
  amountOf,
  getVesting,
  lockedCoins,
  type Schedule,
  setVesting,
  trackDelegation,
  trackUndelegation,
} from "../../modules/auth/vesting.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { accountOf, addressOf, createNetwork, type Network, SPEC, valoperOf } from "./network.ts";
import { bytesOfTx, deliver, FEE, fund, signed, type Wallet, walletOf } from "./transactions.ts";

let ann: Wallet;
let eve: Wallet;

beforeAll(async () => {
  [ann, eve] = await Promise.all([walletOf(0), walletOf(5)]);
});

const coins = (amount: number) => [{ denom: "uassay", amount: amount.toString() }];
const START = 1_700_000_000;

function network(): Network {
  const net = createNetwork({ validators: { val: 10_000_000n } });
  fund(net, ann.bytes);
  return net;
}

const parties = () => ({ fromAddress: ann.address, toAddress: eve.address });
const create = (endTime: number, delayed: boolean, amount = 1000): EncodeObject => ({
  typeUrl: MsgCreateVestingAccount.typeUrl,
  value: { ...parties(), amount: coins(amount), endTime: BigInt(endTime), delayed },
});
const permanent = (): EncodeObject => ({
  typeUrl: MsgCreatePermanentLockedAccount.typeUrl,
  value: { ...parties(), amount: coins(1000) },
});
const periodic = (...lengths: number[]): EncodeObject => ({
  typeUrl: MsgCreatePeriodicVestingAccount.typeUrl,
  value: {
    ...parties(),
    startTime: BigInt(START),
    vestingPeriods: lengths.map((length) => ({ length: BigInt(length), amount: coins(500) })),
  },
});
const send = (amount: number): EncodeObject => ({
  typeUrl: MsgSend.typeUrl,
  value: { fromAddress: eve.address, toAddress: accountOf("new"), amount: coins(amount) },
});
const stake = (typeUrl: string, amount: number): EncodeObject => ({
  typeUrl,
  value: { delegatorAddress: eve.address, validatorAddress: valoperOf("val"), amount: coins(amount)[0] },
});

async function outcome(net: Network, wallet: Wallet, message: EncodeObject, mode: "direct" | "amino" = "direct") {
  const result = deliver(net, bytesOfTx(await signed(net, wallet, mode, [message], { fee: FEE })));
  expect(net.violations()).toEqual([]);
  return result.code === 0 ? "ok" : `${result.codespace}/${result.code}`;
}

const lockedAt = (net: Network, seconds: number) =>
  amountOf(lockedCoins(net.store, eve.bytes, seconds * 1000 + 999), "uassay");

function accountOfEve(net: Network) {
  const request = QueryAccountRequest.encode({ address: eve.address }).finish();
  const { account } = QueryAccountResponse.decode(net.query("/cosmos.auth.v1beta1.Query/Account", request));
  if (account === undefined) throw new Error("no account");
  return account;
}

describe.each(["direct", "amino"] as const)("created in %s mode", (mode) => {
  test.each<readonly [string, () => EncodeObject, readonly (readonly [number, bigint])[], string]>([
    [
      "continuous",
      () => create(START + 100, false),
      [
        [0, 1000n],
        [25, 750n],
        [99, 10n],
        [100, 0n],
      ],
      "ContinuousVestingAccount",
    ],
    [
      "delayed",
      () => create(START + 100, true),
      [
        [0, 1000n],
        [99, 1000n],
        [100, 0n],
      ],
      "DelayedVestingAccount",
    ],
    [
      "periodic",
      () => periodic(10, 20),
      [
        [9, 1000n],
        [10, 500n],
        [29, 500n],
        [30, 0n],
      ],
      "PeriodicVestingAccount",
    ],
    [
      "permanent",
      permanent,
      [
        [0, 1000n],
        [10 ** 9, 1000n],
      ],
      "DelayedVestingAccount",
    ],
  ])("a %s account frees its coins in time", async (_, message, points, type) => {
    const net = network();
    expect(await outcome(net, ann, message(), mode)).toBe("ok");
    for (const [after, locked] of points) expect([after, lockedAt(net, START + after)]).toEqual([after, locked]);
    const any = accountOfEve(net);
    expect(any.typeUrl).toBe(`/cosmos.vesting.v1beta1.${type}`);
    expect(accountFromAny(any).address).toBe(eve.address);
    expect(await outcome(net, ann, message(), mode)).toBe("sdk/18");
  });
});

test("locked coins can be staked and not sent", async () => {
  const net = network();
  await outcome(net, ann, permanent());
  fund(net, eve.bytes, 100_010n);
  expect(await outcome(net, eve, send(75_011))).toBe("sdk/5");
  expect(await outcome(net, eve, stake(MsgDelegate.typeUrl, 600))).toBe("ok");
  const vesting = getVesting(net.store, eve.bytes);
  expect([vesting?.delegatedVesting, vesting?.delegatedFree]).toEqual([[{ denom: "uassay", amount: 600n }], []]);
  expect(lockedAt(net, START)).toBe(400n);
  expect(await outcome(net, eve, stake(MsgUndelegate.typeUrl, 600))).toBe("ok");
  net.block({ after: 10 ** 10 });
  expect(getVesting(net.store, eve.bytes)?.delegatedVesting).toEqual([]);
  expect(lockedAt(net, START)).toBe(1000n);
  expect(balance(net.store, eve.bytes, "uassay")).toBe(26_010n);
  // The fee is of what is free.
  expect(await outcome(net, eve, send(11))).toBe("sdk/5");
});

test("fees are never paid of what is locked", async () => {
  const net = network();
  await outcome(net, ann, create(START + 1000, true, 1_000_000));
  await expect(outcome(net, eve, send(1))).rejects.toMatchObject({ codespace: "sdk", code: 5 });
});

test("refusals of a creation", async () => {
  const net = network();
  expect(await outcome(net, ann, create(START, false))).toBe("sdk/18");
  expect(await outcome(net, ann, create(START + 1, false, 2_000_000_000))).toBe("sdk/5");
  const early: readonly (readonly [EncodeObject, number])[] = [
    [create(0, false), 18],
    [create(-5, true), 18],
    [create(START + 5, true, 0), 10],
    [periodic(), 18],
    [periodic(0), 18],
    [periodic(...Array.from({ length: 65 }, () => 1)), 18],
    [periodic(253_402_300_799), 18],
    [{ ...permanent(), value: { ...parties(), toAddress: "cosmos1", amount: coins(1) } }, 7],
  ];
  for (const [message, code] of early) {
    await expect(outcome(net, ann, message)).rejects.toMatchObject({ codespace: "sdk", code });
  }
  expect(net.violations()).toEqual([]);
});

test("what is booked as delegated never exceeds what was, whatever the order", () => {
  const schedule: Schedule = { kind: "continuous", startTime: START, endTime: START + 100 };
  const step = fc.record({ amount: fc.bigInt(1n, 400n), back: fc.boolean(), after: fc.nat(30) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const net = createNetwork();
      const original = [{ denom: "uassay", amount: 1000n }];
      const address = addressOf("vester");
      setVesting(net.store, address, { schedule, original, delegatedFree: [], delegatedVesting: [] });
      let [now, staked] = [START, 0n];
      for (const { amount, back, after } of steps) {
        now += after;
        const coin = { denom: "uassay", amount: back && amount > staked ? staked : amount };
        staked += back ? -coin.amount : coin.amount;
        if (back) trackUndelegation(net.store, address, coin);
        else trackDelegation(net.store, address, coin, now * 1000);
        const vesting = getVesting(net.store, address);
        const free = amountOf(vesting?.delegatedFree ?? [], "uassay");
        const locked = amountOf(vesting?.delegatedVesting ?? [], "uassay");
        expect(free + locked).toBe(staked);
        expect(locked <= 1000n).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
});

describe("genesis accounts", () => {
  const reports = (accounts: readonly unknown[]) => {
    const found: string[] = [];
    authModule.genesis.validate({ accounts }, SPEC, (path, message) => found.push(`${path}: ${message}`));
    return found;
  };
  const vesting = { kind: "periodic", original: coins(10), startTime: 5, periods: [{ length: 7, amount: coins(10) }] };

  test("keep numbers, sequences, keys and schedules", () => {
    const account = {
      address: eve.address,
      accountNumber: 40,
      sequence: 3,
      publicKey: Buffer.from(eve.publicKey).toString("base64"),
      vesting,
    };
    expect(reports([account])).toEqual([]);
    const net = createNetwork({ auth: { accounts: [account] } });
    expect(accountFromAny(accountOfEve(net))).toMatchObject({ accountNumber: 40n, sequence: 3 });
    expect(amountOf(lockedCoins(net.store, eve.bytes, 11_000), "uassay")).toBe(10n);
    expect(net.violations()).toEqual([]);
  });

  test("are refused with every error listed", () => {
    const found = reports([
      { address: "x", accountNumber: -1, vesting: { ...vesting, kind: "other" } },
      { address: eve.address, publicKey: Buffer.from(ann.publicKey).toString("base64") },
      { address: eve.address, vesting: { ...vesting, original: coins(11) } },
      { address: ann.address, vesting: { kind: "continuous", original: [], startTime: 9, endTime: 9 } },
    ]);
    expect(found).toHaveLength(8);
  });

  test("are shown with an end that clients can write", () => {
    const net = createNetwork({
      auth: { accounts: [{ address: eve.address, vesting: { kind: "permanent", original: coins(1) } }] },
    });
    const account = DelayedVestingAccount.decode(accountOfEve(net).value);
    expect(new Date(Number(account.baseVestingAccount?.endTime) * 1000).getUTCFullYear()).toBe(9999);
  });
});
