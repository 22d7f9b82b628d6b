import type { BlockInfo, Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { MAX_SUPPLY, mint, supply } from "../bank/keeper.ts";
import { decimalFromPpm, formatDecimal } from "../decimal.ts";
import { totalBonded } from "../staking/keeper.ts";
import { annualProvisions, bondedRatio, initialInflation, nextInflation, provision } from "./curve.ts";
import { type MintParams, mintParams } from "./params.ts";
import { type Minter, minter } from "./store.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** Nothing is ever made at these parameters. */
export function isFixedSupply({ inflationMax }: MintParams): boolean {
  return inflationMax === 0n;
}

/** Inflation in force, an 18-digit decimal, scaled. Bounds that have changed since the last block count at once. */
export function inflation(reader: StateReader, params: BlockInfo["params"]): bigint {
  const read = mintParams.read(params);
  const kept = minter.get(reader)?.inflation ?? initialInflation(read);
  const [lowest, highest] = [decimalFromPpm(read.inflationMin), decimalFromPpm(read.inflationMax)];
  if (kept > highest) return highest;
  return kept < lowest ? lowest : kept;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function elapsedSince(record: Minter | undefined, time: number, params: MintParams): bigint {
  if (record === undefined) return 0n;
  return least(BigInt(time - record.lastTime), params.maxBlockTime);
}

/**
 * Makes the coins of the time since the last block and gives them to the fee collector, from where distribution takes them. The
 * first block makes none, since nothing says when the one before it should have been. What would exceed the greatest supply is not made.
 */
export function mintForBlock(ctx: Context): void {
  const params = mintParams.read(ctx.block.params);
  if (isFixedSupply(params)) return;
  const { denom } = ctx.block.spec;
  const record = minter.get(ctx.store);
  const elapsed = elapsedSince(record, ctx.block.time, params);
  const total = supply(ctx.store, denom);
  const ratio = bondedRatio(totalBonded(ctx.store), total);
  const rate = nextInflation(inflation(ctx.store, ctx.block.params), ratio, elapsed, params);
  const { coins, remainder } = provision(rate, total, elapsed, record?.remainder ?? 0n);
  const amount = least(coins, MAX_SUPPLY - total);
  minter.set(ctx.store, { inflation: rate, lastTime: ctx.block.time, remainder });
  if (amount === 0n) return;
  mint(ctx, FEE_COLLECTOR, [{ denom, amount }]);
  ctx.emit(
    "mint",
    ["bonded_ratio", formatDecimal(ratio)],
    ["inflation", formatDecimal(rate)],
    ["annual_provisions", annualProvisions(rate, total).toString()],
    ["amount", amount.toString()],
  );
}
