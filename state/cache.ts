/** A bounded map that forgets what has not been used for longest, approximately. */
export interface Cache<V> {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  delete(key: string): void;
}

/**
 * Two generations: new and used entries live in the young one; when it holds half of the limit it becomes the old one,
 * and what was still in the old one is forgotten. PERF: a hit is one or two Map look-ups, without the re-insertion
 * that an exact LRU pays for each.
 * @param limit most weight held, in the unit of `weigh`.
 */
export function createCache<V>(limit: number, weigh: (value: V) => number): Cache<V> {
  let young = new Map<string, V>();
  let old = new Map<string, V>();
  let weight = 0;

  function put(key: string, value: V): void {
    young.set(key, value);
    weight += weigh(value);
    if (weight * 2 < limit) return;
    old = young;
    young = new Map();
    weight = 0;
  }

  return {
    get(key) {
      const value = young.get(key);
      if (value !== undefined) return value;
      const aged = old.get(key);
      if (aged === undefined) return undefined;
      old.delete(key);
      put(key, aged);
      return aged;
    },
    set(key, value) {
      this.delete(key);
      put(key, value);
    },
    delete(key) {
      const value = young.get(key);
      if (value !== undefined) weight -= weigh(value);
      young.delete(key);
      old.delete(key);
    },
  };
}
