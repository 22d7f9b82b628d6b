import { consensusParams } from "../../chain/consensus-params.ts";
import type { BlockInfo, Context } from "../../chain/module.ts";
import type { StateReader } from "../../state/store.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { balance, burn } from "../bank/keeper.ts";
import { DECIMAL_ONE } from "../decimal.ts";
import { burntPart, feeFor, nextBaseFee, PRICE_UNIT, withinBounds } from "./base-fee.ts";
import { feemarketParams } from "./params.ts";
import { storedBaseFee } from "./store.ts";

export { nextBaseFee, withinBounds };

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** What a million gas of the next block costs at least, in base units. */
export function baseFee(reader: StateReader, params: BlockInfo["params"]): bigint {
  const read = feemarketParams.read(params);
  return withinBounds(storedBaseFee.get(reader) ?? read.minBaseFee, read);
}

/** The same for one gas: an 18-digit decimal, scaled, and exact. */
export function gasPrice(reader: StateReader, params: BlockInfo["params"]): bigint {
  return (baseFee(reader, params) * DECIMAL_ONE) / PRICE_UNIT;
}

/** The least fee of a transaction with this gas limit, in base units of the chain's denomination. What is above it is the tip. */
export function requiredFee(ctx: Pick<Context, "store" | "block">, gasLimit: number): bigint {
  return feeFor(gasLimit, baseFee(ctx.store, ctx.block.params));
}

/**
 * Burns the share of the block's base fees and sets the base fee of the next block.
 * PERF: an idle chain at the least base fee writes nothing.
 * @param gasWanted sum of the gas limits of the block's transactions: what they have paid for, and what a block has room for.
 */
export function settleBaseFee(ctx: Context, gasWanted: bigint): void {
  // Genesis ends as a block does, and has said what the first block pays.
  if (ctx.block.height === 0) return;
  const params = feemarketParams.read(ctx.block.params);
  const fee = baseFee(ctx.store, ctx.block.params);
  const { denom } = ctx.block.spec;
  const held = balance(ctx.store, FEE_COLLECTOR, denom);
  let share = burntPart(gasWanted, fee, params);
  if (share > held) share = held;
  burn(ctx, FEE_COLLECTOR, [{ denom, amount: share }]);
  const next = nextBaseFee(fee, gasWanted, consensusParams.read(ctx.block.params).maxBlockGas, params);
  const stored = storedBaseFee.get(ctx.store);
  if (next === params.minBaseFee && stored !== undefined) storedBaseFee.delete(ctx.store);
  else if (next !== params.minBaseFee && stored !== next) storedBaseFee.set(ctx.store, next);
  if (next !== fee) ctx.emit("base_fee", ["before", fee.toString()], ["after", next.toString()]);
}
