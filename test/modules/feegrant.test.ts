import type { EncodeObject } from "@cosmjs/proto-signing";
import { QueryClient, setupFeegrantExtension } from "@cosmjs/stargate";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgPruneAllowances, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import { utf8 } from "../../chain/bytes.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { type Allowance, allowanceAny, parseAllowance } from "../../modules/feegrant/allowance.ts";
import { allowancesInvariant } from "../../modules/feegrant/invariants.ts";
import { getAllowance } from "../../modules/feegrant/keeper.ts";
import { lessCoins, spend } from "../../modules/feegrant/spending.ts";
import { allowances, allowancesByGranter } from "../../modules/feegrant/store.ts";
import { protobufTime } from "../../modules/timestamps.ts";
import { accountOf, addressOf, createNetwork, type Network, refusal } from "./network.ts";
import { queryTransport } from "./query-transport.ts";
import { bytesOfTx, deliver, FEE, fund, signed, type Wallet, walletOf } from "./transactions.ts";

let ann: Wallet;
let bob: Wallet;

beforeAll(async () => {
  [ann, bob] = await Promise.all([walletOf(0), walletOf(1)]);
});

const coins = (amount: bigint) => [{ denom: "uassay", amount: amount.toString() }];
const basic = (limit?: bigint, expiration?: number): Any => {
  const message = BasicAllowance.fromPartial({ spendLimit: limit === undefined ? [] : coins(limit) });
  if (expiration !== undefined) message.expiration = protobufTime(expiration);
  return { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(message).finish() };
};
const periodic = (total: bigint | undefined, each: bigint, reset: number): Any => ({
  typeUrl: PeriodicAllowance.typeUrl,
  value: PeriodicAllowance.encode(
    PeriodicAllowance.fromPartial({
      basic: { spendLimit: total === undefined ? [] : coins(total) },
      period: { seconds: 10n },
      periodSpendLimit: coins(each),
      periodCanSpend: coins(each),
      periodReset: protobufTime(reset),
    }),
  ).finish(),
});
const only = (allowance: Any, ...allowedMessages: string[]): Any => ({
  typeUrl: AllowedMsgAllowance.typeUrl,
  value: AllowedMsgAllowance.encode({ allowance, allowedMessages }).finish(),
});

const grant = (allowance: Any | undefined): EncodeObject => ({
  typeUrl: MsgGrantAllowance.typeUrl,
  value: { granter: ann.address, grantee: bob.address, ...(allowance === undefined ? {} : { allowance }) },
});
const revoke = (): EncodeObject => ({
  typeUrl: MsgRevokeAllowance.typeUrl,
  value: { granter: ann.address, grantee: bob.address },
});
const send = (): EncodeObject => ({
  typeUrl: MsgSend.typeUrl,
  value: { fromAddress: bob.address, toAddress: accountOf("new"), amount: coins(1n) },
});
const paidBy = () => ({ ...FEE, granter: ann.address });

function network(): Network {
  const net = createNetwork();
  fund(net, ann.bytes);
  fund(net, bob.bytes, 10n);
  return net;
}

async function granted(allowance: Any, mode: "direct" | "amino" = "direct"): Promise<Network> {
  const net = network();
  expect(deliver(net, bytesOfTx(await signed(net, ann, mode, [grant(allowance)])))).toMatchObject({ code: 0, log: "" });
  return net;
}

const useIt = async (net: Network, mode: "direct" | "amino" = "direct") =>
  bytesOfTx(await signed(net, bob, mode, [send()], { fee: paidBy() }));

test.each(["direct", "amino"] as const)("a %s transaction is paid for by the granter", async (mode) => {
  const net = await granted(basic(60_000n), mode);
  const before = balance(net.store, ann.bytes, "uassay");
  const result = deliver(net, await useIt(net, mode));
  expect(result.code).toBe(0);
  expect(balance(net.store, ann.bytes, "uassay")).toBe(before - 25_000n);
  expect(balance(net.store, bob.bytes, "uassay")).toBe(9n);
  expect(result.events.map(({ type }) => type)).toEqual(expect.arrayContaining(["use_feegrant", "set_feegrant"]));
  expect(getAllowance(net.store, { granter: ann.bytes, grantee: bob.bytes })).toMatchObject({
    spendLimit: [{ denom: "uassay", amount: 35_000n }],
  });
  deliver(net, await useIt(net, mode));
  const third = await useIt(net, mode);
  expect(refusal(() => deliver(net, third))).toMatchObject({ code: "feegrant/2" });
  expect(net.violations()).toEqual([]);
});

test.each(["direct", "amino"] as const)("all kinds are granted and revoked in %s mode", async (mode) => {
  for (const allowance of [
    basic(),
    basic(5n, 1_800_000_000_000),
    periodic(100n, 10n, 1_700_000_001_000),
    only(basic(5n), MsgSend.typeUrl),
    only(periodic(undefined, 10n, 0), MsgSend.typeUrl, MsgGrantAllowance.typeUrl),
  ]) {
    const net = await granted(allowance, mode);
    expect(net.violations()).toEqual([]);
    expect(deliver(net, bytesOfTx(await signed(net, ann, mode, [revoke()])))).toMatchObject({ code: 0 });
    expect(allowances.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  }
});

test("an allowance that is used up is gone", async () => {
  const net = await granted(basic(25_000n));
  const result = deliver(net, await useIt(net));
  expect(result.events.some(({ type }) => type === "revoke_feegrant")).toBe(true);
  const again = await useIt(net);
  expect(refusal(() => deliver(net, again))).toMatchObject({ code: "sdk/38" });
  expect(refusal(() => deliver(net, again))?.text).toContain("does not allow to pay fees for");
});

test("an allowance for other messages does not pay", async () => {
  const net = await granted(only(basic(), MsgRevokeAllowance.typeUrl));
  const bytes = await useIt(net);
  expect(refusal(() => deliver(net, bytes))).toMatchObject({ code: "feegrant/7" });
});

test("an allowance expires, and is pruned", async () => {
  const net = await granted(basic(undefined, 1_700_000_001_500));
  net.block();
  expect(deliver(net, await useIt(net)).code).toBe(0);
  const late = await useIt(net);
  net.block();
  expect(allowances.entries(net.store)).toEqual([]);
  expect(refusal(() => deliver(net, late))).toMatchObject({ code: "sdk/38" });
  expect(net.violations()).toEqual([]);
});

test("refusals of a grant change nothing but the fee", async () => {
  const net = await granted(basic());
  const cases: readonly (readonly [Any | undefined, string])[] = [
    [basic(), "sdk/18"],
    [undefined, "feegrant/5"],
    [basic(undefined, 1), "sdk/18"],
    [basic(0n), "sdk/10"],
    [only(basic()), "feegrant/6"],
    [only(only(basic(), "/a"), "/a"), "sdk/29"],
    [{ typeUrl: "/x", value: new Uint8Array(0) }, "sdk/29"],
    [{ typeUrl: BasicAllowance.typeUrl, value: Uint8Array.of(255) }, "sdk/2"],
    [periodic(10n, 0n, 0), "sdk/10"],
  ];
  for (const [allowance, code] of cases) {
    const before = allowances.entries(net.store);
    const bytes = bytesOfTx(await signed(net, ann, "direct", [grant(allowance)]));
    const found = refusal(() => {
      const result = deliver(net, bytes);
      if (result.code !== 0) throw Object.assign(new Error(result.log), result);
    });
    expect(found?.code).toBe(code);
    expect(allowances.entries(net.store)).toEqual(before);
    expect(net.violations()).toEqual([]);
  }
});

test("anybody may prune what has expired", async () => {
  const net = await granted(basic(undefined, 1_700_000_000_500));
  const prune = { typeUrl: MsgPruneAllowances.typeUrl, value: { pruner: bob.address } };
  fund(net, bob.bytes);
  expect(deliver(net, bytesOfTx(await signed(net, bob, "amino", [prune]))).code).toBe(0);
  expect(allowances.entries(net.store)).toHaveLength(1);
});

test("no sequence of fees takes more than the limits", () => {
  const steps = fc.array(fc.record({ fee: fc.bigInt(1n, 60n), after: fc.nat(25_000) }), { maxLength: 30 });
  fc.assert(
    fc.property(steps, fc.option(fc.bigInt(1n, 300n), { nil: undefined }), fc.bigInt(1n, 80n), (list, total, each) => {
      const start = 1_000_000;
      let left: Allowance | undefined = parseAllowance(periodic(total, each, start + 10_000));
      let spent = 0n;
      let now = start;
      let windows = 1n;
      for (const { fee, after } of list) {
        now += after;
        windows += BigInt(Math.ceil(after / 10_000)) + 1n;
        if (left === undefined) break;
        let next: Allowance | undefined;
        try {
          next = spend(left, [{ denom: "uassay", amount: fee }], now, []);
        } catch {
          continue; // Refused: nothing is spent.
        }
        spent += fee;
        left = next;
        if (left !== undefined) expect(parseAllowance(allowanceAny(left))).toEqual(left);
      }
      if (total !== undefined) expect(spent <= total).toBe(true);
      expect(spent <= each * windows).toBe(true);
    }),
  );
});

test("coins are subtracted exactly", () => {
  const limit = [
    { denom: "a", amount: 5n },
    { denom: "b", amount: 2n },
  ];
  expect(lessCoins(limit, [{ denom: "a", amount: 5n }])).toEqual([{ denom: "b", amount: 2n }]);
  expect(lessCoins(limit, [{ denom: "c", amount: 1n }])).toBeUndefined();
  expect(lessCoins(limit, [{ denom: "b", amount: 3n }])).toBeUndefined();
});

test("CosmJS's client reads allowances", async () => {
  const net = await granted(basic(7n));
  net.block();
  const client = QueryClient.withExtensions(queryTransport(net), setupFeegrantExtension);
  const { allowance } = await client.feegrant.allowance(ann.address, bob.address);
  expect(allowance?.allowance?.typeUrl).toBe(BasicAllowance.typeUrl);
  expect((await client.feegrant.allowances(bob.address)).allowances).toHaveLength(1);
  expect((await client.feegrant.allowances(ann.address)).allowances).toEqual([]);
  await expect(client.feegrant.allowance(bob.address, ann.address)).rejects.toThrow("key not found");
});

test("the invariant finds a missing index entry and one too many", async () => {
  const net = await granted(basic(7n, 1_800_000_000_000));
  allowancesByGranter.delete(net.store, [ann.bytes, bob.bytes]);
  expect(allowancesInvariant(net.store)).toHaveLength(2);
  allowancesByGranter.set(net.store, [ann.bytes, bob.bytes], true);
  allowances.set(net.store, [bob.bytes, addressOf("x")], { typeUrl: utf8("/x"), value: utf8(""), expiration: 0 });
  expect(allowancesInvariant(net.store)).toHaveLength(2);
});
