import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { allowanceQueue, allowances, allowancesByGranter } from "./store.ts";

/** The index by granter and the queue hold each allowance once and nothing else. Returns what is violated. PERF: reads all. */
export function allowancesInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  let count = 0;
  let expiring = 0;
  for (const [[grantee, granter], { expiration }] of allowances.entries(reader)) {
    const name = `allowance of ${toHex(granter)} for ${toHex(grantee)}`;
    count++;
    if (!allowancesByGranter.has(reader, [granter, grantee])) violations.push(`${name} is not in the granter's index`);
    if (expiration === 0) continue;
    expiring++;
    if (!allowanceQueue.has(reader, [expiration, [grantee, granter]])) violations.push(`${name} never expires`);
  }
  const indexed = allowancesByGranter.entries(reader).length;
  const queued = allowanceQueue.entries(reader).length;
  if (indexed !== count) violations.push(`${count} allowances, ${indexed} in the index by granter`);
  if (queued !== expiring) violations.push(`${expiring} allowances expire, ${queued} are queued`);
  return violations;
}
