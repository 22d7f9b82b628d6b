import type { Logger } from "./log.ts";
import { createSyncPeers } from "./sync-peers.ts";
import { createSyncRequests, type SyncPorts } from "./sync-requests.ts";

export interface SyncOptions extends SyncPorts {
  /** Whether something should have come by now: false while nobody has a reason to say anything. */
  isOverdue(): boolean;
  readonly log: Pick<Logger, "debug" | "warn" | "error">;
  /** Milliseconds between passes; for tests. */
  readonly passEvery?: number;
}

export interface Sync {
  start(): void;
  /** Resolves once nothing is under way any more. */
  stop(): Promise<void>;
  /** True while blocks come from a peer that says it has more than the next one. */
  readonly catchingUp: boolean;
  /** This peer may have what we lack: it is asked at once where it is. */
  hint(peerId: string): void;
  /** This peer has just come, and may know votes that were said before: it is asked for them too. */
  greet(peerId: string): void;
}

/** How often peers are asked where they are, and consensus is looked at, in milliseconds. */
const PASS_EVERY = 1000;
/** How long the same height and round may last before the missing votes are asked for. */
const STUCK_AFTER = 700;
/** Peers asked for votes in one pass: all have about the same, and each answer is verified. */
const ASKED_FOR_VOTES = 3;

/**
 * Gossip is not delivery: asks peers for blocks when they are ahead, and for votes when a round lasts too long. Peers are asked where
 * they are side by side, so that a silent one holds nobody up; blocks come from one peer at a time, which is changed when it
 * fails: range requests from several peers at once are only worth it for long histories.
 */
export function createSync(options: SyncOptions): Sync {
  const { log } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const requests = createSyncRequests(options, signal);
  const peers = createSyncPeers();
  /** Questions under way, by what and whom they ask. */
  const underWay = new Map<string, Promise<void>>();
  let timer: NodeJS.Timeout | undefined;
  let catchingUp = false;
  let warned = false;
  let turn = 0;
  let last = { key: "", since: 0 };

  /** One at a time of each kind and peer. Whatever fails is tried again in a later pass. */
  function once(key: string, work: () => Promise<void>): void {
    if (signal.aborted || underWay.has(key)) return;
    const done = work()
      .catch((error: unknown) => {
        if (!signal.aborted) log.debug({ request: key, err: error }, "a peer did not answer a sync request");
      })
      .finally(() => underWay.delete(key));
    underWay.set(key, done);
  }

  function stuck(now: number): boolean {
    const { height, round } = options.position();
    const key = `${height}/${round}`;
    if (key !== last.key) last = { key, since: now };
    return now - last.since >= STUCK_AFTER;
  }

  /** A single block is worth asking for only when it does not come by itself. */
  function isBehind(): boolean {
    const ahead = peers.highest() - options.tip();
    return ahead > 1 || (ahead === 1 && stuck(performance.now()));
  }

  async function catchUp(): Promise<void> {
    try {
      while (!signal.aborted && isBehind()) {
        const next = peers.next(options.tip() + 1);
        if (next === undefined) return warnPruned();
        const moved = await requests.blocks(next.peerId, next.claim).catch((error: unknown) => {
          log.debug({ peerId: next.peerId, err: error }, "a peer did not answer with blocks");
          return false;
        });
        if (!moved) peers.forget(next.peerId);
        else warned = false;
        catchingUp = moved && peers.highest() > options.tip() + 1;
      }
    } finally {
      catchingUp = false;
    }
  }

  function warnPruned(): void {
    if (warned || !peers.isPrunedBy(options.tip() + 1)) return;
    warned = true;
    const fields = { needed: options.tip() + 1, highest: peers.highest() };
    log.warn(fields, "no connected peer keeps the blocks that this node lacks; connect to one that keeps all");
  }

  function askStatus(peerId: string): void {
    once(`status ${peerId}`, async () => {
      const claim = await requests.status(peerId);
      if (claim === undefined) return peers.forget(peerId);
      peers.set(peerId, claim);
      if (isBehind()) once("blocks", catchUp);
    });
  }

  const askVotes = (peerId: string): void => once(`votes ${peerId}`, () => requests.votes(peerId));

  function pass(): void {
    const connected = options.peers().map(({ peerId }) => peerId);
    peers.keep(connected);
    for (const peerId of connected) askStatus(peerId);
    if (isBehind()) once("blocks", catchUp);
    if (!stuck(performance.now()) || !options.isOverdue()) return;
    for (let i = 0; i < Math.min(ASKED_FOR_VOTES, connected.length); i++) {
      const peerId = connected[turn++ % connected.length];
      if (peerId !== undefined) askVotes(peerId);
    }
  }

  function schedule(ms: number): void {
    timer = setTimeout(() => {
      try {
        pass();
      } catch (error) {
        log.error({ err: error }, "a sync pass failed");
      }
      if (!signal.aborted) schedule(options.passEvery ?? PASS_EVERY);
    }, ms);
  }

  return {
    get catchingUp() {
      return catchingUp;
    },
    start: () => schedule(Math.min(100, options.passEvery ?? PASS_EVERY)),
    async stop() {
      abort.abort();
      clearTimeout(timer);
      await Promise.all(underWay.values());
    },
    hint: askStatus,
    greet(peerId) {
      askStatus(peerId);
      askVotes(peerId);
    },
  };
}
