import { CODE_P2P, multiaddr } from "@multiformats/multiaddr";
import type { Reporter } from "./reporter.ts";

export interface ConfiguredPeer {
  readonly peerId: string;
  readonly address: string;
}

export interface DialerOptions extends Pick<Reporter, "log" | "metrics"> {
  readonly self: string;
  readonly peers: readonly ConfiguredPeer[];
  readonly dial: (address: string, signal: AbortSignal) => Promise<void>;
  readonly isConnected: (peerId: string) => boolean;
  readonly bannedUntil: (peerId: string) => number | undefined;
  readonly now: () => number;
  /** From 0 up to and without 1. */
  readonly random: () => number;
}

export interface Dialer {
  start(): void;
  /** Ends waiting and running dials. */
  stop(): void;
  connected(peerId: string): void;
  disconnected(peerId: string): void;
}

const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
const DIAL_TIMEOUT_MS = 5_000;
/** A connection that ends sooner counts as a failed attempt, else a peer that throws this node out is dialled in a tight loop. */
const STABLE_MS = 5_000;
/**
 * Two nodes that start together would dial each other at once and end with two connections. So the one with the larger
 * id waits this long to be dialled before it dials itself.
 */
const YIELD_MS = 100;

/** The wait after `failures` dials in a row: doubles from 100 ms to 10 s, less up to half at random. */
export function backoffMs(failures: number, random: () => number): number {
  const full = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** Math.min(failures, 20));
  return full * (1 - random() / 2);
}

/** Keeps trying, for ever, to be connected to each configured peer. */
export function createDialer(options: DialerOptions): Dialer {
  const peers = options.peers.filter((peer) => peer.peerId !== options.self);
  const failures = new Map<string, number>();
  const connectedAt = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  const dialling = new Set<string>();
  let running: AbortController | undefined;

  function schedule(peer: ConfiguredPeer, delayMs: number): void {
    if (running === undefined || timers.has(peer.peerId) || dialling.has(peer.peerId)) return;
    const banned = options.bannedUntil(peer.peerId);
    const delay = Math.max(delayMs, banned === undefined ? 0 : banned - options.now());
    const timer = setTimeout(() => {
      timers.delete(peer.peerId);
      void attempt(peer);
    }, delay);
    timers.set(peer.peerId, timer);
  }

  async function attempt(peer: ConfiguredPeer): Promise<void> {
    if (running === undefined || options.isConnected(peer.peerId)) return;
    dialling.add(peer.peerId);
    const stopped = running.signal;
    try {
      await options.dial(peer.address, AbortSignal.any([stopped, AbortSignal.timeout(DIAL_TIMEOUT_MS)]));
      options.metrics?.increment("p2p_dials", { outcome: "ok" });
    } catch (error) {
      options.metrics?.increment("p2p_dials", { outcome: "failed" });
      failed(peer, error);
    } finally {
      dialling.delete(peer.peerId);
      // A connection may also have come and gone, or been refused by the other side right after it was made.
      if (!options.isConnected(peer.peerId)) schedule(peer, backoffMs(failures.get(peer.peerId) ?? 0, options.random));
    }
  }

  function failed(peer: ConfiguredPeer, error: unknown): void {
    const count = (failures.get(peer.peerId) ?? 0) + 1;
    failures.set(peer.peerId, count);
    // Loud at first and then at each doubling, so that a peer that is away for a day does not fill the log.
    const level = Number.isInteger(Math.log2(count)) && count > 4 ? "warn" : "debug";
    options.log(level, "a configured peer can't be reached; is it up, and on the same genesis?", {
      peer: peer.peerId,
      address: peer.address,
      attempts: count,
      error: error instanceof Error ? error.message : String(error),
    });
  }

  return {
    start() {
      running = new AbortController();
      for (const peer of peers) schedule(peer, options.self < peer.peerId ? 0 : YIELD_MS);
    },
    stop() {
      running?.abort();
      running = undefined;
      for (const timer of timers.values()) clearTimeout(timer);
      timers.clear();
    },
    connected(peerId) {
      if (!peers.some((peer) => peer.peerId === peerId)) return;
      connectedAt.set(peerId, options.now());
      clearTimeout(timers.get(peerId));
      timers.delete(peerId);
    },
    disconnected(peerId) {
      const peer = peers.find((other) => other.peerId === peerId);
      if (peer === undefined) return;
      const since = connectedAt.get(peerId);
      connectedAt.delete(peerId);
      if (since !== undefined && options.now() - since >= STABLE_MS) failures.delete(peerId);
      else failures.set(peerId, (failures.get(peerId) ?? 0) + 1);
      const yielding = options.self < peerId ? 0 : YIELD_MS;
      schedule(peer, yielding + backoffMs(failures.get(peerId) ?? 0, options.random));
    },
  };
}

/** Throws, naming the address, unless it is a multiaddr that ends in a peer id. */
export function parsePeer(address: string): ConfiguredPeer {
  const peerId = multiaddr(address)
    .getComponents()
    .findLast((component) => component.code === CODE_P2P)?.value;
  if (peerId === undefined) throw new Error(`peer address ${address} must end in /p2p/<peer id>`);
  return { peerId, address };
}
