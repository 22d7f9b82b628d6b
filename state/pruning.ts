import type { Backend, Write } from "./backend.ts";
import { type PruneCursor, staleKey } from "./layout.ts";

/** Keys in one entry of the stale table. */
export const STALE_CHUNK = 1024;
/** Least number of entries that a commit may prune; it adds as many as it writes itself, so that pruning keeps up. */
const PRUNED_CHUNKS = 4;

/** Each key as a 16-bit length and its bytes. */
function encodeKeys(keys: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(keys.reduce((sum, key) => sum + 2 + key.length, 0));
  let at = 0;
  for (const key of keys) {
    bytes[at] = key.length >> 8;
    bytes[at + 1] = key.length & 0xff;
    bytes.set(key, at + 2);
    at += 2 + key.length;
  }
  return bytes;
}

/** What `staleWrites` has written. */
export function decodeKeys(bytes: Uint8Array): Uint8Array[] {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const keys: Uint8Array[] = [];
  for (let at = 0; at < source.length; ) {
    const end = at + 2 + source.readUInt16BE(at);
    keys.push(source.subarray(at + 2, end));
    at = end;
  }
  return keys;
}

/** Notes that no height from `height` on needs the entries `keys` of the database. */
export function staleWrites(height: number, keys: readonly Uint8Array[]): Write[] {
  const writes: Write[] = [];
  for (let from = 0; from < keys.length; from += STALE_CHUNK) {
    const chunk = keys.slice(from, from + STALE_CHUNK);
    writes.push([staleKey(height, writes.length), encodeKeys(chunk)]);
  }
  return writes;
}

export interface Pruning {
  /** Entries of the database that can go, those of the stale table among them. */
  readonly keys: readonly Uint8Array[];
  readonly cursor: PruneCursor;
}

/**
 * What can be deleted while heights from `oldest` on are kept. PERF: bounded by (4 + `written`)·1024 deletions, so a
 * shorter retention frees an old store little by little.
 * @param written number of stale entries that the same commit adds.
 */
export function planPruning(backend: Backend, from: PruneCursor, oldest: number, written: number): Pruning {
  const keys: Uint8Array[] = [];
  let { height, chunk } = from;
  for (let budget = PRUNED_CHUNKS + written; budget > 0 && height <= oldest; ) {
    const entry = staleKey(height, chunk);
    const bytes = backend.get(entry);
    if (bytes === undefined) {
      height++;
      chunk = 0;
      continue;
    }
    for (const key of decodeKeys(bytes)) keys.push(key);
    keys.push(entry);
    chunk++;
    budget--;
  }
  return { keys, cursor: { height, chunk } };
}
