import { toHex } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText, operatorText } from "../addresses.ts";
import { transfer } from "../bank/keeper.ts";
import { formatDecimal } from "../decimal.ts";
import { type Accrued, accrue, NOTHING_ACCRUED, payable, readAccrued, writeAccrued } from "./accrual.ts";
import { addToCommunityPool, DISTRIBUTION } from "./community-pool.ts";
import { distributionError } from "./errors.ts";
import { decimalText, exactly, remainderOf, wholeUnits, writeExact } from "./exact.ts";
import { claims, rewards, slashes, withdrawAddresses } from "./store.ts";

export { communityPoolSpend, fundCommunityPool } from "./community-pool.ts";

/** Slashes of a validator that can be queried. */
export const MAX_SLASHES = 256;

/** Nothing for a validator that has never earned anything. */
export function accruedOf(reader: StateReader, operator: Uint8Array): Accrued {
  const record = rewards.get(reader, operator);
  return record === undefined ? NOTHING_ACCRUED : readAccrued(record);
}

function save(ctx: Context, operator: Uint8Array, accrued: Accrued): void {
  rewards.set(ctx.store, operator, writeAccrued(accrued));
}

/** Where an account's rewards and commission are paid to. */
export function withdrawAddress(reader: StateReader, delegator: Uint8Array): Uint8Array {
  return withdrawAddresses.get(reader, delegator) ?? delegator;
}

function pay(ctx: Context, to: Uint8Array, amount: bigint): void {
  transfer(ctx, DISTRIBUTION, withdrawAddress(ctx.store, to), [{ denom: ctx.block.spec.denom, amount }]);
}

/** What a withdrawal would find, exact; zero for who does not delegate. */
export function owedTo(reader: StateReader, delegator: Uint8Array, operator: Uint8Array, shares: bigint): bigint {
  const claim = claims.get(reader, [operator, delegator]);
  return claim === undefined ? 0n : payable(accruedOf(reader, operator), claim, shares).due;
}

/** What a reward is shared out by: the validator's shares and its commission rate (18 decimals, scaled). */
export interface RewardBasis {
  readonly shares: bigint;
  readonly rate: bigint;
}

/** 18 decimals with the denomination, rounded down. */
function shown(ctx: Context, exact: bigint): string {
  return `${formatDecimal(BigInt(decimalText(exact)))}${ctx.block.spec.denom}`;
}

/**
 * Books a reward that the module account holds already: the commission for the operator, the rest for all who delegate to it by their
 * shares.
 * @param reward exact.
 * @param basis of the validator. Without shares, or without a validator (undefined), the reward is the community's.
 */
export function addReward(ctx: Context, operator: Uint8Array, reward: bigint, basis: RewardBasis | undefined): void {
  const { denom } = ctx.block.spec;
  if (reward === 0n) return;
  if (basis === undefined || basis.shares === 0n) {
    addToCommunityPool(ctx, denom, reward);
    return;
  }
  const before = accruedOf(ctx.store, operator);
  const after = accrue(before, reward, basis.shares, basis.rate);
  save(ctx, operator, after);
  const to = ["validator", operatorText(ctx.block.spec, operator)] as const;
  const commission = after.commission - before.commission;
  if (commission > 0n) ctx.emit("commission", ["amount", shown(ctx, commission)], to);
  ctx.emit("rewards", ["amount", shown(ctx, reward)], to);
}

/**
 * Gives base units of an account to a validator and its delegators.
 * @param basis what staking's `rewardBasis` says of the validator.
 * @throws TxError sdk 5
 */
export function rewardValidator(
  ctx: Context,
  from: Uint8Array,
  operator: Uint8Array,
  amount: bigint,
  basis: RewardBasis | undefined,
): void {
  transfer(ctx, from, DISTRIBUTION, [{ denom: ctx.block.spec.denom, amount }]);
  addReward(ctx, operator, exactly(amount), basis);
}

/**
 * Pays a delegator what its shares have earned, and counts anew for the shares that it has from now on. Staking calls it
 * whenever shares change, a message when they do not. The part of a base unit that can't be paid stays with the delegation; of a
 * delegation that ends it goes to the validator's other delegators.
 * @param before shares until now, zero for a new delegation.
 * @param after shares from now on, zero for a delegation that ends.
 * @returns the base units paid.
 */
export function settleDelegation(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  before: bigint,
  after: bigint,
): bigint {
  const key = [operator, delegator] as const;
  const accrued = accruedOf(ctx.store, operator);
  const claim = claims.get(ctx.store, key);
  if ((claim === undefined) !== (before === 0n)) {
    throw new Error(`the claim of ${toHex(delegator)} on ${toHex(operator)} does not fit its ${before} shares`);
  }
  const { due, carry: left } =
    claim === undefined ? { due: 0n, carry: accrued.carry } : payable(accrued, claim, before);
  const amount = wholeUnits(due);
  const remainder = remainderOf(due);
  if (after > 0n) {
    claims.set(ctx.store, key, { cumulative: writeExact(accrued.cumulative), remainder });
  } else {
    claims.delete(ctx.store, key);
  }
  const carry = left + (after > 0n ? 0n : remainder);
  if (amount > 0n || carry !== accrued.carry) {
    save(ctx, operator, { ...accrued, carry, outstanding: accrued.outstanding - exactly(amount) });
  }
  if (claim === undefined) return 0n;
  pay(ctx, delegator, amount);
  const { spec } = ctx.block;
  ctx.emit(
    "withdraw_rewards",
    ["amount", `${amount}${spec.denom}`],
    ["validator", operatorText(spec, operator)],
    ["delegator", accountText(spec, delegator)],
  );
  return amount;
}

function payCommission(ctx: Context, operator: Uint8Array, accrued: Accrued): Accrued {
  const amount = wholeUnits(accrued.commission);
  pay(ctx, operator, amount);
  ctx.emit("withdraw_commission", ["amount", `${amount}${ctx.block.spec.denom}`]);
  const paid = exactly(amount);
  return { ...accrued, commission: accrued.commission - paid, outstanding: accrued.outstanding - paid };
}

/** Pays an operator its commission. @returns the base units. @throws TxError distribution 7 for less than one. */
export function withdrawCommission(ctx: Context, operator: Uint8Array): bigint {
  const accrued = accruedOf(ctx.store, operator);
  const amount = wholeUnits(accrued.commission);
  if (amount === 0n) throw distributionError("noCommission", operatorText(ctx.block.spec, operator));
  save(ctx, operator, payCommission(ctx, operator, accrued));
  return amount;
}

/** Of a validator that goes: the operator is paid, and what nobody is owed goes to the community. */
export function closeValidator(ctx: Context, operator: Uint8Array): void {
  for (const [key] of slashes.entries(ctx.store, { within: operator })) slashes.delete(ctx.store, key);
  if (!rewards.has(ctx.store, operator)) return;
  const accrued = accruedOf(ctx.store, operator);
  rewards.delete(ctx.store, operator);
  const left = wholeUnits(accrued.commission) > 0n ? payCommission(ctx, operator, accrued) : accrued;
  addToCommunityPool(ctx, ctx.block.spec.denom, left.outstanding);
}

/**
 * Notes that a validator lost a part of its stake, for the query of slashes.
 * @param fraction 18 decimals, scaled.
 */
export function noteSlash(ctx: Context, operator: Uint8Array, fraction: bigint): void {
  const accrued = accruedOf(ctx.store, operator);
  const number = accrued.slashes + 1;
  slashes.set(ctx.store, [operator, number], { height: ctx.block.height, fraction });
  if (number > MAX_SLASHES) slashes.delete(ctx.store, [operator, number - MAX_SLASHES]);
  save(ctx, operator, { ...accrued, slashes: number });
}
