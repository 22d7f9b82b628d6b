import { concatBytes, toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { heightKey } from "../../state/collections.ts";
import { burn } from "../bank/keeper.ts";
import { undelegate } from "./delegations.ts";
import { NOT_BONDED_POOL, poolOf } from "./pools.ts";
import { type Route, redelegationEntries, saveRedelegations } from "./redelegation.ts";
import { tokensFor } from "./shares.ts";
import {
  delegations,
  type RedelegationEntry,
  redelegationsByHeight,
  type UnbondingEntry,
  unbondings,
  unbondingsByHeight,
  validators,
} from "./store.ts";

/**
 * Slashing of stake that voted at the infraction and has left since: it was taken out, or moved to another validator, in that height or
 * later. Each entry answers with the fraction of what it began with, as far as it has that left.
 */
export interface InFlight {
  /** What the entries answer for, so that who stayed need not. */
  readonly answered: bigint;
  /** What was burnt of them. */
  readonly burnt: bigint;
}

/** What entries made in a height or later have answered with already. */
export interface Paid {
  readonly height: number;
  readonly fractionPpm: bigint;
}

const PPM = 1_000_000n;

/** Of an entry: the fraction that it answers for, and what of it is not paid yet. */
function shareOf(
  { creationHeight, initialBalance }: { readonly creationHeight: number; readonly initialBalance: bigint },
  fractionPpm: bigint,
  paid: Paid | undefined,
): { readonly share: bigint; readonly due: bigint } {
  const share = (initialBalance * fractionPpm) / PPM;
  const before = paid === undefined || creationHeight < paid.height ? 0n : (initialBalance * paid.fractionPpm) / PPM;
  return { share, due: share > before ? share - before : 0n };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function burnStake(ctx: Context, pool: Uint8Array, amount: bigint): void {
  burn(ctx, pool, [{ denom: ctx.block.spec.denom, amount }]);
}

/** Who has taken stake out of a validator at or after a height and not got it back yet. */
function unbondingSince(ctx: Context, operator: Uint8Array, height: number): readonly Uint8Array[] {
  const from = concatBytes(operator, heightKey.encode(height));
  const entries = unbondingsByHeight.entries(ctx.store, { within: operator, from });
  return [...new Map(entries.map(([[, [, delegator]]]) => [toHex(delegator), delegator])).values()];
}

/**
 * Takes from the unbondings of a delegator that began in a height or later and are not over.
 * @param most what an entry pays at most, after those before it have paid so much.
 * @returns what was taken and burnt.
 */
function takeFromUnbondings(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  height: number,
  most: (entry: UnbondingEntry, taken: bigint) => bigint,
): bigint {
  const entries = unbondings.get(ctx.store, [delegator, operator]) ?? [];
  let taken = 0n;
  const slashed = entries.map((entry) => {
    if (entry.creationHeight < height || entry.completionTime <= ctx.block.time) return entry;
    const loss = least(most(entry, taken), entry.balance);
    taken += loss;
    return { ...entry, balance: entry.balance - loss };
  });
  if (taken === 0n) return 0n;
  unbondings.set(ctx.store, [delegator, operator], slashed);
  burnStake(ctx, NOT_BONDED_POOL, taken);
  return taken;
}

/**
 * Slashes unbonding stake. PERF: reads the entries that were made since the infraction and no others. How many these are is bounded
 * by the gas of the blocks since then, which was paid for them.
 */
export function slashUnbondings(
  ctx: Context,
  operator: Uint8Array,
  height: number,
  fractionPpm: bigint,
  paid?: Paid,
): InFlight {
  let answered = 0n;
  let burnt = 0n;
  for (const delegator of unbondingSince(ctx, operator, height)) {
    burnt += takeFromUnbondings(ctx, delegator, operator, height, (entry) => {
      const { share, due } = shareOf(entry, fractionPpm, paid);
      answered += share;
      return due;
    });
  }
  return { answered, burnt };
}

/** Who has moved stake away from a validator at or after a height, and where to. */
function routesSince(ctx: Context, source: Uint8Array, height: number): readonly Route[] {
  const from = concatBytes(source, heightKey.encode(height));
  const routes = new Map<string, Route>();
  for (const [[, [, [delegator, destination]]]] of redelegationsByHeight.entries(ctx.store, { within: source, from })) {
    routes.set(toHex(delegator) + toHex(destination), { delegator, source, destination });
  }
  return [...routes.values()];
}

/**
 * Burns `loss` of moved stake where it is now: first what has begun to unbond there since, so that nobody escapes by moving on; then
 * shares, as many as the loss is of what was moved. Both together never burn more than `loss`, nor the shares more than what was moved is
 * worth today; and nothing but what the delegator has there.
 */
function burnMoved(ctx: Context, route: Route, entry: RedelegationEntry, loss: bigint): bigint {
  if (loss === 0n) return 0n;
  const { delegator, destination } = route;
  const unbonding = takeFromUnbondings(ctx, delegator, destination, entry.creationHeight, (_, taken) => loss - taken);
  const left = loss - unbonding;
  const validator = validators.get(ctx.store, destination);
  const held = delegations.get(ctx.store, [delegator, destination]) ?? 0n;
  if (validator === undefined || left === 0n || held === 0n) return unbonding;
  const shares = least((entry.sharesDst * left) / entry.initialBalance, held);
  const worth = least(tokensFor(validator, shares), left);
  if (worth === 0n) return unbonding;
  const { tokens } = undelegate(ctx, delegator, destination, worth);
  burnStake(ctx, poolOf(validator), tokens);
  return unbonding + tokens;
}

/** Slashes moved stake at its destination. PERF: as slashUnbondings. */
export function slashRedelegations(
  ctx: Context,
  source: Uint8Array,
  height: number,
  fractionPpm: bigint,
  paid?: Paid,
): InFlight {
  let answered = 0n;
  let burnt = 0n;
  for (const route of routesSince(ctx, source, height)) {
    const entries = redelegationEntries(ctx.store, route);
    const slashed = entries.map((entry) => {
      if (entry.creationHeight < height || entry.completionTime <= ctx.block.time) return entry;
      const { share, due } = shareOf(entry, fractionPpm, paid);
      answered += share;
      const taken = burnMoved(ctx, route, entry, least(due, entry.balance));
      burnt += taken;
      return { ...entry, balance: entry.balance - least(taken, entry.balance) };
    });
    saveRedelegations(ctx, route, entries, slashed);
  }
  return { answered, burnt };
}
