import type { Context } from "../../chain/module.ts";
import { moduleAccountAt, moduleAddress } from "../auth/keeper.ts";
import { delegateCoin, transfer, undelegateCoin } from "../bank/keeper.ts";
import { BOND, type ValidatorRecord } from "./store.ts";

/** Holds the tokens of bonded validators. */
export const BONDED_POOL = moduleAddress("bonded_tokens_pool");
/** Holds the tokens of all other validators, and unbonding stake. */
export const NOT_BONDED_POOL = moduleAddress("not_bonded_tokens_pool");

export function poolOf(validator: Pick<ValidatorRecord, "status">): Uint8Array {
  return validator.status === BOND.bonded ? BONDED_POOL : NOT_BONDED_POOL;
}

/** Moves stake between accounts and pools, in the base denomination. What vests may be staked, and is booked where it is. */
export function moveStake(ctx: Context, from: Uint8Array, to: Uint8Array, amount: bigint): void {
  const coin = { denom: ctx.block.spec.denom, amount };
  if (moduleAccountAt(from) === undefined) delegateCoin(ctx, from, to, coin);
  else if (moduleAccountAt(to) === undefined) undelegateCoin(ctx, from, to, coin);
  else transfer(ctx, from, to, [coin]);
}
