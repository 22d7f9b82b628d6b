import { aggregateVotes } from "../../chain/aggregate-vote.ts";
import { equalBytes } from "../../chain/bytes.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { voteData, voteRoot } from "../../chain/vote-signing.ts";
import type { State } from "../core/state.ts";
import type { Height } from "./height.ts";
import type { Application } from "./ports.ts";
import { isExcused } from "./testimony.ts";

/** Compares votes that come after their height was decided with those that came in time. */
export interface LateWitness {
  /** @param verified whether the signature is known to be right. */
  hear(vote: Vote, verified: boolean): void;
}

/** Signatures verified at most for one height: contradictions are cheap to claim. */
const MAX_VERIFIED = 16;
/** Late votes remembered of one validator, verified or not. */
const MAX_HEARD = 8;

export const NO_WITNESS: LateWitness = { hear: () => undefined };

interface Heard {
  readonly vote: Vote;
  verified: boolean;
}

/** @param state where the core stood when the height was decided. */
export function createLateWitness(
  app: Pick<Application, "spec" | "addEvidence" | "addChallenge">,
  bls: Bls,
  height: Height,
  state: State,
): LateWitness {
  let verifications = 0;
  const accused = new Set<number>();
  const late = new Map<number, Heard[]>();

  function isGenuine(heard: Heard): boolean {
    const { vote } = heard;
    const publicKey = height.validators[vote.validatorIndex]?.voteKey;
    if (heard.verified || publicKey === undefined || verifications >= MAX_VERIFIED) return heard.verified;
    verifications++;
    const message = voteRoot(vote.type, voteData(vote), app.spec.genesisRoot);
    heard.verified = bls.verify({ publicKey, message, signature: vote.signature });
    return heard.verified;
  }

  function inTime(index: number): Heard[] {
    const votes = [...state.votes.rounds.keys()].flatMap((round) =>
      (["prevote", "precommit"] as const).flatMap((kind) => height.votesOf(kind, round, index)),
    );
    return votes.map((vote) => ({ vote, verified: true }));
  }

  /** A precommit and a later vote for another block, in whatever order they came. */
  function isBrokenLock(first: Vote, second: Vote): boolean {
    if (first.type !== PRECOMMIT || second.round <= first.round) return false;
    if (equalBytes(first.blockId, second.blockId)) return false;
    if (equalBytes(first.blockId, ZERO_32) || equalBytes(second.blockId, ZERO_32)) return false;
    return !isExcused(state, second, first.round);
  }

  function challenge(precommit: Vote, later: Vote): void {
    const sum = (vote: Vote) => aggregateVotes([vote], height.validators.length, bls);
    app.addChallenge({ precommits: sum(precommit), later: sum(later) });
  }

  /** What two votes of one validator are evidence of, once both are known to be genuine. */
  function contradiction(a: Vote, b: Vote): (() => void) | undefined {
    if (a.type === b.type && a.round === b.round && !equalBytes(a.blockId, b.blockId)) {
      return () => app.addEvidence(duplicateVoteEvidence(a, b));
    }
    if (isBrokenLock(a, b)) return () => challenge(a, b);
    return isBrokenLock(b, a) ? () => challenge(b, a) : undefined;
  }

  return {
    hear(vote, verified) {
      const { type, validatorIndex: index } = vote;
      if ((type !== PREVOTE && type !== PRECOMMIT) || index >= height.validators.length || accused.has(index)) return;
      const before = late.get(index) ?? [];
      const heard: Heard = { vote, verified };
      const known = [...inTime(index), ...before];
      if (known.some((other) => equalBytes(other.vote.signature, vote.signature))) return;
      for (const other of known) {
        const accuse = contradiction(other.vote, vote);
        if (accuse === undefined || !isGenuine(other) || !isGenuine(heard)) continue;
        accused.add(index);
        return accuse();
      }
      if (before.length < MAX_HEARD) late.set(index, [...before, heard]);
    },
  };
}
