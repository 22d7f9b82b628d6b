import type { Backend } from "./backend.ts";
import { fromByteString, toByteString } from "./byte-strings.ts";
import { createCache } from "./cache.ts";
import { pathOf } from "./jmt/hash.ts";
import { decodePage, type Page, type PageLoader, type Slot } from "./jmt/page.ts";
import type { PageId } from "./jmt/update.ts";
import { findLeaf } from "./jmt/walk.ts";
import { decodeValue, pageKey, pastKey, type ValueRecord, valueKey } from "./layout.ts";
import type { KeyRange, StateReader } from "./store.ts";

const VALUE_CACHE_BYTES = 32 * 1024 * 1024;
/** What a cached value costs besides its bytes: key, record, Map entry. */
const VALUE_OVERHEAD = 200;
/** PERF: a decoded page takes 1 to 3 KiB of heap. */
const CACHED_PAGES = 16_384;

/** Cached reads of the database's values and pages. The tip's are put in when they have been committed. */
export interface Tables {
  /** The latest value of a key. */
  value(text: string, key: Uint8Array): ValueRecord | undefined;
  /** The bytes written at `version`, latest or not. */
  valueOf(text: string, key: Uint8Array, version: number): Uint8Array;
  readonly page: PageLoader;
  rememberValue(text: string, record: ValueRecord | undefined): void;
  rememberPage(id: PageId, page: Page): void;
}

function damaged(what: string): Error {
  return new Error(`${what} is missing from the state: the database is damaged, restore it or sync again`);
}

/** @param isLive whether the tip holds a key, which spares the database the keys that are not there. */
export function createTables(backend: Backend, isLive: (key: string) => boolean): Tables {
  const values = createCache<ValueRecord>(VALUE_CACHE_BYTES, (record) => record.bytes.length + VALUE_OVERHEAD);
  const pages = createCache<Page>(CACHED_PAGES, () => 1);

  function value(text: string, key: Uint8Array): ValueRecord | undefined {
    const cached = values.get(text);
    if (cached !== undefined) return cached;
    const bytes = isLive(text) ? backend.get(valueKey(key)) : undefined;
    if (bytes === undefined) return undefined;
    const record = decodeValue(bytes);
    values.set(text, record);
    return record;
  }

  return {
    value,
    valueOf(text, key, version) {
      const latest = value(text, key);
      if (latest?.version === version) return latest.bytes;
      const bytes = backend.get(pastKey(key, version));
      if (bytes === undefined) throw damaged(`a value of height ${version}`);
      return bytes;
    },
    page(version, depth, path) {
      const key = pageKey({ version, depth, path });
      const text = toByteString(key);
      const cached = pages.get(text);
      if (cached !== undefined) return cached;
      const bytes = backend.get(key);
      if (bytes === undefined) throw damaged(`a page of the tree of height ${version}`);
      const page = decodePage(bytes);
      pages.set(text, page);
      return page;
    },
    rememberValue(text, record) {
      if (record === undefined) values.delete(text);
      else values.set(text, record);
    },
    rememberPage: (id, page) => pages.set(toByteString(pageKey(id)), page),
  };
}

/** Finds what the tree with this root holds under a key. PERF: a walk of the tree, 10 to 30 µs among 100k keys. */
export function findValue(tables: Tables, root: Slot, key: Uint8Array): ValueRecord | undefined {
  const leaf = findLeaf(tables.page, root, pathOf(key));
  if (leaf === undefined) return undefined;
  return { version: leaf.version, bytes: tables.valueOf(toByteString(key), key, leaf.version) };
}

/** Reads that find values by `get` and the candidates for iteration by `keys`, in order. */
export function readerOver(
  get: (key: Uint8Array) => Uint8Array | undefined,
  keys: (range: KeyRange) => Iterable<string>,
): StateReader {
  return {
    get,
    *iterate(range) {
      for (const text of keys(range)) {
        const key = fromByteString(text);
        const value = get(key);
        if (value !== undefined) yield [key, value];
      }
    },
  };
}
