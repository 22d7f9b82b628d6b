import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { startHeight, transition } from "../../consensus/core/core.ts";
import type { CoreVote, VoteKind, VoteValue } from "../../consensus/core/types.ts";
import {
  addVote,
  couldDecide,
  emptyVoteKeeper,
  hasQuorumAny,
  hasQuorumFor,
  quorumValue,
  roundToSkipTo,
  type VoteKeeper,
} from "../../consensus/core/vote-keeper.ts";

const POWERS = [4n, 3n, 2n, 1n];
const KINDS = ["prevote", "precommit"] as const;

function prevote(round: number, value: VoteValue, validator: number): CoreVote {
  return { kind: "prevote", round, value, validator };
}

function keep(votes: readonly CoreVote[], currentRound = 0, powers: readonly bigint[] = POWERS): VoteKeeper {
  return votes.reduce((keeper, vote) => addVote(keeper, vote, currentRound).keeper, emptyVoteKeeper(powers));
}

/** What the sums of a keeper should be, counted anew from the votes that it holds. */
function recount({ powers, rounds }: VoteKeeper) {
  return [...rounds].map(([round, votes]) => {
    const tallies = KINDS.map((kind) => {
      const { first, further } = votes[kind];
      const sums = new Map<VoteValue, bigint>();
      let any = 0n;
      for (const [validator, power] of powers.entries()) {
        const value = first[validator];
        if (value !== undefined) any += power;
        const values = value === undefined ? [] : [value, ...(further.get(validator) ?? [])];
        for (const one of values) sums.set(one, (sums.get(one) ?? 0n) + power);
      }
      return { kind, any, sums };
    });
    const voters = powers.reduce(
      (sum, power, i) => (KINDS.some((kind) => votes[kind].first[i] !== undefined) ? sum + power : sum),
      0n,
    );
    return { round, voters, tallies };
  });
}

function sumsOf({ rounds }: VoteKeeper) {
  return [...rounds].map(([round, votes]) => ({
    round,
    voters: votes.voters,
    tallies: KINDS.map((kind) => ({
      kind,
      any: votes[kind].any,
      // Nothing is left of a value all of whose votes are forgotten.
      sums: new Map([...votes[kind].powers].filter(([, power]) => power !== 0n)),
    })),
  }));
}

const votes = fc.array(
  fc.record({
    kind: fc.constantFrom<VoteKind>(...KINDS),
    round: fc.nat(12),
    value: fc.constantFrom<VoteValue>("v", "w", "x", "y", null),
    validator: fc.nat(4),
  }),
  { maxLength: 80, size: "max" },
);

describe("sums", () => {
  test("are those of the votes kept, and no keeper changes when a vote is added", () => {
    fc.assert(
      fc.property(votes, fc.nat(6), (all, currentRound) => {
        let keeper = emptyVoteKeeper(POWERS);
        for (const vote of all) {
          const before = recount(keeper);
          const added = addVote(keeper, vote, currentRound);
          expect(recount(keeper)).toEqual(before);
          if (added.verdict !== "accepted") expect(added.keeper).toBe(keeper);
          keeper = added.keeper;
          expect(sumsOf(keeper)).toEqual(recount(keeper));
        }
      }),
      { numRuns: 80 },
    );
  });

  test("stay small, whatever comes: two far rounds for each validator, and three votes of it in a round", () => {
    fc.assert(
      fc.property(votes, (all) => {
        const keeper = keep(all);
        const far = [...keeper.rounds.keys()].filter((round) => round > 1);
        for (const validator of POWERS.keys()) {
          const own = far.filter((round) =>
            KINDS.some((kind) => keeper.rounds.get(round)?.[kind].first[validator] !== undefined),
          );
          expect(own.length).toBeLessThanOrEqual(2);
          expect(keeper.ahead.get(validator) ?? []).toEqual(own.sort((a, b) => a - b));
        }
        for (const round of keeper.rounds.values()) {
          expect(round.voters).toBeGreaterThan(0n);
          // A second as evidence, and at most two that more than a third chose first.
          for (const kind of KINDS)
            for (const more of round[kind].further.values()) expect(more.length).toBeLessThan(4);
        }
      }),
      { numRuns: 80 },
    );
  });
});

test("there is a place for every validator from the first vote on", () => {
  const { first } = keep([prevote(0, "v", 1)]).rounds.get(0)?.prevote ?? { first: [] };
  expect(Object.keys(first)).toEqual(["0", "1", "2", "3"]);
  expect(first).toEqual([undefined, "v", undefined, undefined]);
});

describe("far rounds", () => {
  const rounds = (keeper: VoteKeeper): readonly number[] => [...keeper.rounds.keys()].sort((a, b) => a - b);

  test("begin after the next one", () => {
    const keeper = keep([prevote(5, null, 0), prevote(6, null, 0), prevote(7, null, 0), prevote(8, null, 0)], 4);
    expect(rounds(keeper)).toEqual([5, 7, 8]);
    expect(keeper.ahead.get(0)).toEqual([7, 8]);
  });

  test("one between two others is kept in the place of the earliest", () => {
    const keeper = keep([prevote(5, null, 0), prevote(9, null, 0), prevote(7, null, 0)]);
    expect(keeper.ahead.get(0)).toEqual([7, 9]);
  });

  test("one earlier than two others is not kept", () => {
    const keeper = keep([prevote(5, null, 0), prevote(9, null, 0)]);
    expect(addVote(keeper, prevote(4, null, 0), 0).verdict).toBe("tooFar");
    expect(addVote(keeper, prevote(5, "v", 0), 0).verdict).toBe("accepted");
    expect(addVote(keeper, { ...prevote(5, "v", 0), kind: "precommit" }, 0).verdict).toBe("accepted");
  });

  test("take no place any more once they are near", () => {
    const keeper = keep([prevote(5, null, 0), prevote(9, null, 0)]);
    const later = addVote(keeper, prevote(20, null, 0), 4);
    expect(rounds(later.keeper)).toEqual([5, 9, 20]);
    expect(later.keeper.ahead.get(0)).toEqual([9, 20]);
  });

  test("one validator's going leaves the others' votes there, and takes its further ones along", () => {
    const before = keep([prevote(5, "v", 0), prevote(5, "w", 0), prevote(5, "v", 1), prevote(6, null, 0)]);
    expect(before.rounds.get(5)?.prevote.further.get(0)).toEqual(["w"]);
    const { keeper } = addVote(before, prevote(7, null, 0), 0);
    const left = keeper.rounds.get(5);
    expect(left?.voters).toBe(3n);
    expect(left?.prevote.first).toEqual([undefined, "v", undefined, undefined]);
    expect([...(left?.prevote.further ?? [])]).toEqual([]);
    expect(left?.prevote.powers.get("v")).toBe(3n);
    expect(left?.prevote.powers.get("w")).toBe(0n);
    // It may vote there again only in the place of a later one.
    expect(addVote(keeper, prevote(5, "x", 0), 0).verdict).toBe("tooFar");
  });
});

describe("contradictions", () => {
  test("the first is named once, with what came before", () => {
    const keeper = keep([prevote(0, "v", 3)]);
    expect(addVote(keeper, prevote(0, "w", 3), 0).conflict).toBe("v");
    expect(addVote(keeper, { ...prevote(0, "w", 3), kind: "precommit" }, 0).conflict).toBeUndefined();
    expect(addVote(keeper, prevote(1, "w", 3), 0).conflict).toBeUndefined();
    const nil = addVote(keep([prevote(0, null, 3)]), prevote(0, "w", 3), 0);
    expect(nil).toMatchObject({ verdict: "accepted", conflict: null });
  });

  test("a third value needs more than a third that chose it first: exactly a third and seconds are not enough", () => {
    const equal = [1n, 1n, 1n];
    const liar = [prevote(0, "x", 2), prevote(0, "y", 2)];
    const third = prevote(0, "v", 2);
    expect(addVote(keep([...liar, prevote(0, "v", 0)], 0, equal), third, 0).verdict).toBe("conflicting");
    const seconds = [prevote(0, "w", 1), prevote(0, "v", 1)];
    expect(addVote(keep([...liar, prevote(0, "v", 0), ...seconds], 0, equal), third, 0).verdict).toBe("conflicting");
    const chosen = keep([...liar, prevote(0, "v", 0), prevote(0, "v", 1)], 0, equal);
    const added = addVote(chosen, third, 0);
    expect(added.verdict).toBe("accepted");
    expect("conflict" in added).toBe(false);
    expect(hasQuorumFor(added.keeper, 0, "prevote", "v")).toBe(true);
    expect(added.keeper.rounds.get(0)?.prevote.any).toBe(3n);
  });
});

describe("thresholds", () => {
  const two = keep([prevote(1, "v", 0), prevote(1, "v", 1)]);

  test("a quorum is for one value, round and kind", () => {
    expect(hasQuorumFor(two, 1, "prevote", "v")).toBe(true);
    expect(hasQuorumFor(two, 1, "prevote", null)).toBe(false);
    expect(hasQuorumFor(two, 1, "precommit", "v")).toBe(false);
    expect(hasQuorumFor(two, 0, "prevote", "v")).toBe(false);
    expect(hasQuorumAny(two, 1, "prevote")).toBe(true);
    expect(hasQuorumAny(two, 1, "precommit")).toBe(false);
    expect(hasQuorumAny(two, 2, "prevote")).toBe(false);
  });

  test("the value with a quorum, never nil", () => {
    expect(quorumValue(two, 1, "prevote")).toBe("v");
    expect(quorumValue(two, 1, "precommit")).toBeUndefined();
    expect(quorumValue(two, 0, "prevote")).toBeUndefined();
    expect(quorumValue(keep([prevote(0, "v", 0)]), 0, "prevote")).toBeUndefined();
    expect(quorumValue(keep([prevote(0, null, 0), prevote(0, null, 1)]), 0, "prevote")).toBeUndefined();
  });

  test("the round to skip to is later than this one and has more than a third", () => {
    expect(roundToSkipTo(two, 0)).toBe(1);
    expect(roundToSkipTo(two, 1)).toBeUndefined();
    expect(roundToSkipTo(keep([prevote(1, "v", 1)]), 0)).toBeUndefined();
    expect(roundToSkipTo(keep([prevote(3, "v", 0), prevote(2, "v", 0), prevote(1, "v", 0)]), 0)).toBe(3);
    expect(roundToSkipTo(keep([prevote(2, "v", 0), prevote(3, "v", 1)]), 0)).toBe(2);
  });
});

describe("whether more votes could decide anything", () => {
  const at = (round: number, kind: VoteKind = "prevote") => ({ kind, round });

  test.each([
    ["a later round that more than a third would be in", [], 0, at(1), 4n, true],
    ["a later round that a third or less would be in", [], 0, at(1), 3n, false],
    ["a later round that more than a third are in already", [prevote(1, null, 0)], 0, at(1), 1n, true],
    ["this round, up to two thirds", [prevote(0, "v", 0)], 0, at(0), 2n, false],
    ["this round, beyond two thirds", [prevote(0, "v", 0)], 0, at(0), 3n, true],
    ["this round, of the other kind", [prevote(0, "v", 0)], 0, at(0, "precommit"), 3n, false],
    ["an earlier round, beyond two thirds", [prevote(0, "v", 0)], 1, at(0), 3n, true],
    ["a round with a polka", [prevote(0, "v", 0), prevote(0, "v", 1)], 0, at(0), 3n, false],
    ["a round with a polka of nil", [prevote(0, null, 0), prevote(0, null, 1)], 0, at(0), 3n, false],
    ["a round without an answer", [prevote(0, null, 0), prevote(0, "v", 1)], 0, at(0), 1n, true],
  ] as const)("%s", (_case, before, round, vote, power, could) => {
    expect(couldDecide(keep(before, round), round, vote, power)).toBe(could);
  });

  /** Each validator says one thing for each kind and round, so nobody contradicts itself. */
  const choices = fc.array(fc.constantFrom<VoteValue>("v", "v", "w", null), { minLength: 48, maxLength: 48 });
  const batches = fc.array(
    fc.record({
      kind: fc.constantFrom<VoteKind>(...KINDS),
      round: fc.nat(5),
      from: fc.uniqueArray(fc.nat(3), { minLength: 1 }),
    }),
    { minLength: 1, maxLength: 25, size: "max" },
  );

  test("where it says no, the core does nothing with them", () => {
    let refused = 0;
    fc.assert(
      fc.property(choices, batches, fc.boolean(), (values, all, hasProposals) => {
        const proposer = (round: number): number => round % 4;
        let { state } = startHeight({ height: 1, powers: POWERS, self: undefined, proposer });
        if (hasProposals) {
          for (const round of [0, 1, 2]) {
            const proposal = { round, polRound: -1, valueId: "v", proposer: proposer(round), timely: true };
            ({ state } = transition(state, { kind: "proposal", proposal }));
          }
          ({ state } = transition(state, { kind: "executed", valueId: "v", outcome: "ok" }));
        }
        for (const { kind, round, from } of all) {
          const power = from.reduce((sum, i) => sum + (POWERS[i] ?? 0n), 0n);
          const could = couldDecide(state.votes, state.round, { kind, round }, power);
          if (!could) refused++;
          for (const validator of from) {
            const value = values[validator * 12 + round * 2 + KINDS.indexOf(kind)] ?? null;
            const moved = transition(state, { kind: "vote", vote: { kind, round, value, validator } });
            if (!could) expect([moved.effects, moved.lines]).toEqual([[], []]);
            state = moved.state;
          }
        }
      }),
      { numRuns: 300 },
    );
    expect(refused).toBeGreaterThan(100);
  });
});
