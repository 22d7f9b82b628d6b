import { BitListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { Header } from "./header.ts";
import {
  MAX_ATTACKS_PER_BLOCK,
  MAX_CHALLENGES_PER_BLOCK,
  MAX_EVIDENCE_PER_BLOCK,
  MAX_POLKAS_PER_BLOCK,
  MAX_VALIDATORS,
} from "./limits.ts";
import { portable } from "./portable.ts";
import { Bytes32, Bytes96, Uint8, Uint32, Uint64 } from "./primitives.ts";
import { Commit, DuplicateVoteEvidence } from "./vote.ts";

/**
 * Votes of one type for one block in one round by several validators of the set of `height`. Each key has proven
 * possession, so that an aggregate that verifies proves that each of its signers signed.
 */
export const AggregateVote = new ContainerType(
  {
    type: Uint8,
    height: Uint64,
    round: Uint32,
    blockId: Bytes32,
    signers: portable(() => new BitListType(MAX_VALIDATORS)),
    signature: Bytes96,
  },
  { typeName: "AggregateVote" },
);
export type AggregateVote = ValueOf<typeof AggregateVote>;

/**
 * A header that conflicts with the chain's block of its height, precommitted by more than a third of the power of the
 * set that the chain has at that height: enough to deceive a light client. `commit.signers` counts in that set, whatever
 * set the header names.
 */
export const LightClientAttackEvidence = new ContainerType(
  { header: Header, commit: Commit },
  { typeName: "LightClientAttackEvidence" },
);
export type LightClientAttackEvidence = ValueOf<typeof LightClientAttackEvidence>;

/**
 * Validators that precommitted one block and voted for another one in a later round. They have broken their lock, unless
 * there was a polka of the other block that let them: who signed both has to show it.
 */
export const AmnesiaChallenge = new ContainerType(
  { precommits: AggregateVote, later: AggregateVote },
  { typeName: "AmnesiaChallenge" },
);
export type AmnesiaChallenge = ValueOf<typeof AmnesiaChallenge>;

/** What a block says of votes of past heights. */
export const BlockEvidence = new ContainerType(
  {
    duplicateVotes: portable(() => new ListCompositeType(DuplicateVoteEvidence, MAX_EVIDENCE_PER_BLOCK)),
    lightClientAttacks: portable(() => new ListCompositeType(LightClientAttackEvidence, MAX_ATTACKS_PER_BLOCK)),
    amnesiaChallenges: portable(() => new ListCompositeType(AmnesiaChallenge, MAX_CHALLENGES_PER_BLOCK)),
    /** Prevotes of more than two thirds for one block: what excuses from challenges. */
    polkas: portable(() => new ListCompositeType(AggregateVote, MAX_POLKAS_PER_BLOCK)),
  },
  { typeName: "BlockEvidence" },
);
export type BlockEvidence = ValueOf<typeof BlockEvidence>;

export const NO_EVIDENCE: BlockEvidence = BlockEvidence.defaultValue();
