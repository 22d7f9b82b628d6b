/**
 * What the node and its engine process say to each other: frames of
 * `u32 length ‖ u32 length of head ‖ head (JSON) ‖ blobs`, little-endian, where `head` is `{message, sizes}` and `sizes` are the lengths of the blobs.
 * Plain bytes over a pipe need no environment variable (Node's own channel does), and the reader's bounds hold against a
 * child that a hostile model has taken over.
 */
export interface Frame {
  /** JSON as the other side sent it: still to be checked. */
  readonly message: unknown;
  readonly blobs: readonly Uint8Array[];
}

const MAX_HEAD_BYTES = 256 * 1024;
const MAX_BLOBS = 64;

export function encodeFrame(message: object, blobs: readonly Uint8Array[] = []): readonly Uint8Array[] {
  const head = Buffer.from(JSON.stringify({ message, sizes: blobs.map((blob) => blob.length) }), "utf8");
  const lengths = Buffer.alloc(8);
  lengths.writeUInt32LE(
    blobs.reduce((sum, blob) => sum + blob.length, 4 + head.length),
    0,
  );
  lengths.writeUInt32LE(head.length, 4);
  return [lengths, head, ...blobs];
}

/**
 * Reassembles frames from chunks of a stream. Throws on a frame longer than `maxBytes` or one that contradicts itself; the stream is
 * then of no further use. Holds at most `maxBytes` and one chunk.
 */
export function createFrameReader(maxBytes: number, onFrame: (frame: Frame) => void): (chunk: Uint8Array) => void {
  let parts: Uint8Array[] = [];
  let held = 0;
  let wanted = 4;
  return (chunk) => {
    parts.push(chunk);
    held += chunk.length;
    while (held >= wanted) {
      const joined = asBuffer(parts);
      parts = [joined];
      const length = joined.readUInt32LE(0);
      if (length > maxBytes) throw new Error(`frame of ${length} bytes, at most ${maxBytes} allowed`);
      wanted = 4 + length;
      if (held < wanted) return;
      const frame = decodeFrame(joined.subarray(4, wanted));
      parts = [joined.subarray(wanted)];
      held -= wanted;
      wanted = 4;
      onFrame(frame);
    }
  };
}

function asBuffer(parts: readonly Uint8Array[]): Buffer {
  const [first] = parts;
  if (first === undefined || parts.length > 1) return Buffer.concat(parts);
  return Buffer.from(first.buffer, first.byteOffset, first.length);
}

function decodeFrame(body: Buffer): Frame {
  if (body.length < 4) throw new Error(`frame of ${body.length} bytes has no head`);
  const headLength = body.readUInt32LE(0);
  if (headLength > MAX_HEAD_BYTES || headLength > body.length - 4)
    throw new Error(`frame with a head of ${headLength} bytes`);
  const head: unknown = JSON.parse(body.toString("utf8", 4, 4 + headLength));
  if (typeof head !== "object" || head === null || !("message" in head) || !("sizes" in head))
    throw new Error("frame without message");
  const { message, sizes } = head;
  if (!Array.isArray(sizes) || sizes.length > MAX_BLOBS) throw new Error("frame with a bad list of blobs");
  const blobs: Uint8Array[] = [];
  let at = 4 + headLength;
  for (const size of sizes as readonly unknown[]) {
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0 || size > body.length - at) {
      throw new Error(`frame with a blob of ${String(size)} bytes, ${body.length - at} left`);
    }
    // A copy with a buffer of its own, so that it is aligned for any element type.
    blobs.push(new Uint8Array(body.subarray(at, at + size)));
    at += size;
  }
  if (at !== body.length) throw new Error(`frame with ${body.length - at} bytes too many`);
  return { message, blobs };
}
