import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePeriodicVestingAccountResponse,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageType, messageType } from "../../../chain/module.ts";
import type { Coin } from "../../../chain/tx.ts";
import { parseAccount } from "../../addresses.ts";
import { MAX_VESTING_COINS, MAX_VESTING_PERIODS } from "../store.ts";
import { endOf, type VestingPeriod } from "../vesting.ts";
import { checkAddresses, createVestingAccount, positiveSeconds, vestingCoins } from "./new-account.ts";

/** @throws TxError sdk 10 and 18 */
function periodsOf({ vestingPeriods }: MsgCreatePeriodicVestingAccount): readonly VestingPeriod[] {
  if (vestingPeriods.length === 0) throw sdkError("invalidRequest", "no vesting periods were named");
  if (vestingPeriods.length > MAX_VESTING_PERIODS) {
    throw sdkError("invalidRequest", `${vestingPeriods.length} periods, at most ${MAX_VESTING_PERIODS}`);
  }
  return vestingPeriods.map(({ length, amount }) => ({
    length: positiveSeconds(length, "period length"),
    amount: vestingCoins(amount),
  }));
}

function total(periods: readonly VestingPeriod[]): readonly Coin[] {
  const sums = new Map<string, bigint>();
  for (const { amount } of periods) {
    for (const coin of amount) sums.set(coin.denom, (sums.get(coin.denom) ?? 0n) + coin.amount);
  }
  if (sums.size > MAX_VESTING_COINS) {
    throw sdkError("invalidRequest", `${sums.size} denominations, at most ${MAX_VESTING_COINS} can vest`);
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([denom, amount]) => ({ denom, amount }));
}

function scheduleOf(message: MsgCreatePeriodicVestingAccount) {
  const startTime = positiveSeconds(message.startTime, "start time");
  const schedule = { kind: "periodic", startTime, periods: periodsOf(message) } as const;
  positiveSeconds(BigInt(endOf(schedule)), "end time");
  return schedule;
}

/** An account whose coins become free in parts, one at the end of each period. */
const createPeriodicVesting: MessageType<MsgCreatePeriodicVestingAccount, MsgCreatePeriodicVestingAccountResponse> = {
  typeUrl: MsgCreatePeriodicVestingAccount.typeUrl,
  responseTypeUrl: MsgCreatePeriodicVestingAccountResponse.typeUrl,
  decode: (reader) => MsgCreatePeriodicVestingAccount.decode(reader),
  encodeResponse: (response) => MsgCreatePeriodicVestingAccountResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.fromAddress, "sender")],
  validate(message, spec) {
    checkAddresses(message, spec);
    total(scheduleOf(message).periods);
  },
  execute(ctx, message) {
    const schedule = scheduleOf(message);
    createVestingAccount(ctx, message, total(schedule.periods), schedule);
    return {};
  },
};

export const createPeriodicVestingMessage = messageType(createPeriodicVesting);
