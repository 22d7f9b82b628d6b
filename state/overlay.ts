import { fromByteString, toByteString } from "./byte-strings.ts";
import { createKeyIndex, type KeyIndex } from "./key-index.ts";
import type { KeyRange, Overlay, StateReader, StateWriter, StoredValue } from "./store.ts";

function isWriter(store: StateReader): store is StateWriter {
  return "set" in store && "delete" in store;
}

/**
 * Writes held over `parent`, which may be an overlay itself. Nothing reaches the parent before `flush`.
 * PERF: a write costs one insertion into a sorted index; iteration adds a merge to the parent's.
 */
export function createOverlay(parent: StateReader): Overlay {
  const values = new Map<string, StoredValue | undefined>();
  let keys: KeyIndex = createKeyIndex();

  function write(key: Uint8Array, value: StoredValue | undefined): void {
    const text = toByteString(key);
    values.set(text, value);
    keys.add(text);
  }

  function* iterate(range: KeyRange): Iterable<readonly [Uint8Array, Uint8Array]> {
    const reverse = range.reverse ?? false;
    const own = keys.range(toByteString(range.start), toByteString(range.end), reverse)[Symbol.iterator]();
    let mine = own.next();
    for (const entry of parent.iterate(range)) {
      const theirs = mine.done === true ? "" : toByteString(entry[0]);
      while (mine.done !== true && mine.value !== theirs && mine.value < theirs !== reverse) {
        const written = values.get(mine.value);
        if (written !== undefined) yield [fromByteString(mine.value), written.bytes];
        mine = own.next();
      }
      if (mine.done === true || mine.value !== theirs) {
        yield entry;
        continue;
      }
      const written = values.get(mine.value);
      if (written !== undefined) yield [entry[0], written.bytes];
      mine = own.next();
    }
    for (; mine.done !== true; mine = own.next()) {
      const written = values.get(mine.value);
      if (written !== undefined) yield [fromByteString(mine.value), written.bytes];
    }
  }

  function changes(): (readonly [Uint8Array, StoredValue | undefined])[] {
    return keys.all().map((key) => [fromByteString(key), values.get(key)] as const);
  }

  return {
    get(key) {
      const text = toByteString(key);
      const written = values.get(text);
      if (written !== undefined) return written.bytes;
      return values.has(text) ? undefined : parent.get(key);
    },
    iterate,
    set: write,
    delete: (key) => write(key, undefined),
    changes,
    flush() {
      if (!isWriter(parent)) throw new Error("this overlay's parent can only be read");
      for (const [key, value] of changes()) {
        if (value === undefined) parent.delete(key);
        else parent.set(key, value);
      }
      values.clear();
      keys = createKeyIndex();
    },
  };
}
