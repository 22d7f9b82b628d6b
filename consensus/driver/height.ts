import { equalBytes, fromHex, toHex } from "../../chain/bytes.ts";
import { proposerSchedule } from "../../chain/proposer-rotation.ts";
import type { Block, SignedProposal } from "../../chain/types/block.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import type { CoreVote, HeightConfig, ValueId, VoteKind, VoteValue } from "../core/types.ts";
import { type Pacing, pacing } from "./pacing.ts";
import type { Application } from "./ports.ts";

/** The signed messages behind what the core counts at one height, so that they can be shown to others. */
export interface Height {
  readonly config: HeightConfig;
  readonly validators: ValidatorSet;
  /** Who voted on the parent; nobody at height 1. Read when it is first asked for. */
  readonly parentValidators: ValidatorSet;
  readonly pacing: Pacing;
  readonly parentTime: number;
  addVote(vote: Vote): void;
  /** The votes kept of a validator: several when it contradicted itself. */
  votesOf(kind: VoteKind, round: number, validator: number): readonly Vote[];
  /** All votes of a round, or those of one kind for one value. */
  votes(round: number, only?: { readonly kind: VoteKind; readonly value: ValueId }): readonly Vote[];
  voteCount(): number;
  /** Keeps only the rounds that satisfy the condition. */
  forgetVotes(keep: (kind: VoteKind, round: number, validator: number) => boolean): void;
  addProposal(signed: SignedProposal): void;
  /** The first proposal of a round, while its block is kept. */
  proposal(round: number): SignedProposal | undefined;
  block(valueId: ValueId): Block | undefined;
}

/** Blocks held at once, each up to the largest block's size; the one of the earliest round that is not needed goes first. */
const MAX_BLOCKS = 8;

export const voteValueOf = (blockId: Uint8Array): VoteValue => (equalBytes(blockId, ZERO_32) ? null : toHex(blockId));
export const blockIdOf = (value: VoteValue): Uint8Array => (value === null ? ZERO_32 : fromHex(value));
export const kindOf = (type: number): VoteKind => (type === PREVOTE ? "prevote" : "precommit");
export const typeOf = (kind: VoteKind): number => (kind === "prevote" ? PREVOTE : PRECOMMIT);

export function coreVote(vote: Vote): CoreVote {
  return {
    kind: kindOf(vote.type),
    round: vote.round,
    value: voteValueOf(vote.blockId),
    validator: vote.validatorIndex,
  };
}

/**
 * The height after the application's tip.
 * @param publicKey this node's vote key, if it has one.
 * @param needed values whose block must not be dropped.
 */
export function openHeight(
  app: Application,
  publicKey: Uint8Array | undefined,
  needed: (valueId: ValueId) => boolean,
): Height {
  const height = app.tip.height + 1;
  const rotation = app.rotation(height);
  if (rotation === undefined) throw new Error(`the application does not know who votes at height ${height}`);
  const { validators } = rotation;
  const own = publicKey === undefined ? -1 : validators.findIndex(({ voteKey }) => equalBytes(voteKey, publicKey));
  const votes = new Map<number, Map<string, Vote[]>>();
  const proposals = new Map<number, Omit<SignedProposal, "block">>();
  const blocks = new Map<ValueId, Block>();
  let count = 0;
  let parentValidators: ValidatorSet | undefined;

  function dropBlocks(): void {
    for (const valueId of blocks.keys()) {
      if (blocks.size <= MAX_BLOCKS) return;
      if (!needed(valueId)) blocks.delete(valueId);
    }
  }

  const keyOf = (kind: VoteKind, validator: number): string => `${kind}/${validator}`;

  return {
    config: {
      height,
      powers: validators.map(({ power }) => power),
      self: own < 0 ? undefined : own,
      proposer: proposerSchedule(rotation),
    },
    validators,
    get parentValidators() {
      parentValidators ??= app.rotation(height - 1)?.validators ?? [];
      return parentValidators;
    },
    pacing: pacing(app.params, app.tip.time),
    parentTime: app.tip.time,
    addVote(vote) {
      const round = votes.get(vote.round) ?? new Map<string, Vote[]>();
      votes.set(vote.round, round);
      const key = keyOf(kindOf(vote.type), vote.validatorIndex);
      round.set(key, [...(round.get(key) ?? []), vote]);
      count++;
    },
    votesOf: (kind, round, validator) => votes.get(round)?.get(keyOf(kind, validator)) ?? [],
    votes(round, only) {
      const all = [...(votes.get(round)?.values() ?? [])].flat();
      if (only === undefined) return all;
      return all.filter((vote) => kindOf(vote.type) === only.kind && voteValueOf(vote.blockId) === only.value);
    },
    voteCount: () => count,
    forgetVotes(keep) {
      count = 0;
      for (const [round, byVoter] of votes) {
        for (const [key, [vote, ...rest]] of byVoter) {
          if (vote !== undefined && keep(kindOf(vote.type), round, vote.validatorIndex)) count += 1 + rest.length;
          else byVoter.delete(key);
        }
        if (byVoter.size === 0) votes.delete(round);
      }
    },
    addProposal(signed) {
      const { proposal, signature, block } = signed;
      if (!proposals.has(proposal.round)) proposals.set(proposal.round, { proposal, signature });
      const valueId = toHex(proposal.blockId);
      if (!blocks.has(valueId)) blocks.set(valueId, block);
      dropBlocks();
    },
    proposal(round) {
      const signed = proposals.get(round);
      const block = signed === undefined ? undefined : blocks.get(toHex(signed.proposal.blockId));
      return signed === undefined || block === undefined ? undefined : { ...signed, block };
    },
    block: (valueId) => blocks.get(valueId),
  };
}
