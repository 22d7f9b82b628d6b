import { Reader } from "protobufjs/minimal.js";

/** Bytes that are not what they claim to be; the message says which and where. */
export class MalformedModelError extends Error {}

export function refuse(reason: string): never {
  throw new MalformedModelError(reason);
}

/** Elements of one tensor, and so any length in a shape. */
export const MAX_ELEMENTS = 2 ** 31 - 1;

/** A position in a protobuf message, with what is left of the allowance of fields (the bound of time for the whole file). */
export interface Wire {
  readonly reader: Reader;
  fieldsLeft: number;
}

export const WIRE = { varint: 0, fixed64: 1, delimited: 2, fixed32: 5 } as const;

const MAX_VARINT_BYTES = 10;

export function openWire(bytes: Uint8Array, maxFields: number): Wire {
  return { reader: Reader.create(bytes), fieldsLeft: maxFields };
}

/** Takes one from the allowance. */
export function spendField(wire: Wire): void {
  if (wire.fieldsLeft-- <= 0) throw new MalformedModelError("too many protobuf fields");
}

/**
 * Visits each field of the message that ends at `end`. `visit` consumes the value and returns true, or returns false to have it skipped.
 * A field number in `singular` may come once only: protobuf would merge or overwrite, and two parsers that do it
 * differently see two models in one file. Groups, numbers over 2^29 - 1 and padded varints are refused for the same reason.
 */
export function readMessage(
  wire: Wire,
  end: number,
  singular: ReadonlySet<number>,
  visit: (field: number, wireType: number) => boolean,
): void {
  const { reader } = wire;
  const seen = new Set<number>();
  while (reader.pos < end) {
    spendField(wire);
    const tag = readUint32(reader);
    const field = tag >>> 3;
    if (field === 0) throw new MalformedModelError(`field number 0 at byte ${reader.pos}`);
    if (singular.has(field)) {
      if (seen.has(field)) throw new MalformedModelError(`field ${field} twice at byte ${reader.pos}`);
      seen.add(field);
    }
    if (!visit(field, tag & 7)) skip(reader, tag & 7, end);
    if (reader.pos > end) throw new MalformedModelError(`a field passes the end of its message at byte ${end}`);
  }
}

/** Enters a length-delimited value; returns where it ends. */
export function enter(wire: Wire, end: number, wireType: number, what: string): number {
  if (wireType !== WIRE.delimited) throw new MalformedModelError(`${what} has wire type ${wireType}`);
  const { reader } = wire;
  const length = readUint32(reader);
  if (length > end - reader.pos) {
    throw new MalformedModelError(`${what} of ${length} bytes at byte ${reader.pos}, ${end - reader.pos} left`);
  }
  return reader.pos + length;
}

export function readText(wire: Wire, end: number, wireType: number, what: string, maxBytes: number): string {
  const stop = enter(wire, end, wireType, what);
  const { reader } = wire;
  if (stop - reader.pos > maxBytes)
    throw new MalformedModelError(`${what} of ${stop - reader.pos} bytes, at most ${maxBytes}`);
  const bytes = reader.raw(reader.pos, stop);
  reader.pos = stop;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new MalformedModelError(`${what} is not UTF-8`); // The decoder's own error says no more.
  }
}

/** An int64 as a number. Beyond 2^53 it loses digits, which no bound here is near to. */
export function readInt64(wire: Wire, wireType: number, what: string): number {
  if (wireType !== WIRE.varint) throw new MalformedModelError(`${what} has wire type ${wireType}`);
  const value: unknown = wire.reader.int64();
  return Number(typeof value === "number" ? value : String(value));
}

/** A minimal varint of at most 32 bits, for tags and lengths. */
function readUint32(reader: Reader): number {
  const start = reader.pos;
  const value = reader.uint32();
  const length = value < 0x80 ? 1 : value < 0x4000 ? 2 : value < 0x200000 ? 3 : value < 0x10000000 ? 4 : 5;
  if (reader.pos - start !== length) throw new MalformedModelError(`padded varint at byte ${start}`);
  return value;
}

function skip(reader: Reader, wireType: number, end: number): void {
  switch (wireType) {
    case WIRE.varint: {
      const start = reader.pos;
      reader.skip();
      if (reader.pos - start > MAX_VARINT_BYTES)
        throw new MalformedModelError(`varint of ${reader.pos - start} bytes at byte ${start}`);
      return;
    }
    case WIRE.fixed64:
      reader.pos += 8;
      return;
    case WIRE.delimited: {
      const length = readUint32(reader);
      if (length > end - reader.pos)
        throw new MalformedModelError(`field of ${length} bytes at byte ${reader.pos}, ${end - reader.pos} left`);
      reader.pos += length;
      return;
    }
    case WIRE.fixed32:
      reader.pos += 4;
      return;
    default:
      throw new MalformedModelError(`wire type ${wireType} at byte ${reader.pos}`);
  }
}
