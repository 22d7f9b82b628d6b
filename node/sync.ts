import type { Clock } from "../consensus/driver/ports.ts";
import type { Logger } from "./log.ts";
import { createDownload } from "./sync-download.ts";
import { createSyncPeers } from "./sync-peers.ts";
import { createSyncRequests, type SyncPorts } from "./sync-requests.ts";

export interface SyncOptions extends SyncPorts {
  /** Whether something should have come by now: false while nobody has a reason to say anything. */
  isOverdue(): boolean;
  /** Its time only ever goes forward; where it starts does not matter. */
  readonly clock: Clock;
  readonly log: Pick<Logger, "debug" | "warn" | "error">;
  /** Called in each pass, and whenever a peer has said where it is. */
  readonly onStanding?: (standing: Standing) => void;
  /** Milliseconds between passes; for tests. */
  readonly passEvery?: number;
}

/**
 * This node among its peers: no peer has said where it is; some say that they are two blocks or more ahead; none does; or it commits
 * blocks of theirs, so that this is proven and no mere claim.
 */
export type Standing = "alone" | "behind" | "level" | "catchingUp";

export interface Sync {
  /** From now on blocks are taken; before, peers are only asked where they are. */
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
 * they are side by side, so that a silent one holds nobody up; blocks come from several at once, and what one of them does not give,
 * or gives wrongly, is asked of another.
 */
export function createSync(options: SyncOptions): Sync {
  const { log, clock } = options;
  const abort = new AbortController();
  const { signal } = abort;
  const requests = createSyncRequests(options, signal);
  const peers = createSyncPeers();
  /** Questions under way, by what and whom they ask. */
  const underWay = new Map<string, Promise<void>>();
  let cancelTimer: () => void = () => undefined;
  let catchingUp = false;
  /** Whether the last blocks from peers were good. */
  let moved = false;
  let warned = false;
  let turn = 0;
  let started = false;
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
    return ahead > 1 || (ahead === 1 && stuck(clock.now()));
  }

  async function catchUp(): Promise<void> {
    const onFailure = (peerId: string, error: unknown): void => {
      if (!signal.aborted) log.debug({ peerId, err: error }, "a peer did not answer with blocks");
    };
    const download = createDownload({ peers, requests, tip: () => options.tip(), signal }, onFailure);
    try {
      while (!signal.aborted && isBehind()) {
        const batch = await download.next();
        if (batch === undefined) return warnPruned();
        catchingUp = peers.highest() > options.tip() + 1;
        const before = options.tip();
        await requests.take(batch);
        moved = options.tip() > before;
        tellStanding();
        const next = batch.from + batch.blocks.length;
        if (options.tip() + 1 < next) {
          peers.forget(batch.peerId);
          download.discard(options.tip() + 1);
        } else warned = false;
        catchingUp = peers.highest() > options.tip() + 1;
      }
    } finally {
      catchingUp = false;
      moved = false;
    }
  }

  function warnPruned(): void {
    if (warned || !peers.isPrunedBy(options.tip() + 1)) return;
    warned = true;
    const fields = { needed: options.tip() + 1, highest: peers.highest() };
    log.warn(fields, "no connected peer keeps the blocks that this node lacks; connect to one that keeps all");
  }

  function standing(): Standing {
    if (peers.count === 0) return "alone";
    if (peers.highest() <= options.tip() + 1) return "level";
    return moved ? "catchingUp" : "behind";
  }

  const tellStanding = (): void => options.onStanding?.(standing());

  function askStatus(peerId: string): void {
    once(`status ${peerId}`, async () => {
      const claim = await requests.status(peerId);
      if (claim === undefined) return peers.forget(peerId);
      peers.set(peerId, claim);
      tellStanding();
      if (started && isBehind()) once("blocks", catchUp);
    });
  }

  const askVotes = (peerId: string): void => once(`votes ${peerId}`, () => requests.votes(peerId));

  function pass(): void {
    const connected = options.peers().map(({ peerId }) => peerId);
    peers.keep(connected);
    for (const peerId of connected) askStatus(peerId);
    tellStanding();
    if (isBehind()) once("blocks", catchUp);
    if (!stuck(clock.now()) || !options.isOverdue()) return;
    for (let i = 0; i < Math.min(ASKED_FOR_VOTES, connected.length); i++) {
      const peerId = connected[turn++ % connected.length];
      if (peerId !== undefined) askVotes(peerId);
    }
  }

  function schedule(ms: number): void {
    cancelTimer = clock.after(ms, () => {
      try {
        pass();
      } catch (error) {
        log.error({ err: error }, "a sync pass failed");
      }
      if (!signal.aborted) schedule(options.passEvery ?? PASS_EVERY);
    });
  }

  return {
    get catchingUp() {
      return catchingUp;
    },
    start() {
      started = true;
      schedule(Math.min(100, options.passEvery ?? PASS_EVERY));
    },
    async stop() {
      abort.abort();
      cancelTimer();
      await Promise.all(underWay.values());
    },
    hint: askStatus,
    greet(peerId) {
      askStatus(peerId);
      askVotes(peerId);
    },
  };
}
