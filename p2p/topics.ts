import { toHex } from "../chain/bytes.ts";

/** What a topic's handler says of a message: pass it on, keep it, or hold it against the peer that sent it. */
export type Verdict = "accept" | "ignore" | "reject";

export interface TopicSpec {
  /** Largest payload before compression, in bytes. A message that claims more is refused undecompressed. */
  readonly maxBytes: number;
  /** Most messages that wait for the handler; with maxBytes this bounds the memory that a flood can take. */
  readonly queue: number;
  /** Most messages of one peer among them: beyond it the new one is dropped, so that a flooder does not displace others. */
  readonly queuePerPeer: number;
  readonly order: "fifo" | "lifo";
  /** Which message goes when the queue is full. What is dropped counts as ignored. */
  readonly drop: "oldest" | "newest";
  /** Messages that the handler may have under way at once; one where it is left out. */
  readonly concurrency?: number;
  readonly doc: string;
}

const MEBIBYTE = 1_048_576;

/** Every gossip topic. The key types below follow from this table, so a topic can not be added halfway. */
export const TOPICS = {
  proposal: {
    maxBytes: 12 * MEBIBYTE,
    queue: 16,
    queuePerPeer: 8,
    order: "fifo",
    drop: "oldest",
    // Proposals and votes of the next height are judged when it begins, votes together with others that come later.
    concurrency: 16,
    doc: "A signed proposal with its block. Holds the largest maxBlockBytes (8 MiB) with evidence, commitments and inline results.",
  },
  vote: {
    maxBytes: 1024,
    queue: 8192,
    queuePerPeer: 4096,
    order: "fifo",
    drop: "oldest",
    concurrency: 8192,
    doc: "One prevote or precommit. 512 validators may vote twice in eight rounds before anything is dropped.",
  },
  tx: {
    maxBytes: 2 * MEBIBYTE,
    queue: 512,
    queuePerPeer: 128,
    order: "fifo",
    drop: "newest",
    doc: "Transactions in batches; in arrival order, since the sequences of one account must come in order.",
  },
  commitment: {
    maxBytes: 256 * 1024,
    queue: 512,
    queuePerPeer: 128,
    order: "fifo",
    drop: "newest",
    // They are verified together.
    concurrency: 64,
    doc: "One validator's commitments to attestations of a block.",
  },
  reveal: {
    maxBytes: 512 * 1024,
    queue: 512,
    queuePerPeer: 128,
    order: "fifo",
    drop: "newest",
    // They are verified together.
    concurrency: 64,
    doc: "One validator's revealed attestations.",
  },
  evidence: {
    maxBytes: 256 * 1024,
    queue: 64,
    queuePerPeer: 16,
    order: "fifo",
    drop: "newest",
    doc: "Proof of contradicting signatures, challenges and the polkas that answer them.",
  },
} as const satisfies Record<string, TopicSpec>;

export type TopicName = keyof typeof TOPICS;

/** One value for each topic; leaving one out is a compile error. */
export type PerTopic<V> = { readonly [T in TopicName]: V };

export const TOPIC_NAMES = Object.keys(TOPICS) as readonly TopicName[];

/** Beside the table, since it is for the routers only: who passes messages on to whom (neighbours.ts). Taken at once, hence no queue. */
export const NEIGHBOURS_TOPIC = "neighbours";

/** `/assay/<first 8 hex digits of the genesis root>/<name>/1`. */
export function topicId(genesisRoot: Uint8Array, name: TopicName | typeof NEIGHBOURS_TOPIC): string {
  return `/assay/${toHex(genesisRoot.subarray(0, 4))}/${name}/1`;
}
