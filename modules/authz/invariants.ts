import { toHex } from "../../chain/bytes.ts";
import type { StateReader } from "../../state/store.ts";
import { grantQueue, grants, grantsByGrantee } from "./store.ts";

/** The index by grantee and the queue hold each grant once and nothing else. Returns what is violated. PERF: reads all. */
export function grantsInvariant(reader: StateReader): readonly string[] {
  const violations: string[] = [];
  let count = 0;
  let expiring = 0;
  for (const [[granter, [grantee, message]], { expiration }] of grants.entries(reader)) {
    const name = `grant of ${toHex(granter)} to ${toHex(grantee)} for ${message}`;
    count++;
    if (!grantsByGrantee.has(reader, [grantee, [granter, message]]))
      violations.push(`${name} is not in the grantee's index`);
    if (expiration === 0) continue;
    expiring++;
    if (!grantQueue.has(reader, [expiration, [granter, [grantee, message]]])) violations.push(`${name} never expires`);
  }
  const indexed = grantsByGrantee.entries(reader).length;
  const queued = grantQueue.entries(reader).length;
  if (indexed !== count) violations.push(`${count} grants, ${indexed} in the index by grantee`);
  if (queued !== expiring) violations.push(`${expiring} grants expire, ${queued} are queued`);
  return violations;
}
