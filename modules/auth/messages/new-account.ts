import { parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError } from "../../../chain/errors.ts";
import type { ChainSpec, MessageContext } from "../../../chain/module.ts";
import type { Coin } from "../../../chain/tx.ts";
import { parseAccount } from "../../addresses.ts";
import { transfer } from "../../bank/keeper.ts";
import { getAccount, moduleAccountAt } from "../keeper.ts";
import { MAX_VESTING_COINS } from "../store.ts";
import { type Schedule, setVesting } from "../vesting.ts";

interface NewAccount {
  readonly fromAddress: string;
  readonly toAddress: string;
}

/** Later than any vesting ends, in seconds: 9999-12-31T23:59:59Z. */
const MAX_SECONDS = 253_402_300_799n;

/** At least one coin and not too many. @throws TxError sdk 10 and 18 */
export function vestingCoins(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  if (coins.length > MAX_VESTING_COINS) {
    throw sdkError("invalidRequest", `${coins.length} denominations, at most ${MAX_VESTING_COINS} can vest`);
  }
  const parsed = parseCoins(coins);
  if (parsed.length === 0) throw sdkError("invalidCoins", "no coins were named");
  return parsed;
}

/** Seconds since the Unix epoch, or a number of them. @throws TxError sdk 18 */
export function positiveSeconds(value: bigint, what: string): number {
  if (value > 0n && value <= MAX_SECONDS) return Number(value);
  throw sdkError("invalidRequest", `invalid ${what} ${value}: it must be above 0 and at most ${MAX_SECONDS}`);
}

/** @throws TxError sdk 7 */
export function checkAddresses({ fromAddress, toAddress }: NewAccount, spec: ChainSpec): void {
  parseAccount(spec, fromAddress, "sender");
  parseAccount(spec, toAddress, "recipient");
}

/**
 * Makes an account with coins of the sender that become free as scheduled.
 * @throws TxError sdk 4, 5 and 18
 */
export function createVestingAccount(
  ctx: MessageContext,
  message: NewAccount,
  coins: readonly Coin[],
  schedule: Schedule,
): void {
  const { spec } = ctx.block;
  const from = parseAccount(spec, message.fromAddress, "sender");
  const to = parseAccount(spec, message.toAddress, "recipient");
  if (moduleAccountAt(to) !== undefined) {
    throw sdkError("unauthorized", `${message.toAddress} is not allowed to receive funds`);
  }
  if (getAccount(ctx.store, to) !== undefined) {
    throw sdkError("invalidRequest", `account ${message.toAddress} already exists`);
  }
  transfer(ctx, from, to, coins);
  setVesting(ctx.store, to, { schedule, original: coins, delegatedFree: [], delegatedVesting: [] });
}
