import { headerRoot } from "../../chain/block-roots.ts";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { verifyCommit } from "../../chain/commit.ts";
import { readValidators } from "../../chain/executor/chain-state.ts";
import type { SignedProposal } from "../../chain/types/block.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { DuplicateVoteEvidence, Vote } from "../../chain/types/vote.ts";
import { validators as stakers } from "../../modules/staking/store.ts";
import type { StoredBlock } from "../../node/api.ts";
import { readCertified } from "../../node/block-store.ts";
import type { StateStore } from "../../state/store.ts";
import { coinFaults, createAuditor, supplyOf } from "./auditor.ts";
import { createJobChecks, type JobCounts } from "./job-checks.ts";
import type { Watch } from "./node-options.ts";
import type { World } from "./world.ts";

export interface ChecksOptions {
  readonly world: World;
  /** Nodes that do what the protocol says. */
  readonly correct: readonly number[];
  readonly onViolation: (violation: string) => void;
}

/** What must hold whatever happens, looked at as it happens. */
export interface Checks {
  watch(node: number): Omit<Watch, "onCrash">;
  /** Greatest height that any correct node has committed. */
  readonly height: number;
  readonly counts: {
    readonly evidence: number;
    readonly rounds: number;
    /** Challenges to justify a vote against an own lock, and penalties of those who could not. */
    readonly challenges: number;
    readonly amnesia: number;
    readonly jobs: Readonly<JobCounts>;
  };
}

/** What all correct nodes agree on at a height. */
interface Decided {
  readonly blockId: Uint8Array;
  readonly by: number;
}

const nothing = (): void => undefined;
const UNWATCHED: Omit<Watch, "onCrash"> = {
  onVote: nothing,
  onProposal: nothing,
  onEvidence: nothing,
  onCommitted: nothing,
  onVerdict: nothing,
  onPenalty: nothing,
  onFault: nothing,
};

export function createChecks({ world, correct, onViolation: report }: ChecksOptions): Checks {
  const { denom, genesisRoot } = world.genesis.spec;
  const isCorrect = new Set(correct);
  const guilty = new Set(world.voteKeys.flatMap(({ publicKey }, i) => (isCorrect.has(i) ? [] : [toHex(publicKey)])));
  const innocent = new Set(world.operators.flatMap((operator, i) => (isCorrect.has(i) ? [toHex(operator)] : [])));
  const auditor = createAuditor(world, report);
  const jobs = createJobChecks(world, correct);
  const decided = new Map<number, Decided>();
  /** What each correct node has signed, by node, height, round and type. */
  const said = new Map<string, string>();
  let supply = world.supply;
  let height = 0;
  let evidence = 0;
  let rounds = 0;
  let challenges = 0;
  let amnesia = 0;

  function note(node: number, type: string, at: { height: number; round: number }, what: Uint8Array): void {
    const key = `node ${node}, height ${at.height}, round ${at.round}, ${type}`;
    const before = said.get(key);
    if (before === undefined) said.set(key, toHex(what));
    else if (before !== toHex(what)) report(`double signing: ${key}`);
  }

  function checkEvidence(by: number, { voteA }: DuplicateVoteEvidence, validators: ValidatorSet | undefined): void {
    const accused = validators?.[voteA.validatorIndex];
    if (accused !== undefined && guilty.has(toHex(accused.voteKey))) return;
    report(`evidence of node ${by} blames the innocent: height ${voteA.height}, validator ${voteA.validatorIndex}`);
  }

  /** PERF: once for a height: a state of the same root says the same. */
  function checkPunished(at: string, store: StateStore): void {
    for (const [operator, { tombstoned }] of stakers.entries(store.latest)) {
      if (tombstoned && innocent.has(toHex(operator))) report(`${at}: a validator is punished that has done nothing`);
    }
  }

  function checkBlock(node: number, stored: StoredBlock, store: StateStore): void {
    const { header, body } = stored.block;
    const at = `height ${header.height}, node ${node}`;
    const first = decided.get(header.height);
    if (first === undefined) {
      if (header.height !== height + 1) report(`${at}: committed after height ${height}`);
      decided.set(header.height, { blockId: stored.blockId, by: node });
      height = header.height;
      rounds += stored.commit.round + 1;
      auditor.audit(stored.block, stored.commit);
      for (const { type, attributes } of stored.result.events) {
        if (type === "amnesia_challenge") challenges++;
        if (type === "slash" && attributes.some(([key, value]) => key === "reason" && value === "amnesia")) amnesia++;
      }
      for (const fault of jobs.faults(store.latest, stored)) report(`${at}: job ${fault}`);
      for (const fault of coinFaults(store.latest, stored, denom, supply)) report(`${at}: coins: ${fault}`);
      supply = supplyOf(store.latest, denom);
      checkPunished(at, store);
    } else if (!equalBytes(first.blockId, stored.blockId)) {
      report(`disagreement at height ${header.height}: nodes ${first.by} and ${node} have decided different blocks`);
    }
    if (!equalBytes(store.root, header.stateRoot)) {
      report(`${at}: the state root is not the header's`);
      checkPunished(at, store);
    }
    const validators = readValidators(store.latest, header.height);
    // What others will be given is on the disk, whatever listeners were told.
    const kept = readCertified(store, header.height);
    if (kept === undefined || !equalBytes(headerRoot(kept.block.header), stored.blockId)) {
      report(`${at}: the block that is kept is another`);
    }
    const problem =
      validators === undefined
        ? "its set is unknown"
        : verifyCommit(kept?.commit ?? stored.commit, validators, { genesisRoot }, world.bls);
    if (problem !== undefined) report(`${at}: the certificate does not hold: ${problem}`);
    for (const found of body.evidence.duplicateVotes) {
      evidence++;
      checkEvidence(header.proposerIndex, found, readValidators(store.latest, found.voteA.height));
    }
  }

  return {
    get height() {
      return height;
    },
    get counts() {
      return { evidence, rounds, challenges, amnesia, jobs: jobs.counts };
    },
    watch(node) {
      if (!isCorrect.has(node)) return UNWATCHED;
      return {
        onVote: (vote: Vote) => note(node, `vote ${vote.type}`, vote, vote.blockId),
        onProposal: ({ proposal }: SignedProposal) => note(node, "proposal", proposal, proposal.blockId),
        onEvidence: (found, validators) => checkEvidence(node, found, validators),
        onCommitted: (block, store) => checkBlock(node, block, store),
        onVerdict(from, topic, verdict) {
          if (verdict === "reject" && isCorrect.has(from)) report(`node ${node} rejects a ${topic} of node ${from}`);
        },
        onPenalty(peer, reason) {
          if (isCorrect.has(peer)) report(`node ${node} charges node ${peer}: ${reason}`);
        },
        onFault: (error) => report(`node ${node} has failed: ${String(error)}`),
      };
    },
  };
}
