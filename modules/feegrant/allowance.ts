import { AllowedMsgAllowance, BasicAllowance, PeriodicAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Duration } from "cosmjs-types/google/protobuf/duration";
import { parseCoins } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import { strictReader } from "../../chain/strict-reader.ts";
import type { Coin } from "../../chain/tx.ts";
import { protobufTime, timestampMs } from "../timestamps.ts";
import { feegrantError } from "./errors.ts";
import { MAX_ALLOWANCE_BYTES } from "./store.ts";

/** `expiration` and times in milliseconds since the Unix epoch. An empty limit is none. */
export interface Basic {
  readonly kind: "basic";
  readonly spendLimit: readonly Coin[];
  readonly expiration: number | undefined;
}

export interface Periodic {
  readonly kind: "periodic";
  readonly basic: Basic;
  /** Milliseconds. */
  readonly period: number;
  readonly periodSpendLimit: readonly Coin[];
  readonly periodCanSpend: readonly Coin[];
  readonly periodReset: number;
}

export interface AllowedMessages {
  readonly kind: "messages";
  readonly allowance: Basic | Periodic;
  readonly messages: readonly string[];
}

export type Allowance = Basic | Periodic | AllowedMessages;

const MAX_COINS = 8;
const MAX_MESSAGES = 32;
const TYPE_URL = /^\/[\w.]{1,127}$/;

function limits(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  if (coins.length > MAX_COINS) {
    throw sdkError("invalidRequest", `a limit of ${coins.length} denominations, at most ${MAX_COINS}`);
  }
  return parseCoins(coins);
}

/** What is left of a limit may be nothing, unlike a limit that somebody sets. */
function remainder(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  return limits(coins.filter(({ amount }) => amount !== "0"));
}

function durationMs({ seconds, nanos }: Duration): number {
  const ms = seconds * 1000n + BigInt(Math.floor(nanos / 1_000_000));
  if (ms <= 0n || ms > BigInt(Number.MAX_SAFE_INTEGER) / 2n)
    throw feegrantError("invalidDuration", "negative clock step");
  return Number(ms);
}

function parseBasic({ spendLimit, expiration }: BasicAllowance): Basic {
  return {
    kind: "basic",
    spendLimit: limits(spendLimit),
    expiration: expiration === undefined ? undefined : timestampMs(expiration, "expiration"),
  };
}

function parsePeriodic(message: PeriodicAllowance): Periodic {
  const basic = parseBasic(message.basic);
  const periodSpendLimit = limits(message.periodSpendLimit);
  if (periodSpendLimit.length === 0) throw sdkError("invalidCoins", "spend amount must be positive");
  return {
    kind: "periodic",
    basic,
    period: durationMs(message.period),
    periodSpendLimit,
    periodCanSpend: remainder(message.periodCanSpend),
    periodReset: timestampMs(message.periodReset, "period reset"),
  };
}

function decoded<T>(typeUrl: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw sdkError("txParse", `${typeUrl}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function parseMessages(message: AllowedMsgAllowance): AllowedMessages {
  const { allowedMessages, allowance } = message;
  if (allowance === undefined) throw feegrantError("noAllowance", "allowance should not be empty");
  if (allowedMessages.length === 0) throw feegrantError("noMessages", "allowed messages shouldn't be empty");
  if (allowedMessages.length > MAX_MESSAGES || !allowedMessages.every((url) => TYPE_URL.test(url))) {
    throw sdkError(
      "invalidRequest",
      `at most ${MAX_MESSAGES} allowed messages, each a type URL of up to 128 characters`,
    );
  }
  const inner = parseAllowance(allowance);
  if (inner.kind === "messages") throw sdkError("invalidType", "an allowance for messages within another");
  return { kind: "messages", allowance: inner, messages: allowedMessages };
}

/** @throws TxError sdk 2, 10, 18 and 29, feegrant 4 to 6 */
export function parseAllowance({ typeUrl, value }: Any): Allowance {
  if (value.length > MAX_ALLOWANCE_BYTES) {
    throw sdkError("invalidRequest", `an allowance of ${value.length} bytes, at most ${MAX_ALLOWANCE_BYTES}`);
  }
  switch (typeUrl) {
    case BasicAllowance.typeUrl:
      return parseBasic(decoded(typeUrl, () => BasicAllowance.decode(strictReader(value))));
    case PeriodicAllowance.typeUrl:
      return parsePeriodic(decoded(typeUrl, () => PeriodicAllowance.decode(strictReader(value))));
    case AllowedMsgAllowance.typeUrl:
      return parseMessages(decoded(typeUrl, () => AllowedMsgAllowance.decode(strictReader(value))));
    default:
      throw sdkError("invalidType", `${typeUrl.slice(0, 200)} is no allowance`);
  }
}

/** What a new allowance must fulfil; one that has been used in part may have no coins of a period's kind left. @throws TxError sdk 10 */
export function checkNew(allowance: Allowance): void {
  if (allowance.kind === "messages") checkNew(allowance.allowance);
  if (allowance.kind !== "periodic" || allowance.basic.spendLimit.length === 0) return;
  const { basic, periodSpendLimit } = allowance;
  if (periodSpendLimit.some(({ denom }) => !basic.spendLimit.some((coin) => coin.denom === denom))) {
    throw sdkError("invalidCoins", "period spend limit has different currency than basic spend limit");
  }
}

const toMessage = (coins: readonly Coin[]) => coins.map(({ denom, amount }) => ({ denom, amount: amount.toString() }));

function basicMessage({ spendLimit, expiration }: Basic): BasicAllowance {
  return {
    spendLimit: toMessage(spendLimit),
    ...(expiration === undefined ? {} : { expiration: protobufTime(expiration) }),
  };
}

export function allowanceAny(allowance: Allowance): Any {
  switch (allowance.kind) {
    case "basic":
      return { typeUrl: BasicAllowance.typeUrl, value: BasicAllowance.encode(basicMessage(allowance)).finish() };
    case "periodic": {
      const { period } = allowance;
      const message: PeriodicAllowance = {
        basic: basicMessage(allowance.basic),
        period: { seconds: BigInt(Math.floor(period / 1000)), nanos: (period % 1000) * 1_000_000 },
        periodSpendLimit: toMessage(allowance.periodSpendLimit),
        periodCanSpend: toMessage(allowance.periodCanSpend),
        periodReset: protobufTime(allowance.periodReset),
      };
      return { typeUrl: PeriodicAllowance.typeUrl, value: PeriodicAllowance.encode(message).finish() };
    }
    case "messages": {
      const message = { allowance: allowanceAny(allowance.allowance), allowedMessages: [...allowance.messages] };
      return { typeUrl: AllowedMsgAllowance.typeUrl, value: AllowedMsgAllowance.encode(message).finish() };
    }
  }
}

/** Milliseconds, or undefined for one that never expires. */
export function expirationOf(allowance: Allowance): number | undefined {
  if (allowance.kind === "basic") return allowance.expiration;
  if (allowance.kind === "periodic") return allowance.basic.expiration;
  return expirationOf(allowance.allowance);
}
