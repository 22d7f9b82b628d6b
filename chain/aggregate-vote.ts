import { BitArray } from "@chainsafe/ssz";
import { equalBytes } from "./bytes.ts";
import type { Bls } from "./crypto/bls.ts";
import type { ChainSpec } from "./module.ts";
import type { AggregateVote } from "./types/evidence.ts";
import { ZERO_32 } from "./types/primitives.ts";
import type { ValidatorSet } from "./types/validator.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "./types/vote.ts";
import { voteData, voteRoot } from "./vote-signing.ts";

/** Who of a set signed, as far as a bitfield says so. */
export interface Signers {
  /** Indices into the set, ascending. */
  readonly indices: readonly number[];
  readonly publicKeys: readonly Uint8Array[];
  readonly power: bigint;
  /** Power of the whole set. */
  readonly total: bigint;
}

/** @returns why the bitfield is none over this set, or whom it names. */
export function signersOf(signers: BitArray, validators: ValidatorSet): Signers | string {
  if (signers.bitLen !== validators.length) {
    return `bitfield of ${signers.bitLen} bits for a set of ${validators.length} validators`;
  }
  let power = 0n;
  let total = 0n;
  const indices: number[] = [];
  const publicKeys: Uint8Array[] = [];
  for (const [index, validator] of validators.entries()) {
    total += validator.power;
    if (!signers.get(index)) continue;
    power += validator.power;
    indices.push(index);
    publicKeys.push(validator.voteKey);
  }
  return { indices, publicKeys, power, total };
}

/**
 * Whether everyone whom the bitfield names cast this vote. Costs one pairing and an addition for each signer.
 * @param validators the set that votes at the vote's height.
 * @returns the signers, or why it does not hold. Nil is no block: nobody answers for votes for it here.
 */
export function verifyAggregateVote(
  vote: AggregateVote,
  validators: ValidatorSet,
  spec: Pick<ChainSpec, "genesisRoot">,
  bls: Pick<Bls, "verifyAggregate">,
): Signers | string {
  if (vote.type !== PREVOTE && vote.type !== PRECOMMIT) return `${vote.type} is no type of vote`;
  if (equalBytes(vote.blockId, ZERO_32)) return "votes for nil";
  const signers = signersOf(vote.signers, validators);
  if (typeof signers === "string") return signers;
  if (signers.indices.length === 0) return "nobody signed";
  const message = voteRoot(vote.type, voteData(vote), spec.genesisRoot);
  return bls.verifyAggregate(signers.publicKeys, message, vote.signature)
    ? signers
    : "the aggregate signature is wrong";
}

/** Whether these prevotes are a polka: more than two thirds of the power of their height, for one block in one round. */
export function verifyPolka(
  polka: AggregateVote,
  validators: ValidatorSet,
  spec: Pick<ChainSpec, "genesisRoot">,
  bls: Pick<Bls, "verifyAggregate">,
): Signers | string {
  if (polka.type !== PREVOTE) return "a polka is made of prevotes";
  const signers = signersOf(polka.signers, validators);
  if (typeof signers === "string") return signers;
  const { power, total } = signers;
  if (power * 3n <= total * 2n) return `power ${power} prevoted, more than two thirds of ${total} are needed`;
  return verifyAggregateVote(polka, validators, spec, bls);
}

/**
 * Adds up votes of one type for one block in one round. Throws for none, for votes that differ, and for an index outside
 * a set of `size`: the caller has verified them all.
 */
export function aggregateVotes(votes: readonly Vote[], size: number, bls: Pick<Bls, "aggregate">): AggregateVote {
  const [first] = votes;
  if (first === undefined) throw new Error("nothing to aggregate");
  const signers = BitArray.fromBitLen(size);
  for (const vote of votes) {
    const same = vote.height === first.height && vote.round === first.round && equalBytes(vote.blockId, first.blockId);
    if (vote.type !== first.type || !same) throw new Error("only votes of one type for one block in one round add up");
    if (vote.validatorIndex >= size) throw new Error(`no validator has the index ${vote.validatorIndex}`);
    if (signers.get(vote.validatorIndex)) throw new Error(`two votes of validator ${vote.validatorIndex}`);
    signers.set(vote.validatorIndex, true);
  }
  const { type, height, round, blockId } = first;
  return { type, height, round, blockId, signers, signature: bls.aggregate(votes.map(({ signature }) => signature)) };
}
