import { setImmediate as breathe } from "node:timers/promises";
import type { Type } from "@chainsafe/ssz";
import { CertifiedBlock, SignedProposal } from "../chain/types/block.ts";
import type { Vote } from "../chain/types/vote.ts";
import type { Batch } from "./sync-download.ts";
import type { Claim } from "./sync-peers.ts";
import { BlocksRequest, BlocksResponse, decodeWire, StatusResponse, VotesRequest, VotesResponse } from "./wire.ts";

type Verdict = "accept" | "ignore" | "reject";

/** What catching up needs of the network and of consensus. */
export interface SyncPorts {
  peers(): readonly { readonly peerId: string }[];
  request(
    peerId: string,
    protocol: "status" | "blocks" | "votes",
    bytes: Uint8Array,
    options: { readonly timeoutMs: number; readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
  penalise(peerId: string, points: number, reason: string): void;
  /** Height of the last committed block. */
  tip(): number;
  /** Verifies, executes and commits the next block; false when its certificate does not hold. */
  certified(block: CertifiedBlock): Promise<boolean>;
  /** Verifies what it can of consecutive blocks together; gives those to hand to `certified`. */
  prove?(blocks: readonly CertifiedBlock[]): readonly CertifiedBlock[];
  /** Lets the commits of blocks reach the disk as one. What is committed meanwhile may be lost in a crash, all or nothing. */
  together?<T>(commits: () => Promise<T>): Promise<T>;
  /** Where consensus stands, and whether it has the round's proposal. */
  position(): { readonly height: number; readonly round: number; readonly hasProposal: boolean };
  onVote(vote: Vote, from: string): Promise<Verdict>;
  onProposal(proposal: SignedProposal, from: string): Promise<Verdict>;
}

/** Penalties of what peers answer; at 100 in all, after decay, one is banned. */
const NO_SSZ = 20;
const FALSE_BLOCK = 50;
const FALSE_VOTE = 20;
/** Mild, since a block may have been pruned meanwhile; a peer that always promises more than it has is gone in half a minute. */
const EMPTY_PROMISE = 5;

/** Blocks that are verified and written together: what a crash loses at most, and bodies that are hashed without a pause. */
const TAKEN_TOGETHER = 32;
/** Shorter than the protocols allow: there are other peers to ask. */
const TIMEOUT = { status: 3_000, blocks: 8_000, votes: 3_000 } as const;
/** Votes handed to consensus before it has judged those before them: a liar's are verified one by one, a millisecond each. */
const VOTES_AT_ONCE = 64;

/** One question each, to one peer. They throw what `request` throws. */
export interface SyncRequests {
  /** Undefined when the peer's answer is malformed. */
  status(peerId: string): Promise<Claim | undefined>;
  /** @returns at least one block and at most `count`, not looked at yet; nothing, and charges the peer, for what is no such answer. */
  blocks(
    peerId: string,
    range: { readonly height: number; readonly from: number; readonly count: number },
  ): Promise<readonly Uint8Array[] | undefined>;
  /** Commits the blocks of a batch in order, as far as they are proven; charges the peer for the first that is not. */
  take(batch: Batch): Promise<void>;
  votes(peerId: string): Promise<void>;
}

/** @param signal ends all of them. */
export function createSyncRequests(ports: SyncPorts, signal: AbortSignal): SyncRequests {
  const stopping = new Promise<"ignore">((resolve) => signal.addEventListener("abort", () => resolve("ignore")));

  /** @returns undefined, and charges the peer, for an answer that is no SSZ. */
  async function ask<T>(peerId: string, protocol: keyof typeof TIMEOUT, type: Type<T>, request: Uint8Array) {
    const bytes = await ports.request(peerId, protocol, request, { timeoutMs: TIMEOUT[protocol], signal });
    return parse(peerId, type, bytes, protocol);
  }

  function parse<T>(peerId: string, type: Type<T>, bytes: Uint8Array, what: string): T | undefined {
    const value = decodeWire(type, bytes);
    if (value === undefined) ports.penalise(peerId, NO_SSZ, `an answer to ${what} that is no SSZ`);
    return value;
  }

  /** @returns the blocks as far as they are what they should be; the first that is none costs the peer. */
  function readBlocks({ peerId, from, blocks }: Batch): CertifiedBlock[] {
    const read: CertifiedBlock[] = [];
    for (const [index, encoded] of blocks.entries()) {
      const block = parse(peerId, CertifiedBlock, encoded, "blocks");
      if (block === undefined) return read;
      const { height } = block.block.header;
      if (height !== from + index) {
        ports.penalise(peerId, NO_SSZ, `block ${height} in place of ${from + index}`);
        return read;
      }
      read.push(block);
    }
    return read;
  }

  /** @returns false at the first block that is not proven. */
  async function commit(blocks: readonly CertifiedBlock[]): Promise<boolean> {
    for (const block of blocks) {
      if (block.block.header.height <= ports.tip()) continue; // Consensus was faster.
      if (!(await ports.certified(block))) return false;
      if (signal.aborted) return true;
    }
    return true;
  }

  /** A verdict that never comes, because consensus has stopped, must not keep this from ending. */
  async function takeVotes(peerId: string, votes: readonly Vote[]): Promise<void> {
    for (let at = 0; at < votes.length && !signal.aborted; at += VOTES_AT_ONCE) {
      const verdicts = votes.slice(at, at + VOTES_AT_ONCE).map((vote) => ports.onVote(vote, peerId));
      const judged = await Promise.race([Promise.all(verdicts), stopping]);
      if (judged.includes("reject")) return ports.penalise(peerId, FALSE_VOTE, "a vote that is none");
    }
  }

  return {
    async status(peerId) {
      const found = await ask(peerId, "status", StatusResponse, new Uint8Array(0));
      return found && { height: found.height, earliestHeight: found.earliestHeight };
    },
    async blocks(peerId, { height, from, count }) {
      const blocks = await ask(peerId, "blocks", BlocksResponse, BlocksRequest.serialize({ from, count }));
      if (blocks?.length === 0) ports.penalise(peerId, EMPTY_PROMISE, `claims height ${height} without block ${from}`);
      if (blocks === undefined || blocks.length <= count) return blocks;
      ports.penalise(peerId, NO_SSZ, `${blocks.length} blocks where ${count} were asked for`);
      return undefined;
    },
    async take(batch) {
      const blocks = readBlocks(batch);
      for (let at = 0; at < blocks.length && !signal.aborted; at += TAKEN_TOGETHER) {
        const read = blocks.slice(at, at + TAKEN_TOGETHER);
        const some = ports.prove?.(read) ?? read;
        const areGood = await (ports.together?.(() => commit(some)) ?? commit(some));
        if (signal.aborted) return;
        if (!areGood) return ports.penalise(batch.peerId, FALSE_BLOCK, "a block whose certificate does not hold");
        await breathe();
      }
    },
    async votes(peerId) {
      const { height, round, hasProposal } = ports.position();
      const request = VotesRequest.serialize({ height, round, wantProposal: !hasProposal });
      const answer = await ask(peerId, "votes", VotesResponse, request);
      if (answer === undefined) return;
      if (answer.proposal.length > 0) {
        const proposal = parse(peerId, SignedProposal, answer.proposal, "votes");
        if (proposal === undefined) return;
        const verdict = await Promise.race([ports.onProposal(proposal, peerId), stopping]);
        if (verdict === "reject") return ports.penalise(peerId, FALSE_VOTE, "a proposal that is none");
      }
      await takeVotes(
        peerId,
        answer.votes.filter((vote) => vote.height === height),
      );
    },
  };
}
