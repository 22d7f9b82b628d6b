import type { Case } from "./core-script.ts";

/** Powers that differ. */
export const POWER_CASES: readonly Case[] = [
  {
    title: "unequal power: what counts is more than two thirds of the power, not of the heads",
    play(make) {
      const s = make(3, [4n, 3n, 2n, 1n]);
      s.good(0, "v");
      s.votes("prevote", 0, "v", 1, 2);
      s.sees("timer propose 0", "execute v", "prevote v");
      s.votes("prevote", 0, "v", 0);
      s.sees("precommit v");
      s.votes("precommit", 0, "v", 1, 2);
      s.sees();
      s.votes("precommit", 0, "v", 0);
      s.sees("decide v 0");
    },
  },
  {
    title: "unequal power: exactly two thirds are no quorum, and exactly a third do not skip a round",
    play(make) {
      const s = make(2, [1n, 1n, 1n]);
      s.good(0, "v");
      s.votes("prevote", 0, "v", 0);
      s.sees("timer propose 0", "execute v", "prevote v");
      s.votes("prevote", 1, null, 0);
      s.stands({ round: 0 });
      s.votes("prevote", 0, "v", 1);
      s.sees("precommit v");
    },
  },
  {
    title: "unequal power: one with more than a third skips rounds alone, one with less does not",
    play(make) {
      const s = make(3, [4n, 3n, 2n, 1n]);
      s.votes("prevote", 1, null, 1);
      s.stands({ round: 0 });
      s.votes("prevote", 2, null, 0);
      s.stands({ round: 2 });
    },
  },
  {
    title: "unequal power: one with more than two thirds decides alone, the others follow",
    play(make) {
      const powers = [1n, 7n, 1n, 1n];
      const big = make(1, powers);
      big.good(0, "v");
      big.sees("timer propose 0", "execute v", "prevote v", "precommit v", "decide v 0");
      const small = make(3, powers);
      small.votes("precommit", 0, "v", 1);
      small.good(0, "v");
      small.sees("timer propose 0", "timer precommit 0", "execute v", "decide v 0");
    },
  },
  {
    title: "unequal power: powers beyond 2^53 are counted exactly",
    play(make) {
      const third = 2n ** 62n;
      const s = make(2, [third, third, third]);
      s.good(0, "v");
      s.votes("prevote", 0, "v", 0);
      s.sees("timer propose 0", "execute v", "prevote v");
      const more = make(2, [third, third - 1n, third]);
      more.good(0, "v");
      more.votes("prevote", 0, "v", 0);
      more.sees("timer propose 0", "execute v", "prevote v", "precommit v");
    },
  },
];

/** Sets of one, and nodes outside the set. */
export const SET_CASES: readonly Case[] = [
  {
    title: "a single validator proposes, votes and decides by itself",
    play(make) {
      const s = make(0, [1n]);
      s.sees("timer propose 0", "build 0");
      s.executed("v");
      s.proposal(0, "v");
      s.sees("prevote v", "precommit v", "decide v 0");
    },
  },
  {
    title: "a single validator without a block goes on to the next round and builds again",
    play(make) {
      const s = make(0, [1n]);
      s.timeout("propose", 0);
      s.sees("timer propose 0", "build 0", "prevote nil", "precommit nil", "timer precommit 0");
      s.timeout("precommit", 0);
      s.sees("timer propose 1", "build 1");
    },
  },
  {
    title: "a node without a vote follows and decides",
    play(make) {
      const s = make(null);
      s.good(0, "v");
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.stands({ step: "precommit", lock: "v@0", valid: "v@0" });
      s.votes("precommit", 0, "v", 0, 1, 2);
      s.sees("timer propose 0", "execute v", "decide v 0");
    },
  },
  {
    title: "a node without a vote goes through the rounds and never proposes or votes",
    play(make) {
      const s = make(null);
      for (let round = 0; round < 5; round++) {
        s.timeout("propose", round);
        s.votes("prevote", round, null, 0, 1, 2);
        s.votes("precommit", round, null, 0, 1, 2);
        s.sees(`timer propose ${round}`, `timer precommit ${round}`);
        s.timeout("precommit", round);
      }
      s.stands({ round: 5, step: "propose", lock: "none" });
    },
  },
];
