/** Why bytes are not a frame: `oversize` announces more than the bound, `malformed` has no valid length. */
export type FrameFailure = "oversize" | "malformed";

/** Uint8ArrayList of libp2p, without depending on it. */
export type Chunk = Uint8Array | Iterable<Uint8Array>;

export interface FrameReader {
  /** The frames that these bytes complete, or why the stream can't be read on; the same failure ever after. */
  push(chunk: Chunk): readonly Uint8Array[] | FrameFailure;
  /** Whether a frame has been begun and not finished. */
  readonly partial: boolean;
}

/** Length prefixes are varints of at most 4 bytes. */
const MAX_PREFIX_BYTES = 4;

/** Splits a stream of `varint length ‖ body` frames. Holds at most `maxBytes` of an unfinished frame. */
export function createFrameReader(maxBytes: number): FrameReader {
  let failure: FrameFailure | undefined;
  let length = 0;
  let prefixBytes = 0;
  /** Undefined while the prefix is being read. */
  let missing: number | undefined;
  let parts: Uint8Array[] = [];

  function readPrefix(byte: number): void {
    length += (byte & 0x7f) * 2 ** (7 * prefixBytes);
    prefixBytes += 1;
    if (byte < 0x80) {
      if (length > maxBytes) failure = "oversize";
      missing = length;
    } else if (prefixBytes === MAX_PREFIX_BYTES) failure = "malformed";
  }

  function finish(): Uint8Array {
    const frame = parts.length === 1 ? (parts[0] as Uint8Array) : new Uint8Array(Buffer.concat(parts));
    length = 0;
    prefixBytes = 0;
    missing = undefined;
    parts = [];
    return frame;
  }

  function pushBytes(bytes: Uint8Array, frames: Uint8Array[]): void {
    let at = 0;
    while (failure === undefined && (at < bytes.length || missing === 0)) {
      if (missing === undefined) {
        readPrefix(bytes[at++] as number);
        continue;
      }
      const part = bytes.subarray(at, at + missing);
      at += part.length;
      missing -= part.length;
      if (part.length > 0) parts.push(part);
      if (missing === 0) frames.push(finish());
    }
  }

  return {
    push(chunk) {
      const frames: Uint8Array[] = [];
      if (chunk instanceof Uint8Array) pushBytes(chunk, frames);
      else for (const bytes of chunk) pushBytes(bytes, frames);
      return failure ?? frames;
    },
    get partial() {
      return prefixBytes > 0;
    },
  };
}

/** `varint length ‖ body`, the body given in parts. */
export function encodeFrame(...parts: readonly Uint8Array[]): Uint8Array {
  let length = parts.reduce((sum, part) => sum + part.length, 0);
  const prefix: number[] = [];
  while (length >= 0x80) {
    prefix.push((length & 0x7f) | 0x80);
    length = Math.floor(length / 128);
  }
  prefix.push(length);
  return new Uint8Array(Buffer.concat([Uint8Array.from(prefix), ...parts]));
}
