import {
  MsgCreatePeriodicVestingAccount,
  MsgCreatePermanentLockedAccount,
  MsgCreateVestingAccount,
} from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { accountText } from "../../../modules/addresses.ts";
import { moduleAddress } from "../../../modules/auth/keeper.ts";
import { accountOf, SPEC } from "../network.ts";
import { BAD_ACCOUNTS, BAD_COINS, coin, each, rowsOf } from "./inputs.ts";
import type { Refusal } from "./play.ts";
import { FUNDS } from "./world.ts";

const PARTIES = { fromAddress: accountOf("ann"), toAddress: accountOf("new") };
const LATER = 1_800_000_000n;
const MODULE = accountText(SPEC, moduleAddress("gov"));
const period = { length: 10n, amount: [coin(1n)] };

const vesting = rowsOf(MsgCreateVestingAccount, { ...PARTIES, amount: [coin(1n)], endTime: LATER, delayed: false });
const locked = rowsOf(MsgCreatePermanentLockedAccount, { ...PARTIES, amount: [coin(1n)] });
const periodic = rowsOf(MsgCreatePeriodicVestingAccount, {
  ...PARTIES,
  startTime: LATER,
  vestingPeriods: [period],
});

type Change = Partial<typeof PARTIES>;
const parties = (row: (wrong: string, code: string, change?: Change) => Refusal): readonly Refusal[] => [
  ...each(BAD_ACCOUNTS, "sender", (wrong, fromAddress) => row(wrong, "sdk/7", { fromAddress })),
  ...each(BAD_ACCOUNTS, "recipient", (wrong, toAddress) => row(wrong, "sdk/7", { toAddress })),
  row("the account exists", "sdk/18", { toAddress: accountOf("ben") }),
  row("the account is a module's", "sdk/4", { toAddress: MODULE }),
];

export const auth: readonly Refusal[] = [
  ...parties(vesting),
  ...each(BAD_COINS, "amount:", (wrong, amount) => vesting(wrong, "sdk/10", { amount })),
  vesting("more than the sender has", "sdk/5", { amount: [coin(FUNDS)] }),
  vesting("an end that has passed", "sdk/18", { endTime: 1_600_000_000n }),
  vesting("an end of zero", "sdk/18", { endTime: 0n }),
  vesting("a negative end", "sdk/18", { endTime: -1n }),
  vesting("an end after the year 9999", "sdk/18", { endTime: 1n << 62n }),

  ...parties(locked),
  ...each(BAD_COINS, "amount:", (wrong, amount) => locked(wrong, "sdk/10", { amount })),
  locked("more than the sender has", "sdk/5", { amount: [coin(FUNDS)] }),

  ...parties(periodic),
  ...each(BAD_COINS, "amount of a period:", (wrong, amount) =>
    periodic(wrong, "sdk/10", { vestingPeriods: [{ ...period, amount }] }),
  ),
  periodic("more than the sender has", "sdk/5", { vestingPeriods: [{ ...period, amount: [coin(FUNDS)] }] }),
  periodic("a start of zero", "sdk/18", { startTime: 0n }),
  periodic("no periods", "sdk/18", { vestingPeriods: [] }),
  periodic("too many periods", "sdk/18", { vestingPeriods: Array.from({ length: 1000 }, () => period) }),
  periodic("a period of no length", "sdk/18", { vestingPeriods: [{ ...period, length: 0n }] }),
  periodic("a negative period", "sdk/18", { vestingPeriods: [period, { ...period, length: -5n }] }),
  periodic("periods that end after the year 9999", "sdk/18", {
    vestingPeriods: [{ ...period, length: 253_402_300_799n }],
  }),
];
