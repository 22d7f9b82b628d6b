import { polka } from "./core-cases.ts";
import type { Case, MakeScript, Script } from "./core-script.ts";

/** Locked on v in round 0, and now in step propose of round 1. */
export function lockedInRoundOne(make: MakeScript): Script {
  const s = make();
  polka(s, 0, "v");
  s.timeout("precommit", 0);
  s.sees("timer propose 0", "execute v", "prevote v", "precommit v", "timer propose 1");
  s.stands({ round: 1, step: "propose", lock: "v@0", valid: "v@0" });
  return s;
}

/** Through a round in which nobody proposes and nobody agrees. */
export function emptyRound(s: Script, round: number): void {
  s.timeout("propose", round);
  s.timeout("prevote", round);
  s.timeout("precommit", round);
}

/** What holds a lock, and what moves it: lines 23, 29 and 38. */
export const LOCK_CASES: readonly Case[] = [
  {
    title: "locked: another fresh value gets nil, at once and whatever it executes to",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "w");
      s.sees("execute w", "prevote nil");
      s.executed("w");
      s.sees();
    },
  },
  {
    title: "locked: the same value proposed afresh gets a prevote",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "v");
      s.sees("prevote v");
    },
  },
  {
    title: "locked: without a proposal in time it prevotes nil and not the locked value",
    play(make) {
      const s = lockedInRoundOne(make);
      s.timeout("propose", 1);
      s.sees("prevote nil");
      s.stands({ lock: "v@0" });
    },
  },
  {
    title: "locked: a lock is no precommit, the next round needs a polka of its own",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "v", { polRound: 0 });
      s.votes("prevote", 1, null, 0, 1);
      s.timeout("prevote", 1);
      s.sees("prevote v", "timer prevote 1", "precommit nil");
      s.stands({ lock: "v@0", valid: "v@0" });
    },
  },
  {
    title: "locked: polkas of nil never unlock, however many",
    play(make) {
      const s = lockedInRoundOne(make);
      for (const round of [1, 2, 4, 5]) {
        s.votes("prevote", round, null, 0, 1, 2);
        s.timeout("propose", round);
        s.stands({ round, step: "precommit", lock: "v@0", valid: "v@0" });
        s.timeout("precommit", round);
        if (round === 2) emptyRound(s, 3); // Its own.
      }
      s.effects();
      s.proposal(6, "w");
      s.sees("execute w", "prevote nil");
    },
  },
  {
    title: "locked: the polka of a block that never came does not unlock",
    play(make) {
      const s = lockedInRoundOne(make);
      s.timeout("propose", 1);
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.timeout("prevote", 1);
      s.sees("prevote nil", "timer prevote 1", "precommit nil");
      s.timeout("precommit", 1);
      s.stands({ round: 2, lock: "v@0", valid: "v@0" });
      s.proposal(2, "x");
      s.sees("timer propose 2", "execute x", "prevote nil");
    },
  },
  {
    title: "locked: the polka of an invalid block does not unlock",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "w");
      s.executed("w", "invalid");
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.timeout("prevote", 1);
      s.sees("execute w", "prevote nil", "timer prevote 1", "precommit nil");
      s.stands({ lock: "v@0", valid: "v@0" });
    },
  },
  {
    title: "locked: the polka of another value in this round moves the lock, though it prevoted nil",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "w");
      s.executed("w");
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.sees("execute w", "prevote nil", "timer prevote 1", "precommit w");
      s.stands({ lock: "w@1", valid: "w@1" });
    },
  },
  {
    title: "locked: the same value's polka in a later round renews the lock",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "v", { polRound: 0 });
      s.votes("prevote", 1, "v", 0, 1);
      s.sees("prevote v", "precommit v");
      s.stands({ lock: "v@1", valid: "v@1" });
    },
  },
  {
    title: "locked: a polka after the precommit does not move it, a proof of that polka does",
    play(make) {
      const s = lockedInRoundOne(make);
      s.proposal(1, "w");
      s.executed("w");
      s.timeout("prevote", 1);
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.stands({ lock: "v@0", valid: "w@1" });
      s.timeout("precommit", 1);
      s.sees("execute w", "prevote nil", "precommit nil", "timer propose 2");
      s.proposal(2, "w", { polRound: 1 });
      s.sees("prevote w");
      s.votes("prevote", 2, "w", 0, 1);
      s.sees("precommit w");
      s.stands({ lock: "w@2", valid: "w@2" });
    },
  },
  {
    title: "locked: a proof older than the lock does not move it, even of a polka seen only now",
    play(make) {
      const s = make();
      emptyRound(s, 0);
      polka(s, 1, "v");
      s.timeout("precommit", 1);
      s.effects();
      s.votes("prevote", 0, "w", 0, 1, 2);
      s.proposal(2, "w", { polRound: 0 });
      s.sees("execute w", "prevote nil");
      s.stands({ lock: "v@1" });
    },
  },
  {
    title: "locked: a proof older than the lock is good for the locked value itself",
    play(make) {
      const s = make();
      s.good(0, "v");
      s.timeout("prevote", 0);
      s.votes("prevote", 0, "v", 0, 1);
      s.timeout("precommit", 0);
      s.proposal(1, "v", { polRound: 0 });
      s.votes("prevote", 1, "v", 0, 1);
      s.stands({ lock: "v@1" });
      s.timeout("precommit", 1);
      s.effects();
      s.proposal(2, "v", { polRound: 0 });
      s.sees("prevote v");
    },
  },
  {
    title: "locked: a proof of the lock's own round is enough (lockedRound ≤ vr)",
    play(make) {
      const s = lockedInRoundOne(make);
      // Only with more than a third of liars can a round have two polkas; the rule is the paper's all the same.
      s.votes("prevote", 0, "w", 0, 1, 2);
      s.proposal(1, "w", { polRound: 0 });
      s.executed("w");
      s.sees("conflict 0 v w", "conflict 1 v w", "execute w", "prevote w");
      s.stands({ lock: "v@0" });
    },
  },
  {
    title: "locked: precommits for another value decide it all the same",
    play(make) {
      const s = lockedInRoundOne(make);
      s.good(1, "w");
      s.votes("precommit", 1, "w", 0, 1, 2);
      s.sees("execute w", "prevote nil", "decide w 1");
    },
  },
];
