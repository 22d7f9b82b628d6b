import { MAX_KEY } from "./create-store.ts";

/** A chunk ends before the entry that would make it longer, unless that entry is its first. */
export const SNAPSHOT_CHUNK_BYTES = 256 * 1024;
/** No chunk is longer: what a reader takes at most. Bounds a single value, too. */
export const MAX_SNAPSHOT_CHUNK_BYTES = 1024 * 1024;

export type StateEntry = readonly [key: Uint8Array, value: Uint8Array];

const HEAD_BYTES = 6;

/**
 * Cuts entries in key order into chunks: for each entry the key's length in 16 bits and the value's in 32, big-endian, then
 * both. The chunks are a function of the entries, so that every node makes the same ones.
 * @throws RangeError for an entry that fits no chunk.
 */
export async function* encodeChunks(entries: AsyncIterable<StateEntry>): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const [key, value] of entries) {
    const length = HEAD_BYTES + key.length + value.length;
    if (length > MAX_SNAPSHOT_CHUNK_BYTES) throw new RangeError(`an entry of ${length} bytes fits no snapshot chunk`);
    if (size > 0 && size + length > SNAPSHOT_CHUNK_BYTES) {
      yield new Uint8Array(Buffer.concat(parts, size));
      parts = [];
      size = 0;
    }
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt16BE(key.length, 0);
    head.writeUInt32BE(value.length, 2);
    parts.push(head, key, value);
    size += length;
  }
  if (size > 0) yield new Uint8Array(Buffer.concat(parts, size));
}

/** @returns the entries, as views of the chunk, or undefined for bytes that are no chunk. */
export function decodeChunk(chunk: Uint8Array): StateEntry[] | undefined {
  const source = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const entries: StateEntry[] = [];
  for (let at = 0; at < source.length; ) {
    if (at + HEAD_BYTES > source.length) return undefined;
    const keyLength = source.readUInt16BE(at);
    const start = at + HEAD_BYTES;
    const end = start + keyLength + source.readUInt32BE(at + 2);
    if (keyLength > MAX_KEY || end > source.length) return undefined;
    entries.push([chunk.subarray(start, start + keyLength), chunk.subarray(start + keyLength, end)]);
    at = end;
  }
  return entries;
}
