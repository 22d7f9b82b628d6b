import type { Line } from "../../consensus/core/lines.ts";
import type { Effect } from "../../consensus/core/types.ts";
import { ARMS, type Arm } from "./arms.ts";
import { CORE_CASES } from "./core-cases.ts";
import { type Case, type Observation, observedScripts } from "./core-script.ts";
import { LOCK_CASES } from "./lock-cases.ts";
import { PROOF_CASES, VALID_CASES } from "./proof-cases.ts";
import { COMMIT_CASES, SKIP_CASES } from "./round-cases.ts";
import { POWER_CASES, SET_CASES } from "./set-cases.ts";
import { TIMER_CASES } from "./timer-cases.ts";

/** The cases by the file that runs them. */
export const CASES: Readonly<Record<string, readonly Case[]>> = {
  "test/consensus/core.test.ts": CORE_CASES,
  "test/consensus/locks.test.ts": [
    ...LOCK_CASES,
    ...VALID_CASES,
    ...PROOF_CASES,
    ...SKIP_CASES,
    ...COMMIT_CASES,
    ...TIMER_CASES,
    ...POWER_CASES,
    ...SET_CASES,
  ],
};

/** The arms that a case reaches. Throws when the case does. */
export function reachedBy({ play }: Case): ReadonlySet<Arm> {
  const reached = new Set<Arm>();
  const scripts = observedScripts((observation) => {
    for (const arm of ARMS) if (arm.isReached(observation)) reached.add(arm);
  });
  play(scripts);
  return reached;
}

/** A case and the arms that it reaches. */
export interface Played {
  readonly title: string;
  /** The file that runs it. */
  readonly file: string;
  readonly arms: ReadonlySet<Arm>;
}

export function playAll(): readonly Played[] {
  return Object.entries(CASES).flatMap(([file, cases]) =>
    cases.map((one) => ({ title: one.title, file, arms: reachedBy(one) })),
  );
}

/** By arm, the cases that reach it: those that reach little else first, for they say most about it. */
export function coverage(played: readonly Played[]): ReadonlyMap<Arm, readonly Played[]> {
  const sorted = [...played].sort((a, b) => a.arms.size - b.arms.size);
  return new Map(ARMS.map((arm) => [arm, sorted.filter(({ arms }) => arms.has(arm))]));
}

/** The names of the arms that none of the cases reaches. */
export function unreached(played: readonly Played[]): string[] {
  return [...coverage(played)].filter(([, by]) => by.length === 0).map(([{ name }]) => name);
}

/** For each kind of effect, the lines that have it; every other line has none. */
const LINES_WITH: readonly (readonly [effect: string, lines: readonly Line[]])[] = [
  ["prevote v", [24, 30]],
  ["prevote nil", [26, 32, 57]],
  ["precommit v", [38]],
  ["precommit nil", [44, 61]],
  ["timer propose", [11]],
  ["timer prevote", [34]],
  ["timer precommit", [47]],
  ["build", [18]],
  ["repropose", [16]],
  ["decide", [51]],
];

function label(effect: Effect): string {
  if (effect.kind === "vote") return `${effect.vote.kind} ${effect.vote.value === null ? "nil" : "v"}`;
  return effect.kind === "schedule" ? `timer ${effect.timeout}` : effect.kind;
}

/** What may come after a line within its rule; nothing else may. */
const FOLLOWING: Partial<Readonly<Record<Line, readonly Line[]>>> = {
  11: [16, 18, 21],
  22: [24, 26],
  28: [30, 32],
  36: [38, 42],
  38: [42],
  49: [51],
  55: [11],
  65: [11],
};
/** Where a rule begins. */
const HEADS: ReadonlySet<Line | undefined> = new Set<Line>([22, 28, 34, 36, 44, 47, 49, 55, 57, 61, 65]);

/** Whether the lines are those of whole rules, one after the other; the first may be that of a height's start. */
function isPath(lines: readonly Line[], isStart: boolean): boolean {
  return lines.every((line, i) => {
    const before = lines[i - 1];
    const expected = before === undefined ? undefined : FOLLOWING[before];
    const isNext =
      expected === undefined ? HEADS.has(line) || (isStart && i === 0 && line === 11) : expected.includes(line);
    return isNext && (i < lines.length - 1 || FOLLOWING[line] === undefined);
  });
}

/** What a transition says it went through and what it did must agree; a node without a vote just keeps silent. */
export function mislabelled({ before, moved }: Observation): string[] {
  const said = moved.lines.join(", ");
  const isVoter = moved.state.config.self !== undefined;
  const wrong = LINES_WITH.flatMap(([effect, lines]) => {
    const times = moved.lines.filter((line) => lines.includes(line)).length;
    const done = moved.effects.filter((one) => label(one) === effect).length;
    const expected = isVoter || !/^pre(vote|commit) /.test(effect) ? times : 0;
    return done === expected ? [] : [`${done} times ${effect} at lines ${said}`];
  });
  if (!isPath(moved.lines, before === undefined)) wrong.push(`no path: ${said}`);
  if (moved.lines.includes(38) !== (moved.state.locked !== before?.locked)) wrong.push(`a lock at lines ${said}`);
  if (moved.lines.includes(42) !== (moved.state.valid !== before?.valid)) wrong.push(`a valid value at lines ${said}`);
  if (moved.verdict !== "accepted" && moved.lines.length > 0) wrong.push(`refused, at lines ${said}`);
  return wrong;
}
