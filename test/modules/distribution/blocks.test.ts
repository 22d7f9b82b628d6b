import { MsgWithdrawDelegatorReward } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { MsgBeginRedelegate, MsgDelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fromHex, toHex } from "../../../chain/bytes.ts";
import { TxError } from "../../../chain/errors.ts";
import type { Event } from "../../../chain/module.ts";
import type { ValidatorSet } from "../../../chain/types/validator.ts";
import { accountText, operatorText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { balance, mint } from "../../../modules/bank/keeper.ts";
import { communityFunds } from "../../../modules/distribution/community-pool.ts";
import { exactly, wholeUnits } from "../../../modules/distribution/exact.ts";
import { addReward, owedTo } from "../../../modules/distribution/keeper.ts";
import {
  delegatedShares,
  delegationsOf,
  jail,
  slash,
  unjail,
  validatorByOperator,
} from "../../../modules/staking/keeper.ts";
import { saveValidator } from "../../../modules/staking/validators.ts";
import { accountOf, addressOf, attribute, createNetwork, type Network, SPEC, valoperOf } from "../network.ts";
import { createModel, type Model, near, reward, type Staked } from "./model.ts";

/** The whole of it, by messages and blocks: what the begin of each block gives to whom, against the model. */

const VALIDATORS = ["a", "b", "c"] as const;
const PEOPLE = ["a", "b", "ann", "bob"] as const;
const COLLECTOR = moduleAddress("fee_collector");
const TAX = 123_457n;

type Step =
  | { readonly kind: "delegate" | "undelegate"; readonly who: string; readonly to: string; readonly amount: bigint }
  | {
      readonly kind: "redelegate";
      readonly who: string;
      readonly from: string;
      readonly to: string;
      readonly amount: bigint;
    }
  | { readonly kind: "withdraw"; readonly who: string; readonly to: string }
  | { readonly kind: "slash"; readonly to: string; readonly age: number; readonly ppm: bigint }
  | { readonly kind: "jail" | "unjail"; readonly to: string }
  | { readonly kind: "rate"; readonly to: string; readonly rate: bigint }
  | { readonly kind: "block"; readonly fees: bigint; readonly missing: readonly string[]; readonly after: number };

const who = fc.constantFrom(...PEOPLE);
const to = fc.constantFrom(...VALIDATORS);
const amount = fc.oneof(fc.constant(1n), fc.bigInt(1n, 3_000_000n), fc.bigInt(1n, 20_000_000n));
const of = <K extends string>(kind: K) => fc.constant(kind);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: of("delegate"), who, to, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: of("undelegate"), who, to, amount }) },
  { weight: 3, arbitrary: fc.record({ kind: of("redelegate"), who, from: to, to, amount }) },
  { weight: 2, arbitrary: fc.record({ kind: of("withdraw"), who, to }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: of("slash"),
      to,
      age: fc.nat(3),
      ppm: fc.oneof(fc.bigInt(1n, 90_000n), fc.constantFrom(333_333n, 1_000_000n)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: of("jail"), to }) },
  { weight: 2, arbitrary: fc.record({ kind: of("unjail"), to }) },
  { weight: 1, arbitrary: fc.record({ kind: of("rate"), to, rate: fc.bigInt(0n, 10n ** 18n) }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: of("block"),
      fees: fc.oneof(fc.bigInt(0n, 9n), fc.bigInt(0n, 1_000_000n)),
      missing: fc.oneof(fc.constant([]), fc.subarray([...VALIDATORS])),
      after: fc.constantFrom(1000, 3000, 6000),
    }),
  },
);
/** What staking says before a block, which is what the block's fees are shared out by. */
function stakingNow(net: Network): ReadonlyMap<string, Staked> {
  const found = new Map<string, Staked>();
  for (const name of VALIDATORS) {
    const operator = addressOf(name);
    const validator = validatorByOperator(net.store, operator);
    if (validator === undefined) continue;
    const own = delegationsOf(net.store).filter((each) => toHex(each.operator) === toHex(operator));
    const delegations = new Map(own.map(({ delegator, shares }) => [toHex(delegator), shares]));
    const { tokens, shares, commission } = validator;
    found.set(toHex(operator), { tokens, shares, rate: commission.rate, delegations });
  }
  return found;
}

function shareFees(
  model: Model,
  voters: ValidatorSet,
  missing: readonly string[],
  fees: bigint,
  staked: ReadonlyMap<string, Staked>,
) {
  const absent = missing.map((name) => toHex(addressOf(name)));
  const signers = voters.filter(({ operator }) => !absent.includes(toHex(operator)));
  const total = signers.reduce((sum, { power }) => sum + power, 0n);
  if (total === 0n) return;
  model.community = {
    n: model.community.n * 1_000_000n + fees * TAX * model.community.d,
    d: model.community.d * 1_000_000n,
  };
  for (const { operator, power } of signers) {
    const part = { n: fees * (1_000_000n - TAX) * power, d: 1_000_000n * total };
    reward(model, toHex(operator), part, staked.get(toHex(operator)));
  }
}

function createHistory() {
  const net = createNetwork({
    validators: { a: 10_000_001n, b: 7_000_003n, c: 3_333_333n },
    balances: { ann: 50_000_000n, bob: 33_333_331n, a: 1_000_000n },
    params: {
      "distribution.communityTax": TAX,
      "staking.unbondingTime": 5000n,
      "staking.maxValidators": 2n,
      "slashing.signedBlocksWindow": 100n,
    },
  });
  const model = createModel();
  const paid = new Map<string, bigint>();
  const hexOf = new Map(
    [...VALIDATORS, ...PEOPLE].flatMap(
      (name) =>
        [
          [accountOf(name), toHex(addressOf(name))],
          [valoperOf(name), toHex(addressOf(name))],
        ] as const,
    ),
  );
  let voters: ValidatorSet = [];
  /** Delegations that ended: each left less than a base unit to others. */
  let ended = 0n;
  const keys = () =>
    delegationsOf(net.store).map(({ operator, delegator }) => `${toHex(operator)}/${toHex(delegator)}`);
  let delegations = keys();

  function collect(events: readonly Event[]): void {
    for (const event of events.filter(({ type }) => type === "withdraw_rewards")) {
      const key = `${hexOf.get(attribute(event, "validator") ?? "")}/${hexOf.get(attribute(event, "delegator") ?? "")}`;
      paid.set(key, (paid.get(key) ?? 0n) + BigInt(attribute(event, "amount")?.replace("uassay", "") ?? 0));
    }
  }

  function message(codec: { typeUrl: string }, bytes: Uint8Array): void {
    collect(net.run(codec.typeUrl, bytes).events);
  }

  function perform(next: Step): void {
    const coin = (units: bigint) => ({ denom: SPEC.denom, amount: units.toString() });
    switch (next.kind) {
      case "delegate":
      case "undelegate": {
        const codec = next.kind === "delegate" ? MsgDelegate : MsgUndelegate;
        const body = {
          delegatorAddress: accountOf(next.who),
          validatorAddress: valoperOf(next.to),
          amount: coin(next.amount),
        };
        message(codec, codec.encode(body).finish());
        break;
      }
      case "redelegate": {
        const body = {
          delegatorAddress: accountOf(next.who),
          validatorSrcAddress: valoperOf(next.from),
          validatorDstAddress: valoperOf(next.to),
          amount: coin(next.amount),
        };
        message(MsgBeginRedelegate, MsgBeginRedelegate.encode(body).finish());
        break;
      }
      case "withdraw": {
        const body = { delegatorAddress: accountOf(next.who), validatorAddress: valoperOf(next.to) };
        message(MsgWithdrawDelegatorReward, MsgWithdrawDelegatorReward.encode(body).finish());
        break;
      }
      case "slash": {
        const ctx = net.context();
        slash(ctx, addressOf(next.to), Math.max(0, net.height - next.age), 9n, next.ppm);
        collect(ctx.events);
        break;
      }
      case "jail":
        jail(net.context(), addressOf(next.to));
        break;
      case "unjail":
        unjail(net.context(), addressOf(next.to));
        break;
      case "rate": {
        const validator = validatorByOperator(net.store, addressOf(next.to));
        if (validator === undefined) break;
        const commission = { ...validator.commission, rate: next.rate };
        saveValidator(net.store, addressOf(next.to), { ...validator, commission });
        break;
      }
      case "block": {
        mint(net.context(), COLLECTOR, [{ denom: SPEC.denom, amount: next.fees }]);
        const fees = balance(net.store, COLLECTOR, SPEC.denom);
        shareFees(model, voters, next.missing, fees, stakingNow(net));
        voters = net.validators;
        collect(net.block({ missing: next.missing, after: next.after }));
        break;
      }
    }
    const now = new Set(keys());
    ended += BigInt(delegations.filter((key) => !now.has(key)).length);
    delegations = [...now];
  }

  /** In 2^-64 base units: above what carries shift, below anything that could be paid. */
  const TINY = 1n << 34n;
  return {
    net,
    model,
    voters: () => voters,
    perform(next: Step): void {
      try {
        perform(next);
      } catch (error) {
        if (!(error instanceof TxError)) throw error;
      }
    },
    problems(): string[] {
      const found = [...net.violations()];
      for (const [key, earned] of model.earned) {
        const [operator, delegator] = key.split("/").map(fromHex);
        if (operator === undefined || delegator === undefined) throw new Error(`no pair ${key}`);
        const shares = delegatedShares(net.store, delegator, operator);
        const actual = (exactly(paid.get(key) ?? 0n) + owedTo(net.store, delegator, operator, shares)) >> 192n;
        const difference = actual - near(earned);
        const bound = (ended << 64n) + TINY;
        if (difference > bound || difference < -bound) found.push(`${key}: ${actual}, the model says ${near(earned)}`);
      }
      // Of each validator that goes, what its last delegator and its commission left: less than two units.
      const more = (communityFunds(net.store, SPEC.denom) >> 192n) - near(model.community);
      if (more < -TINY || more > ((2n * ended) << 64n) + TINY) found.push(`the community has ${more} too much`);
      return found;
    },
    /** Everybody withdraws. @returns who is not paid what the query of rewards says. */
    withdrawAll(): string[] {
      const found: string[] = [];
      for (const { delegator, operator, shares } of delegationsOf(net.store)) {
        const due = wholeUnits(owedTo(net.store, delegator, operator, shares));
        const before = balance(net.store, delegator, SPEC.denom);
        const body = { delegatorAddress: accountText(SPEC, delegator), validatorAddress: operatorText(SPEC, operator) };
        message(MsgWithdrawDelegatorReward, MsgWithdrawDelegatorReward.encode(body).finish());
        const gained = balance(net.store, delegator, SPEC.denom) - before;
        if (gained !== due) found.push(`${body.delegatorAddress} is owed ${due} and was paid ${gained}`);
      }
      return found;
    },
  };
}

test("random blocks and messages pay what the model says", () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 5, maxLength: 50, size: "max" }), (steps) => {
      const history = createHistory();
      history.perform({ kind: "block", fees: 0n, missing: [], after: 1000 });
      for (const next of steps) history.perform(next);
      expect(history.problems()).toEqual([]);
      expect(history.withdrawAll()).toEqual([]);
      expect(history.problems()).toEqual([]);
    }),
    { numRuns: 150 },
  );
});

test("the check sees a reward that the model does not know, and fees that nobody shared out", () => {
  const steps: readonly Step[] = [
    { kind: "block", fees: 0n, missing: [], after: 1000 },
    { kind: "delegate", who: "ann", to: "a", amount: 5_000_001n },
    { kind: "block", fees: 0n, missing: [], after: 1000 },
    { kind: "block", fees: 100_001n, missing: ["b"], after: 1000 },
  ];
  const plants: readonly ((history: ReturnType<typeof createHistory>) => void)[] = [
    ({ net }) => addReward(net.context(), addressOf("b"), exactly(5n), { shares: 7_000_003n * 10n ** 18n, rate: 0n }),
    ({ net, model, voters }) => shareFees(model, voters(), [], 5n, stakingNow(net)),
  ];
  const found = plants.map((plant) => {
    const history = createHistory();
    for (const next of steps) history.perform(next);
    expect(history.problems()).toEqual([]);
    plant(history);
    return history.problems().length > 0;
  });
  expect(found).toEqual([true, true]);
});
