import { toHex } from "../chain/bytes.ts";
import { sha256 } from "../chain/crypto/hash.ts";
import { Commitment } from "../chain/types/attestation.ts";
import { SignedProposal } from "../chain/types/block.ts";
import { Vote } from "../chain/types/vote.ts";
import type { Clock, ConsensusNetwork } from "../consensus/driver/ports.ts";
import type { Network } from "../p2p/network.ts";
import type { NodeAttestationPool } from "./attestation-pool.ts";
import { type EvidenceMessage, encodeEvidence } from "./evidence-message.ts";
import { TxBatch } from "./gossip.ts";
import { revealBatches } from "./reveal-batches.ts";
import type { RevealMessage } from "./wire.ts";

/** Everything a node says of itself to the others. One place, so that a test can compose a node that lies. */
export interface Outlet extends ConsensusNetwork {
  broadcastCommitment(commitment: Commitment): void;
  /** @param bare the output stays here: others have it, or get it from another member. */
  broadcastReveal(message: RevealMessage, bare?: boolean): void;
  broadcastTx(tx: Uint8Array): void;
  broadcastEvidence(message: EvidenceMessage): void;
}

/** Most transactions of a batch; its bytes are bounded by the topic. */
const MAX_BATCH = 64;
const MAX_BATCH_BYTES = 512 * 1024;
const NO_OUTPUT = new Uint8Array(0);

/** How long after a message the next one may have to wait, milliseconds: under load a message then carries several transactions. */
const BATCH_MS = 15;

/**
 * Collects transactions into messages: one that comes after a while goes at once, with what comes in the same turn of the event loop; what
 * comes soon after a message waits for a short while. PERF: a message costs as much as many transactions in it, at each end of each link.
 */
function txBatches({ publish, clock }: Pick<OutletPorts, "publish" | "clock">): (tx: Uint8Array) => void {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  let sentAt = Number.NEGATIVE_INFINITY;
  const flush = (): void => {
    if (batch.length === 0) return;
    publish("tx", TxBatch.serialize(batch));
    sentAt = clock.now();
    batch = [];
    bytes = 0;
  };
  return (tx) => {
    if (batch.length >= MAX_BATCH || bytes + tx.length > MAX_BATCH_BYTES) flush();
    if (batch.length === 0) clock.after(Math.max(0, sentAt + BATCH_MS - clock.now()), flush);
    batch.push(tx);
    bytes += tx.length;
  };
}

/** What was said of late; more than a height's worth. */
const MAX_REMEMBERED = 4096;

export interface OutletPorts {
  readonly publish: Network["publish"];
  /** What this node says of jobs it takes into its own blocks, too, as others take it into theirs. */
  readonly pool: Pick<NodeAttestationPool, "addCommitment" | "addReveal">;
  /** The pool has got something for a block. */
  readonly onWork: () => void;
  readonly clock: Clock;
}

/** What is said a second time is said because it did not get through, so it is marked as worth sending again. */
export function createOutlet({ publish, pool, onWork, clock }: OutletPorts): Outlet {
  const again = { again: true };
  const sent = new Set<string>();
  const wasSent = (id: string): boolean => {
    if (sent.has(id)) return true;
    sent.add(id);
    if (sent.size > MAX_REMEMBERED) for (const oldest of sent) if (sent.delete(oldest)) break;
    return false;
  };
  const options = (id: string) => (wasSent(id) ? again : {});
  const sendReveal = revealBatches({ publish, wasSent, clock });
  return {
    broadcastProposal(signed) {
      const { height, round } = signed.proposal;
      publish("proposal", SignedProposal.serialize(signed), options(`proposal/${height}/${round}`));
    },
    broadcastVote(vote) {
      const id = `vote/${vote.height}/${vote.round}/${vote.type}`;
      publish("vote", Vote.serialize(vote), options(id));
    },
    broadcastCommitment(commitment) {
      if (pool.addCommitment(commitment) === "accept") onWork();
      const id = `commitment/${toHex(commitment.signature)}`;
      publish("commitment", Commitment.serialize(commitment), options(id));
    },
    broadcastReveal(message, bare = false) {
      if (pool.addReveal(message) === "accept") onWork();
      sendReveal(bare ? { ...message, output: NO_OUTPUT } : message);
    },
    broadcastTx: txBatches({ publish, clock }),
    broadcastEvidence(message) {
      const bytes = encodeEvidence(message);
      publish("evidence", bytes, options(`evidence/${toHex(sha256(bytes))}`));
    },
  };
}
