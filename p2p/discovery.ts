import type { AddressBook } from "./address-book.ts";
import type { ConfiguredPeer } from "./dialer.ts";
import {
  decodeAddresses,
  decodeExchangeRequest,
  encodeAddresses,
  encodeExchangeRequest,
  MAX_TOLD,
} from "./exchange.ts";
import { type PeerAddress, remoteGroup } from "./peer-address.ts";
import { PeerError } from "./peer-error.ts";
import { PENALTIES } from "./penalties.ts";
import type { Reporter } from "./reporter.ts";
import type { RequestHandler } from "./request-server.ts";

/** One open connection, as discovery sees it. */
export interface Link {
  readonly peerId: string;
  /** Of the other end, without a peer id perhaps. */
  readonly remote: string;
  readonly outbound: boolean;
}

export interface DiscoveryOptions extends Reporter {
  readonly book: AddressBook;
  /** What this node says of itself; undefined if nobody could dial it. */
  readonly own: string | undefined;
  /** Peers that are not configured that this node keeps connections to, by its own choice. */
  readonly outbound: number;
  readonly bootstrap: readonly ConfiguredPeer[];
  readonly links: () => readonly Link[];
  /** Configured peers have a dialer of their own and take no place among the outbound ones. */
  readonly isConfigured: (peerId: string) => boolean;
  /** Peers whose addresses nobody is told, and that are told nothing. */
  readonly isHidden: (peerId: string) => boolean;
  readonly isBanned: (peerId: string) => boolean;
  /** Connects to the peer; it must prove its id. */
  readonly dial: (address: string, signal: AbortSignal) => Promise<void>;
  /** Connects a second time to a peer that is connected, and hangs up. */
  readonly verify: (address: string, signal: AbortSignal) => Promise<void>;
  readonly ask: (peerId: string, request: Uint8Array) => Promise<Uint8Array>;
  readonly now: () => number;
  readonly random: () => number;
  /** How often the node looks whether there is something to do, in ms. */
  readonly paceMs: number;
}

export interface Discovery {
  start(): void;
  stop(): void;
  /** Answers the protocol `peer_exchange`. */
  readonly answer: RequestHandler;
  connected(link: Link): void;
  disconnected(peerId: string): void;
}

const DIAL_TIMEOUT_MS = 5_000;
/** Dials at the same time, so that a book full of lies costs little. */
const MAX_DIALS = 2;
/** Bootstrap peers are dialled while fewer addresses than these are known. */
const ENOUGH_KNOWN = 8;
const BOOTSTRAP_WAIT_MS = 10_000;
/** The same peer is asked again after so many ms: while peers are lacking, and otherwise. */
const ASK_MS = 30_000;
const ASK_IDLE_MS = 600_000;

/** Finds peers: asks those it has, verifies what they say of themselves, and dials from the book until there are enough. */
export function createDiscovery(options: DiscoveryOptions): Discovery {
  const { book, links, now, random, paceMs, penalise } = options;
  /** What connected peers say of themselves, one address each, until it has been tried. */
  const claims = new Map<string, string>();
  const askedAt = new Map<string, number>();
  const dialling = new Set<string>();
  let bootstrapAt = Number.NEGATIVE_INFINITY;
  let verifying = false;
  let running: AbortController | undefined;
  let timer: NodeJS.Timeout | undefined;

  const chosen = (): readonly Link[] => links().filter((link) => link.outbound && !options.isConfigured(link.peerId));

  function isLacking(): boolean {
    return new Set(chosen().map((link) => link.peerId)).size + dialling.size < options.outbound;
  }

  function isFree(peerId: string): boolean {
    return (
      !dialling.has(peerId) &&
      !options.isConfigured(peerId) &&
      !options.isBanned(peerId) &&
      links().every((link) => link.peerId !== peerId)
    );
  }

  async function connect(peer: ConfiguredPeer, signal: AbortSignal): Promise<void> {
    dialling.add(peer.peerId);
    try {
      await options.dial(peer.address, AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]));
      options.metrics?.increment("p2p_discovery_dials", { outcome: "ok" });
    } catch (error) {
      options.metrics?.increment("p2p_discovery_dials", { outcome: "failed" });
      options.log("debug", "an address from the book can't be reached", {
        address: peer.address,
        error: error instanceof Error ? error.message : String(error),
      });
      book.failed(peer.address, links().length > 0);
    } finally {
      dialling.delete(peer.peerId);
    }
  }

  function dialMore(signal: AbortSignal): void {
    const groups = new Set(chosen().map((link) => remoteGroup(link.remote)));
    const isOther = ({ group }: PeerAddress) => group === undefined || !groups.has(group);
    while (isLacking() && dialling.size < MAX_DIALS) {
      // One outbound peer of each group if that can be had, else whoever holds a network holds them all.
      const peer =
        book.pick((entry) => isFree(entry.peerId) && isOther(entry)) ?? book.pick((entry) => isFree(entry.peerId));
      if (peer === undefined) break;
      void connect(peer, signal);
    }
    if (!isLacking() || book.size >= ENOUGH_KNOWN || now() - bootstrapAt < BOOTSTRAP_WAIT_MS) return;
    const free = options.bootstrap.filter((peer) => isFree(peer.peerId));
    const first = free[Math.floor(random() * free.length)];
    if (first === undefined) return;
    bootstrapAt = now();
    void connect(first, signal);
  }

  async function verify(signal: AbortSignal): Promise<void> {
    const [claim] = claims;
    if (claim === undefined || verifying) return;
    const [peerId, address] = claim;
    claims.delete(peerId);
    verifying = true;
    try {
      await options.verify(address, AbortSignal.any([signal, AbortSignal.timeout(DIAL_TIMEOUT_MS)]));
      book.succeeded(address);
      options.metrics?.increment("p2p_addresses_verified", { outcome: "ok" });
    } catch (error) {
      // No fault that is worth points: who is behind a router may not know better.
      options.metrics?.increment("p2p_addresses_verified", { outcome: "failed" });
      options.log("debug", "a peer can't be reached at the address it gives", { address, error: String(error) });
      book.failed(address, true);
    } finally {
      verifying = false;
    }
  }

  async function ask(peerId: string): Promise<void> {
    askedAt.set(peerId, now());
    let answer: Uint8Array;
    try {
      answer = await options.ask(peerId, encodeExchangeRequest(options.own));
    } catch (error) {
      if (!(error instanceof PeerError)) throw error;
      return; // Already charged, if it was its fault; it may also just not exchange.
    }
    const addresses = decodeAddresses(answer);
    if (addresses === undefined) {
      penalise(peerId, PENALTIES.badRequest, "an answer of peer addresses that breaks its bounds or holds none");
      return;
    }
    const remote = links().find((link) => link.peerId === peerId)?.remote;
    const source = { peerId, group: remote === undefined ? undefined : remoteGroup(remote) };
    let taken = 0;
    for (const address of addresses) if (book.hear(address, source)) taken += 1;
    options.log("debug", "asked a peer for addresses", { peer: peerId, told: addresses.length, taken });
  }

  function askOne(): void {
    const wait = isLacking() ? ASK_MS : ASK_IDLE_MS;
    const due = [...new Set(links().map((link) => link.peerId))].filter((peerId) => {
      if (options.isHidden(peerId)) return false;
      const asked = askedAt.get(peerId);
      return asked === undefined || now() - asked >= wait;
    });
    const peerId = due[Math.floor(random() * due.length)];
    if (peerId === undefined) return;
    ask(peerId).catch((error: unknown) => {
      options.log("error", "asking for addresses failed", { error: String(error) });
    });
  }

  function tick(): void {
    if (running === undefined) return;
    dialMore(running.signal);
    askOne();
    void verify(running.signal);
  }

  return {
    start() {
      running = new AbortController();
      // Not all nodes at the same moment.
      timer = setInterval(tick, paceMs * (1 + random() / 4)).unref();
    },
    stop() {
      clearInterval(timer);
      running?.abort();
      running = undefined;
    },
    answer: async (bytes, from) => {
      const request = decodeExchangeRequest(bytes, from);
      if (request === undefined) {
        throw new PeerError(from, "malformed", PENALTIES.badRequest, "gives an address that is none, or not its own");
      }
      const remote = links().find((link) => link.peerId === from)?.remote;
      const group = remote === undefined ? undefined : remoteGroup(remote);
      const { own } = request;
      if (own !== undefined && !options.isHidden(from)) {
        book.hear(own, { peerId: from, group });
        if (book.isUnproven(own)) claims.set(from, own);
      }
      return encodeAddresses(book.tell(MAX_TOLD, from));
    },
    connected({ peerId, remote, outbound }) {
      // What was dialled has proven its id there; where an inbound connection comes from, nobody need listen.
      if (outbound) book.succeeded(`${remote.replace(/\/p2p\/.*$/, "")}/p2p/${peerId}`);
    },
    disconnected(peerId) {
      claims.delete(peerId);
      askedAt.delete(peerId);
    },
  };
}
