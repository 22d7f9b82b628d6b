export interface RecentSet {
  /** False when the key was already added less than the time to live ago. */
  add(key: string): boolean;
  readonly size: number;
}

/** Keys of the last `ttlMs`, at most `maxKeys` of them: the oldest goes first. `now` is in milliseconds. */
export function createRecentSet(now: () => number, ttlMs: number, maxKeys: number): RecentSet {
  // A Map iterates in order of insertion, which here is the order of expiry.
  const expiry = new Map<string, number>();
  return {
    add(key) {
      const time = now();
      for (const [old, until] of expiry) {
        if (until > time && expiry.size < maxKeys) break;
        expiry.delete(old);
      }
      if (expiry.has(key)) return false;
      expiry.set(key, time + ttlMs);
      return true;
    },
    get size() {
      return expiry.size;
    },
  };
}
