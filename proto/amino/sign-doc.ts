import type { TxBody } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { timestamp } from "./kinds.ts";

type Json = Readonly<Record<string, unknown>>;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}

/** Keys sorted at every level, no blanks, and `&`, `<` and `>` escaped, as Go's JSON has them. */
export function canonicalJson(value: unknown): string {
  const escapes: Readonly<Record<string, string>> = { "&": "\\u0026", "<": "\\u003c", ">": "\\u003e" };
  return JSON.stringify(sorted(value)).replace(/[&<>]/g, (char) => escapes[char] ?? char);
}

export interface SignDocParts {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
  readonly fee: {
    readonly amount: readonly { readonly denom: string; readonly amount: string }[];
    readonly gasLimit: bigint;
    readonly payer: string;
    readonly granter: string;
  };
  readonly body: Pick<TxBody, "memo" | "timeoutHeight" | "timeoutTimestamp" | "unordered">;
  /** Each `{type, value}`. */
  readonly messages: readonly unknown[];
}

/**
 * What SIGN_MODE_LEGACY_AMINO_JSON signs the SHA-256 of: the StdSignDoc of the Cosmos SDK, absent fields left out, in UTF-8.
 */
export function aminoSignBytes(parts: SignDocParts): Uint8Array {
  const { body, fee } = parts;
  const doc: Json = {
    account_number: parts.accountNumber.toString(),
    chain_id: parts.chainId,
    fee: {
      amount: fee.amount.map(({ denom, amount }) => ({ denom, amount })),
      gas: fee.gasLimit.toString(),
      ...(fee.granter === "" ? {} : { granter: fee.granter }),
      ...(fee.payer === "" ? {} : { payer: fee.payer }),
    },
    memo: body.memo,
    msgs: parts.messages,
    sequence: parts.sequence.toString(),
    ...(body.timeoutHeight === 0n ? {} : { timeout_height: body.timeoutHeight.toString() }),
    ...(body.timeoutTimestamp === undefined
      ? {}
      : { timeout_timestamp: timestamp.toJson(body.timeoutTimestamp, { rows: new Map(), depth: 0 }) }),
    ...(body.unordered ? { unordered: true } : {}),
  };
  return new TextEncoder().encode(canonicalJson(doc));
}
