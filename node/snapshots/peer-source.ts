import { setTimeout as sleep } from "node:timers/promises";
import type { Type } from "@chainsafe/ssz";
import { equalBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { type Block, Body, CertifiedBlock } from "../../chain/types/block.ts";
import { Header } from "../../chain/types/header.ts";
import { LightBlock } from "../../chain/types/light-block.ts";
import { MAX_SNAPSHOT_CHUNK_BYTES } from "../../state/snapshot-chunks.ts";
import type { Logger } from "../log.ts";
import {
  BlocksRequest,
  BlocksResponse,
  ChunkRequest,
  decodeWire,
  HeadersRequest,
  HeadersResponse,
  LightRequest,
  type SnapshotOffer,
  SnapshotsResponse,
} from "../wire.ts";
import { SnapshotManifest } from "./manifest.ts";

type RestoreProtocol = "light" | "headers" | "snapshots" | "chunk" | "blocks";

/** What restoring needs of the network. */
export interface RestorePeers {
  peers(): readonly { readonly peerId: string }[];
  request(
    peerId: string,
    protocol: RestoreProtocol,
    bytes: Uint8Array,
    options: { readonly signal: AbortSignal },
  ): Promise<Uint8Array>;
  penalise(peerId: string, points: number, reason: string): void;
}

/** At 100 points a peer is banned. What hashes to something else than it was asked for by can only be a lie. */
export const LIE = 100;
const NO_SSZ = 50;

/** Nobody had it, or nobody gave it, after all were asked several times. */
export class NobodyHasError extends Error {}

/** An answer and who gave it. */
export interface From<T> {
  readonly value: T;
  readonly peerId: string;
}

/** Questions to whichever peer can answer. Answers are checked as far as one answer can be; what is wrong costs its peer. */
export interface PeerSource {
  lightBlock(height: number): Promise<From<LightBlock>>;
  /** Headers of `from` and below, each the parent of the one before, the first with this id. At least one. */
  headersBelow(from: number, id: Uint8Array, count: number): Promise<readonly Header[]>;
  /** What every peer offers, the peers of one offer together; the newest first, then those of most peers. */
  offers(): Promise<readonly Offer[]>;
  manifest(offer: Offer): Promise<SnapshotManifest>;
  /** Of any of these peers. */
  chunk(hash: Uint8Array, peers: readonly string[]): Promise<Uint8Array>;
  /** The block with this header and id. */
  block(header: Header, id: Uint8Array): Promise<Block>;
}

export interface Offer extends SnapshotOffer {
  readonly peers: readonly string[];
}

/** How often all peers are asked, and the pause in between, in milliseconds. */
export interface Patience {
  readonly rounds: number;
  readonly pauseMs: number;
}

/** The pause lets the bounds of the protocols recover. */
const PATIENCE: Patience = { rounds: 20, pauseMs: 500 };

/** @param signal ends all questions, which then reject. */
export function createPeerSource(
  ports: RestorePeers,
  log: Pick<Logger, "debug">,
  signal: AbortSignal,
  { rounds, pauseMs }: Patience = PATIENCE,
): PeerSource {
  let turn = 0;

  async function askOne<T>(
    peerId: string,
    protocol: RestoreProtocol,
    request: Uint8Array,
    read: (answer: Uint8Array) => T | Fault,
  ): Promise<T | undefined> {
    try {
      const value = read(await ports.request(peerId, protocol, request, { signal }));
      if (!(value instanceof Fault)) return value;
      if (value.points > 0) ports.penalise(peerId, value.points, value.reason);
      log.debug({ peerId, protocol, reason: value.reason }, "an answer that is of no use");
    } catch (error) {
      signal.throwIfAborted();
      log.debug({ peerId, protocol, err: error }, "a peer did not answer");
    }
    return undefined;
  }

  /** Asks one peer after the other until one gives what is wanted. */
  async function ask<T>(
    what: string,
    protocol: RestoreProtocol,
    request: Uint8Array,
    read: (answer: Uint8Array) => T | Fault,
    among?: readonly string[],
  ): Promise<From<T>> {
    for (let round = 0; round < rounds; round++) {
      if (round > 0) await sleep(pauseMs, undefined, { signal });
      const connected = ports.peers().map(({ peerId }) => peerId);
      const able = among === undefined ? connected : connected.filter((peerId) => among.includes(peerId));
      if (among !== undefined && able.length === 0 && round > 2) break;
      for (let i = 0; i < able.length; i++) {
        const peerId = able[turn++ % able.length];
        if (peerId === undefined) continue;
        const value = await askOne(peerId, protocol, request, read);
        if (value !== undefined) return { value, peerId };
      }
    }
    throw new NobodyHasError(`no peer gave ${what}`);
  }

  return {
    lightBlock: (height) =>
      ask(`block ${height}`, "light", LightRequest.serialize({ height }), (answer) => {
        const block = decoded(LightBlock, answer);
        if (block instanceof Fault) return block;
        return block.header.height === height ? block : new Fault(LIE, `block ${block.header.height} for ${height}`);
      }),
    async headersBelow(from, id, count) {
      const request = HeadersRequest.serialize({ from, count });
      const { value } = await ask(`header ${from}`, "headers", request, (answer) => {
        const headers = decoded(HeadersResponse, answer);
        if (headers instanceof Fault) return headers;
        return headers.length > 0 && isChain(headers, id) ? headers : new Fault(LIE, "headers that are no chain");
      });
      return value;
    },
    async offers() {
      const found = new Map<string, { readonly offer: SnapshotOffer; readonly peers: string[] }>();
      const asked = ports.peers().map(async ({ peerId }) => {
        const offers = await askOne(peerId, "snapshots", new Uint8Array(0), (answer) =>
          decoded(SnapshotsResponse, answer),
        );
        for (const offer of offers ?? []) {
          const key = `${offer.height} ${toHex(offer.manifest)} ${toHex(offer.blockId)}`;
          const known = found.get(key) ?? { offer, peers: [] };
          if (!known.peers.includes(peerId)) known.peers.push(peerId);
          found.set(key, known);
        }
      });
      await Promise.all(asked);
      const all = [...found.values()].map(({ offer, peers }): Offer => ({ ...offer, peers }));
      return all.toSorted((a, b) => b.height - a.height || b.peers.length - a.peers.length);
    },
    async manifest({ height, manifest, peers }) {
      const request = ChunkRequest.serialize({ isManifest: true, hash: manifest });
      const what = `the manifest of the snapshot of height ${height}`;
      const { value } = await ask(
        what,
        "chunk",
        request,
        (answer) => {
          const found = decoded(SnapshotManifest, answer);
          if (found instanceof Fault) return found;
          const isRight = equalBytes(SnapshotManifest.hashTreeRoot(found), manifest);
          return isRight ? found : new Fault(LIE, "a manifest that is another");
        },
        peers,
      );
      return value;
    },
    async chunk(hash, peers) {
      const request = ChunkRequest.serialize({ isManifest: false, hash });
      const read = (answer: Uint8Array): Uint8Array | Fault => {
        if (answer.length > MAX_SNAPSHOT_CHUNK_BYTES) return new Fault(LIE, `a chunk of ${answer.length} bytes`);
        return equalBytes(sha256(answer), hash) ? answer : new Fault(LIE, "a chunk that is another");
      };
      return (await ask(`chunk ${toHex(hash)}`, "chunk", request, read, peers)).value;
    },
    async block({ height, bodyRoot }, id) {
      const request = BlocksRequest.serialize({ from: height, count: 1 });
      const { value } = await ask(`block ${height}`, "blocks", request, (answer) => {
        const [bytes] = decodeWire(BlocksResponse, answer) ?? [];
        if (bytes === undefined) return new Fault(0, "no block");
        const found = decoded(CertifiedBlock, bytes);
        if (found instanceof Fault) return found;
        const { header, body } = found.block;
        const isRight = equalBytes(Header.hashTreeRoot(header), id) && equalBytes(Body.hashTreeRoot(body), bodyRoot);
        return isRight ? found.block : new Fault(LIE, `another block ${height}`);
      });
      return value;
    },
  };
}

/** What is wrong with an answer, and what it costs. */
class Fault {
  readonly points: number;
  readonly reason: string;
  constructor(points: number, reason: string) {
    this.points = points;
    this.reason = reason;
  }
}

function decoded<T>(type: Type<T>, bytes: Uint8Array): T | Fault {
  return decodeWire(type, bytes) ?? new Fault(NO_SSZ, "an answer that is no SSZ");
}

function isChain(headers: readonly Header[], id: Uint8Array): boolean {
  let expected = id;
  for (const header of headers) {
    if (!equalBytes(Header.hashTreeRoot(header), expected)) return false;
    expected = header.parentId;
  }
  return true;
}
