import { toHex } from "../../chain/bytes.ts";
import type { Bls, SignatureSet } from "../../chain/crypto/bls.ts";
import { PRECOMMIT, PREVOTE, type Vote } from "../../chain/types/vote.ts";
import { voteData, voteRoot } from "../../chain/vote-signing.ts";
import type { VoteKind } from "../core/types.ts";
import { type Height, kindOf } from "./height.ts";
import type { Verdict } from "./ports.ts";

/** A vote that waits for its signature to be verified; everyone who sent it gets the one answer. */
export interface WaitingVote {
  readonly vote: Vote;
  readonly answer: (verdict: Verdict | Promise<Verdict>) => void;
}

/** Votes of the current height between arrival and verification. */
export interface VoteIntake {
  /** @returns a verdict at once, or a promise of one when the vote has to be verified first. */
  add(vote: Vote, height: Height): Verdict | Promise<Verdict>;
  /**
   * Takes what waits, all of it or only the kinds and rounds that may change something, and verifies it in batches. Those
   * with a wrong signature are answered `reject` here.
   */
  verify(height: Height, which: "all" | "decisive"): Promise<readonly WaitingVote[]>;
  /** Takes what waits without verifying it. */
  drain(): readonly WaitingVote[];
  /** Votes that wait. */
  readonly size: number;
}

/** More waiting than any honest set produces between two turns: the rest is ignored and has to be sent again. */
const MAX_WAITING = 8192;
/** Signatures verified together: enough to gain the whole factor, few enough to find a wrong one soon. */
const BATCH = 64;

function identity(vote: Vote): string {
  return `${vote.type}/${vote.round}/${vote.validatorIndex}/${toHex(vote.blockId)}/${toHex(vote.signature)}`;
}

/** Votes that count together. */
function groupOf({ type, round }: Vote): string {
  return `${type}/${round}`;
}

export interface IntakePorts {
  /** Whether votes of this power, with those counted already, could change anything if they were all right. */
  readonly isDecisive: (kind: VoteKind, round: number, power: bigint) => boolean;
  /** Something decisive waits. */
  readonly onDecisive: () => void;
  /** Something waits that is in no hurry but for those it is passed on to. */
  readonly onWaiting: (kind: VoteKind, round: number) => void;
}

/**
 * PERF: verifying together costs half as much for two votes and a quarter for many, and most votes change nothing when
 * they come: they wait until, with others that wait, they could.
 */
export function createVoteIntake(bls: Bls, genesisRoot: Uint8Array, ports: IntakePorts): VoteIntake {
  let waiting = new Map<string, WaitingVote & { readonly verdict: Promise<Verdict> }>();
  /** Power of the validators that votes wait of, by kind and round. */
  let powers = new Map<string, { readonly voters: Set<number>; power: bigint }>();
  const decisive = new Set<string>();

  function waitingPower(vote: Vote, height: Height): bigint {
    const entry = powers.get(groupOf(vote)) ?? { voters: new Set(), power: 0n };
    powers.set(groupOf(vote), entry);
    if (!entry.voters.has(vote.validatorIndex)) entry.power += height.config.powers[vote.validatorIndex] ?? 0n;
    entry.voters.add(vote.validatorIndex);
    return entry.power;
  }

  /** PERF: all votes for one block share a message, and hashing it costs a tenth of verifying it. */
  function signatureSets(votes: readonly Vote[], height: Height): SignatureSet[] {
    const messages = new Map<string, Uint8Array>();
    return votes.map((vote) => {
      const key = `${vote.type}/${vote.round}/${toHex(vote.blockId)}`;
      const message = messages.get(key) ?? voteRoot(vote.type, voteData(vote), genesisRoot);
      messages.set(key, message);
      const publicKey = height.validators[vote.validatorIndex]?.voteKey ?? new Uint8Array(0);
      return { publicKey, message, signature: vote.signature };
    });
  }

  /** Halves what does not verify until the wrong ones are found. */
  async function verifyParts(batch: readonly WaitingVote[], sets: readonly SignatureSet[]): Promise<WaitingVote[]> {
    if (await bls.verifyBatchAside(sets)) return [...batch];
    if (batch.length === 1) {
      for (const { answer } of batch) answer("reject");
      return [];
    }
    const half = batch.length >> 1;
    const first = await verifyParts(batch.slice(0, half), sets.slice(0, half));
    return [...first, ...(await verifyParts(batch.slice(half), sets.slice(half)))];
  }

  function verifyBatch(batch: readonly WaitingVote[], height: Height): Promise<WaitingVote[]> {
    const votes = batch.map(({ vote }) => vote);
    return verifyParts(batch, signatureSets(votes, height));
  }

  function drain(): WaitingVote[] {
    const all = [...waiting.values()];
    waiting = new Map();
    powers = new Map();
    decisive.clear();
    return all;
  }

  /** PERF: a prevote that comes after its polka is of no use any more, and would be verified for nothing. */
  function takeDecisive(): WaitingVote[] {
    const taken: WaitingVote[] = [];
    for (const [key, entry] of waiting) {
      if (!decisive.has(groupOf(entry.vote))) continue;
      taken.push(entry);
      waiting.delete(key);
    }
    for (const group of decisive) powers.delete(group);
    decisive.clear();
    return taken;
  }

  return {
    add(vote, height) {
      if (vote.type !== PREVOTE && vote.type !== PRECOMMIT) return "reject";
      if (vote.validatorIndex >= height.validators.length) return "reject";
      const kind = kindOf(vote.type);
      const known = height.votesOf(kind, vote.round, vote.validatorIndex);
      // A BLS signature is unique, so the same block by the same validator is the same vote or a forged copy of it.
      if (known.some((other) => toHex(other.blockId) === toHex(vote.blockId))) return "ignore";
      const key = identity(vote);
      const same = waiting.get(key);
      if (same !== undefined) return same.verdict;
      if (waiting.size >= MAX_WAITING) return "ignore";
      const { promise, resolve } = Promise.withResolvers<Verdict>();
      waiting.set(key, { vote, answer: resolve, verdict: promise });
      if (ports.isDecisive(kind, vote.round, waitingPower(vote, height))) {
        decisive.add(groupOf(vote));
        ports.onDecisive();
      } else ports.onWaiting(kind, vote.round);
      return promise;
    },
    drain,
    get size() {
      return waiting.size;
    },
    async verify(height, which) {
      const all = which === "all" ? drain() : takeDecisive();
      const good: WaitingVote[] = [];
      for (let from = 0; from < all.length; from += BATCH)
        good.push(...(await verifyBatch(all.slice(from, from + BATCH), height)));
      return good;
    },
  };
}
