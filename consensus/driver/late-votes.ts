import { equalBytes } from "../../chain/bytes.ts";
import { extendCommit } from "../../chain/commit.ts";
import type { Bls, SignatureSet } from "../../chain/crypto/bls.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import { type Commit, PRECOMMIT, type Vote } from "../../chain/types/vote.ts";
import { voteData, voteRoot } from "../../chain/vote-signing.ts";
import type { LateWitness } from "./late-witness.ts";
import type { Application, Verdict } from "./ports.ts";

/**
 * Precommits for the tip that came after its certificate was made. The next proposer puts them into its block, so that
 * being slower than two thirds does not look like being absent. At most one for each validator is kept.
 */
export interface LateVotes {
  /** @param verified whether the signature is known to be right; else the verdict comes with `verify`. */
  add(vote: Vote, verified: boolean): Verdict | Promise<Verdict>;
  /** Verifies what waits. */
  verify(): void;
  /** A block that holds has these signers in its last commit: their votes are no news any more. */
  included(commit: Commit): void;
  /** The tip's certificate with all late votes that are verified. */
  commit(): Commit;
  /** Answers whoever waits: the next block is decided, and these votes are of no use any more. */
  drop(): void;
  /** Votes that wait to be verified. */
  readonly waiting: number;
}

interface Waiting {
  readonly vote: Vote;
  readonly set: SignatureSet;
  readonly answer: (verdict: Verdict) => void;
}

/**
 * @param onWaiting called when there is something to verify, some time.
 * @param witness hears every vote that comes too late for its height.
 */
export function createLateVotes(app: Application, bls: Bls, onWaiting: () => void, witness: LateWitness): LateVotes {
  const { tipCommit } = app;
  const votes = new Map<number, Vote>();
  let waiting: Waiting[] = [];
  let validators: ValidatorSet | undefined;

  function isWanted({ type, round, blockId, validatorIndex: index }: Vote): boolean {
    const isOfTip = type === PRECOMMIT && round === tipCommit.round && equalBytes(blockId, tipCommit.blockId);
    return isOfTip && index < tipCommit.signers.bitLen && !tipCommit.signers.get(index) && !votes.has(index);
  }

  function verify(): void {
    const batch = waiting;
    waiting = [];
    const allGood = bls.verifyBatch(batch.map(({ set }) => set));
    for (const { vote, set, answer } of batch) {
      const isGood = allGood || bls.verify(set);
      if (isGood) votes.set(vote.validatorIndex, vote);
      answer(isGood ? "accept" : "reject");
    }
  }

  return {
    add(vote, verified) {
      witness.hear(vote, verified);
      if (!isWanted(vote)) return "ignore";
      if (verified) {
        votes.set(vote.validatorIndex, vote);
        return "accept";
      }
      // PERF: read only when a vote asks for it; most heights have few late votes.
      validators ??= app.rotation(tipCommit.height)?.validators ?? [];
      const publicKey = validators[vote.validatorIndex]?.voteKey;
      if (publicKey === undefined || waiting.length >= 2 * validators.length) return "ignore";
      const message = voteRoot(vote.type, voteData(vote), app.spec.genesisRoot);
      const { promise, resolve } = Promise.withResolvers<Verdict>();
      waiting.push({ vote, set: { publicKey, message, signature: vote.signature }, answer: resolve });
      onWaiting();
      return promise;
    },
    verify,
    get waiting() {
      return waiting.length;
    },
    included({ signers }) {
      waiting = waiting.filter(({ vote, answer }) => {
        const isNews = vote.validatorIndex >= signers.bitLen || !signers.get(vote.validatorIndex);
        if (!isNews) answer("ignore");
        return isNews;
      });
    },
    commit() {
      verify();
      return extendCommit(tipCommit, [...votes.values()], bls);
    },
    drop() {
      for (const { answer } of waiting) answer("ignore");
      waiting = [];
    },
  };
}
