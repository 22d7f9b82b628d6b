import type { PageId } from "./jmt/update.ts";
import type { KeyRange } from "./store.ts";

/**
 * What a store's database holds, by the first byte of the key. Numbers are big-endian: heights 6 bytes, chunks 4.
 *
 * | table | key | value |
 * |---|---|---|
 * | meta | | format, tip, oldest height, pruning cursor |
 * | value | key | height it was written at ‖ bytes: the latest values |
 * | past | key ‖ height it was written at | bytes of a value that has since been replaced or deleted |
 * | deleted | key ‖ height of the deletion | empty: keys that past heights may hold and the tip does not |
 * | page | height ‖ depth ‖ packed nibbles | a page of the tree |
 * | root | height | the root's slot |
 * | stale | height ‖ chunk | keys of this database that no height from this one on needs |
 * | side | key | a side value |
 */
const TABLE = { meta: 0, value: 1, past: 2, deleted: 3, page: 4, root: 5, stale: 6, side: 7 } as const;
type Table = keyof typeof TABLE;

export const FORMAT = 1;
export const HEIGHT_BYTES = 6;
export const META_KEY: Uint8Array = Uint8Array.of(TABLE.meta);

/** PERF: a commit makes hundreds of keys, so each is one array. */
function tableKey(table: Table, key: Uint8Array, after = 0): Uint8Array {
  const bytes = new Uint8Array(1 + key.length + after);
  bytes[0] = TABLE[table];
  bytes.set(key, 1);
  return bytes;
}

/** Writes a whole number of up to 53 bits, big-endian. */
function putUint(bytes: Uint8Array, at: number, value: number, size: number): void {
  if (!Number.isSafeInteger(value) || value < 0 || value >= 2 ** (8 * size)) {
    throw new RangeError(`${value} is no number of ${size} bytes`);
  }
  for (let i = at + size - 1, rest = value; i >= at; i--) {
    bytes[i] = rest % 256;
    rest = Math.floor(rest / 256);
  }
}

/** A key of a table that ends with a height. */
function heightEntry(table: Table, key: Uint8Array, height: number): Uint8Array {
  const bytes = tableKey(table, key, HEIGHT_BYTES);
  putUint(bytes, 1 + key.length, height, HEIGHT_BYTES);
  return bytes;
}

const NO_BYTES = new Uint8Array(0);

/** All keys of a table. */
export function tableRange(table: Table): KeyRange {
  return { start: Uint8Array.of(TABLE[table]), end: Uint8Array.of(TABLE[table] + 1) };
}

/** The key without its table; a copy. */
export function withoutTable(key: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(key, 1);
}

function uint(value: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  putUint(bytes, 0, value, size);
  return bytes;
}

export const valueKey = (key: Uint8Array): Uint8Array => tableKey("value", key);
export const sideKey = (key: Uint8Array): Uint8Array => tableKey("side", key);
export const rootKey = (height: number): Uint8Array => heightEntry("root", NO_BYTES, height);
export const pastKey = (key: Uint8Array, version: number): Uint8Array => heightEntry("past", key, version);
export const deletedKey = (key: Uint8Array, height: number): Uint8Array => heightEntry("deleted", key, height);
export function staleKey(height: number, chunk: number): Uint8Array {
  const bytes = tableKey("stale", NO_BYTES, HEIGHT_BYTES + 4);
  putUint(bytes, 1, height, HEIGHT_BYTES);
  putUint(bytes, 1 + HEIGHT_BYTES, chunk, 4);
  return bytes;
}

function splitHeight(bytes: Uint8Array): { key: Uint8Array; height: number } {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const split = source.length - HEIGHT_BYTES;
  return { key: source.subarray(1, split), height: source.readUIntBE(split, HEIGHT_BYTES) };
}

/** Key and height of an entry of `deleted`, or undefined for a key of another table. */
export function parseDeletedKey(bytes: Uint8Array): { key: Uint8Array; height: number } | undefined {
  return bytes[0] === TABLE.deleted ? splitHeight(bytes) : undefined;
}

/** Key of an entry of `past` and the height its value was written at, or undefined for a key of another table. */
export function parsePastKey(bytes: Uint8Array): { key: Uint8Array; version: number } | undefined {
  if (bytes[0] !== TABLE.past) return undefined;
  const { key, height } = splitHeight(bytes);
  return { key, version: height };
}

/** The pages that were written at a height. */
export function pagesOf(height: number): KeyRange {
  return { start: heightEntry("page", NO_BYTES, height), end: heightEntry("page", NO_BYTES, height + 1) };
}

export function pageKey(id: PageId): Uint8Array {
  const whole = id.depth >> 1;
  const packed = (id.depth + 1) >> 1;
  const bytes = new Uint8Array(1 + HEIGHT_BYTES + 1 + packed);
  bytes[0] = TABLE.page;
  putUint(bytes, 1, id.version, HEIGHT_BYTES);
  bytes[7] = id.depth;
  bytes.set(id.path.subarray(0, whole), 8);
  if (packed > whole) bytes[8 + whole] = (id.path[whole] as number) & 0xf0;
  return bytes;
}

/** A value of the latest state, with the height at which these bytes were written. */
export interface ValueRecord {
  readonly version: number;
  readonly bytes: Uint8Array;
}

export function encodeValue(record: ValueRecord): Uint8Array {
  const bytes = new Uint8Array(HEIGHT_BYTES + record.bytes.length);
  putUint(bytes, 0, record.version, HEIGHT_BYTES);
  bytes.set(record.bytes, HEIGHT_BYTES);
  return bytes;
}

export function decodeValue(bytes: Uint8Array): ValueRecord {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { version: source.readUIntBE(0, HEIGHT_BYTES), bytes: bytes.subarray(HEIGHT_BYTES) };
}

/** Up to where stale entries have been deleted: the next chunk to look at. */
export interface PruneCursor {
  readonly height: number;
  readonly chunk: number;
}

export interface Meta {
  readonly height: number;
  readonly oldest: number;
  readonly pruned: PruneCursor;
}

export function encodeMeta(meta: Meta): Uint8Array {
  const { height, oldest, pruned } = meta;
  return new Uint8Array(
    Buffer.concat([
      Uint8Array.of(FORMAT),
      uint(height, HEIGHT_BYTES),
      uint(oldest, HEIGHT_BYTES),
      uint(pruned.height, HEIGHT_BYTES),
      uint(pruned.chunk, 4),
    ]),
  );
}

/** Undefined for another format or bytes that are no meta record. */
export function decodeMeta(bytes: Uint8Array): Meta | undefined {
  if (bytes.length !== 23 || bytes[0] !== FORMAT) return undefined;
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    height: source.readUIntBE(1, HEIGHT_BYTES),
    oldest: source.readUIntBE(7, HEIGHT_BYTES),
    pruned: { height: source.readUIntBE(13, HEIGHT_BYTES), chunk: source.readUInt32BE(19) },
  };
}
