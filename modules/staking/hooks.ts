import type { Context } from "../../chain/module.ts";
import { closeValidator, noteSlash, settleDelegation } from "../distribution/keeper.ts";
import { votingSharesChanged } from "../gov/keeper.ts";

/**
 * Whom staking tells what, in this order and no other: docs/economics.md, section "Hooks". Plain calls, so that what happens after a
 * change can be read here. Who is told does not import staking: it is given what it needs.
 */

/**
 * A delegation's shares are about to change; nothing of the change is written yet.
 * @param before zero for a new delegation.
 * @param after zero for one that ends.
 */
export function delegationChanged(
  ctx: Context,
  delegator: Uint8Array,
  operator: Uint8Array,
  before: bigint,
  after: bigint,
): void {
  settleDelegation(ctx, delegator, operator, before, after);
  votingSharesChanged(ctx, delegator, operator, before, after);
}

/**
 * A validator has lost a part of its tokens.
 * @param fraction of the tokens it had, 18 decimals, scaled, rounded up.
 */
export function validatorSlashed(ctx: Context, operator: Uint8Array, fraction: bigint): void {
  noteSlash(ctx, operator, fraction);
}

/** A validator that nobody delegates to any more has been forgotten. */
export function validatorRemoved(ctx: Context, operator: Uint8Array): void {
  closeValidator(ctx, operator);
}
