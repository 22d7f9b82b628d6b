import type { Backend } from "./backend.ts";
import { toByteString } from "./byte-strings.ts";
import { createKeyIndex, type KeyIndex, unionOfKeys } from "./key-index.ts";
import { parseDeletedKey, tableRange, withoutTable } from "./layout.ts";
import type { KeyRange } from "./store.ts";

/** The keys of the tip, and those deleted within retention, in memory because iteration is synchronous. */
export interface KeySets {
  hasLive(key: string): boolean;
  live(range: KeyRange): Iterable<string>;
  /** Every key that some retained height may hold. */
  everKept(range: KeyRange): Iterable<string>;
  add(key: string): void;
  delete(key: string, height: number): void;
  /** Forgets a deletion whose entry in the database has been pruned. Keys of other tables are left alone. */
  forget(entry: Uint8Array): void;
}

export function createKeySets(): KeySets {
  const alive: KeyIndex = createKeyIndex();
  const deleted: KeyIndex = createKeyIndex();
  /** Height of the last deletion of a key of `deleted`. */
  const deletions = new Map<string, number>();

  const within = (index: KeyIndex, range: KeyRange): Iterable<string> =>
    index.range(toByteString(range.start), toByteString(range.end), range.reverse ?? false);

  return {
    hasLive: (key) => alive.has(key),
    live: (range) => within(alive, range),
    everKept: (range) => unionOfKeys(within(alive, range), within(deleted, range), range.reverse ?? false),
    add: (key) => alive.add(key),
    delete(key, height) {
      alive.delete(key);
      deleted.add(key);
      deletions.set(key, Math.max(height, deletions.get(key) ?? 0));
    },
    forget(entry) {
      const parsed = parseDeletedKey(entry);
      if (parsed === undefined) return;
      const key = toByteString(parsed.key);
      if (deletions.get(key) !== parsed.height) return;
      deletions.delete(key);
      deleted.delete(key);
    },
  };
}

/** PERF: reads each key of the state once at opening. */
export async function loadKeySets(backend: Backend): Promise<KeySets> {
  const sets = createKeySets();
  for await (const entry of backend.keys(tableRange("deleted"))) {
    const parsed = parseDeletedKey(entry);
    if (parsed !== undefined) sets.delete(toByteString(parsed.key), parsed.height);
  }
  for await (const entry of backend.keys(tableRange("value"))) sets.add(toByteString(withoutTable(entry)));
  return sets;
}
