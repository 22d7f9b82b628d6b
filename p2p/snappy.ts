import { compress as compressBlock } from "snappyjs";

/**
 * Snappy's raw block format (google/snappy, format_description.txt). The package compresses; its decompressor is not
 * used, since a literal whose length has the top bit set makes it step backwards and never return.
 */
export function compress(bytes: Uint8Array): Uint8Array {
  return compressBlock(bytes);
}

/** The most bytes that a compressor of this format makes of `length`. */
export function maxCompressedLength(length: number): number {
  return 32 + length + Math.ceil(length / 6);
}

export type DecompressFailure = "oversize" | "malformed";

/**
 * The payload, or why there is none: `oversize` when the header claims more than `maxBytes` or the input is longer than
 * any encoding of that many (nothing is allocated then), `malformed` for anything that does not decode to exactly the
 * claimed length. Never throws. PERF: at most 64 output bytes for each input tag and `maxBytes` in all.
 */
export function decompress(input: Uint8Array, maxBytes: number): Uint8Array | DecompressFailure {
  const header = readLength(input);
  if (header === undefined) return "malformed";
  if (header.length > maxBytes || input.length > maxCompressedLength(maxBytes)) return "oversize";
  const output = new Uint8Array(header.length);
  return fill(output, input, header.end) ? output : "malformed";
}

/** A varint of at most 32 bits. */
function readLength(input: Uint8Array): { readonly length: number; readonly end: number } | undefined {
  let length = 0;
  for (let i = 0; i < 5; i++) {
    const byte = input[i];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) return length <= 0xffff_ffff ? { length, end: i + 1 } : undefined;
  }
  return undefined;
}

/** Runs the tags from `at`; false unless they fill the output exactly. Each step moves `at` forward. */
function fill(output: Uint8Array, input: Uint8Array, start: number): boolean {
  let at = start;
  let end = 0;
  while (at < input.length) {
    const tag = input[at++] as number;
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >>> 2;
      const extra = short < 60 ? 0 : short - 59;
      if (at + extra > input.length) return false;
      const length = (extra === 0 ? short : littleEndian(input, at, extra)) + 1;
      at += extra;
      if (at + length > input.length || end + length > output.length) return false;
      // A view costs more than copying a few bytes.
      if (length < 32) for (let i = 0; i < length; i++) output[end + i] = input[at + i] as number;
      else output.set(input.subarray(at, at + length), end);
      at += length;
      end += length;
      continue;
    }
    const extra = kind === 3 ? 4 : kind;
    if (at + extra > input.length) return false;
    const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = littleEndian(input, at, extra) + (kind === 1 ? (tag >>> 5) * 256 : 0);
    at += extra;
    if (offset === 0 || offset > end || end + length > output.length) return false;
    // Byte by byte: a copy may reach into what it writes.
    for (let i = 0; i < length; i++) output[end + i] = output[end + i - offset] as number;
    end += length;
  }
  return end === output.length;
}

/** Unsigned, up to four bytes; the caller has checked that they are there. */
function littleEndian(input: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (input[at + i] as number);
  return value;
}
