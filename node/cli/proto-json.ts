import { defaultRegistryTypes } from "@cosmjs/stargate";
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { PubKey as Ed25519Key } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { LegacyAminoPubKey } from "cosmjs-types/cosmos/crypto/multisig/keys";
import { PubKey as Secp256k1Key } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { MsgCommunityPoolSpend } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import { StakeAuthorization } from "cosmjs-types/cosmos/staking/v1beta1/authz";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import {
  BaseVestingAccount,
  ContinuousVestingAccount,
  DelayedVestingAccount,
  PeriodicVestingAccount,
  PermanentLockedAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import { registryTypes } from "../../client/transactions.ts";
import { didYouMean } from "../../genesis/nearest.ts";
import { decimal } from "../../proto/amino/kinds.ts";
import { OUTERMOST } from "../../proto/amino/table.ts";
import { MsgUpdateParams } from "../../proto/params.ts";
import { UserError } from "../user-error.ts";

/** A protobuf message with proto3's JSON form, its type forgotten. */
export interface JsonCodec {
  readonly typeUrl: string;
  decode(bytes: Uint8Array): unknown;
  encode(message: never): { finish(): Uint8Array };
  fromJSON(json: unknown): unknown;
  toJSON(message: never): unknown;
}

type Json = Readonly<Record<string, unknown>>;

const CODECS = new Map<string, JsonCodec>(
  [
    ...[...defaultRegistryTypes, ...registryTypes].map(([, type]) => type as unknown),
    ...[BaseAccount, ModuleAccount, BaseVestingAccount, ContinuousVestingAccount, DelayedVestingAccount],
    ...[PeriodicVestingAccount, PermanentLockedAccount, Secp256k1Key, Ed25519Key, LegacyAminoPubKey],
    ...[GenericAuthorization, SendAuthorization, StakeAuthorization],
    ...[BasicAllowance, PeriodicAllowance, AllowedMsgAllowance],
    ...[TextProposal, MsgCommunityPoolSpend, MsgSoftwareUpgrade, MsgCancelUpgrade, MsgUpdateParams],
  ].map((type) => [(type as JsonCodec).typeUrl, type as JsonCodec]),
);

/** Fields of messages that protobuf holds scaled by 10^18 and JSON with a point, as in the Cosmos SDK. */
const DECIMALS: Readonly<Record<string, readonly string[]>> = {
  "/cosmos.staking.v1beta1.MsgCreateValidator": ["rate", "max_rate", "max_change_rate"],
  "/cosmos.staking.v1beta1.MsgEditValidator": ["commission_rate"],
  "/cosmos.gov.v1beta1.MsgVoteWeighted": ["weight"],
};

/** Messages in messages in messages: deeper than anything that a chain takes. */
const MAX_DEPTH = 8;

const toSnake = (name: string): string => name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const toCamel = (name: string): string => name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Spells keys as the Cosmos SDK does, and shows what is in each `Any` that is known. */
function expanded(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((one) => expanded(one, depth));
  if (!isObject(value)) return value;
  const { typeUrl, value: bytes } = value;
  if (typeof typeUrl === "string" && typeof bytes === "string" && Object.keys(value).length === 2) {
    const codec = CODECS.get(typeUrl);
    if (codec === undefined || depth >= MAX_DEPTH) return { "@type": typeUrl, value: bytes };
    const inner = codec.toJSON(codec.decode(Buffer.from(bytes, "base64")) as never);
    const json = withDecimals(expanded(inner, depth + 1), DECIMALS[typeUrl] ?? []);
    return { "@type": typeUrl, ...(json as Json) };
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [toSnake(key), expanded(field, depth)]));
}

function mapFields(json: unknown, names: readonly string[], change: (text: string) => string): unknown {
  if (names.length === 0) return json;
  if (Array.isArray(json)) return json.map((one) => mapFields(one, names, change));
  if (!isObject(json)) return json;
  return Object.fromEntries(
    Object.entries(json).map(([key, value]) => [
      key,
      typeof value === "string" && names.includes(key) ? change(value) : mapFields(value, names, change),
    ]),
  );
}

/**
 * Writes fields that hold numbers scaled by 10^18 with a point.
 * @param names of the fields in snake case, wherever they stand; what is no such number stays as it is.
 */
export function withDecimals(json: unknown, names: readonly string[]): unknown {
  return mapFields(json, names, (text) => {
    // Some decimals are bytes in protobuf: the same digits, in base64 here, which then never is digits only.
    const digits = /^[0-9]*$/.test(text) ? text : Buffer.from(text, "base64").toString("latin1");
    return /^[0-9]+$/.test(digits) ? String(decimal.toJson(digits, OUTERMOST)) : text;
  });
}

/** The opposite. */
function withoutDecimals(json: unknown, names: readonly string[]): unknown {
  return mapFields(json, names, (text) =>
    /^-?[0-9]{1,30}\.[0-9]{1,18}$/.test(text) ? decimal.fromJson(text, OUTERMOST) : text,
  );
}

/** A message in proto3's JSON as the Cosmos SDK writes it: snake case, `@type` before what an `Any` holds. */
export function messageToJson<M>(codec: { toJSON(message: M): unknown }, message: M): unknown {
  return expanded(codec.toJSON(message), 0);
}

/** What is in the JSON and was not understood. */
function unread(json: unknown, read: unknown, path: string): string | undefined {
  if (json === null || json === undefined) return undefined;
  if (Array.isArray(json)) {
    for (const [index, one] of json.entries()) {
      const found = unread(one, Array.isArray(read) ? read[index] : undefined, `${path}[${index}]`);
      if (found !== undefined) return found;
    }
    return undefined;
  }
  if (!isObject(json) || !isObject(read)) return undefined;
  for (const [key, value] of Object.entries(json)) {
    if (!Object.hasOwn(read, key)) {
      return `there is no ${path}${toSnake(key)}${didYouMean(toSnake(key), Object.keys(read).map(toSnake))}`;
    }
    const found = unread(value, read[key], `${path}${toSnake(key)}.`);
    if (found !== undefined) return found;
  }
  return undefined;
}

function folded(json: unknown, depth: number): unknown {
  if (Array.isArray(json)) return json.map((one) => folded(one, depth));
  if (!isObject(json)) return json;
  const { "@type": typeUrl, ...fields } = json;
  if (typeUrl !== undefined) {
    const { value } = encodeAny(json, depth + 1);
    return { typeUrl, value: Buffer.from(value).toString("base64") };
  }
  return Object.fromEntries(Object.entries(fields).map(([key, value]) => [toCamel(key), folded(value, depth)]));
}

function decodeJson<M>(
  codec: { fromJSON(json: never): M; toJSON(message: M): unknown },
  json: unknown,
  depth: number,
): M {
  if (depth > MAX_DEPTH) throw new UserError(`more than ${MAX_DEPTH} messages within each other`);
  const plain = folded(json, depth);
  let message: M;
  try {
    message = codec.fromJSON(plain as never);
  } catch (error) {
    throw new UserError(`a value can't be read: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
  const problem = unread(plain, codec.toJSON(message), "");
  if (problem !== undefined) throw new UserError(problem);
  return message;
}

function encodeAny(json: Json, depth: number): { readonly typeUrl: string; readonly value: Uint8Array } {
  const { "@type": type, ...fields } = json;
  const codec = typeof type === "string" ? CODECS.get(type) : undefined;
  if (codec === undefined) {
    throw new UserError(
      `"${String(type).slice(0, 100)}" is no message that is known here${didYouMean(String(type), CODECS.keys())}`,
    );
  }
  return {
    typeUrl: codec.typeUrl,
    value: codec
      .encode(decodeJson(codec, withoutDecimals(fields, DECIMALS[codec.typeUrl] ?? []), depth) as never)
      .finish(),
  };
}

/** The opposite of `messageToJson`. @throws UserError for what is not understood, with the nearest name. */
export function messageFromJson<M>(codec: { fromJSON(json: never): M; toJSON(message: M): unknown }, json: unknown): M {
  return decodeJson(codec, json, 0);
}

/** A message that says by `@type` what it is. @throws UserError */
export function anyFromJson(json: unknown): { readonly typeUrl: string; readonly value: Uint8Array } {
  if (!isObject(json) || !("@type" in json)) throw new UserError('a message is an object with "@type"');
  return encodeAny(json, 0);
}

/** An `Any` for people. */
export function anyToJson({ typeUrl, value }: { readonly typeUrl: string; readonly value: Uint8Array }): unknown {
  return expanded({ typeUrl, value: Buffer.from(value).toString("base64") }, 0);
}
