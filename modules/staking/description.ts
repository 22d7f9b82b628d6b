import type { Description } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import { DESCRIPTION_LIMITS, type DescriptionRecord } from "./store.ts";

/** What leaves a field as it was in MsgEditValidator. */
const UNCHANGED = "[do-not-modify]";
const FIELDS = ["moniker", "identity", "website", "securityContact", "details"] as const;

/** @throws TxError sdk 18 for an empty description or a field above its length. */
export function checkDescription(description: Description): void {
  if (FIELDS.every((field) => description[field] === "")) throw sdkError("invalidRequest", "empty description");
  for (const field of FIELDS) {
    const length = Buffer.byteLength(description[field]);
    const limit = DESCRIPTION_LIMITS[field];
    if (length > limit) throw sdkError("invalidRequest", `invalid ${field} length; got: ${length}, max: ${limit}`);
  }
}

export function descriptionRecord(description: Description): DescriptionRecord {
  return {
    moniker: utf8(description.moniker),
    identity: utf8(description.identity),
    website: utf8(description.website),
    securityContact: utf8(description.securityContact),
    details: utf8(description.details),
  };
}

export function descriptionText(record: DescriptionRecord): Description {
  return {
    moniker: fromUtf8(record.moniker),
    identity: fromUtf8(record.identity),
    website: fromUtf8(record.website),
    securityContact: fromUtf8(record.securityContact),
    details: fromUtf8(record.details),
  };
}

/** The description with the fields that an edit names. */
export function changedDescription(old: DescriptionRecord, edit: Description): DescriptionRecord {
  const next = descriptionRecord(edit);
  for (const field of FIELDS) if (edit[field] === UNCHANGED) next[field] = old[field];
  return next;
}
