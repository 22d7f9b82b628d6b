import { describe, expect, test } from "vitest";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { delegate, undelegate } from "../../modules/staking/delegations.ts";
import {
  bondedTokens,
  jail,
  slash,
  tombstone,
  totalBonded,
  unjail,
  validatorByOperator,
} from "../../modules/staking/keeper.ts";
import { BONDED_POOL, moveStake, NOT_BONDED_POOL } from "../../modules/staking/pools.ts";
import { BOND, unbondings, unbondingsByHeight } from "../../modules/staking/store.ts";
import { beginUnbonding } from "../../modules/staking/unbonding.ts";
import { createOverlay } from "../../state/overlay.ts";
import { addressOf, createNetwork, type Network } from "./network.ts";

const M = 1_000_000n;
const names = (net: Network): string[] => {
  const known = new Map(["a", "b", "c", "d", "e"].map((name) => [toHex(addressOf(name)), name]));
  return net.validators.map(({ operator }) => known.get(toHex(operator)) ?? "?");
};
const status = (net: Network, name: string) => validatorByOperator(net.store, addressOf(name))?.status;
const uassay = (net: Network, name: string) => balance(net.store, addressOf(name), "uassay");

/** Takes bonded stake out, as MsgUndelegate does. */
function unbond(net: Network, delegator: string, operator: string, amount: bigint) {
  const ctx = net.context();
  const { tokens, validator } = undelegate(ctx, addressOf(delegator), addressOf(operator), amount);
  if (validator.status === BOND.bonded) moveStake(ctx, BONDED_POOL, NOT_BONDED_POOL, tokens);
  beginUnbonding(ctx, addressOf(delegator), addressOf(operator), tokens);
}

describe("the validator set", () => {
  test("holds the strongest candidates, greatest first, ties to the lower address", () => {
    const net = createNetwork({
      validators: { a: 5n * M, b: 9n * M, c: 7n * M, d: 7n * M },
      params: { "staking.maxValidators": 3n },
    });
    const [c, d] = [toHex(addressOf("c")), toHex(addressOf("d"))];
    expect(names(net)).toEqual(c < d ? ["b", "c", "d"] : ["b", "d", "c"]);
    expect(status(net, "a")).toBe(BOND.unbonded);
    expect(totalBonded(net.store)).toBe(23n * M);
    expect(net.violations()).toEqual([]);
  });

  test("is returned only when it changed, and takes effect with its statuses and pools", () => {
    const net = createNetwork({
      validators: { a: 5n * M, b: 9n * M, c: 7n * M },
      balances: { rich: 100n * M },
      params: { "staking.maxValidators": 2n, "staking.unbondingTime": 5000n },
    });
    const before = net.validators;
    net.block();
    expect(net.validators).toBe(before);
    net.block({ run: (ctx) => void delegate(ctx, addressOf("rich"), addressOf("a"), M - 1n) });
    expect(net.validators).toBe(before);
    const events = net.block({ run: (ctx) => void delegate(ctx, addressOf("rich"), addressOf("a"), 3n * M) });
    expect(names(net)).toEqual(["b", "a"]);
    expect(events.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["bond_validator", "begin_unbonding_validator"]),
    );
    expect(status(net, "c")).toBe(BOND.unbonding);
    expect(bondedTokens(net.store, addressOf("c"))).toBe(0n);
    expect(net.violations()).toEqual([]);
    net.block({ after: 4999 });
    expect(status(net, "c")).toBe(BOND.unbonding);
    net.block({ after: 1 });
    expect(status(net, "c")).toBe(BOND.unbonded);
    net.block({ run: (ctx) => void delegate(ctx, addressOf("rich"), addressOf("c"), 9n * M) });
    expect(names(net)).toEqual(["c", "b"]);
    expect(net.violations()).toEqual([]);
  });

  test("a validator that is bonded again while unbonding leaves the queue", () => {
    const net = createNetwork({ validators: { a: 5n * M, b: 9n * M }, params: { "staking.unbondingTime": 5000n } });
    net.block({ run: (ctx) => jail(ctx, addressOf("a")) });
    expect(names(net)).toEqual(["b"]);
    net.block({ run: (ctx) => unjail(ctx, addressOf("a")) });
    expect(names(net)).toEqual(["b", "a"]);
    net.block({ after: 10_000 });
    expect(status(net, "a")).toBe(BOND.bonded);
    expect(net.violations()).toEqual([]);
  });

  test("never becomes empty: without a candidate the last set stays", () => {
    const net = createNetwork({ validators: { a: 5n * M, b: 9n * M } });
    net.block({
      run(ctx) {
        jail(ctx, addressOf("a"));
        jail(ctx, addressOf("b"));
      },
    });
    expect(names(net)).toEqual(["b", "a"]);
    net.block({ run: (ctx) => void slash(ctx, addressOf("b"), ctx.block.height, 9n, 1_000_000n) });
    expect(names(net)).toEqual(["b", "a"]);
    expect(net.violations()).toEqual([]);
    net.block({ run: (ctx) => unjail(ctx, addressOf("a")) });
    expect(names(net)).toEqual(["a"]);
    expect(net.violations()).toEqual([]);
  });

  test("a tombstoned validator is never let out", () => {
    const net = createNetwork({ validators: { a: 5n * M, b: 9n * M } });
    net.block({ run: (ctx) => tombstone(ctx, addressOf("a")) });
    net.block({ run: (ctx) => unjail(ctx, addressOf("a")) });
    expect(names(net)).toEqual(["b"]);
  });
});

describe("slash", () => {
  test("burns a fraction of the stake at the infraction", () => {
    const net = createNetwork({ validators: { a: 10n * M, b: 10n * M } });
    net.block({
      run(ctx) {
        expect(slash(ctx, addressOf("a"), ctx.block.height, 10n, 50_000n)).toBe(500_000n);
      },
    });
    expect(bondedTokens(net.store, addressOf("a"))).toBe(9_500_000n);
    expect(net.violations()).toEqual([]);
  });

  test("reaches what was taken out at the infraction height or later, and not before", () => {
    const net = createNetwork({
      validators: { a: 10n * M, b: 10n * M },
      balances: { early: 10n * M, late: 10n * M },
    });
    net.block({
      run(ctx) {
        delegate(ctx, addressOf("early"), addressOf("a"), 10n * M);
        delegate(ctx, addressOf("late"), addressOf("a"), 10n * M);
      },
    });
    net.block({ run: () => unbond(net, "early", "a", 10n * M) });
    const infraction = net.height + 1;
    net.block({ run: () => unbond(net, "late", "a", 10n * M) });
    net.block({
      run(ctx) {
        // 20 of power at the infraction: 10 of it has left since and answers itself, the validator for the other 10.
        expect(slash(ctx, addressOf("a"), infraction, 20n, 100_000n)).toBe(2n * M);
      },
    });
    expect(unbondings.get(net.store, [addressOf("early"), addressOf("a")])?.[0]?.balance).toBe(10n * M);
    expect(unbondings.get(net.store, [addressOf("late"), addressOf("a")])?.[0]?.balance).toBe(9n * M);
    expect(bondedTokens(net.store, addressOf("a"))).toBe(9n * M);
    expect(net.violations()).toEqual([]);
    net.block({ after: 1_814_400_000 });
    expect([uassay(net, "early"), uassay(net, "late")]).toEqual([10n * M, 9n * M]);
    expect(net.violations()).toEqual([]);
  });

  test("reads no unbonding that began before the infraction, however many there are", () => {
    const early = Array.from({ length: 50 }, (_, i) => `early${i}`);
    const balances = Object.fromEntries([...early, "late"].map((name) => [name, M]));
    const net = createNetwork({ validators: { a: 100n * M, b: 10n * M }, balances });
    net.block({
      run(ctx) {
        for (const name of Object.keys(balances)) delegate(ctx, addressOf(name), addressOf("a"), M);
      },
    });
    net.block({
      run() {
        for (const name of early) unbond(net, name, "a", M);
      },
    });
    const infraction = net.height + 1;
    net.block({ run: () => unbond(net, "late", "a", M) });
    const prefix = unbondings.storeKey([addressOf("a"), addressOf("a")]).subarray(0, 2);
    const readsOf = (height: number): number => {
      let reads = 0;
      const ctx = net.context();
      const overlay = createOverlay(net.store);
      const get = (key: Uint8Array) => {
        if (equalBytes(key.subarray(0, 2), prefix)) reads++;
        return overlay.get(key);
      };
      slash({ ...ctx, store: { ...overlay, get } }, addressOf("a"), height, 101n, 10_000n);
      return reads;
    };
    expect(readsOf(infraction)).toBe(1);
    expect(readsOf(infraction - 1)).toBe(51);
    net.block();
    expect(readsOf(infraction + 1)).toBe(0);
    net.block({ after: 1_814_400_000 });
    expect(unbondingsByHeight.entries(net.store)).toEqual([]);
    expect(net.violations()).toEqual([]);
  });

  test("the invariant sees an entry that the index by height lacks", () => {
    const net = createNetwork({ validators: { a: 10n * M, b: 10n * M } });
    net.block({ run: () => unbond(net, "a", "a", M) });
    expect(net.violations()).toEqual([]);
    unbondingsByHeight.delete(net.store, [addressOf("a"), [net.height, addressOf("a")]]);
    expect(net.violations()).toHaveLength(2);
  });

  test("never takes more than there is, and nothing of nobody", () => {
    const net = createNetwork({ validators: { a: 10n * M, b: 10n * M } });
    net.block({
      run(ctx) {
        expect(slash(ctx, addressOf("a"), 1, 1000n, 1_000_000n)).toBe(10n * M);
        expect(slash(ctx, addressOf("a"), 1, 1000n, 1_000_000n)).toBe(0n);
        expect(slash(ctx, addressOf("nobody"), 1, 1000n, 1_000_000n)).toBe(0n);
        expect(() => slash(ctx, addressOf("b"), 1, 1n, 1_000_001n)).toThrow("ppm");
        expect(() => slash(ctx, addressOf("b"), 9, 1n, 1n)).toThrow("future");
      },
    });
    expect(names(net)).toEqual(["b"]);
    expect(net.violations()).toEqual([]);
  });

  test("a validator that hurried out stays answerable", () => {
    const net = createNetwork({ validators: { a: 10n * M, b: 10n * M }, params: { "staking.unbondingTime": 1000n } });
    net.block({ run: (ctx) => jail(ctx, addressOf("a")) });
    net.block({ after: 1000 });
    expect(status(net, "a")).toBe(BOND.unbonded);
    net.block({
      run(ctx) {
        expect(slash(ctx, addressOf("a"), 1, 10n, 50_000n)).toBe(500_000n);
      },
    });
    expect(net.violations()).toEqual([]);
  });
});
