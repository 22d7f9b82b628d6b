import type {
  CoreProposal,
  CoreVote,
  HeightConfig,
  Input,
  Outcome,
  Step,
  ValueId,
  VoteKind,
  VoteValue,
} from "../../consensus/core/types.ts";

/** What the algorithm says after an input, in the short form of core-script.ts, without what asks for execution. */
export interface Paper {
  /** Takes an input that is not refused, and says what is done. */
  take(input: Input): string[];
  /** round, step, lockedValue, lockedRound, validValue, validRound, decision. */
  variables(): readonly unknown[];
}

/**
 * Algorithm 1 of arXiv 1807.04938, copied line by line with no thought of speed: a log of all messages, which every rule
 * searches anew. It shares nothing with the core but the types and what this chain adds: execution may be pending, and
 * lines 22 and 23 also ask for timeliness and for the same inference. Rules are tried in the order of the table in
 * consensus/core/mux.ts.
 */
export function paper({ powers, self, proposer }: HeightConfig): Paper {
  const proposals: CoreProposal[] = [];
  const votes: CoreVote[] = [];
  const outcomes = new Map<ValueId, Outcome>();
  const once = new Set<string>();
  let said: string[] = [];
  let round = 0;
  let step: Step = "propose";
  let lockedValue: VoteValue = null;
  let lockedRound = -1;
  let validValue: VoteValue = null;
  let validRound = -1;
  let decision: VoteValue = null;

  const total = powers.reduce((a, b) => a + b);
  const valid = (v: ValueId): boolean => outcomes.has(v) && outcomes.get(v) !== "invalid";

  function powerOf(matches: (vote: CoreVote) => boolean): bigint {
    return powers.reduce(
      (sum, power, i) => (votes.some((v) => v.validator === i && matches(v)) ? sum + power : sum),
      0n,
    );
  }
  const twoThirds = (kind: VoteKind, r: number, matches: (value: VoteValue) => boolean): boolean =>
    3n * powerOf((v) => v.kind === kind && v.round === r && matches(v.value)) > 2n * total;
  const twoThirdsFor = (kind: VoteKind, r: number, value: VoteValue): boolean =>
    twoThirds(kind, r, (other) => other === value);
  const twoThirdsAny = (kind: VoteKind): boolean => twoThirds(kind, round, () => true);

  function firstTime(what: string): boolean {
    const isFirst = !once.has(`${what} ${round}`);
    once.add(`${what} ${round}`);
    return isFirst;
  }

  function broadcast(kind: VoteKind, value: VoteValue): void {
    if (self !== undefined) said.push(`${kind} ${value ?? "nil"}`);
  }

  function startRound(r: number): void {
    round = r; // 12
    step = "propose"; // 13
    said.push(`timer propose ${r}`); // 21, for the proposer too
    if (self === undefined || proposer(r) !== self) return; // 14
    said.push(validValue === null ? `build ${r}` : `repropose ${validValue} pol ${validRound}`); // 15-19
  }

  /** Fires one rule, if any is enabled. */
  function rule(): boolean {
    for (const { round: r, valueId: v } of inRoundOrder()) {
      if (twoThirdsFor("precommit", r, v) && valid(v)) {
        decision = v; // 51
        said.push(`decide ${v} ${r}`);
        return true;
      }
    }
    const ahead = [...new Set(votes.map((vote) => vote.round))].filter((r) => r > round).sort((a, b) => b - a);
    for (const r of ahead) {
      if (3n * powerOf((vote) => vote.round === r) > total) {
        startRound(r); // 56
        return true;
      }
    }
    const current = proposals.filter((proposal) => proposal.round === round);
    if (step === "propose" && current.some((proposal) => (proposal.polRound === -1 ? line22 : line28)(proposal))) {
      step = "prevote"; // 27, 33
      return true;
    }
    for (const { valueId: v } of current) {
      if (step !== "propose" && twoThirdsFor("prevote", round, v) && valid(v) && firstTime("36")) {
        if (step === "prevote") {
          lockedValue = v; // 38
          lockedRound = round; // 39
          broadcast("precommit", v); // 40
          step = "precommit"; // 41
        }
        validValue = v; // 42
        validRound = round; // 43
        return true;
      }
    }
    if (step === "prevote" && twoThirdsFor("prevote", round, null)) {
      broadcast("precommit", null); // 45
      step = "precommit"; // 46
      return true;
    }
    if (step === "prevote" && twoThirdsAny("prevote") && firstTime("34")) {
      said.push(`timer prevote ${round}`); // 35
      return true;
    }
    if (twoThirdsAny("precommit") && firstTime("47")) {
      said.push(`timer precommit ${round}`); // 48
      return true;
    }
    return false;
  }

  function line22({ valueId: v, timely }: CoreProposal): boolean {
    const mayPrevote = timely && (lockedRound === -1 || lockedValue === v); // 23
    if (mayPrevote && !outcomes.has(v)) return false;
    broadcast("prevote", mayPrevote && outcomes.get(v) === "ok" ? v : null); // 24, 26
    return true;
  }

  function line28({ valueId: v, polRound: vr }: CoreProposal): boolean {
    if (!twoThirdsFor("prevote", vr, v)) return false;
    const mayPrevote = lockedRound <= vr || lockedValue === v; // 29
    if (mayPrevote && !outcomes.has(v)) return false;
    broadcast("prevote", mayPrevote && valid(v) ? v : null); // 30, 32
    return true;
  }

  /** As the rounds' first proposals came, which decides which of two enabled commits is seen first. */
  function inRoundOrder(): readonly CoreProposal[] {
    const rounds = [...new Set(proposals.map((proposal) => proposal.round))];
    return rounds.flatMap((r) => proposals.filter((proposal) => proposal.round === r));
  }

  function hear(input: Input): void {
    switch (input.kind) {
      case "proposal":
        proposals.push(input.proposal);
        break;
      case "vote":
        votes.push(input.vote);
        break;
      case "executed":
        outcomes.set(input.valueId, input.outcome);
        break;
      case "timeout":
        if (input.round !== round) break;
        if (input.timeout === "propose" && step === "propose") {
          broadcast("prevote", null); // 59
          step = "prevote"; // 60
        } else if (input.timeout === "prevote" && step === "prevote") {
          broadcast("precommit", null); // 63
          step = "precommit"; // 64
        } else if (input.timeout === "precommit") startRound(round + 1); // 67
    }
  }

  startRound(0); // 10
  return {
    take(input) {
      if (decision === null) hear(input);
      while (decision === null && rule());
      const all = said;
      said = [];
      return all;
    },
    variables: () => [round, step, lockedValue, lockedRound, validValue, validRound, decision],
  };
}
