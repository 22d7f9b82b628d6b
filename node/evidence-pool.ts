import { faultOf } from "../chain/executor/block-checks.ts";
import type { DuplicateVoteEvidence } from "../chain/types/vote.ts";

/** Contradicting votes that wait for a block which this node proposes. */
export interface EvidencePool {
  add(evidence: DuplicateVoteEvidence): void;
  /** Those that a block may carry once the height that they are of is committed. */
  waiting(): readonly DuplicateVoteEvidence[];
  /** After a commit: forgets what the block carried, and everything too old for the next one. */
  committed(included: readonly DuplicateVoteEvidence[], oldestHeight: number): void;
}

/** A validator is punished once, so a handful is enough; a flood of pairs is one validator's doing. */
const MAX_WAITING = 64;
/** Of one validator: whoever contradicts itself at many heights must not keep evidence against others out. */
const MAX_PER_VALIDATOR = 4;
const MAX_DONE = 1024;

export function createEvidencePool(): EvidencePool {
  const pool = new Map<string, DuplicateVoteEvidence>();
  const done = new Set<string>();
  return {
    add(evidence) {
      const fault = faultOf(evidence);
      if (pool.has(fault) || done.has(fault) || pool.size >= MAX_WAITING) return;
      const { validatorIndex } = evidence.voteA;
      const known = [...pool.values()].filter(({ voteA }) => voteA.validatorIndex === validatorIndex);
      if (known.length < MAX_PER_VALIDATOR) pool.set(fault, evidence);
    },
    waiting: () => [...pool.values()],
    committed(included, oldestHeight) {
      for (const evidence of included) {
        done.add(faultOf(evidence));
        if (done.size > MAX_DONE) for (const oldest of done) if (done.delete(oldest)) break;
      }
      for (const [fault, evidence] of pool) {
        if (evidence.voteA.height < oldestHeight || done.has(fault)) pool.delete(fault);
      }
    },
  };
}
