export interface TokenBuckets {
  /** Takes `count` of the key's tokens; false, and none taken, when there are not that many. */
  take(key: string, count: number): boolean;
  /** Forgets the key: it starts with a full bucket next time. */
  forget(key: string): void;
}

/**
 * A rate bound for each key: `perSecond` on average and `burst` at once. `now` is in milliseconds. Holds one small
 * record for each key until it is forgotten, so the caller forgets keys when their peer leaves.
 */
export function createTokenBuckets(now: () => number, perSecond: number, burst: number): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  return {
    take(key, count) {
      const time = now();
      let bucket = buckets.get(key);
      if (bucket === undefined) {
        bucket = { tokens: burst, at: time };
        buckets.set(key, bucket);
      }
      bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, time - bucket.at) * perSecond) / 1000);
      bucket.at = time;
      if (count > bucket.tokens) return false;
      bucket.tokens -= count;
      return true;
    },
    forget(key) {
      buckets.delete(key);
    },
  };
}
