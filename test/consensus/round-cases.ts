import { polka } from "./core-cases.ts";
import type { Case } from "./core-script.ts";

/** Going on to a later round: line 55. */
export const SKIP_CASES: readonly Case[] = [
  {
    title: "round skip: at f + 1 voters of a later round, whatever they vote, and not at f",
    play(make) {
      const s = make();
      s.votes("prevote", 1, "v", 0);
      s.votes("precommit", 1, null, 0);
      s.sees("timer propose 0");
      s.votes("precommit", 1, "w", 1);
      s.sees("timer propose 1");
    },
  },
  {
    title: "round skip: voters of two different later rounds do not add up",
    play(make) {
      const s = make();
      s.votes("prevote", 1, null, 0);
      s.votes("prevote", 2, null, 1);
      s.votes("prevote", 3, null, 2);
      s.sees("timer propose 0");
    },
  },
  {
    title: "round skip: to the highest round that a third are in, and never back",
    play(make) {
      const s = make();
      s.votes("prevote", 2, null, 0);
      s.votes("prevote", 5, null, 0, 1);
      s.stands({ round: 5 });
      s.votes("prevote", 2, null, 1, 2);
      s.votes("prevote", 5, null, 2);
      s.stands({ round: 5, step: "propose" });
      s.sees("timer propose 0", "timer propose 5");
    },
  },
  {
    title: "round skip: the lock and the valid value come along, and a proposer proposes at once",
    play(make) {
      const s = make();
      polka(s, 0, "v");
      s.effects();
      s.votes("prevote", 7, null, 0, 1);
      s.sees("timer propose 7", "repropose v pol 0");
      s.stands({ round: 7, step: "propose", lock: "v@0", valid: "v@0" });
    },
  },
  {
    title: "round skip: what was done once in the old round may be done in the new one",
    play(make) {
      const s = make();
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.votes("precommit", 0, null, 0, 1, 2);
      s.sees("timer propose 0", "prevote nil", "timer prevote 0", "timer precommit 0");
      s.votes("prevote", 1, "v", 0, 1, 2);
      s.timeout("propose", 1);
      s.votes("precommit", 1, null, 0, 1, 2);
      s.sees("timer propose 1", "prevote nil", "timer prevote 1", "timer precommit 1");
    },
  },
  {
    title: "round skip: the new round's votes, proposal and polka count at once",
    play(make) {
      const s = make();
      s.proposal(2, "v");
      s.executed("v");
      s.votes("prevote", 2, "v", 0);
      s.sees("timer propose 0");
      s.votes("prevote", 2, "v", 1);
      s.sees("timer propose 2", "prevote v", "precommit v");
      s.stands({ round: 2, lock: "v@2" });
    },
  },
];

/** What decides: line 49. */
export const COMMIT_CASES: readonly Case[] = [
  {
    title: "commit: an earlier round's precommits decide in a later round",
    play(make) {
      const s = make();
      polka(s, 0, "v");
      s.timeout("precommit", 0);
      s.timeout("propose", 1);
      s.effects();
      s.votes("precommit", 0, "v", 0, 1);
      s.sees("decide v 0");
      s.stands({ round: 1, step: "commit" });
    },
  },
  {
    title: "commit: a later round's precommits decide, with its proposal, once execution is done",
    play(make) {
      const s = make(2);
      s.votes("precommit", 3, "v", 0, 1, 3);
      s.stands({ round: 3 });
      s.proposal(3, "v", { polRound: 2 });
      s.executed("v");
      s.sees("timer propose 0", "timer propose 3", "timer precommit 3", "execute v", "decide v 3");
    },
  },
  {
    title: "commit: precommits before the proposal decide when it is here and executed",
    play(make) {
      const s = make();
      s.votes("precommit", 0, "v", 0, 1, 2);
      s.timeout("precommit", 0);
      s.timeout("precommit", 1);
      s.sees("timer propose 0", "timer precommit 0", "timer propose 1", "timer propose 2");
      // Two rounds later, and of another round than the one this node is in.
      s.proposal(0, "v");
      s.sees("execute v");
      s.executed("v");
      s.sees("decide v 0");
    },
  },
  {
    title: "commit: a proposal of another round with the same value does not carry the precommits",
    play(make) {
      const s = make();
      s.votes("precommit", 0, "v", 0, 1, 2);
      s.timeout("precommit", 0);
      s.good(1, "v");
      s.sees("timer propose 0", "timer precommit 0", "timer propose 1", "execute v", "prevote v");
      s.proposal(0, "v");
      s.sees("decide v 0");
    },
  },
  {
    title: "commit: precommits of two rounds, of two values or for nil do not add up",
    play(make) {
      const s = make();
      polka(s, 0, "v");
      s.votes("precommit", 0, "v", 0);
      s.votes("precommit", 0, "w", 1);
      s.votes("precommit", 0, null, 2);
      s.timeout("precommit", 0);
      s.votes("precommit", 1, "v", 1, 2);
      s.stands({ round: 1, step: "propose" });
    },
  },
  {
    title: "commit: prevotes decide nothing",
    play(make) {
      const s = make();
      s.good(0, "v");
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.stands({ step: "precommit" });
    },
  },
];
