import type { Type } from "@chainsafe/ssz";
import { OWNER, type Owner } from "./prefixes.ts";
import type { KeyRange, StateReader, StateWriter, StoredValue } from "./store.ts";

/**
 * How a key becomes bytes. Byte order of the bytes is the iteration order. `length` is the number of bytes, or
 * undefined for a codec that takes all that is left and can therefore only stand last in a tuple.
 */
export interface KeyCodec<K> {
  readonly length: number | undefined;
  encode(key: K): Uint8Array;
  decode(bytes: Uint8Array): K;
}

export function bytesKey(length: number): KeyCodec<Uint8Array> {
  return {
    length,
    encode(key) {
      if (key.length !== length) throw new Error(`a key of ${length} bytes was expected, got ${key.length}`);
      return key;
    },
    decode: (bytes) => bytes,
  };
}

/** Big-endian, so that byte order is numeric order. */
export const heightKey: KeyCodec<number> = {
  length: 8,
  encode(key) {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(key));
    return bytes;
  },
  decode: (bytes) => Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0)),
};

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** PERF: nearly all are short and ASCII; the encoder takes half a microsecond whatever it encodes. */
function encodeText(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return encoder.encode(text);
    bytes[i] = code;
  }
  return bytes;
}

/** UTF-8 text; only in last place of a tuple. */
export const textKey: KeyCodec<string> = {
  length: undefined,
  encode: encodeText,
  decode: (bytes) => decoder.decode(bytes),
};

export function pairKey<A, B>(a: KeyCodec<A>, b: KeyCodec<B>): KeyCodec<readonly [A, B]> {
  const split = a.length;
  if (split === undefined) throw new Error("only the last part of a key may have any length");
  return {
    length: b.length === undefined ? undefined : split + b.length,
    encode: (key) => join(a.encode(key[0]), b.encode(key[1])),
    decode: (bytes) => [a.decode(bytes.subarray(0, split)), b.decode(bytes.subarray(split))],
  };
}

/** What keys and values of one part of the state are, for whoever reads them without its names. */
export interface StoredType<V> {
  /** Every key begins with it, and no key of another part. */
  readonly prefix: Uint8Array;
  readonly type: Type<V>;
}

/** What a part of the state holds, by the names that exported genesis documents call it by. */
export type StoredTypes = Readonly<Record<string, StoredType<unknown>>>;

function isStored(value: unknown): value is StoredType<unknown> {
  return typeof value === "object" && value !== null && "prefix" in value && "type" in value && "storeKey" in value;
}

/** The collections and items that store files export, among types and key codecs; by their names there. */
export function storedTypes(...files: readonly object[]): StoredTypes {
  const found = files.flatMap((file) => Object.entries(file)).filter(([, value]) => isStored(value));
  return Object.fromEntries(found) as StoredTypes;
}

/** A typed map in the state. Values are SSZ; `set` stores the value's hash_tree_root with it. */
export interface Collection<K, V> extends StoredType<V> {
  /** The store key, for proofs. */
  storeKey(key: K): Uint8Array;
  get(reader: StateReader, key: K): V | undefined;
  has(reader: StateReader, key: K): boolean;
  set(writer: StateWriter, key: K, value: V): void;
  delete(writer: StateWriter, key: K): void;
  /**
   * In key order, all or those whose encoded key starts with `within`. The entries are collected before the first is
   * handed out, so the loop may write to the store. PERF: bound the range or the collection.
   */
  entries(reader: StateReader, options?: EntriesOptions): readonly (readonly [key: K, value: V])[];
}

export interface EntriesOptions {
  readonly within?: Uint8Array;
  /** Encoded key of the lower bound, inclusive, whatever the direction. */
  readonly from?: Uint8Array;
  /** Encoded key of the upper bound, exclusive, whatever the direction. */
  readonly before?: Uint8Array;
  readonly reverse?: boolean;
  /** Most entries handed out. */
  readonly limit?: number;
}

/** One typed value in the state. */
export interface Item<V> extends StoredType<V> {
  readonly storeKey: Uint8Array;
  get(reader: StateReader): V | undefined;
  set(writer: StateWriter, value: V): void;
  delete(writer: StateWriter): void;
}

function join(prefix: Uint8Array, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(prefix.length + rest.length);
  bytes.set(prefix);
  bytes.set(rest, prefix.length);
  return bytes;
}

/** The first key after all keys with this prefix, for the end of a range. */
export function prefixEnd(prefix: Uint8Array): Uint8Array {
  const end = Uint8Array.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    const byte = end[i] as number;
    if (byte < 0xff) {
      end[i] = byte + 1;
      return end.subarray(0, i + 1);
    }
  }
  throw new Error("a prefix of 0xff bytes has no end");
}

const SCRATCH_BYTES = 1024;
const scratch = ((uint8Array: Uint8Array) => ({ uint8Array, dataView: new DataView(uint8Array.buffer) }))(
  new Uint8Array(SCRATCH_BYTES),
);

/** PERF: a DataView moves a small array out of the heap, which took longer than writing the sixteen bytes of a balance. */
function serialized<V>(type: Type<V>, value: V): Uint8Array {
  const size = type.value_serializedSize(value);
  if (size > SCRATCH_BYTES) return type.serialize(value);
  scratch.uint8Array.fill(0, 0, size);
  type.value_serializeToBytes(scratch, 0, value);
  return scratch.uint8Array.slice(0, size);
}

/**
 * The bytes and root that the tree commits to for a value. PERF: the root is made when it is first asked for, since most values are written
 * again within their block, or in a check that is dropped; and of the bytes, so that nothing done to the value meanwhile parts the two.
 */
export function storedValue<V>(type: Type<V>, value: V): StoredValue {
  const bytes = serialized(type, value);
  let root: Uint8Array | undefined;
  return {
    bytes,
    get root() {
      root ??= type.hashTreeRoot(type.deserialize(bytes));
      return root;
    },
  };
}

/**
 * A decoder that decodes each array of bytes once: a store answers with the same array until the key is written. What it gives is shared, so it
 * must be frozen. Kept for as long as the store keeps the bytes.
 */
export function decodedOnce<D extends object>(decode: (bytes: Uint8Array) => D): (bytes: Uint8Array) => D {
  const known = new WeakMap<Uint8Array, D>();
  return (bytes) => {
    const kept = known.get(bytes);
    if (kept !== undefined) return kept;
    const decoded = decode(bytes);
    known.set(bytes, decoded);
    return decoded;
  };
}

/** Freezes records and lists down to byte arrays and bit arrays, which can't be. */
function freezeDeep<V>(value: V): V {
  if (typeof value !== "object" || value === null) return value;
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return value;

  for (const part of Object.values(value)) freezeDeep(part);
  return Object.freeze(value);
}

/**
 * A collection whose values are decoded once for as long as they stay what they are: for records that are read several times a block. What it
 * gives is shared and frozen; arrays of bytes in it can't be frozen and must not be written to.
 */
export function sharedCollection<K, V extends object>(
  owner: Owner,
  number: number,
  key: KeyCodec<K>,
  type: Type<V>,
): Collection<K, V> {
  return collection(
    owner,
    number,
    key,
    type,
    decodedOnce((bytes) => freezeDeep(type.deserialize(bytes))),
  );
}

/** @param decode how its values are decoded, where not anew each time. */
export function collection<K, V>(
  owner: Owner,
  number: number,
  key: KeyCodec<K>,
  type: Type<V>,
  decode: (bytes: Uint8Array) => V = (bytes) => type.deserialize(bytes),
): Collection<K, V> {
  const prefix = Uint8Array.of(OWNER[owner], number);
  const storeKey = (k: K): Uint8Array => join(prefix, key.encode(k));
  return {
    prefix,
    type,
    storeKey,
    get(reader, k) {
      const bytes = reader.get(storeKey(k));
      return bytes === undefined ? undefined : decode(bytes);
    },
    has: (reader, k) => reader.get(storeKey(k)) !== undefined,
    set: (writer, k, value) => writer.set(storeKey(k), storedValue(type, value)),
    delete: (writer, k) => writer.delete(storeKey(k)),
    entries(reader, options = {}) {
      const within = options.within === undefined ? prefix : join(prefix, options.within);
      const range: KeyRange = {
        start: options.from === undefined ? within : join(prefix, options.from),
        end: options.before === undefined ? prefixEnd(within) : join(prefix, options.before),
        reverse: options.reverse ?? false,
      };
      const found: (readonly [K, V])[] = [];
      const limit = options.limit ?? Number.MAX_SAFE_INTEGER;
      if (limit === 0) return found;
      for (const [bytes, value] of reader.iterate(range)) {
        found.push([key.decode(bytes.subarray(prefix.length)), decode(value)]);
        if (found.length >= limit) break;
      }
      return found;
    },
  };
}

export function item<V>(owner: Owner, number: number, type: Type<V>): Item<V> {
  const storeKey = Uint8Array.of(OWNER[owner], number);
  return {
    prefix: storeKey,
    type,
    storeKey,
    get(reader) {
      const bytes = reader.get(storeKey);
      return bytes === undefined ? undefined : type.deserialize(bytes);
    },
    set: (writer, value) => writer.set(storeKey, storedValue(type, value)),
    delete: (writer) => writer.delete(storeKey),
  };
}
