import { LINES, type Line } from "../../consensus/core/lines.ts";
import type { State } from "../../consensus/core/state.ts";
import type { InputVerdict, Outcome, ValueId } from "../../consensus/core/types.ts";
import { hasQuorumFor } from "../../consensus/core/vote-keeper.ts";
import type { Observation } from "./core-script.ts";

/** One thing that the core can do: a line of the paper, or what this chain adds to it. */
export interface Arm {
  readonly name: string;
  readonly says: string;
  /** The file under consensus/core and the function that does it. */
  readonly where: readonly [file: string, name: string];
  readonly isReached: (observation: Observation) => boolean;
}

const PLACES: Readonly<Record<Line, readonly [file: string, name: string]>> = {
  11: ["state-machine.ts", "startRound"],
  16: ["state-machine.ts", "startRound"],
  18: ["state-machine.ts", "startRound"],
  21: ["state-machine.ts", "startRound"],
  22: ["state-machine.ts", "applyEvent"],
  24: ["state-machine.ts", "applyEvent"],
  26: ["state-machine.ts", "applyEvent"],
  28: ["state-machine.ts", "applyEvent"],
  30: ["state-machine.ts", "applyEvent"],
  32: ["state-machine.ts", "applyEvent"],
  34: ["state-machine.ts", "applyEvent"],
  36: ["state-machine.ts", "polka"],
  38: ["state-machine.ts", "polka"],
  42: ["state-machine.ts", "polka"],
  44: ["state-machine.ts", "applyEvent"],
  47: ["state-machine.ts", "applyEvent"],
  49: ["state-machine.ts", "decide"],
  51: ["state-machine.ts", "decide"],
  55: ["state-machine.ts", "applyEvent"],
  57: ["state-machine.ts", "applyEvent"],
  61: ["state-machine.ts", "applyEvent"],
  65: ["state-machine.ts", "applyEvent"],
};

/** Object keys that are integers come in ascending order. */
const paperLines = Object.keys(LINES).map((line): Arm => {
  const number = Number(line) as Line;
  return {
    name: line,
    says: LINES[number],
    where: PLACES[number],
    isReached: ({ moved }) => moved.lines.includes(number),
  };
});

const went = ({ moved }: Observation, line: Line): boolean => moved.lines.includes(line);

/** Whether the proposals of the round that the core was in when the input came have one like this. */
function judged({ before, moved }: Observation, is: (proposal: { valueId: ValueId; timely: boolean }) => boolean) {
  return before !== undefined && (moved.state.proposals.get(before.round) ?? []).some(is);
}

const hasOutcome =
  (state: State, outcome: Outcome | "pending") =>
  ({ valueId }: { valueId: ValueId }): boolean =>
    state.outcomes.get(valueId) === outcome;

/** Whether a proposal of the current round whose execution is `outcome` has this quorum. */
function certified({ moved: { state } }: Observation, kind: "prevote" | "precommit", outcome: Outcome | "pending") {
  const values = (state.proposals.get(state.round) ?? []).filter(hasOutcome(state, outcome));
  return values.some(({ valueId }) => hasQuorumFor(state.votes, state.round, kind, valueId));
}

const refusal =
  (kind: "proposal" | "vote" | "executed" | "timeout", verdict: InputVerdict) =>
  ({ input, moved }: Observation): boolean =>
    input?.kind === kind && moved.verdict === verdict;

const additions: readonly Arm[] = [
  {
    name: "the proposer's timer",
    says: "line 21 for the proposer too: building may fail, and then its vote for nil must still come",
    where: ["state-machine.ts", "startRound"],
    isReached: ({ moved }) =>
      moved.effects.some((effect) => effect.kind === "schedule" && effect.timeout === "propose") &&
      moved.effects.some(({ kind }) => kind === "build" || kind === "repropose"),
  },
  {
    name: "timeliness",
    says: "line 22: an untimely proposal gets nil",
    where: ["mux.ts", "judgeFresh"],
    isReached: (o) => went(o, 26) && judged(o, ({ timely }) => !timely),
  },
  {
    name: "timeliness, not with a proof",
    says: "line 28: it does not count where others had a polka",
    where: ["mux.ts", "judgeWithPol"],
    isReached: (o) => went(o, 30) && judged(o, ({ timely }) => !timely),
  },
  {
    name: "inferenceDiffers",
    says: "line 22: gets nil",
    where: ["mux.ts", "judgeFresh"],
    isReached: (o) => went(o, 26) && judged(o, hasOutcome(o.moved.state, "inferenceDiffers")),
  },
  {
    name: "inferenceDiffers, not with a proof",
    says: "line 28: does not count where others had a polka",
    where: ["mux.ts", "judgeWithPol"],
    isReached: (o) => went(o, 30) && judged(o, hasOutcome(o.moved.state, "inferenceDiffers")),
  },
  {
    name: "inferenceDiffers, not at a polka",
    says: "line 36: it locks what others certified",
    where: ["state.ts", "isValid"],
    isReached: (o) => went(o, 38) && judged(o, hasOutcome(o.moved.state, "inferenceDiffers")),
  },
  {
    name: "inferenceDiffers, not at a commit",
    says: "line 49: it decides, and the outcome goes out with the decision",
    where: ["state-machine.ts", "decide"],
    isReached: ({ moved }) =>
      moved.effects.some((effect) => effect.kind === "decide" && effect.outcome === "inferenceDiffers"),
  },
  {
    name: "pending execution: asked for",
    says: "of the round's first proposal, and of what others certified",
    where: ["core.ts", "askForOutcomes"],
    isReached: ({ moved }) => moved.effects.some(({ kind }) => kind === "execute"),
  },
  {
    name: "pending execution: line 22 waits",
    says: "no prevote before the outcome is here",
    where: ["mux.ts", "judgeFresh"],
    isReached: (o) =>
      o.input?.kind === "proposal" &&
      o.input.proposal.polRound === -1 &&
      o.moved.state.step === "propose" &&
      judged(o, hasOutcome(o.moved.state, "pending")),
  },
  {
    name: "pending execution: line 28 waits",
    says: "no prevote before the outcome is here, whatever the polka",
    where: ["mux.ts", "judgeWithPol"],
    isReached: ({ moved: { state } }) =>
      state.step === "propose" &&
      (state.proposals.get(state.round) ?? []).some(
        (proposal) =>
          hasOutcome(state, "pending")(proposal) &&
          hasQuorumFor(state.votes, proposal.polRound, "prevote", proposal.valueId),
      ),
  },
  {
    name: "pending execution: line 36 waits",
    says: "no lock and no valid value before the outcome is here",
    where: ["mux.ts", "polkaClause"],
    isReached: (o) => o.moved.state.step !== "propose" && certified(o, "prevote", "pending"),
  },
  {
    name: "pending execution: line 49 waits",
    says: "no decision before the outcome is here",
    where: ["mux.ts", "commitClause"],
    isReached: (o) => certified(o, "precommit", "pending"),
  },
  {
    name: "line 29, not valid(v)",
    says: "a value that this node finds invalid gets nil in spite of its proof",
    where: ["mux.ts", "judgeWithPol"],
    isReached: (o) => went(o, 32) && judged(o, hasOutcome(o.moved.state, "invalid")),
  },
  {
    name: "line 36, not valid(v)",
    says: "the polka of a value that this node finds invalid locks nothing",
    where: ["mux.ts", "polkaClause"],
    isReached: (o) => o.moved.state.step !== "propose" && certified(o, "prevote", "invalid"),
  },
  {
    name: "line 50, not valid(v)",
    says: "a value that this node finds invalid is never decided",
    where: ["mux.ts", "commitClause"],
    isReached: (o) => certified(o, "precommit", "invalid"),
  },
  {
    name: "bounded rounds: proposals",
    says: "those too many rounds ahead are refused",
    where: ["core.ts", "onProposal"],
    isReached: refusal("proposal", "tooFar"),
  },
  {
    name: "bounded rounds: votes",
    says: "those of rounds that no correct node reaches are refused",
    where: ["core.ts", "onVote"],
    isReached: (o) => refusal("vote", "tooFar")(o) && isFar(o),
  },
  {
    name: "bounded rounds: places",
    says: "a validator has votes in two far rounds, the latest",
    where: ["vote-keeper.ts", "addVote"],
    isReached: (o) => refusal("vote", "tooFar")(o) && !isFar(o),
  },
  {
    name: "bounded rounds: forgotten",
    says: "a far round goes when a later one comes",
    where: ["vote-keeper.ts", "forget"],
    isReached: ({ before, moved }) =>
      [...(before?.votes.rounds.keys() ?? [])].some((round) => !moved.state.votes.rounds.has(round)),
  },
  {
    name: "proposals: third",
    says: "refused where two contradict each other already",
    where: ["core.ts", "onProposal"],
    isReached: refusal("proposal", "conflicting"),
  },
  {
    name: "proposals: third, chosen",
    says: "taken when others certified it",
    where: ["core.ts", "isChosen"],
    isReached: ({ input, before, moved }) =>
      input?.kind === "proposal" &&
      moved.verdict === "accepted" &&
      (before?.proposals.get(input.proposal.round)?.length ?? 0) >= 2,
  },
  {
    name: "contradiction",
    says: "a validator's second vote is reported and counts",
    where: ["core.ts", "onVote"],
    isReached: ({ moved }) => moved.effects.some(({ kind }) => kind === "conflict"),
  },
  {
    name: "contradiction: third vote",
    says: "refused unless more than a third chose the same",
    where: ["vote-keeper.ts", "addAgain"],
    isReached: refusal("vote", "conflicting"),
  },
  {
    name: "contradiction: third vote, chosen",
    says: "counts once more than a third chose the same first, so that a polka can't be hidden",
    where: ["vote-keeper.ts", "addAgain"],
    isReached: ({ input, before, moved }) =>
      input?.kind === "vote" &&
      moved.verdict === "accepted" &&
      before?.votes.rounds.get(input.vote.round)?.[input.vote.kind].further.has(input.vote.validator) === true,
  },
  {
    name: "no vote of its own",
    says: "a node outside the set goes through the same lines and says nothing",
    where: ["state-machine.ts", "vote"],
    isReached: (o) => went(o, 38) && !o.moved.effects.some(({ kind }) => kind === "vote"),
  },
  {
    name: "refused: a duplicate vote",
    says: "counted before",
    where: ["vote-keeper.ts", "addAgain"],
    isReached: refusal("vote", "duplicate"),
  },
  {
    name: "refused: a stranger's vote",
    says: "not in the set",
    where: ["vote-keeper.ts", "addVote"],
    isReached: refusal("vote", "unknownValidator"),
  },
  {
    name: "refused: a malformed vote",
    says: "its round is no round",
    where: ["core.ts", "onVote"],
    isReached: refusal("vote", "malformed"),
  },
  {
    name: "refused: a duplicate proposal",
    says: "here before",
    where: ["core.ts", "onProposal"],
    isReached: refusal("proposal", "duplicate"),
  },
  {
    name: "refused: the wrong proposer",
    says: "signed by someone whose turn it is not",
    where: ["core.ts", "onProposal"],
    isReached: refusal("proposal", "wrongProposer"),
  },
  {
    name: "refused: a malformed proposal",
    says: "line 28: 0 ≤ vr < round, or −1",
    where: ["core.ts", "onProposal"],
    isReached: refusal("proposal", "malformed"),
  },
  {
    name: "refused: a second outcome",
    says: "the first stands",
    where: ["core.ts", "onExecuted"],
    isReached: refusal("executed", "duplicate"),
  },
  {
    name: "refused: a stale timer",
    says: "lines 58, 62, 66: of another round or step",
    where: ["core.ts", "transition"],
    isReached: refusal("timeout", "stale"),
  },
];

/** No correct node is so far ahead. */
function isFar({ before, input }: Observation): boolean {
  return input?.kind === "vote" && before !== undefined && input.vote.round > before.round + 10_000;
}

/** All that the core can do, the paper's lines first. */
export const ARMS: readonly Arm[] = [...paperLines, ...additions];
