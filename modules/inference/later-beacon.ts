import { equalBytes } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { recentProposers } from "./store.ts";

/** So many proposers contribute to a beacon that something is drawn from: each can bias it by one bit, by leaving its block out. */
export const BEACON_PROPOSERS = 3;

/** Notes who proposed this block. Keeps of the last proposers, each once, the height of its latest block. */
export function noteProposer(ctx: Context): void {
  const { height, proposer } = ctx.block;
  const others = (recentProposers.get(ctx.store) ?? []).filter(({ operator }) => !equalBytes(operator, proposer));
  recentProposers.set(ctx.store, [{ operator: proposer, height }, ...others].slice(0, BEACON_PROPOSERS));
}

/**
 * The beacon of this block, if three proposers have contributed to it after the block `since` (or everyone, where fewer validate). What was fixed in that block,
 * or before, nobody could have chosen with the outcome in mind.
 */
export function laterBeacon(ctx: Pick<Context, "block" | "store">, since: number): Uint8Array | undefined {
  const { beacon, validators } = ctx.block;
  const contributed = (recentProposers.get(ctx.store) ?? []).filter(({ height }) => height > since).length;
  return contributed >= Math.min(BEACON_PROPOSERS, validators.length) ? beacon : undefined;
}
