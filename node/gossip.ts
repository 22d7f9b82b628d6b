import { ByteListType, ListCompositeType } from "@chainsafe/ssz";
import { Commitment } from "../chain/types/attestation.ts";
import { SignedProposal } from "../chain/types/block.ts";
import { MAX_TX_BYTES } from "../chain/types/limits.ts";
import { Vote } from "../chain/types/vote.ts";
import type { Driver } from "../consensus/driver/driver.ts";
import type { TopicHandler } from "../p2p/topic-queue.ts";
import type { PerTopic } from "../p2p/topics.ts";
import type { NodeAttestationPool } from "./attestation-pool.ts";
import { decodeEvidence } from "./evidence-message.ts";
import type { EvidencePool } from "./evidence-pool.ts";
import type { Mempool } from "./mempool.ts";
import { decodeWire, RevealBatch, type RevealMessage } from "./wire.ts";

/** Transactions travel in batches, so that a burst costs one message and not hundreds. */
export const TxBatch = new ListCompositeType(new ByteListType(MAX_TX_BYTES), 256);

export interface GossipPorts {
  readonly driver: Pick<Driver, "onProposal" | "onVote" | "notifyWork" | "status">;
  readonly mempool: Pick<Mempool, "add">;
  readonly pool: Omit<NodeAttestationPool, "hasWork" | "select" | "committed">;
  readonly evidence: Pick<EvidencePool, "hear">;
  /** This peer speaks of a height beyond the next one. */
  readonly onAhead: (peerId: string) => void;
  /** Resolves when what else has come in has had its turn. */
  readonly breathe: () => Promise<void>;
}

/**
 * Codes of the SDK (`txParse`, `unauthorized`) for what is wrong on every state: bytes that are no transaction, a signature that does
 * not fit the very sequence it claims. Whoever passes such a thing on has not looked at it.
 */
const NEVER_VALID: ReadonlySet<number> = new Set([2, 4]);

/**
 * Transactions checked before proposals and votes get their turn again, about two milliseconds. Without it a flood of batches holds up the
 * very blocks that would empty the mempool.
 */
const TURN = 8;

/** Refusals for other reasons may be acceptances on a state that is a block older or newer: no one is to blame for them. */
function txTaker({ mempool, breathe }: Pick<GossipPorts, "mempool" | "breathe">) {
  let checked = 0;
  return async (batch: readonly Uint8Array[]): Promise<"accept" | "ignore" | "reject"> => {
    let accepted = false;
    for (const tx of batch) {
      const { code, codespace } = mempool.add(tx);
      // The rest is not looked at: one bad transaction costs a flooder its connection, and not this node a full batch.
      if (codespace === "sdk" && NEVER_VALID.has(code)) return "reject";
      if (code === 0) accepted = true;
      checked += 1;
      if (checked % TURN === 0) await breathe();
    }
    return accepted ? "accept" : "ignore";
  };
}

/**
 * Each counts for itself, until one is found that is wrong on every state: whoever passes that on has not looked at it, and the rest of its
 * message costs nothing more. Nobody else's reveal is lost, since each is in a message of its author's.
 */
async function takeReveals(pool: GossipPorts["pool"], batch: readonly RevealMessage[], from: string) {
  await pool.prepareReveals(batch);
  let accepted = false;
  for (const message of batch) {
    const verdict = pool.addReveal(message, from);
    if (verdict === "reject") return verdict;
    if (verdict === "accept") accepted = true;
  }
  return accepted ? "accept" : "ignore";
}

/** What each topic's messages are and who judges them. Bytes that are no such object are held against the sender. */
export function gossipHandlers(ports: GossipPorts): PerTopic<TopicHandler> {
  const { driver, pool, evidence, onAhead } = ports;
  const takeTxs = txTaker(ports);
  const noteHeight = (height: number, from: string): void => {
    if (height > driver.status().height + 1) onAhead(from);
  };
  const woken = <V>(verdict: V): V => {
    if (verdict === "accept") driver.notifyWork();
    return verdict;
  };
  return {
    proposal(bytes, from) {
      const proposal = decodeWire(SignedProposal, bytes);
      if (proposal === undefined) return "reject";
      noteHeight(proposal.proposal.height, from);
      return driver.onProposal(proposal, from);
    },
    vote(bytes, from) {
      const vote = decodeWire(Vote, bytes);
      if (vote === undefined) return "reject";
      noteHeight(vote.height, from);
      return driver.onVote(vote, from);
    },
    async tx(bytes) {
      const batch = decodeWire(TxBatch, bytes);
      return batch === undefined ? "reject" : woken(await takeTxs(batch));
    },
    async commitment(bytes, from) {
      const commitment = decodeWire(Commitment, bytes);
      if (commitment === undefined) return "reject";
      await pool.prepareCommitment(commitment);
      return woken(pool.addCommitment(commitment, from));
    },
    async reveal(bytes, from) {
      const batch = decodeWire(RevealBatch, bytes);
      return batch === undefined || batch.length === 0 ? "reject" : woken(await takeReveals(pool, batch, from));
    },
    evidence(bytes) {
      const message = decodeEvidence(bytes);
      if (message === undefined) return "reject";
      return woken(message.kind === "attestation" ? pool.addEvidence(message.evidence) : evidence.hear(message));
    },
  };
}
