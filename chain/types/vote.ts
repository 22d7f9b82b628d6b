import { BitListType, ContainerType, type ValueOf } from "@chainsafe/ssz";
import { MAX_VALIDATORS } from "./limits.ts";
import { portable } from "./portable.ts";
import { Bytes32, Bytes96, Uint8, Uint32, Uint64 } from "./primitives.ts";

export const PREVOTE = 1;
export const PRECOMMIT = 2;
export type VoteType = typeof PREVOTE | typeof PRECOMMIT;

/** What a vote signs, under the domain of its type. A zero `blockId` is a vote for nil. */
export const VoteData = new ContainerType(
  { height: Uint64, round: Uint32, blockId: Bytes32 },
  { typeName: "VoteData" },
);
export type VoteData = ValueOf<typeof VoteData>;

/** A vote on the wire. `validatorIndex` counts in the validator set of `height`. */
export const Vote = new ContainerType(
  { type: Uint8, height: Uint64, round: Uint32, blockId: Bytes32, validatorIndex: Uint32, signature: Bytes96 },
  { typeName: "Vote" },
);
export type Vote = ValueOf<typeof Vote>;

/** What a proposer signs. `polRound` is the proof-of-lock round plus one, zero for none. */
export const ProposalData = new ContainerType(
  { height: Uint64, round: Uint32, polRound: Uint32, blockId: Bytes32 },
  { typeName: "ProposalData" },
);
export type ProposalData = ValueOf<typeof ProposalData>;

/**
 * More than two thirds of the power of the set of `height` precommitted `blockId` in `round`: one aggregate
 * signature over one message, and which members signed. At height 0 (the last commit of block 1) all is zero.
 */
export const Commit = new ContainerType(
  {
    height: Uint64,
    round: Uint32,
    blockId: Bytes32,
    signers: portable(() => new BitListType(MAX_VALIDATORS)),
    signature: Bytes96,
  },
  { typeName: "Commit" },
);
export type Commit = ValueOf<typeof Commit>;

/** Two different votes of one validator at one height, round and type: an objective fault. Ordered by block id. */
export const DuplicateVoteEvidence = new ContainerType(
  { voteA: Vote, voteB: Vote },
  { typeName: "DuplicateVoteEvidence" },
);
export type DuplicateVoteEvidence = ValueOf<typeof DuplicateVoteEvidence>;
