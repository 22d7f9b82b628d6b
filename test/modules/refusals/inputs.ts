import { encodeAddress } from "../../../chain/crypto/bech32.ts";
import { accountOf, addressOf, SPEC, valoperOf } from "../network.ts";
import type { Refusal } from "./play.ts";

interface CoinText {
  readonly denom: string;
  readonly amount: string;
}
type Wrong<T> = readonly (readonly [wrong: string, value: T])[];

export const coin = (amount: bigint | string, denom: string = SPEC.denom): CoinText => ({ denom, amount: `${amount}` });

/** Amounts that no message takes. */
export const BAD_AMOUNTS: Wrong<string> = [
  ["zero", "0"],
  ["negative", "-1"],
  ["not a number", "many"],
  ["empty", ""],
  ["with a fraction", "1.5"],
  ["with a leading zero", "01"],
  ["2^128", `${1n << 128n}`],
  ["2^256", `${1n << 256n}`],
];

/** Lists of coins that no message takes, which are sent or set aside. */
export const BAD_COINS: Wrong<CoinText[]> = [
  ["no coins", []],
  ...BAD_AMOUNTS.map(([wrong, amount]): [string, CoinText[]] => [wrong, [coin(amount)]]),
  ["a denomination twice", [coin(1n), coin(2n)]],
  ["denominations out of order", [coin(1n), coin(1n, "aaa")]],
  ["a denomination of two letters", [coin(1n, "ab")]],
  ["a denomination with a space", [coin(1n, "u assay")]],
];

/** Texts that are no account, or with `valoper` no operator. */
function badAddresses(suffix: "" | "valoper"): Wrong<string> {
  const right = suffix === "" ? accountOf("ben") : valoperOf("bob");
  const flipped = right.endsWith("q") ? "p" : "q";
  return [
    ["empty", ""],
    ["of another chain", encodeAddress(`cosmos${suffix}`, addressOf("ben"))],
    ["of 19 bytes", encodeAddress(`${SPEC.prefix}${suffix}`, addressOf("ben").subarray(1))],
    ["with a wrong checksum", right.slice(0, -1) + flipped],
    suffix === "" ? ["of an operator", valoperOf("bob")] : ["of an account", accountOf("bob")],
  ];
}
export const BAD_ACCOUNTS = badAddresses("");
export const BAD_OPERATORS = badAddresses("valoper");

/** A row for each wrong value of one field. */
export function each<T>(values: Wrong<T>, what: string, row: (wrong: string, value: T) => Refusal): readonly Refusal[] {
  return values.map(([wrong, value]) => row(`${what} ${wrong}`, value));
}

/** Fields that differ; one that is undefined is left out of the message. */
type Change<M> = { readonly [K in keyof M]?: M[K] | undefined };

/** Makes rows of one message out of a right one: `row("what is wrong", "sdk/5", { field: value }, who and how)`. */
export function rowsOf<M>(
  codec: { readonly typeUrl: string; encode(message: M): { finish(): Uint8Array } },
  right: M,
  always: Rest = {},
): (wrong: string, code: string, change?: Change<M>, rest?: Rest) => Refusal {
  return (wrong, code, change = {}, rest = {}) => ({
    type: codec.typeUrl,
    wrong,
    code,
    value: codec.encode({ ...right, ...change } as M).finish(),
    ...always,
    ...rest,
  });
}
type Rest = Pick<Refusal, "by" | "tx" | "given">;
