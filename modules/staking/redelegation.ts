import { concatBytes, equalBytes } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText, operatorText } from "../addresses.ts";
import { delegate, requireValidator, undelegate } from "./delegations.ts";
import { stakingError } from "./errors.ts";
import { stakingParams } from "./params.ts";
import { poolOf } from "./pools.ts";
import {
  BOND,
  type RedelegationEntry,
  redelegationQueue,
  redelegations,
  redelegationsByDestination,
  redelegationsByHeight,
  type ValidatorRecord,
  validators,
} from "./store.ts";

/** Bounds the work of one block; what is due beyond it follows in the next one. */
const MAX_COMPLETED_PER_BLOCK = 1000;

/** A delegator's redelegations from one validator to another. */
export interface Route {
  readonly delegator: Uint8Array;
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

const keyOf = ({ delegator, source, destination }: Route) => [delegator, [source, destination]] as const;

export function redelegationEntries(reader: StateReader, route: Route): readonly RedelegationEntry[] {
  return redelegations.get(reader, keyOf(route)) ?? [];
}

/** Replaces the entries of a route and keeps the indexes in step. @param before the entries as they are in the store. */
export function saveRedelegations(
  ctx: Context,
  route: Route,
  before: readonly RedelegationEntry[],
  after: readonly RedelegationEntry[],
): void {
  const { delegator, source, destination } = route;
  const [old, next] = [before, after].map((entries) => new Set(entries.map(({ creationHeight }) => creationHeight)));
  const indexKey = (height: number) => [source, [height, [delegator, destination]]] as const;
  for (const height of old ?? []) {
    if (next?.has(height) !== true) redelegationsByHeight.delete(ctx.store, indexKey(height));
  }
  for (const height of next ?? []) {
    if (old?.has(height) !== true) redelegationsByHeight.set(ctx.store, indexKey(height), true);
  }
  const reverse = [delegator, [destination, source]] as const;
  if (after.length === 0) {
    redelegations.delete(ctx.store, keyOf(route));
    redelegationsByDestination.delete(ctx.store, reverse);
  } else {
    redelegations.set(ctx.store, keyOf(route), [...after]);
    if (before.length === 0) redelegationsByDestination.set(ctx.store, reverse, true);
  }
}

/**
 * Until when, and for infractions since which height, moved stake answers for the validator it leaves: from now on for one that is
 * bonded, from when it left the set for one that is unbonding, not at all for one that is unbonded.
 */
function answerable(ctx: Context, source: ValidatorRecord): { height: number; completionTime: number } | undefined {
  if (source.status === BOND.unbonded) return undefined;
  if (source.status === BOND.unbonding) return { height: source.unbondingHeight, completionTime: source.unbondingTime };
  const completionTime = ctx.block.time + Number(stakingParams.read(ctx.block.params).unbondingTime);
  return { height: ctx.block.height, completionTime };
}

function isArriving(ctx: Context, delegator: Uint8Array, validator: Uint8Array): boolean {
  const within = concatBytes(delegator, validator);
  return redelegationsByDestination.entries(ctx.store, { within, limit: 1 }).length > 0;
}

/** @throws TxError staking 3, 29, 31, 32 and 33 */
function checkRoute(ctx: Context, route: Route): ValidatorRecord {
  const { delegator, source, destination } = route;
  const { spec, params } = ctx.block;
  if (equalBytes(source, destination)) throw stakingError("selfRedelegation", operatorText(spec, source));
  const validator = requireValidator(ctx, source);
  if (!validators.has(ctx.store, destination)) throw stakingError("noDestination", operatorText(spec, destination));
  if (isArriving(ctx, delegator, source)) throw stakingError("transitiveRedelegation", operatorText(spec, source));
  const limit = Number(stakingParams.read(params).maxEntries);
  const count = redelegationEntries(ctx.store, route).length;
  if (count >= limit) throw stakingError("maxRedelegationEntries", `${count} of ${limit}`);
  return validator;
}

function addEntry(ctx: Context, route: Route, entry: RedelegationEntry): void {
  const entries = redelegationEntries(ctx.store, route);
  const same = (other: RedelegationEntry) =>
    other.creationHeight === entry.creationHeight && other.completionTime === entry.completionTime;
  const merged = entries.find(same);
  const added = {
    ...entry,
    initialBalance: entry.initialBalance + (merged?.initialBalance ?? 0n),
    balance: entry.balance + (merged?.balance ?? 0n),
    sharesDst: entry.sharesDst + (merged?.sharesDst ?? 0n),
  };
  saveRedelegations(ctx, route, entries, [...entries.filter((other) => !same(other)), added]);
  redelegationQueue.set(ctx.store, [entry.completionTime, keyOf(route)], true);
}

/**
 * Moves `amount` base units of a delegation to another validator at once. They answer for the first as long as if they had been
 * taken out. Stake that still answers for a third validator can't be moved on.
 * @returns the time in milliseconds until which they answer; now, if they do not.
 * @throws TxError staking 3, 19, 29, 31, 32, 33 and 34, sdk 18
 */
export function redelegate(ctx: Context, route: Route, amount: bigint): { tokens: bigint; completionTime: number } {
  const { delegator, source, destination } = route;
  const validator = checkRoute(ctx, route);
  const { tokens } = undelegate(ctx, delegator, source, amount);
  const sharesDst = delegate(ctx, delegator, destination, tokens, poolOf(validator));
  const until = answerable(ctx, validator);
  if (until === undefined) return { tokens, completionTime: ctx.block.time };
  const { height: creationHeight, completionTime } = until;
  addEntry(ctx, route, { creationHeight, completionTime, initialBalance: tokens, balance: tokens, sharesDst });
  return { tokens, completionTime };
}

/** Forgets moved stake that does not answer for where it was any more. */
export function completeRedelegations(ctx: Context): void {
  const { spec, time } = ctx.block;
  const before = heightKey.encode(time + 1);
  for (const [key] of redelegationQueue.entries(ctx.store, { before, limit: MAX_COMPLETED_PER_BLOCK })) {
    redelegationQueue.delete(ctx.store, key);
    const [, [delegator, [source, destination]]] = key;
    const route = { delegator, source, destination };
    const entries = redelegationEntries(ctx.store, route);
    const left = entries.filter((entry) => entry.completionTime > time);
    if (left.length === entries.length) continue;
    saveRedelegations(ctx, route, entries, left);
    ctx.emit(
      "complete_redelegation",
      ["source_validator", operatorText(spec, source)],
      ["destination_validator", operatorText(spec, destination)],
      ["delegator", accountText(spec, delegator)],
    );
  }
}
