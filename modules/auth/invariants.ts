import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { accounts, nextAccountNumber } from "./store.ts";

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
