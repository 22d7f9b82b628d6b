import { equal } from "node:assert/strict";
import { polka } from "./core-cases.ts";
import type { Case } from "./core-script.ts";

/** When timers start and what they do: lines 34, 47, 57, 61 and 65. */
export const TIMER_CASES: readonly Case[] = [
  {
    title: "timers: those of another round do nothing, whatever the step",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      s.effects();
      for (const act of [() => undefined, () => s.timeout("propose", 1), () => s.timeout("prevote", 1)]) {
        act();
        s.effects();
        for (const round of [0, 2]) {
          for (const timeout of ["propose", "prevote", "precommit"] as const) equal(s.timeout(timeout, round), "stale");
        }
        s.sees();
      }
      s.stands({ round: 1, step: "precommit" });
    },
  },
  {
    title: "timers: those of a step that is over or not yet here do nothing",
    play(make) {
      const s = make();
      equal(s.timeout("prevote", 0), "stale");
      s.good(0, "v");
      equal(s.timeout("propose", 0), "stale");
      s.votes("prevote", 0, "v", 0, 1);
      equal(s.timeout("propose", 0), "stale");
      equal(s.timeout("prevote", 0), "stale");
      s.sees("timer propose 0", "execute v", "prevote v", "precommit v");
    },
  },
  {
    title: "timers: the precommit timeout ends the round in every step",
    play(make) {
      for (const step of ["propose", "prevote", "precommit"] as const) {
        const s = make();
        if (step !== "propose") s.timeout("propose", 0);
        if (step === "precommit") s.timeout("prevote", 0);
        s.stands({ step });
        equal(s.timeout("precommit", 0), "accepted");
        s.stands({ round: 1, step: "propose" });
      }
    },
  },
  {
    title: "timers: prevote starts once, at more than two thirds of any prevotes, and anew in the next round",
    play(make) {
      const powers = [1n, 1n, 1n, 1n, 1n, 1n];
      const s = make(5, powers);
      s.timeout("propose", 0);
      s.votes("prevote", 0, "v", 0, 1);
      s.votes("prevote", 0, "w", 2);
      // Four of six are two thirds and no more.
      s.sees("timer propose 0", "prevote nil");
      s.votes("prevote", 0, null, 3);
      s.sees("timer prevote 0");
      s.votes("prevote", 0, "x", 4);
      s.sees();
      s.timeout("precommit", 0);
      s.timeout("propose", 1);
      s.votes("prevote", 1, "v", 0, 1);
      s.votes("prevote", 1, "w", 2, 3);
      s.sees("timer propose 1", "prevote nil", "timer prevote 1");
    },
  },
  {
    title: "timers: prevote does not start in step propose, nor after the precommit",
    play(make) {
      const s = make();
      s.votes("prevote", 0, "v", 0, 1);
      s.votes("prevote", 0, null, 2);
      s.sees("timer propose 0");
      const late = make();
      late.timeout("propose", 0);
      late.timeout("prevote", 0);
      late.votes("prevote", 0, "v", 0, 1, 2);
      late.sees("timer propose 0", "prevote nil", "precommit nil");
    },
  },
  {
    title: "timers: precommit starts once, at more than two thirds of any precommits, in whatever step",
    play(make) {
      const powers = [1n, 1n, 1n, 1n, 1n, 1n];
      const s = make(5, powers);
      s.votes("precommit", 0, "v", 0, 1);
      s.votes("precommit", 0, "w", 2);
      s.votes("precommit", 0, null, 3);
      s.sees("timer propose 0");
      s.votes("precommit", 0, null, 4);
      s.sees("timer precommit 0");
      s.timeout("propose", 0);
      s.timeout("prevote", 0);
      s.sees("prevote nil", "precommit nil");
      s.timeout("precommit", 0);
      s.votes("precommit", 1, null, 0, 1, 2, 3, 4);
      s.sees("timer propose 1", "timer precommit 1");
    },
  },
  {
    title: "timers: precommit starts in step propose too, even where a polka is here that a prevote must come before",
    play(make) {
      const s = make();
      s.timeout("precommit", 0);
      // Waits for the proof of round 0, while the others have seen it.
      s.proposal(1, "v", { polRound: 0 });
      s.executed("v");
      s.votes("prevote", 1, "v", 0, 1, 2);
      s.sees("timer propose 0", "timer propose 1", "execute v");
      s.votes("precommit", 1, "v", 0, 1);
      s.votes("precommit", 1, null, 2);
      s.sees("timer precommit 1");
      s.stands({ step: "propose", lock: "none", valid: "none" });
      s.votes("prevote", 0, "v", 0, 1, 2);
      s.sees("prevote v", "precommit v", "decide v 1");
    },
  },
  {
    title: "timers: a round that has its answer starts none",
    play(make) {
      const s = make();
      polka(s, 0, "v");
      s.votes("precommit", 0, "v", 0, 1);
      s.sees("timer propose 0", "execute v", "prevote v", "precommit v", "decide v 0");
    },
  },
];
