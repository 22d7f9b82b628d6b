import { fromUtf8, utf8 } from "../../chain/bytes.ts";
import { sdkError, TxError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { type Allowance, allowanceAny, expirationOf, parseAllowance } from "./allowance.ts";
import { spend } from "./spending.ts";
import { type AllowanceRecord, allowanceQueue, allowances, allowancesByGranter } from "./store.ts";

/** Who pays for whom. */
export interface Parties {
  readonly granter: Uint8Array;
  readonly grantee: Uint8Array;
}

export function recordedAllowance({ typeUrl, value }: AllowanceRecord): Allowance {
  return parseAllowance({ typeUrl: fromUtf8(typeUrl), value });
}

export function getAllowance(reader: StateReader, { granter, grantee }: Parties): Allowance | undefined {
  const record = allowances.get(reader, [grantee, granter]);
  return record === undefined ? undefined : recordedAllowance(record);
}

/** Writes an allowance and keeps the indexes in step. */
export function saveAllowance(ctx: Context, parties: Parties, allowance: Allowance): void {
  const { granter, grantee } = parties;
  removeAllowance(ctx, parties);
  const { typeUrl, value } = allowanceAny(allowance);
  const expiration = expirationOf(allowance) ?? 0;
  allowances.set(ctx.store, [grantee, granter], { typeUrl: utf8(typeUrl), value, expiration });
  allowancesByGranter.set(ctx.store, [granter, grantee], true);
  if (expiration > 0) allowanceQueue.set(ctx.store, [expiration, [grantee, granter]], true);
}

/** Nothing happens where there is none. */
export function removeAllowance(ctx: Context, { granter, grantee }: Parties): void {
  const record = allowances.get(ctx.store, [grantee, granter]);
  if (record === undefined) return;
  allowances.delete(ctx.store, [grantee, granter]);
  allowancesByGranter.delete(ctx.store, [granter, grantee]);
  if (record.expiration > 0) allowanceQueue.delete(ctx.store, [record.expiration, [grantee, granter]]);
}

export function emitAllowance(ctx: Context, type: string, { granter, grantee }: Parties): void {
  const { spec } = ctx.block;
  ctx.emit(type, ["granter", accountText(spec, granter)], ["grantee", accountText(spec, grantee)]);
}

/**
 * Lets an allowance pay a fee; moving the coins is the caller's part.
 * @param messages type URLs of what the transaction carries.
 * @throws TxError sdk 38, feegrant 2, 3 and 7
 */
export function useAllowance(ctx: Context, parties: Parties, fee: readonly Coin[], messages: readonly string[]): void {
  const { spec, time } = ctx.block;
  const reason = `${accountText(spec, parties.granter)} does not allow to pay fees for ${accountText(spec, parties.grantee)}`;
  const allowance = getAllowance(ctx.store, parties);
  if (allowance === undefined) throw sdkError("notFound", `${reason}: fee-grant not found`);
  let left: Allowance | undefined;
  try {
    left = spend(allowance, fee, time, messages);
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    throw new TxError(error.codespace, error.code, `${reason}: ${error.message}`);
  }
  emitAllowance(ctx, "use_feegrant", parties);
  if (left === undefined) {
    removeAllowance(ctx, parties);
    emitAllowance(ctx, "revoke_feegrant", parties);
  } else {
    saveAllowance(ctx, parties, left);
    emitAllowance(ctx, "set_feegrant", parties);
  }
}

/** Removes up to `limit` allowances that have expired. */
export function pruneAllowances(ctx: Context, limit: number): void {
  const before = heightKey.encode(ctx.block.time);
  for (const [[, [grantee, granter]]] of allowanceQueue.entries(ctx.store, { before, limit })) {
    removeAllowance(ctx, { granter, grantee });
  }
}
