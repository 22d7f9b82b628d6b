import { toHex } from "../chain/bytes.ts";

export interface ProtocolSpec {
  /** Largest request and answer before compression, in bytes. */
  readonly maxRequestBytes: number;
  readonly maxResponseBytes: number;
  /** How long the asking side waits for the whole answer, in ms. */
  readonly timeoutMs: number;
  /** Requests that one peer may make per second, on average and at once. */
  readonly perSecond: number;
  readonly burst: number;
  /** Requests of one peer that are served at the same time, and of all peers together: bounds the answers in memory. */
  readonly concurrentPerPeer: number;
  readonly concurrent: number;
  readonly doc: string;
}

const KIBIBYTE = 1024;
const MEBIBYTE = 1_048_576;

/** Every request/response protocol. Requests and answers are opaque bytes here (SSZ, made by the node). */
export const PROTOCOLS = {
  status: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: KIBIBYTE,
    timeoutMs: 5_000,
    perSecond: 5,
    burst: 20,
    concurrentPerPeer: 2,
    concurrent: 64,
    doc: "Who the other is and which height it has.",
  },
  blocks: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: 16 * MEBIBYTE,
    timeoutMs: 15_000,
    perSecond: 20,
    burst: 40,
    concurrentPerPeer: 2,
    concurrent: 8,
    doc: "Certified blocks by range of heights: about a mebibyte of them, or one larger one. Compressing blocks the event loop.",
  },
  votes: {
    maxRequestBytes: 16 * KIBIBYTE,
    maxResponseBytes: MEBIBYTE,
    timeoutMs: 3_000,
    perSecond: 20,
    burst: 40,
    concurrentPerPeer: 4,
    concurrent: 64,
    doc: "The votes and the proposal's id of a round that the asking node lacks.",
  },
  blob: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: MEBIBYTE,
    timeoutMs: 10_000,
    perSecond: 100,
    burst: 200,
    concurrentPerPeer: 8,
    concurrent: 32,
    doc: "The manifest of a blob, which hashes to its root, or one 256 KiB chunk, which hashes to what the manifest says.",
  },
  light: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: 128 * KIBIBYTE,
    timeoutMs: 5_000,
    perSecond: 20,
    burst: 40,
    concurrentPerPeer: 2,
    concurrent: 16,
    doc: "What it takes to verify one block without executing it: header, certificate, validator set.",
  },
  headers: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: 512 * KIBIBYTE,
    timeoutMs: 5_000,
    perSecond: 5,
    burst: 10,
    concurrentPerPeer: 1,
    concurrent: 4,
    doc: "Headers from a height downwards: each names the one below it.",
  },
  snapshots: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: 4 * KIBIBYTE,
    timeoutMs: 5_000,
    perSecond: 2,
    burst: 10,
    concurrentPerPeer: 1,
    concurrent: 16,
    doc: "Which snapshots of the state the other keeps.",
  },
  chunk: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: MEBIBYTE + 64 * KIBIBYTE,
    timeoutMs: 15_000,
    perSecond: 50,
    burst: 100,
    concurrentPerPeer: 4,
    concurrent: 8,
    doc: "The manifest of a snapshot, or a chunk of one; each hashes to what it was asked for by.",
  },
  peer_exchange: {
    maxRequestBytes: KIBIBYTE,
    maxResponseBytes: 8 * KIBIBYTE,
    timeoutMs: 5_000,
    perSecond: 0.1,
    burst: 4,
    concurrentPerPeer: 1,
    concurrent: 16,
    doc: "Addresses of other peers, each of which the other has reached itself. The asker may give its own.",
  },
} as const satisfies Record<string, ProtocolSpec>;

export type WireProtocol = keyof typeof PROTOCOLS;

/** The protocols that a node's parts ask and answer; the network itself speaks `peer_exchange`. */
export type ProtocolName = Exclude<WireProtocol, "peer_exchange">;

/** One value for each protocol; leaving one out is a compile error. */
export type PerProtocol<V> = { readonly [P in ProtocolName]: V };

export const PROTOCOL_NAMES = Object.keys(PROTOCOLS) as readonly WireProtocol[];

/** `/assay/<first 8 hex digits of the genesis root>/<name>/1`. */
export function protocolId(genesisRoot: Uint8Array, name: WireProtocol): string {
  return `/assay/${toHex(genesisRoot.subarray(0, 4))}/${name}/1`;
}
