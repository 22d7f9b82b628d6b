import { base64 } from "@scure/base";
import { BinaryReader, BinaryWriter } from "cosmjs-types/binary";
import "../chain/protobuf-writer.ts";

/**
 * Protobuf codecs from a table of fields: the same shape (`typeUrl`, `encode`, `decode`, `fromPartial`) as generated
 * Cosmos types, so that CosmJS's registry takes them and fields may be generated types. Nothing is generated, compiled
 * or read from disk, so they work in a browser under a strict content policy. The `.proto` files beside are what other
 * languages use; a test holds the two together.
 *
 * proto3 rules: scalars at their default are not written; unknown fields are skipped; of a repeated singular field the
 * last one wins; repeated numbers are written packed and read in both forms.
 */
export interface Codec<T> {
  readonly typeUrl: string;
  encode(message: T, writer?: BinaryWriter): BinaryWriter;
  /** @throws Error on bytes that are cut off or malformed. */
  decode(input: BinaryReader | Uint8Array, length?: number): T;
  fromPartial(object: never): T;
  /** proto3's JSON, with lower camel case and every field. */
  toJSON(message: T): unknown;
  /** The opposite; what is missing gets its default, what is unknown is skipped. @throws Error on a value of another type. */
  fromJSON(json: never): T;
}

/** How one kind of scalar is written. `wire` is its wire type (0 varint, 2 length-delimited). */
interface Scalar<T> {
  readonly wire: 0 | 2;
  readonly empty: T;
  isDefault(value: T): boolean;
  write(writer: BinaryWriter, value: T): void;
  read(reader: BinaryReader): T;
  toJson(value: T): unknown;
  /** @throws Error for what is none. */
  fromJson(json: unknown): T;
}

function wrongJson(json: unknown, what: string): Error {
  return new Error(`${JSON.stringify(json)?.slice(0, 100)} is no ${what}`);
}

function jsonText(json: unknown, what: string): string {
  if (typeof json === "string") return json;
  throw wrongJson(json, what);
}

function jsonInteger(json: unknown, max: bigint, what: string): bigint {
  const text = typeof json === "number" || typeof json === "string" ? String(json) : "";
  const value = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : max + 1n;
  if (value > max) throw wrongJson(json, what);
  return value;
}

const SCALARS = {
  string: {
    wire: 2,
    empty: "" as string,
    isDefault: (value: string) => value === "",
    write: (writer, value) => void writer.string(value),
    read: (reader) => reader.string(),
    toJson: (value) => value,
    fromJson: (json) => jsonText(json, "text"),
  } satisfies Scalar<string>,
  bytes: {
    wire: 2,
    empty: new Uint8Array(0) as Uint8Array,
    isDefault: (value: Uint8Array) => value.length === 0,
    write: (writer, value) => void writer.bytes(value),
    read: (reader) => reader.bytes(),
    toJson: (value) => base64.encode(value),
    fromJson: (json) => base64.decode(jsonText(json, "base64")),
  } satisfies Scalar<Uint8Array>,
  bool: {
    wire: 0,
    empty: false as boolean,
    isDefault: (value: boolean) => !value,
    write: (writer, value) => void writer.bool(value),
    read: (reader) => reader.bool(),
    toJson: (value) => value,
    fromJson(json) {
      if (typeof json === "boolean") return json;
      throw wrongJson(json, "boolean");
    },
  } satisfies Scalar<boolean>,
  uint32: {
    wire: 0,
    empty: 0 as number,
    isDefault: (value: number) => value === 0,
    write: (writer, value) => void writer.uint32(value),
    read: (reader) => reader.uint32(),
    toJson: (value) => value,
    fromJson: (json) => Number(jsonInteger(json, 2n ** 32n - 1n, "uint32")),
  } satisfies Scalar<number>,
  uint64: {
    wire: 0,
    empty: 0n as bigint,
    isDefault: (value: bigint) => value === 0n,
    write: (writer, value) => void writer.uint64(value),
    read: (reader) => reader.uint64(),
    toJson: (value) => value.toString(),
    fromJson: (json) => jsonInteger(json, 2n ** 64n - 1n, "uint64"),
  } satisfies Scalar<bigint>,
};
type ScalarName = keyof typeof SCALARS;
type ScalarValue<S extends ScalarName> = (typeof SCALARS)[S]["empty"];

/** A codec whose message type has been forgotten: what any codec can be used as. */
interface AnyCodec {
  encode(message: never, writer?: BinaryWriter): BinaryWriter;
  decode(input: BinaryReader | Uint8Array, length?: number): unknown;
  fromPartial(object: never): unknown;
  toJSON(message: never): unknown;
  fromJSON(json: never): unknown;
}

/** A field's number and what it holds: a scalar, another message, or a list of either. */
type FieldType = ScalarName | AnyCodec;
export type Field = readonly [number: number, type: FieldType] | readonly [number: number, type: FieldType, "repeated"];

type ValueOf<T> = T extends ScalarName ? ScalarValue<T> : T extends { decode(input: Uint8Array): infer M } ? M : never;
type IsMessage<F extends Field> = F extends readonly [number, ScalarName] | readonly [number, FieldType, "repeated"]
  ? false
  : true;

/** A message field may be absent; everything else has a default. */
export type MessageOf<F extends Record<string, Field>> = {
  [K in keyof F as IsMessage<F[K]> extends true ? never : K]: F[K] extends readonly [number, infer T, "repeated"]
    ? ValueOf<T>[]
    : ValueOf<F[K][1]>;
} & { [K in keyof F as IsMessage<F[K]> extends true ? K : never]?: ValueOf<F[K][1]> | undefined };

type Partially<T> = T extends Uint8Array | bigint | number | string | boolean | undefined
  ? T
  : T extends readonly (infer U)[]
    ? readonly Partially<U>[]
    : { readonly [K in keyof T]?: Partially<T[K]> };

export interface MessageCodec<T> extends Codec<T> {
  /** Fills what is missing with defaults. */
  fromPartial(object: Partially<T>): T;
}

/** The message type of a codec. */
export type Message<C> = C extends { decode(input: Uint8Array): infer M } ? M : never;

/** What reading and writing one field takes, its types forgotten. */
interface FieldCodec {
  readonly name: string;
  readonly number: number;
  readonly repeated: boolean;
  /** Undefined for a message that is absent. */
  empty(): unknown;
  write(writer: BinaryWriter, value: unknown): void;
  /** One value; for repeated ones it is appended. */
  read(reader: BinaryReader, wire: number, previous: unknown): unknown;
  complete(value: unknown): unknown;
  /** One value, of a repeated field one of its values. */
  oneToJson(value: unknown): unknown;
  oneFromJson(json: unknown): unknown;
}

function wrongWire(name: string, wire: number): Error {
  return new Error(`field ${name} has the wire type ${wire}`);
}

/**
 * Groups are refused: skipping nested ones recurses, so that how deep is too deep would depend on the stack of the
 * machine, and nodes could disagree about one message.
 */
function skipField(reader: BinaryReader, wire: number): void {
  if (wire === 3 || wire === 4) throw new Error("groups are not supported");
  reader.skipType(wire);
}

function scalarField(name: string, number: number, scalar: Scalar<unknown>, repeated: boolean): FieldCodec {
  const packable = scalar.wire === 0;
  const tag = (number << 3) | (repeated ? 2 : scalar.wire);
  const writeList = (writer: BinaryWriter, values: readonly unknown[]) => {
    if (packable) {
      if (values.length === 0) return;
      writer.uint32(tag).fork();
      for (const value of values) scalar.write(writer, value);
      writer.ldelim();
    } else {
      for (const value of values) scalar.write(writer.uint32(tag), value);
    }
  };
  const readPacked = (reader: BinaryReader, list: unknown[]) => {
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new Error(`field ${name} is cut off`);
    while (reader.pos < end) list.push(scalar.read(reader));
    if (reader.pos !== end) throw new Error(`field ${name} overruns its length`);
    return list;
  };
  return {
    name,
    number,
    repeated,
    empty: () => (repeated ? [] : scalar.empty),
    write(writer, value) {
      if (repeated) writeList(writer, value as readonly unknown[]);
      else if (!scalar.isDefault(value)) scalar.write(writer.uint32(tag), value);
    },
    read(reader, wire, previous) {
      const list = repeated ? (previous as unknown[]) : undefined;
      if (list !== undefined && packable && wire === 2) return readPacked(reader, list);
      if (wire !== scalar.wire) throw wrongWire(name, wire);
      const value = scalar.read(reader);
      if (list === undefined) return value;
      list.push(value);
      return list;
    },
    complete: (value) => (repeated ? [...((value ?? []) as readonly unknown[])] : (value ?? scalar.empty)),
    oneToJson: (value) => scalar.toJson(value),
    oneFromJson: (json) => scalar.fromJson(json),
  };
}

function messageField(name: string, number: number, codec: Codec<unknown>, repeated: boolean): FieldCodec {
  const tag = (number << 3) | 2;
  const writeOne = (writer: BinaryWriter, value: unknown) => {
    codec.encode(value, writer.uint32(tag).fork()).ldelim();
  };
  return {
    name,
    number,
    repeated,
    empty: () => (repeated ? [] : undefined),
    write(writer, value) {
      if (repeated) for (const one of value as readonly unknown[]) writeOne(writer, one);
      else if (value !== undefined) writeOne(writer, value);
    },
    read(reader, wire, previous) {
      if (wire !== 2) throw wrongWire(name, wire);
      const length = reader.uint32();
      const end = reader.pos + length;
      if (end > reader.len) throw new Error(`field ${name} is cut off`);
      const value = codec.decode(reader, length);
      if (reader.pos !== end) throw new Error(`field ${name} overruns its length`);
      if (!repeated) return value;
      const list = previous as unknown[];
      list.push(value);
      return list;
    },
    complete(value) {
      if (repeated) return ((value ?? []) as readonly never[]).map((one) => codec.fromPartial(one));
      return value === undefined || value === null ? undefined : codec.fromPartial(value as never);
    },
    oneToJson: (value) => codec.toJSON(value),
    oneFromJson(json) {
      if (typeof json !== "object" || json === null) throw wrongJson(json, `message for ${name}`);
      return codec.fromJSON(json as never);
    },
  };
}

function fieldToJson(codec: FieldCodec, value: unknown): unknown {
  if (codec.repeated) return (value as readonly unknown[]).map((one) => codec.oneToJson(one));
  return value === undefined ? undefined : codec.oneToJson(value);
}

function fieldFromJson(codec: FieldCodec, json: unknown): unknown {
  if (json === undefined || json === null) return codec.empty();
  if (!codec.repeated) return codec.oneFromJson(json);
  if (!Array.isArray(json)) throw wrongJson(json, `list for ${codec.name}`);
  return json.map((one) => codec.oneFromJson(one));
}

function fieldCodec(name: string, [number, type, repeated]: Field): FieldCodec {
  const isList = repeated === "repeated";
  return typeof type === "string"
    ? scalarField(name, number, SCALARS[type] as Scalar<unknown>, isList)
    : messageField(name, number, type as unknown as Codec<unknown>, isList);
}

/**
 * A codec for a message of the protobuf package.
 * @param name full name, `assay.inference.v1.MsgRequestInference`.
 * @param fields in the order of their numbers, which is the order in which they are written.
 */
export function message<const F extends Record<string, Field>>(name: string, fields: F): MessageCodec<MessageOf<F>> {
  type M = MessageOf<F>;
  const codecs = Object.entries(fields).map(([field, row]) => fieldCodec(field, row));
  const byNumber = new Map(codecs.map((codec) => [codec.number, codec]));
  const build = (value: (codec: FieldCodec) => unknown): Record<string, unknown> => {
    const built: Record<string, unknown> = {};
    for (const codec of codecs) {
      const filled = value(codec);
      if (filled !== undefined) built[codec.name] = filled;
    }
    return built;
  };
  return {
    typeUrl: `/${name}`,
    encode(value, writer = BinaryWriter.create()) {
      const values = value as Record<string, unknown>;
      for (const codec of codecs) codec.write(writer, values[codec.name] ?? codec.empty());
      return writer;
    },
    decode(input, length) {
      const reader = input instanceof Uint8Array ? new BinaryReader(input) : input;
      const end = length === undefined ? reader.len : reader.pos + length;
      const values = build((codec) => codec.empty());
      while (reader.pos < end) {
        const tag = reader.uint32();
        const codec = byNumber.get(tag >>> 3);
        if (codec === undefined) skipField(reader, tag & 7);
        else values[codec.name] = codec.read(reader, tag & 7, values[codec.name]);
      }
      if (reader.pos !== end) throw new Error(`${name} overruns its length`);
      return values as M;
    },
    fromPartial: (object) => build((codec) => codec.complete((object as Record<string, unknown>)[codec.name])) as M,
    toJSON: (value) => build((codec) => fieldToJson(codec, (value as Record<string, unknown>)[codec.name])),
    fromJSON: (json) => build((codec) => fieldFromJson(codec, (json as Record<string, unknown>)[codec.name])) as M,
  };
}
