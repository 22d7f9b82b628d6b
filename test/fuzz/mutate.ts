/** A number from 0 (inclusive) to 1. */
export type Random = () => number;

/** Lengths, counts and edges of integers that decoders get wrong most often. */
const INTERESTING = [
  0, 1, 2, 4, 7, 8, 16, 31, 32, 48, 63, 64, 96, 127, 128, 255, 256, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff,
];
/** Inserted or copied at once. */
const MAX_PIECE = 64;

const below = (random: Random, limit: number): number => Math.floor(random() * limit);

function spliced(bytes: Uint8Array, at: number, removed: number, piece: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes.length - removed + piece.length);
  result.set(bytes.subarray(0, at));
  result.set(piece, at);
  result.set(bytes.subarray(at + removed), at + piece.length);
  return result;
}

function changed(bytes: Uint8Array, at: number, byte: number): Uint8Array {
  const result = bytes.slice();
  if (at < result.length) result[at] = byte;
  return result;
}

/** Writes an integer of 1, 2, 4 or 8 bytes in either order, as lengths and offsets are. */
function withInteger(bytes: Uint8Array, random: Random): Uint8Array {
  const size = [1, 2, 4, 8][below(random, 4)] ?? 1;
  if (bytes.length < size) return bytes;
  const result = bytes.slice();
  const at = below(random, bytes.length - size + 1);
  const value = INTERESTING[below(random, INTERESTING.length)] ?? 0;
  const delta = below(random, 3) - 1;
  const written = BigInt.asUintN(64, random() < 0.1 ? -1n : BigInt(value + delta));
  const littleEndian = random() < 0.7;
  for (let i = 0; i < size; i++) {
    const shift = 8n * BigInt(littleEndian ? i : size - 1 - i);
    result[at + i] = Number((written >> shift) & 0xffn);
  }
  return result;
}

/** A piece of `bytes`, of at most MAX_PIECE bytes. */
function pieceOf(bytes: Uint8Array, random: Random): Uint8Array {
  const length = Math.min(bytes.length, 1 + below(random, MAX_PIECE));
  const at = below(random, bytes.length - length + 1);
  return bytes.slice(at, at + length);
}

function once(bytes: Uint8Array, other: Uint8Array, random: Random): Uint8Array {
  const at = below(random, bytes.length + 1);
  const rest = bytes.length - at;
  switch (below(random, 10)) {
    case 0:
      return changed(bytes, at, (bytes[at] ?? 0) ^ (1 << below(random, 8)));
    case 1:
    case 9:
      return changed(bytes, at, below(random, 256));
    case 2:
      return withInteger(bytes, random);
    case 3:
      return spliced(bytes, at, Math.min(rest, 1 + below(random, MAX_PIECE)), new Uint8Array(0));
    case 4:
      return spliced(
        bytes,
        at,
        0,
        Uint8Array.from({ length: 1 + below(random, 8) }, () => below(random, 256)),
      );
    case 5:
      return spliced(bytes, at, 0, pieceOf(bytes, random));
    case 6:
      return bytes.slice(0, at);
    case 7:
      return spliced(bytes, at, random() < 0.5 ? 0 : Math.min(rest, MAX_PIECE), pieceOf(other, random));
    default:
      return spliced(bytes, at, 0, new Uint8Array(1 + below(random, 256)).fill(bytes[at] ?? 0));
  }
}

/**
 * `bytes` with one to eight changes: bits, integers, pieces left out, doubled, or taken from `other`.
 * @param maxBytes the result is cut to this length.
 */
export function mutate(bytes: Uint8Array, other: Uint8Array, random: Random, maxBytes: number): Uint8Array {
  let result = bytes;
  // Most often one alone: what the others break would hide what it does.
  for (let left = random() < 0.5 ? 1 : 2 ** (1 + below(random, 3)); left > 0; left--)
    result = once(result, other, random);
  return result.length > maxBytes ? result.slice(0, maxBytes) : result;
}
