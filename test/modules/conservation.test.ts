import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import {
  MsgWithdrawDelegatorReward,
  MsgWithdrawValidatorCommission,
} from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgCancelUnbondingDelegation,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TxError } from "../../chain/errors.ts";
import type { RecordingContext } from "../../chain/executor/context.ts";
import { moduleAddress } from "../../modules/auth/keeper.ts";
import { balance, supply, transfer } from "../../modules/bank/keeper.ts";
import { balances } from "../../modules/bank/store.ts";
import { writeAccrued } from "../../modules/distribution/accrual.ts";
import { EXACT_ONE, writeExact } from "../../modules/distribution/exact.ts";
import { accruedOf } from "../../modules/distribution/keeper.ts";
import { claims, communityPool, rewards } from "../../modules/distribution/store.ts";
import { punishEquivocation } from "../../modules/slashing/keeper.ts";
import { slash, validatorByOperator } from "../../modules/staking/keeper.ts";
import {
  delegations,
  redelegations,
  redelegationsByDestination,
  unbondings,
  validators,
} from "../../modules/staking/store.ts";
import { accountOf, addressOf, createNetwork, type Network, SPEC, valoperOf } from "./network.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");
const VALIDATORS = ["a", "b", "c"] as const;
const PEOPLE = ["a", "b", "ann", "bob"] as const;

type Command =
  | { readonly kind: "send"; readonly from: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "delegate" | "undelegate"; readonly who: string; readonly to: string; readonly amount: bigint }
  | {
      readonly kind: "cancel";
      readonly who: string;
      readonly to: string;
      readonly amount: bigint;
      readonly age: number;
    }
  | {
      readonly kind: "redelegate";
      readonly who: string;
      readonly from: string;
      readonly to: string;
      readonly amount: bigint;
    }
  | { readonly kind: "withdraw"; readonly who: string; readonly to: string }
  | { readonly kind: "commission"; readonly to: string }
  | { readonly kind: "fees"; readonly from: string; readonly amount: bigint }
  | { readonly kind: "slash"; readonly who: string; readonly age: number; readonly power: bigint; readonly ppm: bigint }
  | { readonly kind: "equivocate" | "unjail"; readonly who: string }
  | { readonly kind: "block"; readonly after: number; readonly missing: readonly string[] };

const person = fc.constantFrom(...PEOPLE);
const validator = fc.constantFrom(...VALIDATORS);
/** Odd amounts, so that rounding happens; sometimes everything. */
const amount = fc.oneof(fc.bigInt(1n, 50n), fc.bigInt(1n, 3_000_000n), fc.bigInt(1n, 20_000_000n));
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("send" as const), from: person, to: person, amount }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("delegate" as const), who: person, to: validator, amount }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("undelegate" as const), who: person, to: validator, amount }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("cancel" as const),
      who: person,
      to: validator,
      amount,
      age: fc.nat(2),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("redelegate" as const),
      who: person,
      from: validator,
      to: validator,
      amount,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("withdraw" as const), who: person, to: validator }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("commission" as const), to: validator }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("fees" as const), from: person, amount }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("slash" as const),
      who: validator,
      age: fc.nat(3),
      power: fc.bigInt(0n, 40n),
      ppm: fc.oneof(
        { weight: 8, arbitrary: fc.bigInt(0n, 100_000n) },
        { weight: 2, arbitrary: fc.constant(333_333n) },
        { weight: 1, arbitrary: fc.constant(1_000_000n) },
      ),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("unjail" as const), who: validator }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("equivocate" as const), who: fc.constant("c") }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("block" as const),
      after: fc.constantFrom(1, 1000, 6000),
      missing: fc.oneof(fc.constant([]), fc.subarray([...VALIDATORS])),
    }),
  },
);

/** Everybody already delegates to everybody, and some of it unbonds. */
function start(): Network {
  const net = createNetwork({
    validators: { a: 10_000_001n, b: 7_000_003n, c: 3_333_333n },
    balances: { ann: 50_000_000n, bob: 33_333_331n, a: 1_000_000n },
    params: {
      "staking.unbondingTime": 5000n,
      "staking.maxValidators": 2n,
      "staking.maxEntries": 3n,
      "slashing.signedBlocksWindow": 4n,
      "slashing.minSignedPerWindow": 1_000_000n,
      "slashing.downtimeJailDuration": 500n,
    },
  });
  net.block();
  for (const who of ["ann", "bob"]) {
    for (const to of VALIDATORS) {
      perform(net, { kind: "delegate", who, to, amount: 2_345_679n });
      perform(net, { kind: "undelegate", who, to, amount: 345_677n });
    }
  }
  net.block();
  return net;
}

function perform(net: Network, step: Command): void {
  const coin = (value: bigint) => ({ denom: SPEC.denom, amount: value.toString() });
  switch (step.kind) {
    case "send": {
      const message = { fromAddress: accountOf(step.from), toAddress: accountOf(step.to), amount: [coin(step.amount)] };
      net.run(MsgSend.typeUrl, MsgSend.encode(message).finish());
      return;
    }
    case "delegate":
    case "undelegate": {
      const codec = step.kind === "delegate" ? MsgDelegate : MsgUndelegate;
      const message = {
        delegatorAddress: accountOf(step.who),
        validatorAddress: valoperOf(step.to),
        amount: coin(step.amount),
      };
      net.run(codec.typeUrl, codec.encode(message).finish());
      return;
    }
    case "redelegate": {
      const message = {
        delegatorAddress: accountOf(step.who),
        validatorSrcAddress: valoperOf(step.from),
        validatorDstAddress: valoperOf(step.to),
        amount: coin(step.amount),
      };
      net.run(MsgBeginRedelegate.typeUrl, MsgBeginRedelegate.encode(message).finish());
      return;
    }
    case "withdraw": {
      const message = { delegatorAddress: accountOf(step.who), validatorAddress: valoperOf(step.to) };
      net.run(MsgWithdrawDelegatorReward.typeUrl, MsgWithdrawDelegatorReward.encode(message).finish());
      return;
    }
    case "commission": {
      const message = { validatorAddress: valoperOf(step.to) };
      net.run(MsgWithdrawValidatorCommission.typeUrl, MsgWithdrawValidatorCommission.encode(message).finish());
      return;
    }
    case "fees": {
      if (balance(net.store, addressOf(step.from), SPEC.denom) < step.amount) return;
      transfer(net.context(), addressOf(step.from), FEE_COLLECTOR, [{ denom: SPEC.denom, amount: step.amount }]);
      return;
    }
    case "cancel": {
      const entries = unbondings.get(net.store, [addressOf(step.who), addressOf(step.to)]) ?? [];
      const entry = entries[step.age % Math.max(1, entries.length)];
      const message = {
        delegatorAddress: accountOf(step.who),
        validatorAddress: valoperOf(step.to),
        amount: coin(step.amount),
        creationHeight: BigInt(entry?.creationHeight ?? net.height),
      };
      net.run(MsgCancelUnbondingDelegation.typeUrl, MsgCancelUnbondingDelegation.encode(message).finish());
      return;
    }
    case "slash": {
      const before = supply(net.store, SPEC.denom);
      const height = Math.max(0, net.height - step.age);
      const burnt = slash(net.context(), addressOf(step.who), height, step.power, step.ppm);
      if (burnt < 0n || before - supply(net.store, SPEC.denom) !== burnt)
        throw new Error(`burnt ${burnt}, which is not so`);
      return;
    }
    case "equivocate":
      punishEquivocation(net.context(), addressOf(step.who), net.height, 5n);
      return;
    case "unjail":
      net.run(MsgUnjail.typeUrl, MsgUnjail.encode({ validatorAddr: valoperOf(step.who) }).finish());
      return;
    case "block":
      net.block({ after: step.after, missing: step.missing });
      if (net.validators.length === 0) throw new Error("the validator set is empty");
      return;
  }
}

/** Performs the commands and returns what is violated after the first that breaks something. */
function firstViolations(net: Network, steps: readonly Command[], done?: Map<string, number>): readonly string[] {
  for (const step of steps) {
    try {
      perform(net, step);
      done?.set(step.kind, (done.get(step.kind) ?? 0) + 1);
    } catch (error) {
      if (!(error instanceof TxError)) throw error; // A refusal must change nothing, which the invariants below check.
    }
    const violations = net.violations();
    if (violations.length > 0) return violations.map((text) => `after ${step.kind}: ${text}`);
  }
  return [];
}

describe("random sequences of messages, punishments and blocks", () => {
  test("keep every invariant after each step", () => {
    const done = new Map<string, number>();
    fc.assert(
      fc.property(fc.array(command, { minLength: 1, maxLength: 60, size: "max" }), (steps) => {
        expect(firstViolations(start(), steps, done)).toEqual([]);
      }),
      { numRuns: 60 },
    );
    // Otherwise the property would hold because everything was refused.
    for (const kind of [
      "send",
      "delegate",
      "undelegate",
      "cancel",
      "redelegate",
      "withdraw",
      "commission",
      "fees",
      "slash",
      "equivocate",
      "unjail",
      "block",
    ]) {
      expect(done.get(kind) ?? 0, kind).toBeGreaterThan(0);
    }
  });

  test("never make coins: the supply only falls", () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 40, size: "max" }), (steps) => {
        const net = start();
        const before = supply(net.store, SPEC.denom);
        firstViolations(net, steps);
        expect(supply(net.store, SPEC.denom)).toBeLessThanOrEqual(before);
      }),
      { numRuns: 15 },
    );
  });

  const faults: readonly (readonly [string, (net: Network, ctx: RecordingContext) => void])[] = [
    [
      "a balance grows by one",
      ({ store }) =>
        balances.set(
          store,
          [addressOf("ann"), SPEC.denom],
          (balances.get(store, [addressOf("ann"), SPEC.denom]) ?? 0n) + 1n,
        ),
    ],
    [
      "a validator's tokens grow by one",
      ({ store }) => {
        const record = validatorByOperator(store, addressOf("a"));
        if (record !== undefined) validators.set(store, addressOf("a"), { ...record, tokens: record.tokens + 1n });
      },
    ],
    [
      "a slash forgets the power index",
      ({ store }) => {
        const record = validatorByOperator(store, addressOf("a"));
        if (record !== undefined) validators.set(store, addressOf("a"), { ...record, jailed: !record.jailed });
      },
    ],
    [
      "a delegator gains shares",
      ({ store }) =>
        delegations.set(
          store,
          [addressOf("a"), addressOf("a")],
          (delegations.get(store, [addressOf("a"), addressOf("a")]) ?? 0n) + 1n,
        ),
    ],
    [
      "a reward is promised and not there",
      ({ store }) => {
        const accrued = accruedOf(store, addressOf("a"));
        const more = { commission: accrued.commission + EXACT_ONE, outstanding: accrued.outstanding + EXACT_ONE };
        rewards.set(store, addressOf("a"), writeAccrued({ ...accrued, ...more }));
      },
    ],
    [
      "the smallest part of a reward is lost",
      ({ store }) => {
        const accrued = accruedOf(store, addressOf("a"));
        rewards.set(store, addressOf("a"), writeAccrued({ ...accrued, carry: accrued.carry + 1n }));
      },
    ],
    [
      "the community is promised a coin",
      ({ store }) => communityPool.set(store, SPEC.denom, { whole: 10n ** 20n, fraction: 0n }),
    ],
    ["a delegation earns nothing any more", ({ store }) => claims.delete(store, [addressOf("a"), addressOf("ann")])],
    [
      "somebody earns without a delegation",
      ({ store }) =>
        claims.set(store, [addressOf("a"), addressOf("eve")], { cumulative: writeExact(0n), remainder: 0n }),
    ],
    [
      "a redelegation is missing in an index",
      ({ store }) => redelegationsByDestination.delete(store, [addressOf("ann"), [addressOf("b"), addressOf("a")]]),
    ],
    [
      "a redelegation answers for more than it was",
      ({ store }) => {
        const key = [addressOf("ann"), [addressOf("a"), addressOf("b")]] as const;
        const entries = redelegations.get(store, key) ?? [];
        redelegations.set(
          store,
          key,
          entries.map((entry) => ({ ...entry, balance: entry.initialBalance + 1n })),
        );
      },
    ],
    [
      "an unbonding is booked twice",
      ({ store }) =>
        unbondings.set(
          store,
          [addressOf("bob"), addressOf("a")],
          [{ creationHeight: 1, completionTime: 1, initialBalance: 5n, balance: 5n }],
        ),
    ],
  ];
  test.each(faults)("the checker catches it when %s", (_, plant) => {
    const net = start();
    const steps: readonly Command[] = [
      { kind: "delegate", who: "ann", to: "a", amount: 12_345_677n },
      { kind: "redelegate", who: "ann", from: "a", to: "b", amount: 345_677n },
      { kind: "fees", from: "bob", amount: 12_345n },
      { kind: "block", after: 1000, missing: [] },
    ];
    expect(firstViolations(net, steps)).toEqual([]);
    plant(net, net.context());
    expect(firstViolations(net, [{ kind: "send", from: "bob", to: "ann", amount: 1n }])).not.toEqual([]);
  });
});
