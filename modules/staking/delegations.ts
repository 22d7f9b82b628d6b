import { equalBytes } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import type { Context } from "../../chain/module.ts";
import { accountText, operatorText } from "../addresses.ts";
import { formatDecimal } from "../decimal.ts";
import { stakingError } from "./errors.ts";
import { delegationChanged } from "./hooks.ts";
import { moveStake, poolOf } from "./pools.ts";
import { redemption, sharesFor, tokensFor } from "./shares.ts";
import { delegations, delegators, type ValidatorRecord, validators } from "./store.ts";
import { removable, removeValidator, saveValidator } from "./validators.ts";

/** @throws TxError staking 3 */
export function requireValidator(ctx: Context, operator: Uint8Array): ValidatorRecord {
  const validator = validators.get(ctx.store, operator);
  if (validator === undefined) throw stakingError("noValidator", operatorText(ctx.block.spec, operator));
  return validator;
}

/** The only way a delegation is written. */
function setShares(ctx: Context, delegator: Uint8Array, operator: Uint8Array, before: bigint, shares: bigint): void {
  delegationChanged(ctx, delegator, operator, before, shares);
  if (shares === 0n) {
    delegations.delete(ctx.store, [delegator, operator]);
    delegators.delete(ctx.store, [operator, delegator]);
  } else {
    delegations.set(ctx.store, [delegator, operator], shares);
    delegators.set(ctx.store, [operator, delegator], true);
  }
}

/**
 * Delegates `amount` base units that `source` holds.
 * @param source the delegator's account, or the pool that holds stake which changes hands within the module.
 * @returns the shares bought.
 * @throws TxError staking 3 and 34, sdk 5
 */
export function delegate(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  amount: bigint,
  source: Uint8Array = delegator,
): bigint {
  const validator = requireValidator(ctx, operator);
  const shares = sharesFor(validator, amount);
  const { spec } = ctx.block;
  if (shares === undefined) throw stakingError("exchangeRate", operatorText(spec, operator));
  const pool = poolOf(validator);
  if (!equalBytes(source, pool)) moveStake(ctx, source, pool, amount);
  const held = delegations.get(ctx.store, [delegator, operator]) ?? 0n;
  setShares(ctx, delegator, operator, held, held + shares);
  saveValidator(ctx.store, operator, {
    ...validator,
    tokens: validator.tokens + amount,
    shares: validator.shares + shares,
  });
  ctx.emit(
    "delegate",
    ["validator", operatorText(spec, operator)],
    ["delegator", accountText(spec, delegator)],
    ["amount", `${amount}${spec.denom}`],
    ["new_shares", formatDecimal(shares)],
  );
  return shares;
}

/**
 * Takes `amount` base units out of a delegation and leaves them in the pool of the validator's status. An operator whose
 * own stake falls below its minimum is jailed.
 * @returns the base units taken, a few more than asked for when the last shares go; and the validator before.
 * @throws TxError staking 3 and 19, sdk 18
 */
export function undelegate(ctx: Context, delegator: Uint8Array, operator: Uint8Array, amount: bigint) {
  const validator = requireValidator(ctx, operator);
  const { spec } = ctx.block;
  const held = delegations.get(ctx.store, [delegator, operator]);
  if (held === undefined) {
    throw stakingError("noDelegation", `${accountText(spec, delegator)}, ${operatorText(spec, operator)}`);
  }
  const taken = redemption(validator, held, amount);
  if (taken === undefined) {
    const worth = tokensFor(validator, held);
    throw sdkError("invalidRequest", `the delegation is worth ${worth}${spec.denom}, less than ${amount}${spec.denom}`);
  }
  setShares(ctx, delegator, operator, held, held - taken.shares);
  const left = { ...validator, tokens: validator.tokens - taken.tokens, shares: validator.shares - taken.shares };
  if (equalBytes(delegator, operator) && tokensFor(left, held - taken.shares) < validator.minSelfDelegation)
    left.jailed = true;
  if (removable(left)) removeValidator(ctx, operator);
  else saveValidator(ctx.store, operator, left);
  return { tokens: taken.tokens, validator };
}
