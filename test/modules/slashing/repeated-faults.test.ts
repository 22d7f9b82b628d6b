import { MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { describe, expect, test } from "vitest";
import { punishEquivocation } from "../../../modules/slashing/keeper.ts";
import { validatorByOperator } from "../../../modules/staking/keeper.ts";
import { unbondings } from "../../../modules/staking/store.ts";
import { accountOf, addressOf, createNetwork, type Network, valoperOf } from "../network.ts";

const M = 1_000_000n;
const network = (params: Readonly<Record<string, bigint>> = {}): Network =>
  createNetwork({
    validators: { mallory: 1n * M, b: 200n * M, c: 200n * M },
    balances: { mallory: 1000n * M, ann: 1000n * M },
    params: { "slashing.correlationMultiplier": 0n, ...params },
  });
const tokens = (net: Network, name = "mallory") => validatorByOperator(net.store, addressOf(name))?.tokens ?? 0n;
const stake = (net: Network, delegator: string, type: typeof MsgDelegate | typeof MsgUndelegate, amount: bigint) =>
  net.run(
    type.typeUrl,
    type
      .encode({
        delegatorAddress: accountOf(delegator),
        validatorAddress: valoperOf("mallory"),
        amount: { denom: "uassay", amount: amount.toString() },
      })
      .finish(),
  );
const fault = (net: Network, height: number, power: bigint) =>
  net.block({ run: (ctx) => punishEquivocation(ctx, addressOf("mallory"), height, power) });
const pending = (net: Network, delegator: string) =>
  (unbondings.get(net.store, [addressOf(delegator), addressOf("mallory")]) ?? []).reduce((s, e) => s + e.balance, 0n);

describe("a fault with little stake does not pay for one with much", () => {
  test("whoever reports itself first for the small one", () => {
    const net = network();
    net.block();
    const small = net.height;
    stake(net, "mallory", MsgDelegate, 99n * M);
    net.block();
    net.block();
    const great = net.height;
    fault(net, small, 1n);
    expect(tokens(net)).toBe(100n * M - M / 20n);
    fault(net, great, 100n);
    expect(tokens(net)).toBe(95n * M);
    // As much again, or less, costs nothing more.
    fault(net, great, 100n);
    fault(net, small, 1n);
    fault(net, great + 1, 100n);
    expect(tokens(net)).toBe(95n * M);
    expect(net.violations()).toEqual([]);
  });

  test("nobody who has left pays twice, and who had left for the one pays for the other", () => {
    const net = network();
    net.block();
    stake(net, "mallory", MsgDelegate, 39n * M);
    stake(net, "ann", MsgDelegate, 60n * M);
    net.block();
    net.block();
    const great = net.height;
    stake(net, "ann", MsgUndelegate, 60n * M);
    net.block();
    net.block();
    const small = net.height;
    // Of the later height ann is not guilty: 5 % of 40.
    fault(net, small, 40n);
    expect([tokens(net), pending(net, "ann")]).toEqual([38n * M, 60n * M]);
    // Of the earlier one she is: 5 % of 100, of which 2 are paid and 3 are hers.
    fault(net, great, 100n);
    expect([tokens(net), pending(net, "ann")]).toEqual([38n * M, 57n * M]);
    fault(net, great - 1, 100n);
    expect([tokens(net), pending(net, "ann")]).toEqual([38n * M, 57n * M]);
    expect(net.violations()).toEqual([]);
  });

  test("in whatever order", () => {
    const net = network();
    net.block();
    const small = net.height;
    stake(net, "mallory", MsgDelegate, 39n * M);
    stake(net, "ann", MsgDelegate, 60n * M);
    net.block();
    net.block();
    const great = net.height;
    stake(net, "ann", MsgUndelegate, 60n * M);
    net.block();
    // What has left since the small fault pays for it as if it had been there.
    fault(net, small, 1n);
    expect([tokens(net), pending(net, "ann")]).toEqual([40n * M, 57n * M]);
    fault(net, great, 100n);
    expect([tokens(net), pending(net, "ann")]).toEqual([38n * M, 57n * M]);
    expect(net.violations()).toEqual([]);
  });
});
