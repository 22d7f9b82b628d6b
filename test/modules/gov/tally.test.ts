import { MsgBeginRedelegate, MsgUndelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { TxError } from "../../../chain/errors.ts";
import { CHOICES, type Choice } from "../../../modules/gov/cast.ts";
import { currentTally } from "../../../modules/gov/end-block.ts";
import { casts, votes } from "../../../modules/gov/store.ts";
import { decide, roundedTally, type TallyRules, tallyOf } from "../../../modules/gov/tally.ts";
import { delegate } from "../../../modules/staking/delegations.ts";
import { bondedValidators, delegationsOf, jail, slash } from "../../../modules/staking/keeper.ts";
import { delegations } from "../../../modules/staking/store.ts";
import { accountOf, addressOf, createNetwork, type Network, valoperOf } from "../network.ts";
import { ABSTAIN, M, NO, submit, VETO, vote, voteWeighted, type Weights, YES } from "./proposing.ts";

const VALIDATORS = ["v1", "v2", "v3"];
const PEOPLE = ["v1", "v2", "ann", "bob", "cat"];

function chain(): Network {
  const net = createNetwork({
    validators: { v1: 10n * M, v2: 7n * M, v3: 3n * M },
    balances: { ann: 100n * M, bob: 100n * M, cat: 100n * M },
  });
  net.block();
  return net;
}

/** What the SDK does: goes through every delegation there is. As exact fractions, by option. */
function recount(net: Network, id: number): Record<Choice, readonly [num: bigint, den: bigint]> {
  const sum: Record<Choice, [bigint, bigint]> = {
    yes: [0n, 1n],
    abstain: [0n, 1n],
    no: [0n, 1n],
    noWithVeto: [0n, 1n],
  };
  for (const { operator, tokens, shares: all } of bondedValidators(net.store)) {
    const inherited = votes.get(net.store, [id, operator])?.options ?? [];
    for (const one of delegationsOf(net.store)) {
      if (Buffer.compare(one.operator, operator) !== 0) continue;
      const options = votes.get(net.store, [id, one.delegator])?.options ?? inherited;
      for (const { option, weight } of options) {
        const choice = CHOICES[option - 1] as Choice;
        const [num, den] = [tokens * one.shares * weight, all * 10n ** 18n];
        sum[choice] = [sum[choice][0] * den + num * sum[choice][1], sum[choice][1] * den];
      }
    }
  }
  return sum;
}

type Step =
  | { readonly kind: "vote"; readonly who: string; readonly weights: Weights }
  | { readonly kind: "delegate" | "undelegate"; readonly who: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "move"; readonly who: string; readonly from: string; readonly to: string; readonly amount: bigint }
  | { readonly kind: "slash"; readonly whom: string; readonly ppm: bigint }
  | { readonly kind: "jail"; readonly whom: string }
  | { readonly kind: "block" };

const who = fc.constantFrom(...PEOPLE);
const validator = fc.constantFrom(...VALIDATORS);
const amount = fc.bigInt({ min: 1n, max: 5n * M });
const weights = fc.oneof(
  fc.constantFrom(YES, ABSTAIN, NO, VETO).map((option): Weights => [[option, "1"]]),
  fc.tuple(fc.constantFrom(YES, NO), fc.integer({ min: 1, max: 999 })).map(
    ([option, part]): Weights => [
      [option, `0.${part.toString().padStart(3, "0")}`],
      [VETO, `0.${(1000 - part).toString().padStart(3, "0")}`],
    ],
  ),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("vote" as const), who, weights }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom("delegate" as const, "undelegate" as const),
      who,
      to: validator,
      amount,
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant("move" as const), who, from: validator, to: validator, amount }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("slash" as const), whom: validator, ppm: fc.bigInt(1n, 400_000n) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("jail" as const), whom: validator }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("block" as const) }) },
);

function take(net: Network, id: number, one: Step): void {
  const ctx = net.context();
  switch (one.kind) {
    case "vote":
      voteWeighted(net, id, one.who, one.weights);
      return;
    case "delegate":
      delegate(ctx, addressOf(one.who), addressOf(one.to), one.amount);
      return;
    case "undelegate": {
      const value = { denom: "uassay", amount: one.amount.toString() };
      const message = { delegatorAddress: accountOf(one.who), validatorAddress: valoperOf(one.to), amount: value };
      net.run(MsgUndelegate.typeUrl, MsgUndelegate.encode(message).finish());
      return;
    }
    case "move": {
      const message = {
        delegatorAddress: accountOf(one.who),
        validatorSrcAddress: valoperOf(one.from),
        validatorDstAddress: valoperOf(one.to),
        amount: { denom: "uassay", amount: one.amount.toString() },
      };
      net.run(MsgBeginRedelegate.typeUrl, MsgBeginRedelegate.encode(message).finish());
      return;
    }
    case "slash":
      slash(ctx, addressOf(one.whom), 1, 5n, one.ppm);
      return;
    case "jail":
      jail(ctx, addressOf(one.whom));
      return;
    case "block":
      net.block();
  }
}

describe("the tally", () => {
  test("is what a recount of every delegation gives, whatever came before or after the votes", () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const net = chain();
        const id = submit(net);
        for (const one of steps) {
          try {
            take(net, id, one);
          } catch (error) {
            if (!(error instanceof TxError)) throw error; // Refused: nothing has happened.
          }
        }
        const { cast, unit } = currentTally(net.store, id);
        const counted = recount(net, id);
        for (const choice of CHOICES) {
          const [num, den] = counted[choice];
          expect(cast[choice] * den).toBe(num * unit);
        }
        expect(net.violations()).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });

  test("the check of what is kept catches a delegation that changed behind its back, and a vote that is not counted", () => {
    const net = chain();
    const id = submit(net);
    delegate(net.context(), addressOf("ann"), addressOf("v1"), 5n * M);
    vote(net, id, "ann", YES);
    expect(net.violations()).toEqual([]);
    delegations.set(net.store, [addressOf("ann"), addressOf("v1")], 1n);
    expect(net.violations().join()).toMatch(/the casts of .* are not the votes/);

    const other = chain();
    const second = submit(other);
    vote(other, second, "v1", YES);
    casts.delete(other.store, [second, addressOf("v1")]);
    expect(other.violations().join()).toMatch(/the casts of .* are missing/);
  });

  test("a delegator's own vote takes its stake out of its validator's", () => {
    const net = chain();
    const id = submit(net);
    delegate(net.context(), addressOf("ann"), addressOf("v1"), 4n * M);
    delegate(net.context(), addressOf("bob"), addressOf("v1"), 2n * M);
    vote(net, id, "v1", YES);
    expect(roundedTally(currentTally(net.store, id))).toEqual({ yes: 16n * M, abstain: 0n, no: 0n, noWithVeto: 0n });
    voteWeighted(net, id, "ann", [
      [NO, "0.75"],
      [ABSTAIN, "0.25"],
    ]);
    expect(roundedTally(currentTally(net.store, id))).toEqual({ yes: 12n * M, abstain: M, no: 3n * M, noWithVeto: 0n });
    vote(net, id, "ann", VETO);
    expect(roundedTally(currentTally(net.store, id))).toEqual({
      yes: 12n * M,
      abstain: 0n,
      no: 0n,
      noWithVeto: 4n * M,
    });
  });

  test("shares of a slashed validator count for what they are worth, without rounding", () => {
    const ONE = 10n ** 18n;
    const cast = { yes: ONE * ONE, abstain: 0n, no: 2n * ONE * ONE, noWithVeto: 0n };
    const thirds = { tokens: 1n, shares: 3n * ONE, cast, vote: undefined };
    const sevenths = { tokens: 2n, shares: 7n * ONE, cast: { ...cast, no: 0n }, vote: undefined };
    const { cast: sum, unit } = tallyOf([thirds, sevenths, thirds]);
    // 1/3 + 1/3 + 2/7 = 20/21 and 4/3.
    expect([sum.yes * 21n, sum.no * 3n]).toEqual([20n * unit, 4n * unit]);
  });
});

const RULES: TallyRules = {
  quorum: 334_000n,
  threshold: 500_000n,
  vetoThreshold: 334_000n,
  burnVoteQuorum: false,
  burnVoteVeto: true,
};

describe("the verdict", () => {
  const verdict = (yes: bigint, abstain: bigint, no: bigint, noWithVeto: bigint, bonded = 1000n) => {
    const { passes, burnDeposits, because } = decide(
      { cast: { yes, abstain, no, noWithVeto }, unit: 1n },
      bonded,
      RULES,
    );
    return [passes, burnDeposits, because];
  };

  test.each<[string, bigint, bigint, bigint, bigint, boolean, boolean, RegExp]>([
    ["one below the quorum", 333n, 0n, 0n, 0n, false, false, /quorum/],
    ["exactly the quorum", 334n, 0n, 0n, 0n, true, false, /^$/],
    ["only abstentions", 0n, 900n, 0n, 0n, false, false, /abstained/],
    ["exactly half", 300n, 300n, 300n, 0n, false, false, /enough yes/],
    ["one more than half", 301n, 299n, 300n, 0n, true, false, /^$/],
    ["exactly the veto threshold", 666n, 0n, 0n, 334n, true, false, /^$/],
    ["one more than the veto threshold", 665n, 0n, 0n, 335n, false, true, /vetoed/],
    ["veto counts as no", 400n, 200n, 200n, 200n, false, false, /enough yes/],
  ])("%s", (_name, yes, abstain, no, veto, passes, burns, because) => {
    expect(verdict(yes, abstain, no, veto)).toEqual([passes, burns, expect.stringMatching(because)]);
  });

  test("nothing passes while no stake is bonded", () => {
    expect(verdict(1n, 0n, 0n, 0n, 0n)).toEqual([false, false, "no stake is bonded"]);
  });
});
