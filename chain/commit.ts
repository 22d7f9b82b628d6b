import { BitArray } from "@chainsafe/ssz";
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
export function verifyCommit(commit: Commit, validators: ValidatorSet, spec: ChainSpec, bls: Bls): string | undefined {
  const { signers } = commit;
  if (signers.bitLen !== validators.length) {
    return `bitfield of ${signers.bitLen} bits for a set of ${validators.length} validators`;
  }
  if (equalBytes(commit.blockId, ZERO_32)) return "a commit to nil";
  let signed = 0n;
  let total = 0n;
  const publicKeys: Uint8Array[] = [];
  for (const [index, validator] of validators.entries()) {
    total += validator.power;
    if (!signers.get(index)) continue;
    signed += validator.power;
    publicKeys.push(validator.voteKey);
  }
  if (signed * 3n <= total * 2n) return `power ${signed} signed, more than two thirds of ${total} are needed`;
  const { height, round, blockId } = commit;
  const message = voteRoot(PRECOMMIT, { height, round, blockId }, spec.genesisRoot);
  return bls.verifyAggregate(publicKeys, message, commit.signature) ? undefined : "the aggregate signature is wrong";
}

/**
 * The certificate made of precommits for one block in one round. Throws for none, for votes that differ, and for an
 * index outside the set: the caller has verified them all.
 */
export function makeCommit(votes: readonly Vote[], validators: ValidatorSet, bls: Bls): Commit {
  const [first] = votes;
  if (first === undefined) throw new Error("a commit needs precommits");
  const signers = BitArray.fromBitLen(validators.length);
  for (const vote of votes) {
    const same = vote.height === first.height && vote.round === first.round && equalBytes(vote.blockId, first.blockId);
    if (vote.type !== PRECOMMIT || !same) throw new Error("a commit is made of precommits for one block in one round");
    if (vote.validatorIndex >= validators.length) throw new Error(`no validator has the index ${vote.validatorIndex}`);
    if (signers.get(vote.validatorIndex)) throw new Error(`two precommits of validator ${vote.validatorIndex}`);
    signers.set(vote.validatorIndex, true);
  }
  const { height, round, blockId } = first;
  return { height, round, blockId, signers, signature: bls.aggregate(votes.map(({ signature }) => signature)) };
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
