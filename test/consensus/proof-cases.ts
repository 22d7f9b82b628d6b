import { equal } from "node:assert/strict";
import { polka } from "./core-cases.ts";
import type { Case } from "./core-script.ts";
import { emptyRound, lockedInRoundOne } from "./lock-cases.ts";

/** What is a valid value, and what becomes of it: lines 16 and 42. */
export const VALID_CASES: readonly Case[] = [
  {
    title: "valid value: a polka after the precommit sets it, and the proposer proposes it with its round",
    play(make) {
      const s = make(1);
      s.good(0, "v");
      s.timeout("prevote", 0);
      s.votes("prevote", 0, "v", 0, 2);
      s.stands({ step: "precommit", lock: "none", valid: "v@0" });
      s.timeout("precommit", 0);
      s.sees("timer propose 0", "execute v", "prevote v", "precommit nil", "timer propose 1", "repropose v pol 0");
      // Its own proposal comes back, and it prevotes it as everyone does.
      s.proposal(1, "v", { polRound: 0 });
      s.sees("prevote v");
    },
  },
  {
    title: "hidden lock: the proposer that saw the polka late proposes the locked value, and the locked node agrees",
    play(make) {
      const locked = lockedInRoundOne(make);
      const proposer = make(1);
      proposer.good(0, "v");
      proposer.timeout("prevote", 0);
      // Only now do the prevotes that locked the other node come.
      proposer.votes("prevote", 0, "v", 0, 3);
      proposer.effects();
      proposer.timeout("precommit", 0);
      proposer.sees("timer propose 1", "repropose v pol 0");
      locked.proposal(1, "v", { polRound: 0 });
      locked.sees("prevote v");
    },
  },
  {
    title: "hidden lock: one node locked alone is never outvoted for good, its value comes back in its own round",
    play(make) {
      const s = lockedInRoundOne(make);
      s.good(1, "w");
      s.votes("prevote", 1, null, 0);
      s.timeout("prevote", 1);
      s.timeout("precommit", 1);
      s.good(2, "x");
      s.timeout("prevote", 2);
      s.effects();
      s.timeout("precommit", 2);
      s.sees("timer propose 3", "repropose v pol 0");
    },
  },
  {
    title: "valid value: the latest polka's, which need not be the locked one",
    play(make) {
      const s = lockedInRoundOne(make);
      s.good(1, "w");
      s.timeout("prevote", 1);
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.stands({ lock: "v@0", valid: "w@1" });
      s.timeout("precommit", 1);
      emptyRound(s, 2);
      s.sees(
        "execute w",
        "prevote nil",
        "precommit nil",
        "timer propose 2",
        "prevote nil",
        "precommit nil",
        "timer propose 3",
        "repropose w pol 1",
      );
      // Locked on v, it proposes w and, for the proof's sake, prevotes it.
      s.proposal(3, "w", { polRound: 1 });
      s.sees("prevote w");
    },
  },
  {
    title: "valid value: a polka without its proposal sets nothing until the proposal is here",
    play(make) {
      const s = make();
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.timeout("prevote", 0);
      s.sees("timer propose 0", "prevote nil", "timer prevote 0", "precommit nil");
      s.stands({ lock: "none", valid: "none" });
      s.proposal(0, "v");
      s.stands({ lock: "none", valid: "none" });
      s.executed("v");
      s.stands({ lock: "none", valid: "v@0" });
      s.sees("execute v");
    },
  },
  {
    title: "valid value: a polka whose block is still being executed at the precommit sets it afterwards",
    play(make) {
      const s = make();
      s.proposal(0, "v");
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.sees("timer propose 0", "execute v", "prevote nil", "timer prevote 0");
      s.timeout("prevote", 0);
      s.executed("v");
      s.sees("precommit nil");
      s.stands({ lock: "none", valid: "v@0" });
    },
  },
  {
    title: "valid value: only the first polka of a round counts",
    play(make) {
      const s = make();
      polka(s, 0, "v");
      s.proposal(0, "w");
      s.votes("prevote", 0, "w", 0, 1, 2);
      s.executed("w");
      s.stands({ lock: "v@0", valid: "v@0" });
    },
  },
  {
    title: "no old lock: a proposal of a past round with its polka locks nothing and is no valid value",
    play(make) {
      const s = make();
      emptyRound(s, 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.good(0, "v");
      s.timeout("propose", 1);
      s.stands({ round: 1, step: "prevote", lock: "none", valid: "none" });
      s.sees("timer propose 0", "prevote nil", "precommit nil", "timer propose 1", "prevote nil");
    },
  },
  {
    title: "missing proposal: a polka waits in step prevote, and locks when the proposal comes in time",
    play(make) {
      const s = make();
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.proposal(0, "v");
      s.sees("timer propose 0", "prevote nil", "timer prevote 0", "execute v");
      s.executed("v");
      s.sees("precommit v");
      s.stands({ lock: "v@0", valid: "v@0" });
    },
  },
  {
    title: "missing proposal: a polka that comes before this node's prevote locks right after it",
    play(make) {
      const s = make();
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.sees("timer propose 0");
      s.good(0, "v");
      s.sees("execute v", "prevote v", "precommit v");
      s.stands({ lock: "v@0", valid: "v@0" });
    },
  },
];

/** Proposals with a proof of lock: line 28. */
export const PROOF_CASES: readonly Case[] = [
  {
    title: "proof of lock: a proposal waits for its polka and for execution, in either order",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.proposal(1, "v", { polRound: 0 });
      s.votes("prevote", 0, "v", 0, 1);
      s.executed("v");
      s.sees("timer propose 0", "timer propose 1", "execute v");
      s.votes("prevote", 0, "v", 2);
      s.sees("prevote v");
      const other = make();
      other.timeout("precommit", 0);
      other.votes("prevote", 0, "v", 0, 1, 2);
      other.proposal(1, "v", { polRound: 0 });
      other.sees("timer propose 0", "timer propose 1", "execute v");
      other.executed("v");
      other.sees("prevote v");
    },
  },
  {
    title: "proof of lock: without the polka the round times out",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.proposal(1, "v", { polRound: 0 });
      s.executed("v");
      s.effects();
      s.timeout("propose", 1);
      s.sees("prevote nil");
      // The polka comes too late for a prevote.
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.sees();
    },
  },
  {
    title: "proof of lock: a polka of another round, of another value or of nil is none",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.timeout("precommit", 1);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.votes("prevote", 1, "w", 0, 1, 2);
      s.votes("precommit", 1, "v", 0);
      s.proposal(2, "v", { polRound: 1 });
      s.executed("v");
      s.sees("timer propose 0", "timer propose 1", "timer propose 2", "execute v");
      s.stands({ step: "propose" });
    },
  },
  {
    title: "proof of lock: precommits of that round are no polka",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.votes("precommit", 0, "v", 0, 1, 2);
      s.good(1, "w");
      s.timeout("precommit", 1);
      s.effects();
      s.proposal(2, "v", { polRound: 0 });
      s.executed("v");
      s.sees("execute v");
    },
  },
  {
    title: "proof of lock: neither timeliness nor a differing inference counts against a value others had a polka for",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.proposal(1, "v", { polRound: 0, timely: false });
      s.executed("v", "inferenceDiffers");
      s.sees("timer propose 0", "timer propose 1", "execute v", "prevote v");
    },
  },
  {
    title: "proof of lock: an invalid value gets nil in spite of its polka",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.proposal(1, "v", { polRound: 0 });
      s.executed("v", "invalid");
      s.sees("timer propose 0", "timer propose 1", "execute v", "prevote nil");
    },
  },
  {
    title: "proof of lock: a second proposal of the round gets no vote unexecuted, whatever its proof",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.votes("prevote", 0, "w", 0, 1, 2);
      s.proposal(1, "v");
      s.proposal(1, "w", { polRound: 0 });
      s.sees("timer propose 0", "timer propose 1", "execute v");
      s.executed("w");
      s.sees("prevote w");
    },
  },
  {
    title: "proof of lock: one of this round, of a later one or of a negative one is refused",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.votes("prevote", 1, "v", 0, 1, 2);
      equal(s.proposal(1, "v", { polRound: 1 }), "malformed");
      equal(s.proposal(1, "v", { polRound: 2 }), "malformed");
      equal(s.proposal(1, "v", { polRound: -2 }), "malformed");
      s.sees("timer propose 0", "timer propose 1");
      equal(s.proposal(1, "v", { polRound: 0 }), "accepted");
    },
  },
  {
    title: "proof of lock: the proof of a proposal that came early is looked at when its round begins",
    play(make) {
      const s = make();
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.proposal(1, "v", { polRound: 0 });
      s.sees("timer propose 0");
      s.timeout("precommit", 0);
      s.sees("timer propose 1", "execute v");
      s.executed("v");
      s.sees("prevote v");
    },
  },
];
