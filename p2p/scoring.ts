import { BAN_THRESHOLD } from "./penalties.ts";

export interface ScoringOptions {
  /** Milliseconds, never going back. */
  readonly now: () => number;
  /** Time in which half of a peer's penalty points are forgotten, in ms. */
  readonly halfLifeMs: number;
  /** How long a peer is banned, in ms. Shorter for configured peers, so that a false alarm does not split the validators. */
  readonly banMs: (peer: string) => number;
  /** Most peers remembered. Beyond it the least guilty is forgotten first. */
  readonly maxPeers: number;
}

export interface Scoring {
  /** Takes points off; true when this brings the peer to the threshold and so bans it. */
  penalise(peer: string, points: number): boolean;
  /** 0 for a peer without fault, down to -BAN_THRESHOLD, where the ban begins. */
  score(peer: string): number;
  /** End of the peer's ban, in the clock's ms; undefined when it is not banned. */
  bannedUntil(peer: string): number | undefined;
  /** Peers remembered now. */
  readonly size: number;
}

interface Entry {
  readonly points: number;
  /** When `points` was right. */
  readonly at: number;
  readonly bannedUntil: number;
}

/** Below this many points a peer is as good as new, so that decay ends. */
const FORGIVEN = 1;

/** Penalty points with exponential decay. A ban clears the points: after it the peer starts afresh. */
export function createScoring(options: ScoringOptions): Scoring {
  const entries = new Map<string, Entry>();

  function points(entry: Entry, now: number): number {
    const left = entry.points * 2 ** (-(now - entry.at) / options.halfLifeMs);
    return left < FORGIVEN ? 0 : left;
  }

  /** Bans outweigh any points; among bans the one that ends last. */
  function guilt(entry: Entry, now: number): number {
    return entry.bannedUntil > now ? BAN_THRESHOLD + entry.bannedUntil - now : points(entry, now);
  }

  /** PERF: one pass over maxPeers, only once that many peers have misbehaved. */
  function forgetOne(now: number): void {
    let least: string | undefined;
    let leastGuilt = Number.POSITIVE_INFINITY;
    for (const [peer, entry] of entries) {
      const value = guilt(entry, now);
      if (value === 0) entries.delete(peer);
      else if (value < leastGuilt) [least, leastGuilt] = [peer, value];
    }
    if (entries.size >= options.maxPeers && least !== undefined) entries.delete(least);
  }

  return {
    penalise(peer, added) {
      const now = options.now();
      const entry = entries.get(peer);
      if (entry !== undefined && entry.bannedUntil > now) return false;
      if (entry === undefined && entries.size >= options.maxPeers) forgetOne(now);
      const total = Math.max(0, added) + (entry === undefined ? 0 : points(entry, now));
      const banned = total >= BAN_THRESHOLD;
      entries.set(peer, {
        points: banned ? 0 : total,
        at: now,
        bannedUntil: banned ? now + options.banMs(peer) : 0,
      });
      return banned;
    },
    score(peer) {
      const entry = entries.get(peer);
      const now = options.now();
      if (entry === undefined) return 0;
      const lost = entry.bannedUntil > now ? BAN_THRESHOLD : points(entry, now);
      return lost === 0 ? 0 : -lost;
    },
    bannedUntil(peer) {
      const until = entries.get(peer)?.bannedUntil ?? 0;
      return until > options.now() ? until : undefined;
    },
    get size() {
      return entries.size;
    },
  };
}
