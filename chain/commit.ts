import { aggregateVotes, signersOf } from "./aggregate-vote.ts";
import { equalBytes } from "./bytes.ts";
import type { Bls } from "./crypto/bls.ts";
import type { ChainSpec } from "./module.ts";
import { ZERO_32 } from "./types/primitives.ts";
import type { ValidatorSet } from "./types/validator.ts";
import { type Commit, PRECOMMIT, type Vote } from "./types/vote.ts";
import { voteRoot } from "./vote-signing.ts";

/**
 * Whether more than two thirds of the power of `validators` precommitted what `commit` says. Height and block id are
 * the caller's to compare; a commit to nil is none. Costs one pairing and an addition for each signer.
 * @param validators the set that votes at `commit.height`.
 * @returns undefined when it holds, otherwise why it does not.
 */
export function verifyCommit(
  commit: Commit,
  validators: ValidatorSet,
  spec: Pick<ChainSpec, "genesisRoot">,
  bls: Pick<Bls, "verifyAggregate">,
): string | undefined {
  const signers = signersOf(commit.signers, validators);
  if (typeof signers === "string") return signers;
  if (equalBytes(commit.blockId, ZERO_32)) return "a commit to nil";
  const { power, total, publicKeys } = signers;
  if (power * 3n <= total * 2n) return `power ${power} signed, more than two thirds of ${total} are needed`;
  const { height, round, blockId } = commit;
  const message = voteRoot(PRECOMMIT, { height, round, blockId }, spec.genesisRoot);
  return bls.verifyAggregate(publicKeys, message, commit.signature) ? undefined : "the aggregate signature is wrong";
}

/**
 * The certificate made of precommits for one block in one round. Throws for none, for votes that differ, and for an
 * index outside the set: the caller has verified them all.
 */
export function makeCommit(votes: readonly Vote[], validators: ValidatorSet, bls: Bls): Commit {
  if (votes.length === 0) throw new Error("a commit needs precommits");
  const { type, ...commit } = aggregateVotes(votes, validators.length, bls);
  if (type !== PRECOMMIT) throw new Error("a commit is made of precommits");
  return commit;
}

/**
 * Adds precommits that came after the certificate was made, so that slowness does not look like absence. Votes of
 * validators that have signed already are left out.
 * @param votes verified precommits for the commit's height, round and block.
 */
export function extendCommit(commit: Commit, votes: readonly Vote[], bls: Bls): Commit {
  const signers = commit.signers.clone();
  const signatures = [commit.signature];
  for (const { validatorIndex, signature } of votes) {
    if (validatorIndex >= signers.bitLen || signers.get(validatorIndex)) continue;
    signers.set(validatorIndex, true);
    signatures.push(signature);
  }
  return signatures.length === 1 ? commit : { ...commit, signers, signature: bls.aggregate(signatures) };
}
