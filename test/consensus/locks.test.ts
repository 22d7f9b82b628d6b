import { describe, test } from "vitest";
import { script } from "./core-script.ts";
import { LOCK_CASES } from "./lock-cases.ts";
import { PROOF_CASES, VALID_CASES } from "./proof-cases.ts";
import { COMMIT_CASES, SKIP_CASES } from "./round-cases.ts";
import { POWER_CASES, SET_CASES } from "./set-cases.ts";
import { TIMER_CASES } from "./timer-cases.ts";

describe.each([
  ["locks", LOCK_CASES],
  ["valid values", VALID_CASES],
  ["proofs of lock", PROOF_CASES],
  ["later rounds", SKIP_CASES],
  ["commits", COMMIT_CASES],
  ["timers", TIMER_CASES],
  ["powers", POWER_CASES],
  ["sets", SET_CASES],
])("%s", (_subject, cases) => {
  test.each(cases)("$title", ({ play }) => play(script));
});
