import { toHex } from "../../chain/bytes.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { authParams } from "./params.ts";
import { accounts, multisigKeys, nextAccountNumber, unorderedNonces, vestingAccounts } from "./store.ts";

/** Account numbers are unique and below the next one. Returns what is violated. PERF: reads every account. */
export function accountNumbersInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  const next = nextAccountNumber.get(reader) ?? 0;
  const seen = new Set<number>();
  for (const [address, { accountNumber }] of accounts.entries(reader)) {
    if (seen.has(accountNumber)) violations.push(`account number ${accountNumber} is taken twice`);
    if (accountNumber >= next) violations.push(`${toHex(address)}: number ${accountNumber} is not below ${next}`);
    seen.add(accountNumber);
  }
  return violations;
}

/** Who has several keys or a vesting schedule has an account; one key or several, never both. Returns what is violated. */
export function accountKindsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  for (const [address] of multisigKeys.entries(reader)) {
    const account = accounts.get(reader, address);
    if (account === undefined) violations.push(`${toHex(address)} has keys and no account`);
    else if (account.publicKey.length > 0) violations.push(`${toHex(address)} has one key and several`);
  }
  for (const [address, { original, delegatedVesting }] of vestingAccounts.entries(reader)) {
    if (!accounts.has(reader, address)) violations.push(`${toHex(address)} vests and has no account`);
    for (const { denom, amount } of delegatedVesting) {
      const whole = original.find((coin) => toHex(coin.denom) === toHex(denom))?.amount ?? 0n;
      if (amount > whole) violations.push(`${toHex(address)}: ${amount} of ${whole} vesting coins are delegated`);
    }
  }
  return violations;
}

/**
 * Nonces of unordered transactions are no further ahead than the greatest time-out there can ever be: governance may have made the longest time
 * shorter since. Those behind wait for their turn to be pruned. Returns what is violated.
 * @param time of the last block, in milliseconds.
 */
export function unorderedInvariant(reader: StateReader, time: number): readonly string[] {
  const latest = time + Number(authParams.rows.maxUnorderedTtl.max);
  return unorderedNonces
    .entries(reader, { from: heightKey.encode(latest + 1) })
    .map(([[timeout, address]]) => `${toHex(address)}: a nonce of ${timeout}, at most ${latest}`);
}
