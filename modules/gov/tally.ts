import { DECIMAL_ONE } from "../decimal.ts";
import { type Cast, CHOICES, NOTHING, plus, weigh } from "./cast.ts";
import type { Tally, WeightedOption } from "./store.ts";

/** A bonded validator at the end of a vote. */
export interface VotingValidator {
  readonly tokens: bigint;
  /** All its shares; its tokens belong to them in proportion. */
  readonly shares: bigint;
  /** What its delegators voted themselves, the operator among them. */
  readonly cast: Cast;
  /** The operator's vote, which counts for all delegators that did not vote. */
  readonly vote: readonly WeightedOption[] | undefined;
}

/** Stake by option, exact: base units times `unit`. */
export interface ExactTally {
  readonly cast: Cast;
  readonly unit: bigint;
}

function gcd(a: bigint, b: bigint): bigint {
  let [x, y] = [a, b];
  while (y !== 0n) [x, y] = [y, x % y];
  return x;
}

const scaled = (cast: Cast, by: bigint): Cast => ({
  yes: cast.yes * by,
  abstain: cast.abstain * by,
  no: cast.no * by,
  noWithVeto: cast.noWithVeto * by,
});

/**
 * The stake behind each option, without rounding: of each validator `tokens ÷ shares` of what was cast. Validators that were
 * never slashed have one rate, so their fractions share a denominator; the others' are brought to their product.
 * PERF: a division and a few products for each bonded validator.
 */
export function tallyOf(validators: readonly VotingValidator[]): ExactTally {
  const byDenominator = new Map<bigint, Cast>();
  for (const { tokens, shares, cast, vote } of validators) {
    if (shares === 0n) continue;
    const voted = CHOICES.reduce((sum, choice) => sum + cast[choice], 0n);
    const silent = shares - voted / DECIMAL_ONE; // Weights add up to one, so nothing is lost here.
    const all = vote === undefined ? cast : plus(cast, weigh(vote, silent));
    const divisor = gcd(tokens, shares);
    const denominator = shares / divisor;
    const known = byDenominator.get(denominator) ?? NOTHING;
    byDenominator.set(denominator, plus(known, scaled(all, tokens / divisor)));
  }
  let product = 1n;
  for (const denominator of byDenominator.keys()) product *= denominator;
  let cast = NOTHING;
  for (const [denominator, part] of byDenominator) cast = plus(cast, scaled(part, product / denominator));
  return { cast, unit: product * DECIMAL_ONE };
}

/** In base units, rounded down, as clients are shown it. */
export function roundedTally({ cast, unit }: ExactTally): Tally {
  return {
    yes: cast.yes / unit,
    abstain: cast.abstain / unit,
    no: cast.no / unit,
    noWithVeto: cast.noWithVeto / unit,
  };
}

/** Parts per million; which of the SDK's rules hold for a proposal. */
export interface TallyRules {
  readonly quorum: bigint;
  readonly threshold: bigint;
  readonly vetoThreshold: bigint;
  readonly burnVoteQuorum: boolean;
  readonly burnVoteVeto: boolean;
}

export interface Verdict {
  readonly passes: boolean;
  readonly burnDeposits: boolean;
  /** Why it does not pass. */
  readonly because: string;
}

const PPM = 1_000_000n;

/**
 * The Cosmos SDK's rules, by cross-multiplication: fewer than the quorum, only abstentions, more veto than its threshold, and
 * then more yes than the threshold of all that is not an abstention.
 * @param bonded all bonded stake, base units.
 */
export function decide({ cast, unit }: ExactTally, bonded: bigint, rules: TallyRules): Verdict {
  const total = cast.yes + cast.abstain + cast.no + cast.noWithVeto;
  const decided = total - cast.abstain;
  if (bonded === 0n) return { passes: false, burnDeposits: false, because: "no stake is bonded" };
  if (total * PPM < rules.quorum * bonded * unit) {
    return { passes: false, burnDeposits: rules.burnVoteQuorum, because: "proposal did not reach the quorum" };
  }
  if (decided === 0n) return { passes: false, burnDeposits: false, because: "everybody who voted abstained" };
  if (cast.noWithVeto * PPM > rules.vetoThreshold * total) {
    return { passes: false, burnDeposits: rules.burnVoteVeto, because: "proposal was vetoed" };
  }
  if (cast.yes * PPM > rules.threshold * decided) return { passes: true, burnDeposits: false, because: "" };
  return { passes: false, burnDeposits: false, because: "proposal did not get enough yes votes" };
}
