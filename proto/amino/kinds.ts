import { BinaryReader } from "cosmjs-types/binary";
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";

/**
 * Amino JSON from tables: how each field of a message is written, in both directions. What hardware wallets and multisigs sign is this
 * JSON and not the bytes of the transaction, so that client and chain must use the one table.
 */

/** Which messages may stand in an `Any`, and how deep one is within others already. */
export interface AminoScope {
  readonly rows: ReadonlyMap<string, AminoRow>;
  readonly depth: number;
}

/** One kind of value. `toJson` gives undefined for what is left out of the JSON. Both throw on what can't be written or read. */
export interface Kind<T> {
  /** The field's name in JSON, where it is not its own in snake case. */
  readonly jsonName?: string;
  toJson(value: T, scope: AminoScope): unknown;
  fromJson(json: unknown, scope: AminoScope): T;
}

/** A message that can be signed as amino JSON; its type forgotten. */
export interface AminoRow {
  readonly typeUrl: string;
  readonly aminoType: string;
  decode(input: BinaryReader): unknown;
  encode(message: unknown): Uint8Array;
  toAmino(message: unknown, scope: AminoScope): unknown;
  fromAmino(json: unknown, scope: AminoScope): unknown;
}

/** Every field of a message has its kind: the compiler lets none be forgotten, since one left out would go unsigned. */
export type Fields<M> = { readonly [K in keyof M]-?: Kind<M[K]> };

interface Codec<M> {
  readonly typeUrl: string;
  encode(message: M): { finish(): Uint8Array };
  decode(input: BinaryReader | Uint8Array): M;
}

type Json = Readonly<Record<string, unknown>>;

/** Messages within messages within messages: deeper than anything that a module carries, and no strain for any stack. */
const MAX_DEPTH = 4;

const asText = (json: unknown): string => (typeof json === "string" ? json : "");
const asList = (json: unknown): readonly unknown[] => (Array.isArray(json) ? json : []);
const asObject = (json: unknown): Json => (typeof json === "object" && json !== null ? (json as Json) : {});
const toBase64 = (bytes: Uint8Array): string => {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
};
const fromBase64 = (text: string): Uint8Array => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));

export const text: Kind<string> = { toJson: (value) => value, fromJson: asText };
export const uint64: Kind<bigint> = { toJson: String, fromJson: (json) => BigInt(asText(json)) };
export const bool: Kind<boolean> = { toJson: (value) => value, fromJson: (json) => json === true };
/** Numbers up to 32 bits, enumerations among them. */
export const int: Kind<number> = {
  toJson: (value) => value,
  fromJson: (json) => (typeof json === "number" ? json : 0),
};
/** Base64. */
export const bytes: Kind<Uint8Array> = { toJson: toBase64, fromJson: (json) => fromBase64(asText(json)) };

/** 18 decimals: protobuf has them scaled to an integer, JSON with a dot. */
export const decimal: Kind<string> = {
  toJson(value) {
    if (!/^-?[0-9]+$/.test(value)) throw new Error(`"${value.slice(0, 50)}" is no scaled decimal`);
    const [sign, digits] = value.startsWith("-") ? ["-", value.slice(1)] : ["", value];
    const padded = digits.padStart(19, "0");
    return `${sign}${padded.slice(0, -18)}.${padded.slice(-18)}`;
  },
  fromJson(json) {
    const [whole = "", fraction = ""] = asText(json).split(".");
    return BigInt(whole + fraction.padEnd(18, "0").slice(0, 18)).toString();
  },
};

/** RFC 3339 in UTC with as many digits of the second as are needed. */
export const timestamp: Kind<Timestamp> = {
  toJson({ seconds, nanos }) {
    if (nanos < 0 || nanos >= 1_000_000_000) throw new Error(`${nanos} nanoseconds of a second`);
    // A pure function of its argument, which throws beyond the year 275760.
    const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
    const fraction = nanos === 0 ? "" : `.${nanos.toString().padStart(9, "0").replace(/0+$/, "")}`;
    return `${whole}${fraction}Z`;
  },
  fromJson(json) {
    const [whole = "", fraction = ""] = asText(json).replace(/Z$/, "").split(".");
    return Timestamp.fromPartial({
      seconds: BigInt(Date.parse(`${whole}Z`) / 1000),
      nanos: Number(fraction.padEnd(9, "0")),
    });
  },
};

/** Nanoseconds. */
export const duration: Kind<{ seconds: bigint; nanos: number }> = {
  toJson: ({ seconds, nanos }) => (seconds * 1_000_000_000n + BigInt(nanos)).toString(),
  fromJson(json) {
    const nanos = BigInt(asText(json));
    return { seconds: nanos / 1_000_000_000n, nanos: Number(nanos % 1_000_000_000n) };
  },
};

/** Another message, as `{type, value}`. */
export const any: Kind<{ typeUrl: string; value: Uint8Array }> = {
  toJson({ typeUrl, value }, scope) {
    const row = scope.rows.get(typeUrl);
    if (row === undefined) throw new Error(`${typeUrl.slice(0, 200)} has no amino form`);
    if (scope.depth >= MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} messages within each other`);
    const inner = { ...scope, depth: scope.depth + 1 };
    return { type: row.aminoType, value: row.toAmino(row.decode(new BinaryReader(value)), inner) };
  },
  fromJson(json, scope) {
    const { type, value } = asObject(json);
    const row = [...scope.rows.values()].find(({ aminoType }) => aminoType === type);
    if (row === undefined) throw new Error(`${asText(type).slice(0, 200)} is no amino type`);
    if (scope.depth >= MAX_DEPTH) throw new Error(`more than ${MAX_DEPTH} messages within each other`);
    const message = row.fromAmino(value, { ...scope, depth: scope.depth + 1 });
    return { typeUrl: row.typeUrl, value: row.encode(message) };
  },
};

export function list<T>(kind: Kind<T>): Kind<T[]> {
  return {
    toJson: (values, scope) => values.map((value) => kind.toJson(value, scope)),
    fromJson: (json, scope) => asList(json).map((value) => kind.fromJson(value, scope)),
  };
}

const toSnake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);

export function object<M>(fields: Fields<M>): Kind<M> {
  const rows = Object.entries<Kind<unknown>>(fields as Record<string, Kind<unknown>>).map(
    ([name, kind]) => [name, kind.jsonName ?? toSnake(name), kind] as const,
  );
  return {
    toJson(value, scope) {
      const values = value as Record<string, unknown>;
      const json: Record<string, unknown> = {};
      for (const [name, jsonName, kind] of rows) {
        const written = kind.toJson(values[name], scope);
        if (written !== undefined) json[jsonName] = written;
      }
      return json;
    },
    fromJson(json, scope) {
      const values = asObject(json);
      const read: Record<string, unknown> = {};
      for (const [name, jsonName, kind] of rows) {
        const value = kind.fromJson(values[jsonName], scope);
        if (value !== undefined) read[name] = value;
      }
      return read as M;
    },
  };
}

/** A field that may be absent. */
export function optional<T>(kind: Kind<T>): Kind<T | undefined> {
  return {
    toJson: (value, scope) => (value === undefined ? undefined : kind.toJson(value, scope)),
    fromJson: (json, scope) => (json === undefined || json === null ? undefined : kind.fromJson(json, scope)),
  };
}

/** A field that is left out at its default. */
function omitted<T>(kind: Kind<T>, empty: () => T, isEmpty: (value: T) => boolean): Kind<T> {
  return {
    toJson: (value, scope) => (isEmpty(value) ? undefined : kind.toJson(value, scope)),
    fromJson: (json, scope) => (json === undefined || json === null ? empty() : kind.fromJson(json, scope)),
  };
}

export const shortText = omitted(
  text,
  () => "",
  (value) => value === "",
);
export const shortUint64 = omitted(
  uint64,
  () => 0n,
  (value) => value === 0n,
);
export const shortInt = omitted(
  int,
  () => 0,
  (value) => value === 0,
);
export const shortBool = omitted(
  bool,
  () => false,
  (value) => !value,
);
export const shortBytes = omitted(
  bytes,
  () => new Uint8Array(0),
  (value) => value.length === 0,
);
export const shortDecimal = omitted(
  decimal,
  () => "",
  (value) => value === "",
);
export function shortList<T>(kind: Kind<T>): Kind<T[]> {
  return omitted(
    list(kind),
    () => [],
    (value) => value.length === 0,
  );
}

export function named<T>(jsonName: string, kind: Kind<T>): Kind<T> {
  return { ...kind, jsonName };
}

export const coin: Kind<{ denom: string; amount: string }> = object({ denom: text, amount: text });
export const coins = list(coin);

export function aminoRow<M>(codec: Codec<M>, aminoType: string, fields: Fields<M>): AminoRow {
  const kind = object<M>(fields);
  return {
    typeUrl: codec.typeUrl,
    aminoType,
    decode: (input) => codec.decode(input),
    encode: (message) => codec.encode(message as M).finish(),
    toAmino: (message, scope) => kind.toJson(message as M, scope),
    fromAmino: (json, scope) => kind.fromJson(json, scope),
  };
}
