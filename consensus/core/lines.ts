/**
 * The lines of arXiv 1807.04938, algorithm 1, that do something: the head of each rule, and the branch that is taken in
 * it. A transition names those that it went through, in order, so that nobody has to guess from its effects.
 */
export const LINES = {
  11: "StartRound(round): the round begins, in step propose",
  16: "the proposer proposes validValue again, with validRound",
  18: "the proposer proposes getValue()",
  21: "schedule OnTimeoutPropose",
  22: "upon a PROPOSAL of v without a proof, in step propose",
  24: "prevote id(v), because valid(v) and (lockedRound = −1 or lockedValue = v)",
  26: "otherwise prevote nil",
  28: "upon a PROPOSAL of v with round vr and > 2/3 PREVOTEs of id(v) in vr, in step propose, 0 ≤ vr < round",
  30: "prevote id(v), because valid(v) and (lockedRound ≤ vr or lockedValue = v)",
  32: "otherwise prevote nil",
  34: "upon > 2/3 PREVOTEs of anything, in step prevote, for the first time: schedule OnTimeoutPrevote",
  36: "upon a PROPOSAL of v and > 2/3 PREVOTEs of id(v), valid(v), from step prevote on, for the first time",
  38: "in step prevote: lockedValue ← v, lockedRound ← round, precommit id(v)",
  42: "validValue ← v, validRound ← round, in any step",
  44: "upon > 2/3 PREVOTEs of nil, in step prevote: precommit nil",
  47: "upon > 2/3 PRECOMMITs of anything, for the first time: schedule OnTimeoutPrecommit",
  49: "upon a PROPOSAL of v and > 2/3 PRECOMMITs of id(v), of any round, while nothing is decided",
  51: "decide v, because valid(v)",
  55: "upon messages of > 1/3 in a later round: StartRound of it",
  57: "OnTimeoutPropose, in its round and step propose: prevote nil",
  61: "OnTimeoutPrevote, in its round and step prevote: precommit nil",
  65: "OnTimeoutPrecommit, in its round: StartRound(round + 1)",
} as const satisfies Readonly<Record<number, string>>;

export type Line = keyof typeof LINES;
