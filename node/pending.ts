import type { Verdict } from "../p2p/topics.ts";

/**
 * `good`: the next block can carry it. `early`: it can't now, but perhaps soon: a node that is a block behind hears of what it
 * can't judge. `wrong`: it never can, and no correct node passes such a thing on.
 */
export type Judgement = "good" | "early" | "wrong";

export interface PendingOptions<T> {
  /** Judges a message that has come, signature included. */
  judge(value: T): Judgement;
  /** Whether the next block can still carry a message that was good before: its signature needs no second look. */
  isUsable(value: T): boolean;
  /** Bytes that a message takes while it waits. */
  sizeOf(value: T): number;
  /** Called once for each message that is found to be good. @returns what is kept of it. */
  onGood?(value: T): T;
  /** A message that had to wait has become good: whoever sent it has long gone on. */
  onLate?(value: T): void;
  /** Judging threw, which is a fault of this node; the message is dropped. */
  onFault(error: unknown): void;
  /** Good messages of one author: the oldest give way. */
  readonly maxGood: number;
}

/**
 * Messages that the next block may carry, and messages that it can't carry yet. The latter are not verified, so they count against the
 * peer that sent them and not against whom they name: nobody can push out what another has sent, or what has been verified.
 */
export interface Pending<T> {
  /**
   * @param id the message's own.
   * @param author who is said to have made it.
   * @param from the peer that sent it.
   */
  add(id: string, author: string, from: string, value: T): Verdict;
  /** Those that were good when last looked at. */
  good(): readonly T[];
  readonly count: number;
  /** Those that no block could carry when last looked at. */
  waiting(): readonly T[];
  /** Judges all again, after the state has changed. */
  review(): void;
}

/** Messages of one peer that wait, and their bytes. With the bound on connections this bounds the memory. */
const MAX_WAITING = 256;
const MAX_WAITING_BYTES = 512 * 1024;
/** Reviews, that is blocks, that a message may wait to become one that can be judged. */
const MAX_REVIEWS = 4;

interface Waiting<T> {
  readonly author: string;
  readonly from: string;
  readonly bytes: number;
  readonly value: T;
  reviews: number;
}

export function createPending<T>(options: PendingOptions<T>): Pending<T> {
  const good = new Map<string, { readonly author: string; readonly value: T }>();
  const byAuthor = new Map<string, Set<string>>();
  const waiting = new Map<string, Waiting<T>>();
  const byPeer = new Map<string, { count: number; bytes: number }>();

  function keep(id: string, author: string, value: T): void {
    const ids = byAuthor.get(author) ?? new Set();
    byAuthor.set(author, ids);
    good.set(id, { author, value: options.onGood?.(value) ?? value });
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > options.maxGood && oldest !== undefined) forget(oldest);
  }

  function forget(id: string): void {
    const author = good.get(id)?.author ?? "";
    good.delete(id);
    const ids = byAuthor.get(author);
    ids?.delete(id);
    if (ids?.size === 0) byAuthor.delete(author);
  }

  function wait(id: string, entry: Waiting<T>): void {
    const load = byPeer.get(entry.from) ?? { count: 0, bytes: 0 };
    if (load.count >= MAX_WAITING || load.bytes + entry.bytes > MAX_WAITING_BYTES) return;
    byPeer.set(entry.from, { count: load.count + 1, bytes: load.bytes + entry.bytes });
    waiting.set(id, entry);
  }

  function stopWaiting(id: string, { from, bytes }: Waiting<T>): void {
    waiting.delete(id);
    const load = byPeer.get(from);
    if (load === undefined) return;
    if (load.count === 1) byPeer.delete(from);
    else byPeer.set(from, { count: load.count - 1, bytes: load.bytes - bytes });
  }

  /** In a review nobody asked: a fault must cost the message and not the commit that led to it. */
  function guarded<R>(work: () => R, otherwise: R): R {
    try {
      return work();
    } catch (error) {
      options.onFault(error);
      return otherwise;
    }
  }

  function reviewWaiting(id: string, entry: Waiting<T>): void {
    entry.reviews++;
    const judgement = guarded(() => options.judge(entry.value), "wrong");
    if (judgement === "early" && entry.reviews < MAX_REVIEWS) return;
    stopWaiting(id, entry);
    if (judgement !== "good") return;
    keep(id, entry.author, entry.value);
    options.onLate?.(entry.value);
  }

  return {
    add(id, author, from, value) {
      if (good.has(id) || waiting.has(id)) return "ignore";
      const judgement = options.judge(value);
      if (judgement === "wrong") return "reject";
      if (judgement === "early") {
        wait(id, { author, from, value, bytes: options.sizeOf(value), reviews: 0 });
        return "ignore";
      }
      keep(id, author, value);
      return "accept";
    },
    good: () => [...good.values()].map(({ value }) => value),
    get count() {
      return good.size;
    },
    waiting: () => [...waiting.values()].map(({ value }) => value),
    review() {
      for (const [id, { value }] of good) if (!guarded(() => options.isUsable(value), false)) forget(id);
      for (const [id, entry] of waiting) reviewWaiting(id, entry);
    },
  };
}
