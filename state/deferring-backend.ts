import type { Backend, Write } from "./backend.ts";
import { fromByteString, toByteString } from "./byte-strings.ts";
import type { KeyRange } from "./store.ts";

/** A backend that can hold writes back, so that several reach the disk as one. */
export interface DeferringBackend extends Backend {
  /** From now on writes stay in memory, where all reads see them. */
  defer(): void;
  /** Writes what was held back, all or nothing, and ends holding back. */
  flush(): Promise<void>;
}

/** What is held back is written when it comes to this many bytes. */
const MAX_HELD_BYTES = 16 * 1024 * 1024;

type Held = ReadonlyMap<string, Uint8Array | undefined>;
type Entry = readonly [key: Uint8Array, value: Uint8Array];

function heldIn(held: Held, { start, end, reverse }: KeyRange): string[] {
  const [from, to] = [toByteString(start), toByteString(end)];
  const keys = [...held.keys()].filter((key) => key >= from && key < to).toSorted();
  return reverse === true ? keys.reverse() : keys;
}

/** Entries in order, those that are held in place of those that are not. */
async function* merged(held: Held, range: KeyRange, entries: AsyncIterable<Entry>): AsyncGenerator<Entry> {
  const waiting = heldIn(held, range);
  let next = 0;
  for await (const entry of entries) {
    const key = toByteString(entry[0]);
    for (let mine = waiting[next]; mine !== undefined; mine = waiting[++next]) {
      if (mine !== key && mine < key === (range.reverse ?? false)) break;
      const value = mine === key ? undefined : held.get(mine);
      if (value !== undefined) yield [fromByteString(mine), value];
      if (mine === key) break;
    }
    if (!held.has(key)) yield entry;
    else {
      next++;
      const value = held.get(key);
      if (value !== undefined) yield [entry[0], value];
    }
  }
  for (const mine of waiting.slice(next)) {
    const value = held.get(mine);
    if (value !== undefined) yield [fromByteString(mine), value];
  }
}

export function createDeferringBackend(inner: Backend): DeferringBackend {
  let held = new Map<string, Uint8Array | undefined>();
  let bytes = 0;
  let isDeferring = false;
  let turn: Promise<unknown> = Promise.resolve();

  /** One after the other: what is written while held entries are on their way to the disk must not be taken for one of them. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined); // Whoever asked for it is told.
    return mine;
  }

  async function writeHeld(): Promise<void> {
    if (held.size === 0) return;
    await inner.write([...held].map(([key, value]): Write => [fromByteString(key), value]));
    held = new Map();
    bytes = 0;
  }

  async function* all(range: KeyRange): AsyncGenerator<Entry> {
    yield* held.size === 0 ? inner.entries(range) : merged(new Map(held), range, inner.entries(range));
  }

  return {
    get(key) {
      if (held.size === 0) return inner.get(key);
      const text = toByteString(key);
      return held.has(text) ? held.get(text) : inner.get(key);
    },
    write: (writes) =>
      inTurn(async () => {
        if (!isDeferring) return inner.write(writes);
        for (const [key, value] of writes) {
          held.set(toByteString(key), value);
          bytes += key.length + (value?.length ?? 0);
        }
        if (bytes > MAX_HELD_BYTES) await writeHeld();
      }),
    async *keys(range) {
      if (held.size === 0) yield* inner.keys(range);
      else for await (const [key] of all(range)) yield key;
    },
    entries: all,
    view() {
      const view = inner.view();
      const copy: Held = new Map(held);
      return {
        entries: (range) => (copy.size === 0 ? view.entries(range) : merged(copy, range, view.entries(range))),
        close: () => view.close(),
      };
    },
    defer() {
      isDeferring = true;
    },
    flush: () =>
      inTurn(async () => {
        await writeHeld();
        isDeferring = false;
      }),
    close: () =>
      inTurn(async () => {
        try {
          await writeHeld();
        } finally {
          await inner.close();
        }
      }),
  };
}
