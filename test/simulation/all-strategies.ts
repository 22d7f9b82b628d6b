import { amnesia } from "./strategies/amnesia.ts";
import { badEvidence } from "./strategies/bad-evidence.ts";
import { breakLocks } from "./strategies/break-locks.ts";
import { copyCommitments } from "./strategies/copy-commitments.ts";
import { equivocateAttestations } from "./strategies/equivocate-attestations.ts";
import { equivocateProposals } from "./strategies/equivocate-proposals.ts";
import { equivocateVotes } from "./strategies/equivocate-votes.ts";
import { falsePol } from "./strategies/false-pol.ts";
import { flipFlop } from "./strategies/flip-flop.ts";
import { guessOutputs } from "./strategies/guess-outputs.ts";
import { invalidBlocks } from "./strategies/invalid-blocks.ts";
import { leaveOut } from "./strategies/leave-out.ts";
import { lyingSync } from "./strategies/lying-sync.ts";
import { nilOnly } from "./strategies/nil-only.ts";
import { selectiveSend } from "./strategies/selective-send.ts";
import { slowRuns } from "./strategies/slow-runs.ts";
import { untimelyVotes } from "./strategies/untimely-votes.ts";
import { voteFlood } from "./strategies/vote-flood.ts";
import { withhold } from "./strategies/withhold.ts";
import { withholdReveals } from "./strategies/withhold-reveals.ts";
import { wrongOutputs } from "./strategies/wrong-outputs.ts";
import type { Strategy } from "./strategy.ts";

/** What concerns runs of models and not blocks. */
export const ATTESTING: readonly Strategy[] = [wrongOutputs, equivocateAttestations, withholdReveals, copyCommitments];

/** All there are, in a fixed order: runs with a seed draw from it. Add a new one at the end. */
export const STRATEGIES: readonly Strategy[] = [
  equivocateVotes,
  equivocateProposals,
  withhold,
  selectiveSend,
  amnesia,
  nilOnly,
  invalidBlocks,
  untimelyVotes,
  voteFlood,
  falsePol,
  lyingSync,
  badEvidence,
  ...ATTESTING,
  breakLocks,
  flipFlop,
  guessOutputs,
  slowRuns,
  leaveOut,
];
