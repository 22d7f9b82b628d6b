import { compareBytes } from "./bytes.ts";
import type { Bls } from "./crypto/bls.ts";
import type { ChainSpec } from "./module.ts";
import type { ValidatorSet } from "./types/validator.ts";
import { type DuplicateVoteEvidence, PRECOMMIT, PREVOTE, type Vote } from "./types/vote.ts";
import { voteData, voteRoot } from "./vote-signing.ts";

/** The canonical form of a contradiction: lower block id first, so that one fault is one piece of evidence. */
export function duplicateVoteEvidence(a: Vote, b: Vote): DuplicateVoteEvidence {
  return compareBytes(a.blockId, b.blockId) < 0 ? { voteA: a, voteB: b } : { voteA: b, voteB: a };
}

/**
 * Whether both votes are by one validator, at one height, round and type, for different blocks (nil counts as one).
 * @param validators the set that votes at the votes' height.
 * @returns the guilty validator's index, or why this is no evidence.
 */
export function checkDuplicateVote(
  evidence: DuplicateVoteEvidence,
  validators: ValidatorSet,
  spec: ChainSpec,
  bls: Bls,
): { readonly validatorIndex: number } | string {
  const { voteA, voteB } = evidence;
  if (voteA.type !== PREVOTE && voteA.type !== PRECOMMIT) return `${voteA.type} is no type of vote`;
  if (voteA.type !== voteB.type) return "the votes are of different types";
  if (voteA.height !== voteB.height) return `the votes are of heights ${voteA.height} and ${voteB.height}`;
  if (voteA.round !== voteB.round) return `the votes are of rounds ${voteA.round} and ${voteB.round}`;
  if (voteA.validatorIndex !== voteB.validatorIndex) return "the votes are of different validators";
  if (compareBytes(voteA.blockId, voteB.blockId) >= 0) return "the votes are for one block, or not ordered by block id";
  const validatorIndex = voteA.validatorIndex;
  const publicKey = validators[validatorIndex]?.voteKey;
  if (publicKey === undefined) return `no validator has the index ${validatorIndex}`;
  for (const vote of [voteA, voteB]) {
    const message = voteRoot(vote.type, voteData(vote), spec.genesisRoot);
    if (!bls.verify({ publicKey, message, signature: vote.signature })) return "a signature is wrong";
  }
  return { validatorIndex };
}
