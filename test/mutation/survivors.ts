import type { Survivor } from "./report.ts";

/** A survivor and why no test could see it. */
export interface Explained extends Survivor {
  readonly why: string;
}

type Explain = (line: string, from: string, to: string, why: string) => Explained;

const inFile =
  (file: string): Explain =>
  (line, from, to, why) => ({ file, line, from, to, why });

const core = inFile("consensus/core/core.ts");
const mux = inFile("consensus/core/mux.ts");
const state = inFile("consensus/core/state.ts");
const keeper = inFile("consensus/core/vote-keeper.ts");

/** What Stryker puts into an empty array: a value of no type that the code handles, which the compiler would refuse. */
const MARK = '["Stryker was here"]';

export const SURVIVORS: readonly Explained[] = [
  core('step: "propose",', '"propose"', '""', "the round's start sets the step before anything looks at it"),
  mux(
    "for (const proposal of state.proposals.get(state.round) ?? []) {",
    "[]",
    MARK,
    "a text has neither round nor value, so no votes are for it; the compiler refuses it",
  ),
  mux(
    "for (const { valueId } of state.proposals.get(state.round) ?? []) {",
    "[]",
    MARK,
    "a text has no value, so no votes are for it; the compiler refuses it",
  ),
  state(
    "export const NOTHING_DONE: RoundMarks = { prevoteTimer: false, precommitTimer: false, polka: false };",
    "{ prevoteTimer: false, precommitTimer: false, polka: false }",
    "{}",
    "a mark that is not there reads as one that is not set; the compiler refuses it",
  ),
  keeper(
    "if (votes === undefined) return;",
    "votes === undefined",
    "false",
    "never so: the round that is forgotten is one that the validator has votes in; asked for the compiler's sake",
  ),
  keeper(
    "if (known !== undefined && before !== undefined) return addAgain(keeper, known, vote, before, power);",
    "known !== undefined",
    "true",
    "where there is a vote before, there is its round; asked for the compiler's sake",
  ),
  keeper(
    "const own = (ahead.get(validator) ?? []).filter((other) => other > currentRound + 1);",
    "[]",
    MARK,
    "a text is not greater than a number, so the filter drops it; the compiler refuses it",
  ),
  keeper(
    "if (earliest !== undefined && own.length >= MAX_CATCH_UP_ROUNDS) {",
    "earliest !== undefined",
    "true",
    "a list of two has a first one; asked for the compiler's sake",
  ),
  keeper(
    'if (round < earliest) return { keeper, verdict: "tooFar" };',
    "round < earliest",
    "round <= earliest",
    "never equal here: a round that has a place already does not get this far",
  ),
];
