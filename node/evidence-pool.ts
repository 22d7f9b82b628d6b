import { toHex } from "../chain/bytes.ts";
import { readTip } from "../chain/executor/chain-state.ts";
import {
  type EvidenceView,
  examineAmnesiaChallenge,
  examineDuplicateVote,
  examineLightClientAttack,
  examinePolka,
  faultOf,
} from "../chain/executor/evidence-checks.ts";
import {
  AggregateVote,
  AmnesiaChallenge,
  type BlockEvidence,
  LightClientAttackEvidence,
} from "../chain/types/evidence.ts";
import { endedBy, newlyAccused } from "../modules/slashing/amnesia.ts";
import { validatorByOperator } from "../modules/staking/keeper.ts";
import type { Verdict } from "../p2p/topics.ts";
import type { StateReader } from "../state/store.ts";
import type { VoteEvidence } from "./evidence-message.ts";

/** Evidence against votes, and what excuses from challenges, that wait for a block which this node proposes. */
export interface EvidencePool {
  /** Something that this node has found out itself; its height may still be under way. @returns whether it was news. */
  found(evidence: VoteEvidence): boolean;
  /** Something that a peer says. */
  hear(evidence: VoteEvidence): Verdict;
  readonly count: number;
  /** Those that a block may carry once the height that they are of is committed. */
  waiting(): BlockEvidence;
  /** After a commit: forgets what the block carried, and everything that is of no use any more. Never throws. */
  committed(included: BlockEvidence): void;
}

export interface EvidencePoolOptions {
  /** The state at the tip and the time of the next block. */
  readonly view: () => EvidenceView;
  readonly log: { error(fields: object, message: string): void };
}

/**
 * Most of each kind, and of one author among them: a validator is punished once, so a handful is enough, and whoever
 * contradicts itself at many heights, or adds up the same votes in many ways, must not keep the rest out.
 */
const BOUNDS = {
  duplicateVote: { all: 64, ofAuthor: 4 },
  lightClientAttack: { all: 8, ofAuthor: 2 },
  amnesiaChallenge: { all: 32, ofAuthor: 8 },
  polka: { all: 32, ofAuthor: 8 },
} as const satisfies Record<VoteEvidence["kind"], { readonly all: number; readonly ofAuthor: number }>;
const MAX_DONE = 1024;

/** One fault in one form: other pairs of it say nothing more. */
function idOf(found: VoteEvidence): string {
  switch (found.kind) {
    case "duplicateVote":
      return faultOf(found.evidence);
    case "lightClientAttack":
      return toHex(LightClientAttackEvidence.hashTreeRoot(found.evidence));
    case "amnesiaChallenge":
      return toHex(AmnesiaChallenge.hashTreeRoot(found.evidence));
    case "polka":
      return toHex(AggregateVote.hashTreeRoot(found.evidence));
  }
}

function heightOf(found: VoteEvidence): number {
  switch (found.kind) {
    case "duplicateVote":
      return found.evidence.voteA.height;
    case "lightClientAttack":
      return found.evidence.header.height;
    case "amnesiaChallenge":
      return found.evidence.later.height;
    case "polka":
      return found.evidence.height;
  }
}

/** Whose doing it is: the validator of a pair, the height otherwise. */
function authorOf(found: VoteEvidence): string {
  return found.kind === "duplicateVote" ? `validator ${found.evidence.voteA.validatorIndex}` : `${heightOf(found)}`;
}

const isPunishable = (store: StateReader, operator: Uint8Array): boolean =>
  validatorByOperator(store, operator)?.tombstoned === false;

/** What makes this evidence unusable in the next block, if anything, with the signatures that `view` verifies. */
function problem(view: EvidenceView, found: VoteEvidence): string | undefined {
  const { base } = view;
  switch (found.kind) {
    case "duplicateVote": {
      const fault = examineDuplicateVote(view, found.evidence);
      if (typeof fault === "string") return fault;
      return isPunishable(base, fault.operator) ? undefined : "it has been punished already";
    }
    case "lightClientAttack": {
      const attack = examineLightClientAttack(view, found.evidence);
      if (typeof attack === "string") return attack;
      const isNews =
        attack.faults.some(({ operator }) => isPunishable(base, operator)) ||
        attack.demands.some((demand) => newlyAccused(base, demand).length > 0);
      return isNews ? undefined : "it has been answered for already";
    }
    case "amnesiaChallenge": {
      const demand = examineAmnesiaChallenge(view, found.evidence);
      if (typeof demand === "string") return demand;
      return newlyAccused(base, demand).length > 0 ? undefined : "nobody is challenged for the first time";
    }
    case "polka": {
      const polka = examinePolka(view, found.evidence);
      if (typeof polka === "string") return polka;
      return endedBy(base, polka).length > 0 ? undefined : "it answers no challenge";
    }
  }
}

/** Everything about evidence but its signatures: cheap, and what has to hold before those can be held against anyone. */
function unsigned(view: EvidenceView): EvidenceView {
  const { runtime } = view;
  const bls = { ...runtime.bls, verify: () => true, verifyAggregate: () => true };
  return { ...view, runtime: { ...runtime, bls } };
}

export function createEvidencePool({ view, log }: EvidencePoolOptions): EvidencePool {
  const pool = new Map<string, VoteEvidence>();
  const done = new Set<string>();
  const keyOf = (found: VoteEvidence): string => `${found.kind} ${idOf(found)}`;

  function hasRoom(found: VoteEvidence): boolean {
    const { all, ofAuthor } = BOUNDS[found.kind];
    const same = [...pool.values()].filter(({ kind }) => kind === found.kind);
    return same.length < all && same.filter((other) => authorOf(other) === authorOf(found)).length < ofAuthor;
  }

  function markDone(key: string): void {
    done.add(key);
    if (done.size > MAX_DONE) for (const oldest of done) if (done.delete(oldest)) break;
  }

  function isUsable(current: EvidenceView, found: VoteEvidence): boolean {
    const { height } = readTip(current.base);
    // Found while its height was under way, or before the next block shows the precommits for it.
    return heightOf(found) >= height || problem(unsigned(current), found) === undefined;
  }

  return {
    found(evidence) {
      const key = keyOf(evidence);
      if (pool.has(key) || done.has(key) || !hasRoom(evidence)) return false;
      pool.set(key, evidence);
      return true;
    },
    hear(evidence) {
      const key = keyOf(evidence);
      if (pool.has(key) || done.has(key) || !hasRoom(evidence)) return "ignore";
      const current = view();
      if (problem(unsigned(current), evidence) !== undefined) return "ignore";
      if (problem(current, evidence) !== undefined) return "reject";
      pool.set(key, evidence);
      return "accept";
    },
    get count() {
      return pool.size;
    },
    waiting() {
      const waiting: BlockEvidence = { duplicateVotes: [], lightClientAttacks: [], amnesiaChallenges: [], polkas: [] };
      for (const found of pool.values()) {
        if (found.kind === "duplicateVote") waiting.duplicateVotes.push(found.evidence);
        else if (found.kind === "lightClientAttack") waiting.lightClientAttacks.push(found.evidence);
        else if (found.kind === "amnesiaChallenge") waiting.amnesiaChallenges.push(found.evidence);
        else waiting.polkas.push(found.evidence);
      }
      return waiting;
    },
    committed(included) {
      const { duplicateVotes, lightClientAttacks, amnesiaChallenges } = included;
      for (const evidence of duplicateVotes) markDone(keyOf({ kind: "duplicateVote", evidence }));
      for (const evidence of lightClientAttacks) markDone(keyOf({ kind: "lightClientAttack", evidence }));
      for (const evidence of amnesiaChallenges) markDone(keyOf({ kind: "amnesiaChallenge", evidence }));
      if (pool.size === 0) return;
      try {
        const current = view();
        for (const [key, found] of pool) if (done.has(key) || !isUsable(current, found)) pool.delete(key);
      } catch (error) {
        pool.clear();
        log.error({ err: error }, "judging waiting evidence failed");
      }
    },
  };
}
