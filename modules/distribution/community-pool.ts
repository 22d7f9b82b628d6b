import type { Context } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { formatCoins, transfer } from "../bank/keeper.ts";
import { distributionError } from "./errors.ts";
import { exactly, readExact, wholeUnits, writeExact } from "./exact.ts";
import { communityPool } from "./store.ts";

/** Holds every reward until it is paid, and the community pool. */
export const DISTRIBUTION = moduleAddress("distribution");

/** What the community pool has of a denomination, exact. */
export function communityFunds(reader: StateReader, denom: string): bigint {
  const held = communityPool.get(reader, denom);
  return held === undefined ? 0n : readExact(held);
}

function setFunds(ctx: Pick<Context, "store">, denom: string, exact: bigint): void {
  if (exact === 0n) communityPool.delete(ctx.store, denom);
  else communityPool.set(ctx.store, denom, writeExact(exact));
}

/** Books something that the module account holds already, exact, for the community. */
export function addToCommunityPool(ctx: Context, denom: string, exact: bigint): void {
  if (exact > 0n) setFunds(ctx, denom, communityFunds(ctx.store, denom) + exact);
}

/** Moves coins of an account into the community pool. @throws TxError sdk 5 */
export function fundCommunityPool(ctx: Context, from: Uint8Array, coins: readonly Coin[]): void {
  transfer(ctx, from, DISTRIBUTION, coins);
  for (const { denom, amount } of coins) addToCommunityPool(ctx, denom, exactly(amount));
}

/**
 * Pays coins out of the community pool: whoever calls it answers for who may.
 * @throws TxError distribution 9, possibly after some of the coins were taken: let it fail the message.
 */
export function communityPoolSpend(ctx: Context, recipient: Uint8Array, coins: readonly Coin[]): void {
  for (const { denom, amount } of coins) {
    const funds = communityFunds(ctx.store, denom);
    if (amount > wholeUnits(funds)) {
      throw distributionError("poolTooSmall", `${wholeUnits(funds)}${denom} of ${amount}${denom}`);
    }
    setFunds(ctx, denom, funds - exactly(amount));
  }
  transfer(ctx, DISTRIBUTION, recipient, coins);
  const recipientText = accountText(ctx.block.spec, recipient);
  ctx.emit("community_pool_spend", ["amount", formatCoins(coins)], ["recipient", recipientText]);
}
