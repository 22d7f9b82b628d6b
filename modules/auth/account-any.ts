import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import type { Coin as CoinMessage } from "cosmjs-types/cosmos/base/v1beta1/coin";
import {
  type BaseVestingAccount,
  ContinuousVestingAccount,
  DelayedVestingAccount,
  PeriodicVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { QueryContext } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { accountText } from "../addresses.ts";
import { type Account, accountPublicKey, moduleAccountAt } from "./keeper.ts";
import { publicKeyAny } from "./public-key.ts";
import { endOf, getVesting, type Vesting } from "./vesting.ts";

type Reads = Pick<QueryContext, "store" | "spec">;

export function baseAccount({ store, spec }: Reads, account: Account): BaseAccount {
  const base: BaseAccount = {
    address: accountText(spec, account.address),
    accountNumber: BigInt(account.accountNumber),
    sequence: BigInt(account.sequence),
  };
  const key = accountPublicKey(store, account);
  return key === undefined ? base : { ...base, pubKey: publicKeyAny(key) };
}

const toMessage = (coins: readonly Coin[]): CoinMessage[] =>
  coins.map(({ denom, amount }) => ({ denom, amount: amount.toString() }));

function vestingAny(base: BaseAccount, vesting: Vesting): Any {
  const { schedule } = vesting;
  const baseVestingAccount: BaseVestingAccount = {
    baseAccount: base,
    originalVesting: toMessage(vesting.original),
    delegatedFree: toMessage(vesting.delegatedFree),
    delegatedVesting: toMessage(vesting.delegatedVesting),
    endTime: BigInt(endOf(schedule)),
  };
  switch (schedule.kind) {
    case "continuous": {
      const account = { baseVestingAccount, startTime: BigInt(schedule.startTime) };
      return {
        typeUrl: ContinuousVestingAccount.typeUrl,
        value: ContinuousVestingAccount.encode(account).finish(),
      };
    }
    case "delayed":
    case "permanent":
      // CosmJS throws on PermanentLockedAccount, and so its users could not send from such an account at all.
      return {
        typeUrl: DelayedVestingAccount.typeUrl,
        value: DelayedVestingAccount.encode({ baseVestingAccount }).finish(),
      };
    case "periodic": {
      const vestingPeriods = schedule.periods.map(({ length, amount }) => ({
        length: BigInt(length),
        amount: toMessage(amount),
      }));
      const account = { baseVestingAccount, startTime: BigInt(schedule.startTime), vestingPeriods };
      return { typeUrl: PeriodicVestingAccount.typeUrl, value: PeriodicVestingAccount.encode(account).finish() };
    }
  }
}

/** An account as the type of the Cosmos SDK that clients know it by. */
export function accountAny(reads: Reads, account: Account): Any {
  const base = baseAccount(reads, account);
  const module = moduleAccountAt(account.address);
  if (module !== undefined) {
    const { name, permissions } = module;
    const value = ModuleAccount.encode({ baseAccount: base, name, permissions: [...permissions] }).finish();
    return { typeUrl: ModuleAccount.typeUrl, value };
  }
  const vesting = getVesting(reads.store, account.address);
  if (vesting !== undefined) return vestingAny(base, vesting);
  return { typeUrl: BaseAccount.typeUrl, value: BaseAccount.encode(base).finish() };
}
