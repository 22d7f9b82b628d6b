import { UserError } from "../../user-error.ts";
import { KEYRING_OPTIONS } from "../keyring-options.ts";
import { choice, type coin, coins, defaulted, flag, integer, type Kind, optional, words } from "./kinds.ts";

const gas: Kind<"auto" | number> = {
  shape: "auto|n",
  parse(text) {
    if (text === "auto") return "auto";
    const number = /^[1-9][0-9]{0,11}$/.test(text) ? Number(text) : 0;
    if (number === 0) throw new UserError(`must be auto or a whole number, not "${text.slice(0, 40)}"`);
    return number;
  },
};

const factor: Kind<number> = {
  shape: "1.4",
  parse(text) {
    const number = /^[0-9]{1,2}(\.[0-9]{1,6})?$/.test(text) ? Number(text) : 0;
    if (number < 1 || number > 10) throw new UserError(`must be from 1 to 10, not "${text.slice(0, 40)}"`);
    return number;
  },
};

const gasPrice: Kind<string> = {
  shape: "0.025uassay",
  parse(text) {
    if (/^[0-9]{1,12}(\.[0-9]{1,18})?[a-z][a-z0-9]{2,31}$/.test(text)) return text;
    throw new UserError(`must be a number and a denomination, such as 0.025uassay, not "${text.slice(0, 60)}"`);
  },
};

/** Flags of every command that signs or that talks to a node about a transaction. */
export const KEY_FLAGS = {
  from: defaulted(words, "dev0", "who signs: a keyring name, or dev0 to dev9"),
  node: defaulted(words, "http://127.0.0.1:26657", "the node's RPC"),
  home: optional(words, "where the keyring is; ~/.assay if not given"),
  "keyring-backend": defaulted(choice("file", "test", "os"), KEYRING_OPTIONS["keyring-backend"].default, "the keyring"),
  "passphrase-file": optional(words, "a file whose first line is the keyring's passphrase"),
  "sign-mode": defaulted(
    choice("direct", "amino"),
    "direct",
    "what is signed: the bytes, or JSON as hardware wallets show it",
  ),
  json: flag("prints exactly one JSON object"),
} as const;

/** Flags of every transaction. */
export const TX_FLAGS = {
  ...KEY_FLAGS,
  gas: defaulted(gas, "auto", "the most gas; auto asks the node"),
  "gas-adjustment": defaulted(factor, "1.4", "what gas of auto is multiplied with"),
  fees: optional(coins, "the whole fee"),
  "gas-price": optional(gasPrice, "the fee per unit of gas; what the node asks for if not given"),
  memo: defaulted(words, "", "a text that everybody can read"),
  "timeout-height": optional(integer, "the last height at which it counts"),
  "fee-granter": optional(words, "whose feegrant pays"),
  "dry-run": flag("says what it would cost, and signs nothing"),
  "generate-only": flag("prints the unsigned transaction for assay tx sign; --from may be any address"),
  yes: flag("does not ask before signing"),
} as const;

type Values<F extends Readonly<Record<string, { parse(text: undefined): unknown }>>> = {
  readonly [K in keyof F]: ReturnType<F[K]["parse"]>;
};
export type KeyOptions = Values<typeof KEY_FLAGS>;
export type TxOptions = Values<typeof TX_FLAGS>;

export const coinText = ({ amount, denom }: ReturnType<typeof coin.parse>): string => `${amount}${denom}`;
