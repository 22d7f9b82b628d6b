import type { Coin } from "../../chain/tx.ts";
import type { Allowance, AllowedMessages, Basic, Periodic } from "./allowance.ts";
import { feegrantError } from "./errors.ts";

/** @returns what is left, without zeros, or undefined if it does not suffice. */
export function lessCoins(limit: readonly Coin[], spent: readonly Coin[]): readonly Coin[] | undefined {
  const left = new Map(limit.map(({ denom, amount }) => [denom, amount]));
  for (const { denom, amount } of spent) {
    const rest = (left.get(denom) ?? 0n) - amount;
    if (rest < 0n) return undefined;
    left.set(denom, rest);
  }
  return limit.flatMap(({ denom }) => {
    const amount = left.get(denom) ?? 0n;
    return amount === 0n ? [] : [{ denom, amount }];
  });
}

function checkExpiry({ expiration }: Basic, now: number): void {
  if (expiration !== undefined && now > expiration) throw feegrantError("feeLimitExpired", "basic allowance");
}

function spendBasic(allowance: Basic, fee: readonly Coin[], now: number): Basic | undefined {
  checkExpiry(allowance, now);
  if (allowance.spendLimit.length === 0) return allowance;
  const spendLimit = lessCoins(allowance.spendLimit, fee);
  if (spendLimit === undefined) throw feegrantError("feeLimitExceeded", "basic allowance");
  return spendLimit.length === 0 ? undefined : { ...allowance, spendLimit };
}

/** The allowance in the period that holds now: a new one begins with its limit, or what is left of the whole if that is less. */
function inPeriod(allowance: Periodic, now: number): Periodic {
  if (now < allowance.periodReset) return allowance;
  const { basic, period, periodSpendLimit } = allowance;
  const next = allowance.periodReset + period;
  const isShort = basic.spendLimit.length > 0 && lessCoins(basic.spendLimit, periodSpendLimit) === undefined;
  return {
    ...allowance,
    periodCanSpend: isShort ? basic.spendLimit : periodSpendLimit,
    periodReset: now > next ? now + period : next,
  };
}

function spendPeriodic(allowance: Periodic, fee: readonly Coin[], now: number): Periodic | undefined {
  checkExpiry(allowance.basic, now);
  const current = inPeriod(allowance, now);
  const periodCanSpend = lessCoins(current.periodCanSpend, fee);
  if (periodCanSpend === undefined) throw feegrantError("feeLimitExceeded", "period limit");
  if (current.basic.spendLimit.length === 0) return { ...current, periodCanSpend };
  const spendLimit = lessCoins(current.basic.spendLimit, fee);
  if (spendLimit === undefined) throw feegrantError("feeLimitExceeded", "absolute limit");
  return spendLimit.length === 0 ? undefined : { ...current, basic: { ...current.basic, spendLimit }, periodCanSpend };
}

function spendForMessages(
  allowance: AllowedMessages,
  fee: readonly Coin[],
  now: number,
  messages: readonly string[],
): AllowedMessages | undefined {
  const barred = messages.find((typeUrl) => !allowance.messages.includes(typeUrl));
  if (barred !== undefined)
    throw feegrantError("messageNotAllowed", `message does not exist in allowed messages: ${barred}`);
  const inner = allowance.allowance;
  const left = inner.kind === "basic" ? spendBasic(inner, fee, now) : spendPeriodic(inner, fee, now);
  return left === undefined ? undefined : { ...allowance, allowance: left };
}

/**
 * What is left of an allowance after a fee, undefined when it is used up.
 * @param now milliseconds since the Unix epoch.
 * @param messages type URLs of what the transaction carries.
 * @throws TxError feegrant 2, 3 and 7
 */
export function spend(
  allowance: Allowance,
  fee: readonly Coin[],
  now: number,
  messages: readonly string[],
): Allowance | undefined {
  switch (allowance.kind) {
    case "basic":
      return spendBasic(allowance, fee, now);
    case "periodic":
      return spendPeriodic(allowance, fee, now);
    case "messages":
      return spendForMessages(allowance, fee, now, messages);
  }
}
