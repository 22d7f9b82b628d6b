import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { TxError } from "../../chain/errors.ts";
import { balance } from "../../modules/bank/keeper.ts";
import { delegationsOf, slash, validatorByOperator } from "../../modules/staking/keeper.ts";
import { tokensFor } from "../../modules/staking/shares.ts";
import { redelegations, unbondings } from "../../modules/staking/store.ts";
import { accountOf, addressOf, createNetwork, type Network, SPEC, valoperOf } from "./network.ts";

/**
 * Whatever people do with their stake after an infraction and before its slash: each of them loses the fraction of what it had at stake
 * with the validator then. Nobody gets out of it by moving, and nobody pays twice for having moved.
 */

const M = 1_000_000n;
const PEOPLE = ["ann", "bob", "cy"] as const;
/** All begin with stake at "a"; "b" and "c" are where it may go. */
const STAKE = { ann: 40n * M, bob: 30n * M, cy: 5n * M } as const;

type Step =
  | { readonly kind: "undelegate"; readonly who: string; readonly from: string; readonly amount: bigint }
  | { readonly kind: "move"; readonly who: string; readonly from: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "cancel"; readonly who: string; readonly from: string; readonly amount: bigint }
  | { readonly kind: "block" };

const who = fc.constantFrom(...PEOPLE);
const validator = fc.constantFrom("a", "b", "c");
/** What comes to a validator after an infraction shares the loss of what has stayed there: that is left out here. */
const elsewhere = fc.constantFrom("b", "c");
const amount = fc.oneof(fc.bigInt(1n, 30n), fc.bigInt(1n, 45_000_000n), fc.constantFrom(5n * M, 30n * M, 40n * M));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("undelegate" as const), who, from: validator, amount }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant("move" as const), who, from: validator, to: elsewhere, amount }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("cancel" as const), who, from: validator, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("block" as const) }) },
);

const coin = (units: bigint) => ({ denom: SPEC.denom, amount: units.toString() });

function perform(net: Network, next: Step): void {
  switch (next.kind) {
    case "undelegate": {
      const body = {
        delegatorAddress: accountOf(next.who),
        validatorAddress: valoperOf(next.from),
        amount: coin(next.amount),
      };
      net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(body).finish());
      return;
    }
    case "move": {
      const body = {
        delegatorAddress: accountOf(next.who),
        validatorSrcAddress: valoperOf(next.from),
        validatorDstAddress: valoperOf(next.to),
        amount: coin(next.amount),
      };
      net.run(MsgBeginRedelegate.typeUrl, MsgBeginRedelegate.encode(body).finish());
      return;
    }
    case "cancel": {
      const [entry] = unbondings.get(net.store, [addressOf(next.who), addressOf(next.from)]) ?? [];
      const body = {
        delegatorAddress: accountOf(next.who),
        validatorAddress: valoperOf(next.from),
        amount: coin(next.amount < (entry?.balance ?? 0n) ? next.amount : (entry?.balance ?? 1n)),
        creationHeight: BigInt(entry?.creationHeight ?? 1),
      };
      net.run(MsgCancelUnbondingDelegation.typeUrl, MsgCancelUnbondingDelegation.encode(body).finish());
      return;
    }
    case "block":
      net.block();
  }
}

/** All that somebody has: coins, stake, stake on its way out. */
function wealth(net: Network, name: string): bigint {
  const person = addressOf(name);
  const staked = delegationsOf(net.store, person).map(({ operator, shares }) => {
    const record = validatorByOperator(net.store, operator);
    return record === undefined ? 0n : tokensFor(record, shares);
  });
  const leaving = unbondings
    .entries(net.store, { within: person })
    .flatMap(([, list]) => list.map((each) => each.balance));
  return [balance(net.store, person, SPEC.denom), ...staked, ...leaving].reduce((sum, units) => sum + units, 0n);
}

function start(): Network {
  const net = createNetwork({
    validators: { a: 100n * M, b: 100n * M, c: 100n * M },
    balances: { ann: 100n * M, bob: 100n * M, cy: 100n * M },
    params: { "staking.maxEntries": 32n },
  });
  net.block();
  for (const name of PEOPLE) {
    for (const [to, units] of [
      ["a", STAKE[name]],
      ["b", 3n * M],
    ] as const) {
      const body = { delegatorAddress: accountOf(name), validatorAddress: valoperOf(to), amount: coin(units) };
      net.run(MsgDelegate.typeUrl, MsgDelegate.encode(body).finish());
    }
  }
  net.block();
  net.block();
  return net;
}

/** What each person loses when "a" is slashed for the height before the steps, and what it should. */
function losses(steps: readonly Step[], ppm: bigint, tamper?: (net: Network) => void): string[] {
  const net = start();
  const infraction = net.height;
  for (const next of steps) {
    try {
      perform(net, next);
    } catch (error) {
      if (!(error instanceof TxError)) throw error;
    }
  }
  tamper?.(net);
  const before = new Map(PEOPLE.map((name) => [name, wealth(net, name)]));
  // Each entry is rounded by itself, and so is what each is worth afterwards.
  const entries = [...unbondings.entries(net.store), ...redelegations.entries(net.store)].reduce(
    (sum, [, list]) => sum + list.length,
    0,
  );
  const slack = BigInt(2 * entries + 4);
  const stake = 175n * M;
  const burnt = slash(net.context(), addressOf("a"), infraction, stake / M, ppm);
  const found = net.violations().map(String);
  const due = (stake * ppm) / M;
  if (burnt > due + slack || burnt < due - slack) found.push(`${burnt} burnt, ${due} were due`);
  for (const name of PEOPLE) {
    const lost = (before.get(name) ?? 0n) - wealth(net, name);
    const fair = (STAKE[name] * ppm) / M;
    if (lost > fair + slack || lost < fair - slack) found.push(`${name} lost ${lost}, ${fair} is its part`);
  }
  return found;
}

const fraction = fc.oneof(fc.constantFrom(50_000n, 10_000n, 1_000_000n, 333_333n), fc.bigInt(1n, 1_000_000n));

test("each loses its part of what was at stake, whatever it has done with it since", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 25, size: "max" }), fraction, (steps, ppm) => {
      expect(losses(steps, ppm)).toEqual([]);
    }),
    { numRuns: 120 },
  );
});

test("the check sees it when moved stake is let off, and when it pays more", () => {
  const moved: readonly Step[] = [{ kind: "move", who: "ann", from: "a", to: "b", amount: 30n * M }];
  expect(losses(moved, 100_000n)).toEqual([]);
  const key = [addressOf("ann"), [addressOf("a"), addressOf("b")]] as const;
  const change = (factor: bigint) => (net: Network) => {
    const entries = redelegations.get(net.store, key) ?? [];
    const changed = entries.map((entry) => ({
      ...entry,
      initialBalance: entry.initialBalance * factor,
      balance: entry.balance * factor,
      sharesDst: entry.sharesDst * factor,
    }));
    redelegations.set(net.store, key, changed);
  };
  expect(losses(moved, 100_000n, change(0n))).not.toEqual([]);
  expect(losses(moved, 100_000n, change(2n))).not.toEqual([]);
});
