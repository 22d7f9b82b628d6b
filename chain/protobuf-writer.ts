import { BinaryWriter } from "cosmjs-types/binary";

/**
 * Mends the protobuf writer of cosmjs-types, for the whole process: imported for its effect by whatever writes protobuf. Generated codecs make writers of
 * their own, so that handing another one to each call would be forgotten somewhere. Reading is right.
 */

type Write = (this: BinaryWriter, value: string | number | bigint) => BinaryWriter;
const int64 = Reflect.get(BinaryWriter.prototype, "int64") as Write;
const UINT32_END = 2n ** 32n;

/**
 * Its `int64` garbles every value with bit 31 and none above it, 2147483648 as 0, which are the seconds of all times from 2038 to 2106. Its
 * `uint64` is the same function, taken from here by each new writer.
 */
BinaryWriter.prototype.int64 = function whole(this: BinaryWriter, value) {
  const exact = BigInt(value);
  // On the wire the same as 32 bits.
  return exact >= 0n && exact < UINT32_END ? this.uint32(Number(exact)) : int64.call(this, value);
};

/**
 * PERF: it cuts what it writes out of a slab of 8 KiB, and takes a new slab for each message: 8 KiB cleared, and kept for as long as the few bytes
 * of a response are. That was a third of executing a transfer. The bytes written are the same.
 */
BinaryWriter.alloc = (size) => new Uint8Array(size);
