import { crc32c } from "./crc32c.ts";
import { isTag } from "./records.ts";

/** CRC32C (over the rest) ‖ length of the payload, both 32 bits little-endian. */
export const FRAME_HEADER = 8;
/** More than the largest proposal with its block. */
const MAX_PAYLOAD = 16 * 1024 * 1024;

export function encodeFrame(payload: Uint8Array): Uint8Array {
  const frame = new Uint8Array(FRAME_HEADER + payload.length);
  const view = new DataView(frame.buffer);
  view.setUint32(4, payload.length, true);
  frame.set(payload, FRAME_HEADER);
  view.setUint32(0, crc32c(frame.subarray(4)), true);
  return frame;
}

/** The payload of the frame at `offset`, or undefined when none is there. */
function readFrame(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  if (offset + FRAME_HEADER > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_HEADER);
  const length = view.getUint32(4, true);
  const end = offset + FRAME_HEADER + length;
  if (length === 0 || length > MAX_PAYLOAD || end > bytes.length || !isTag(bytes[offset + FRAME_HEADER])) {
    return undefined;
  }
  if (view.getUint32(0, true) !== crc32c(bytes.subarray(offset + 4, end))) return undefined;
  return bytes.subarray(offset + FRAME_HEADER, end);
}

export interface Frames {
  readonly payloads: readonly Uint8Array[];
  /** Where the good frames end: the file's length when all are good. */
  readonly end: number;
  /** A good frame after the first bad one: the damage is in the middle, and no crash while writing explains it. */
  readonly laterFrameAt: number | undefined;
}

export function readFrames(bytes: Uint8Array): Frames {
  const payloads: Uint8Array[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const payload = readFrame(bytes, offset);
    if (payload === undefined) return { payloads, end: offset, laterFrameAt: findFrame(bytes, offset + 1) };
    payloads.push(payload);
    offset += FRAME_HEADER + payload.length;
  }
  return { payloads, end: offset, laterFrameAt: undefined };
}

/** PERF: a checksum is computed only where a plausible length and tag meet, about once in 13,000 random bytes. */
function findFrame(bytes: Uint8Array, from: number): number | undefined {
  for (let offset = from; offset + FRAME_HEADER < bytes.length; offset++) {
    if (readFrame(bytes, offset) !== undefined) return offset;
  }
  return undefined;
}
