import { fromHex, utf8 } from "../../chain/bytes.ts";
import { RpcError } from "./json-rpc.ts";

/** What a kind of parameter is inside. In JSON, `int` is a number or a decimal string, `hex` and `base64` are bytes. */
interface KindValues {
  readonly string: string;
  readonly int: number;
  readonly bool: boolean;
  readonly hex: Uint8Array;
  readonly base64: Uint8Array;
}
type Kind = keyof KindValues;

/** The parameters of a method by name, in their positional order. A question mark makes one optional. */
export type ParamSpec = Readonly<Record<string, Kind | `${Kind}?`>>;

type ParamValue<T> = T extends `${infer K extends Kind}?`
  ? KindValues[K] | undefined
  : T extends Kind
    ? KindValues[T]
    : never;

export type ParamValues<S extends ParamSpec> = { readonly [K in keyof S]: ParamValue<S[K]> };

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const INTEGER = /^-?[0-9]{1,16}$/;

function wrong(name: string, expected: string): RpcError {
  return new RpcError("invalidParams", `${name} must be ${expected}`);
}

function toInteger(name: string, value: unknown): number {
  const number = typeof value === "string" && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== "number" || !Number.isSafeInteger(number)) throw wrong(name, "an integer below 2^53");
  return number;
}

function hexBytes(name: string, text: string): Uint8Array {
  const digits = /^0x/i.test(text) ? text.slice(2) : text;
  if (digits.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(digits)) throw wrong(name, "hexadecimal, two digits a byte");
  return fromHex(digits);
}

function fromJson<K extends Kind>(name: string, kind: K, value: unknown): KindValues[K];
function fromJson(name: string, kind: Kind, value: unknown): KindValues[Kind] {
  switch (kind) {
    case "int":
      return toInteger(name, value);
    case "bool":
      if (typeof value !== "boolean") throw wrong(name, "true or false");
      return value;
    case "string":
      if (typeof value !== "string") throw wrong(name, "a string");
      return value;
    case "hex":
      if (typeof value !== "string") throw wrong(name, "a string of hexadecimal digits");
      return hexBytes(name, value);
    case "base64":
      if (typeof value !== "string" || !BASE64.test(value)) throw wrong(name, "base64 with padding");
      return new Uint8Array(Buffer.from(value, "base64"));
  }
}

/** A quoted argument of a URI, without its quotes; undefined when it has none. */
function unquoted(name: string, text: string): string | undefined {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw wrong(name, "a JSON string where it is quoted");
  }
  return typeof value === "string" ? value : undefined;
}

function fromUri(name: string, kind: Kind, text: string): KindValues[Kind] {
  const quoted = unquoted(name, text);
  switch (kind) {
    case "int":
      return toInteger(name, quoted ?? text);
    case "bool":
      if (text !== "true" && text !== "false") throw wrong(name, "true or false");
      return text === "true";
    case "string":
      return quoted ?? text;
    case "hex":
    case "base64":
      if (quoted !== undefined) return utf8(quoted);
      if (kind === "hex" || /^0x/i.test(text)) return hexBytes(name, text);
      throw wrong(name, "0x and hexadecimal digits, or a text in double quotes");
  }
}

type Decode = (name: string, kind: Kind, value: unknown) => KindValues[Kind];

function decodeAll<S extends ParamSpec>(
  spec: S,
  read: (name: string, index: number) => unknown,
  decode: Decode,
): ParamValues<S> {
  const values: Record<string, unknown> = {};
  let index = 0;
  for (const [name, type] of Object.entries(spec)) {
    const optional = type.endsWith("?");
    const kind = (optional ? type.slice(0, -1) : type) as Kind;
    const value = read(name, index++);
    if (value === undefined || value === null) {
      if (!optional) throw new RpcError("invalidParams", `${name} is missing`);
    } else {
      values[name] = decode(name, kind, value);
    }
  }
  return values as ParamValues<S>;
}

/**
 * Parameters of a JSON call: an object by name, or an array by position. Names that a method doesn't know are ignored,
 * as clients send some; a position too many is an error.
 * @throws RpcError
 */
export function jsonParams<S extends ParamSpec>(spec: S, params: unknown): ParamValues<S> {
  if (params === undefined || params === null) return decodeAll(spec, () => undefined, fromJson);
  if (typeof params !== "object") throw new RpcError("invalidParams", "params must be an object or an array");
  if (Array.isArray(params)) {
    const most = Object.keys(spec).length;
    if (params.length > most)
      throw new RpcError("invalidParams", `${params.length} params, at most ${most} are expected`);
    return decodeAll(spec, (_, index) => params[index], fromJson);
  }
  const named = params as Readonly<Record<string, unknown>>;
  return decodeAll(spec, (name) => (Object.hasOwn(named, name) ? named[name] : undefined), fromJson);
}

/**
 * Parameters of a GET call: integers and booleans as they are, strings in double quotes (or bare), bytes as `0x…` or as
 * a quoted text. An empty argument counts as absent.
 * @throws RpcError
 */
export function uriParams<S extends ParamSpec>(spec: S, query: URLSearchParams): ParamValues<S> {
  return decodeAll(
    spec,
    (name) => query.get(name) || undefined,
    (name, kind, value) => fromUri(name, kind, String(value)),
  );
}
