import { aggregateVotes } from "../../chain/aggregate-vote.ts";
import { excusingRounds, inBoth } from "../../chain/amnesia.ts";
import { toHex } from "../../chain/bytes.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import type { AggregateVote, AmnesiaChallenge } from "../../chain/types/evidence.ts";
import { MAX_CHALLENGES_PER_BLOCK } from "../../chain/types/limits.ts";
import type { Commit, Vote } from "../../chain/types/vote.ts";
import type { State } from "../core/state.ts";
import type { ValueId, VoteKind } from "../core/types.ts";
import { hasQuorumFor } from "../core/vote-keeper.ts";
import { blockIdOf, type Height, typeOf } from "./height.ts";

/** What a node has seen of the votes of a height that took more than one go. */
export interface Testimony {
  /** Every polka of a block, for whoever has to show one. */
  readonly polkas: readonly AggregateVote[];
  /** Votes against earlier precommits that no polka which was seen here excuses. */
  readonly challenges: readonly AmnesiaChallenge[];
}

export const NO_TESTIMONY: Testimony = { polkas: [], challenges: [] };

/** The votes of one kind for one block in one round. */
interface Group {
  readonly kind: VoteKind;
  readonly round: number;
  readonly valueId: ValueId;
  readonly votes: readonly Vote[];
  readonly voters: readonly number[];
}

function groupsOf(state: State, height: Height): Group[] {
  const rounds = [...state.votes.rounds.keys()].sort((a, b) => a - b);
  return rounds.flatMap((round) =>
    (["prevote", "precommit"] as const).flatMap((kind) => {
      const values = [...(state.votes.rounds.get(round)?.[kind].powers.keys() ?? [])];
      return values.flatMap((valueId): Group[] => {
        const votes = valueId === null ? [] : height.votes(round, { kind, value: valueId });
        if (valueId === null || votes.length === 0) return [];
        return [{ kind, round, valueId, votes, voters: votes.map(({ validatorIndex }) => validatorIndex) }];
      });
    }),
  );
}

/** Whether a polka that was seen here lets a validator cast this vote after it has precommitted another block in `lockRound`. */
export function isExcused(
  { votes }: State,
  later: { readonly type: number; readonly round: number; readonly blockId: Uint8Array },
  lockRound: number,
): boolean {
  const { fromRound, toRound } = excusingRounds(later.type, later.round, lockRound);
  const valueId = toHex(later.blockId);
  return [...votes.rounds.keys()].some(
    (round) => fromRound <= round && round <= toRound && hasQuorumFor(votes, round, "prevote", valueId),
  );
}

function isUnexcused(state: State, precommits: Group, later: Group): boolean {
  if (later.round <= precommits.round || later.valueId === precommits.valueId) return false;
  if (inBoth(precommits.voters, later.voters).length === 0) return false;
  const { kind, round, valueId } = later;
  return !isExcused(state, { type: typeOf(kind), round, blockId: blockIdOf(valueId) }, precommits.round);
}

/**
 * Looks at all votes of a height at its end. Costs nothing where the first round decided and nobody wanted another block.
 * @param decided the height's certificate.
 */
export function testimonyOf(state: State, height: Height, decided: Commit, bls: Pick<Bls, "aggregate">): Testimony {
  if (decided.round === 0 && state.votes.rounds.size <= 1 && isUnanimous(state, toHex(decided.blockId))) {
    return NO_TESTIMONY;
  }
  const groups = groupsOf(state, height);
  const sum = ({ votes }: Group): AggregateVote => aggregateVotes(votes, height.validators.length, bls);
  const polkas = groups.filter(
    ({ kind, round, valueId }) => kind === "prevote" && hasQuorumFor(state.votes, round, "prevote", valueId),
  );
  const challenges: AmnesiaChallenge[] = [];
  for (const precommits of groups.filter(({ kind }) => kind === "precommit")) {
    for (const later of groups) {
      if (challenges.length >= MAX_CHALLENGES_PER_BLOCK) break;
      if (isUnexcused(state, precommits, later)) challenges.push({ precommits: sum(precommits), later: sum(later) });
    }
  }
  return { polkas: polkas.map(sum), challenges };
}

function isUnanimous({ votes }: State, decided: ValueId): boolean {
  return [...votes.rounds.values()].every(({ prevote }) =>
    [...prevote.powers.keys()].every((value) => value === null || value === decided),
  );
}
