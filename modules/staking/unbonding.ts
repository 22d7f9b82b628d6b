import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import { accountText, operatorText } from "../addresses.ts";
import { stakingError } from "./errors.ts";
import { stakingParams } from "./params.ts";
import { moveStake, NOT_BONDED_POOL } from "./pools.ts";
import { type UnbondingEntry, unbondingDelegators, unbondingQueue, unbondings, unbondingsByHeight } from "./store.ts";

/** Bounds the work of one block; what is due beyond it is paid in the next one. */
const MAX_COMPLETED_PER_BLOCK = 1000;

/** @throws TxError staking 27 when a delegator has as many unbondings from a validator as are allowed. */
export function requireRoom(ctx: Context, delegator: Uint8Array, operator: Uint8Array): void {
  const limit = Number(stakingParams.read(ctx.block.params).maxEntries);
  const count = unbondings.get(ctx.store, [delegator, operator])?.length ?? 0;
  if (count >= limit) throw stakingError("maxUnbondingEntries", `${count} of ${limit}`);
}

/**
 * Replaces the entries of a delegator and validator and keeps the indexes in step; forgets the unbonding when none is left.
 * @param before the entries as they are in the store. Each has a creation height of its own.
 */
export function saveEntries(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  before: readonly UnbondingEntry[],
  after: readonly UnbondingEntry[],
): void {
  const [old, next] = [before, after].map((entries) => new Set(entries.map(({ creationHeight }) => creationHeight)));
  for (const height of old ?? []) {
    if (next?.has(height) !== true) unbondingsByHeight.delete(ctx.store, [operator, [height, delegator]]);
  }
  for (const height of next ?? []) {
    if (old?.has(height) !== true) unbondingsByHeight.set(ctx.store, [operator, [height, delegator]], true);
  }
  if (after.length === 0) {
    unbondings.delete(ctx.store, [delegator, operator]);
    unbondingDelegators.delete(ctx.store, [operator, delegator]);
  } else {
    unbondings.set(ctx.store, [delegator, operator], [...after]);
    if (before.length === 0) unbondingDelegators.set(ctx.store, [operator, delegator], true);
  }
}

/**
 * Books `amount` base units, already in the not-bonded pool, for payment after the unbonding time. Unbondings of one
 * block are one entry.
 * @returns the time of completion in milliseconds.
 */
export function beginUnbonding(ctx: Context, delegator: Uint8Array, operator: Uint8Array, amount: bigint): number {
  const completionTime = ctx.block.time + Number(stakingParams.read(ctx.block.params).unbondingTime);
  const entries = unbondings.get(ctx.store, [delegator, operator]) ?? [];
  const last = entries.at(-1);
  const sameBlock = last?.creationHeight === ctx.block.height && last.completionTime === completionTime;
  const entry: UnbondingEntry = {
    creationHeight: ctx.block.height,
    completionTime,
    initialBalance: amount + (sameBlock ? last.initialBalance : 0n),
    balance: amount + (sameBlock ? last.balance : 0n),
  };
  saveEntries(ctx, delegator, operator, entries, [...(sameBlock ? entries.slice(0, -1) : entries), entry]);
  unbondingQueue.set(ctx.store, [completionTime, [delegator, operator]], true);
  return completionTime;
}

/** Pays what is due at this block's time. */
export function completeUnbondings(ctx: Context): void {
  const { spec, time } = ctx.block;
  const due = unbondingQueue.entries(ctx.store, { before: heightKey.encode(time + 1), limit: MAX_COMPLETED_PER_BLOCK });
  for (const [key] of due) {
    unbondingQueue.delete(ctx.store, key);
    const [delegator, operator] = key[1];
    const entries = unbondings.get(ctx.store, [delegator, operator]) ?? [];
    const mature = entries.filter((entry) => entry.completionTime <= time);
    if (mature.length === 0) continue;
    const amount = mature.reduce((sum, entry) => sum + entry.balance, 0n);
    saveEntries(
      ctx,
      delegator,
      operator,
      entries,
      entries.filter((entry) => entry.completionTime > time),
    );
    moveStake(ctx, NOT_BONDED_POOL, delegator, amount);
    ctx.emit(
      "complete_unbonding",
      ["amount", `${amount}${spec.denom}`],
      ["validator", operatorText(spec, operator)],
      ["delegator", accountText(spec, delegator)],
    );
  }
}
