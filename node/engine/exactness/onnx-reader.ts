import { Reader } from "protobufjs/light.js";
import { checkModel } from "../onnx-check.ts";
import { MalformedModelError, refuse } from "../onnx-wire.ts";
import { ModelType } from "./onnx-schema.ts";

/** What is read of onnx.proto; lists are empty and texts "" where the file has none. */
export interface TensorProto {
  readonly dims: readonly number[];
  readonly dataType: number;
  readonly name: string;
  readonly floatData: readonly number[];
  readonly int32Data: readonly number[];
  readonly int64Data: readonly number[];
  readonly doubleData: readonly number[];
  readonly uint64Data: readonly number[];
  readonly stringData: readonly Uint8Array[];
  /** Present only if the file has it: see `own`. */
  readonly rawData?: Uint8Array;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type?: {
    readonly tensorType?: {
      readonly elemType: number;
      readonly shape?: { readonly dim: readonly { readonly dimValue?: number; readonly dimParam?: string }[] };
    };
  };
}

export interface AttributeProto {
  readonly name: string;
  readonly type: number;
  readonly f: number;
  readonly i?: number;
  readonly s: Uint8Array;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly floats: readonly number[];
  readonly ints: readonly number[];
  readonly strings: readonly Uint8Array[];
  readonly tensors: readonly TensorProto[];
  readonly graphs: readonly GraphProto[];
  readonly refAttrName: string;
}

export interface NodeProto {
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly attribute: readonly AttributeProto[];
}

export interface GraphProto {
  readonly node: readonly NodeProto[];
  readonly name: string;
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}

export interface ModelProto {
  readonly irVersion?: number;
  readonly graph: GraphProto;
  readonly opsetImport: readonly { readonly domain: string; readonly version?: number }[];
}

/** A field that may be absent. protobufjs gives absent ones a default through the prototype. */
export function own<T extends object, K extends keyof T>(message: T, field: K): T[K] | undefined {
  return Object.hasOwn(message, field) ? message[field] : undefined;
}

/** Of the whole file. A field becomes up to about 200 bytes of memory, a number 8. */
const MAX_FIELDS = 1_000_000;
const MAX_NUMBERS = 16_000_000;

/**
 * Reads a whole model. The wire check of onnx-check.ts comes first and is the gate: data outside the file, sparse tensors, functions,
 * training graphs, merged or repeated fields and graphs nested too deep do not get past it.
 * @throws MalformedModelError, and nothing else, for whatever is not such a model. Time and memory are bounded by the limits above.
 */
export function readOnnx(bytes: Uint8Array): ModelProto {
  const check = checkModel(bytes);
  if (!check.ok) return refuse(check.reason);
  try {
    return ModelType.decode(boundedReader(bytes)) as unknown as ModelProto;
  } catch (error) {
    if (error instanceof MalformedModelError) throw error;
    throw new MalformedModelError(`not an ONNX model: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A reader that counts, gives 64-bit numbers as the nearest double, and takes only UTF-8 for text, so that no two names become one. */
function boundedReader(bytes: Uint8Array): Reader {
  // Not a Buffer: protobufjs would read it with a class of its own.
  const reader = Reader.create(new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let fields = 0;
  let numbers = 0;
  const countNumber = (): void => {
    if (++numbers > MAX_NUMBERS) refuse(`more than ${MAX_NUMBERS} numbers outside raw data`);
  };
  const tag = reader.tag.bind(reader);
  const int32 = reader.int32.bind(reader);
  const counted = {
    tag(): number {
      if (++fields > MAX_FIELDS) refuse(`more than ${MAX_FIELDS} protobuf fields`);
      return tag();
    },
    int32(): number {
      countNumber();
      return int32();
    },
    /** protobufjs has a shorter way for these, past `int32`. */
    int32s(array: number[]): number[] {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) array.push(counted.int32());
      return reader.pos === end ? array : refuse(`a list of numbers passes its end at byte ${end}`);
    },
    int64(): number {
      countNumber();
      return readVarint64(reader, "signed");
    },
    uint64(): number {
      countNumber();
      return readVarint64(reader, "unsigned");
    },
    string(): string {
      const text = reader.bytes();
      try {
        return decoder.decode(text);
      } catch {
        return refuse("a text that is not UTF-8"); // The decoder's own error says no more.
      }
    },
  };
  return Object.assign(reader, counted);
}

const MAX_VARINT_BYTES = 10;
/** Bytes of a varint that fit the 53 bits of a double. */
const EXACT_VARINT_BYTES = 7;

function readVarint64(reader: Reader, sign: "signed" | "unsigned"): number {
  let small = 0;
  let large = 0n;
  for (let i = 0; i < MAX_VARINT_BYTES; i++) {
    const byte = reader.pos < reader.len ? reader.buf[reader.pos++] : undefined;
    if (byte === undefined) return refuse(`a number passes the end of its message at byte ${reader.pos}`);
    if (i < EXACT_VARINT_BYTES) small += (byte & 0x7f) * 2 ** (7 * i);
    else large |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte >= 0x80) continue;
    if (i < EXACT_VARINT_BYTES) return small;
    large |= BigInt(small);
    return Number(sign === "signed" ? BigInt.asIntN(64, large) : BigInt.asUintN(64, large));
  }
  return refuse(`a number of more than ${MAX_VARINT_BYTES} bytes at byte ${reader.pos}`);
}
