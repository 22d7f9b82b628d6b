import { verifyAggregateVote } from "./aggregate-vote.ts";
import { equalBytes } from "./bytes.ts";
import type { Bls } from "./crypto/bls.ts";
import type { ChainSpec, PolkaDemand } from "./module.ts";
import type { AmnesiaChallenge } from "./types/evidence.ts";
import type { ValidatorSet } from "./types/validator.ts";
import { PRECOMMIT } from "./types/vote.ts";

/** Indices in both ascending lists. */
export function inBoth(a: readonly number[], b: readonly number[]): number[] {
  const other = new Set(b);
  return a.filter((index) => other.has(index));
}

/**
 * Where a correct validator has seen a polka of what it votes for, when it precommitted another block in `lockRound`
 * (arXiv 1807.04938): a precommit comes of a polka in its own round (line 36). A prevote comes of a proposal that either
 * names the round of a polka, not before that of the lock (lines 28 and 29), or is what it is locked on, since a polka
 * after the first lock (line 23).
 */
export function excusingRounds(type: number, round: number, lockRound: number): { fromRound: number; toRound: number } {
  return type === PRECOMMIT ? { fromRound: round, toRound: round } : { fromRound: lockRound, toRound: round - 1 };
}

/**
 * Whether the votes of both aggregates contradict each other unless there was a polka.
 * @param validators the set that votes at the votes' height.
 * @returns what whoever signed both has to show, or why this is no challenge.
 */
export function checkAmnesiaChallenge(
  { precommits, later }: AmnesiaChallenge,
  validators: ValidatorSet,
  spec: Pick<ChainSpec, "genesisRoot">,
  bls: Pick<Bls, "verifyAggregate">,
): PolkaDemand | string {
  if (precommits.type !== PRECOMMIT) return "the earlier votes are no precommits";
  if (precommits.height !== later.height) return `the votes are of heights ${precommits.height} and ${later.height}`;
  if (later.round <= precommits.round) return `round ${later.round} is not after round ${precommits.round}`;
  if (equalBytes(precommits.blockId, later.blockId)) return "the votes are for one block";
  const locked = verifyAggregateVote(precommits, validators, spec, bls);
  if (typeof locked === "string") return `precommits: ${locked}`;
  const voted = verifyAggregateVote(later, validators, spec, bls);
  if (typeof voted === "string") return `later votes: ${voted}`;
  const accused = inBoth(locked.indices, voted.indices);
  if (accused.length === 0) return "nobody signed both";
  const { height, blockId } = later;
  const lock = { round: precommits.round, blockId: precommits.blockId, signers: locked.indices };
  return { height, blockId, ...excusingRounds(later.type, later.round, precommits.round), accused, lock };
}
