import type { Context } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import type { StateReader } from "../../state/store.ts";
import { nextBaseFee, withinBounds } from "../feemarket/keeper.ts";
import { MAX_TIERS } from "./manifest.ts";
import { inferenceParams } from "./params.ts";
import { type TierMarket, tierMarkets } from "./store.ts";

/**
 * What a tier's runs cost, and what room is kept for it. Each tier has a price of its own, which follows its demand as EIP-1559 has it; and of every
 * bound that all tiers share, each that is in use is sure of a part, which the others can't take.
 */

const MILLION = 1_000_000n;

/** No more than that, whatever the demand: so that amounts stay within their types. */
const MAX_PRICE = 10n ** 18n;

/** What stands for a tier where everyone is asked, as by an appeal: after the last tier. It has a price and, once in use, a guarantee of its own. */
export const EVERYONE = MAX_TIERS;

const key = (tier: number): Uint8Array => Uint8Array.of(tier);

/** What a tier has of the bounds: open jobs, and of this block jobs and cost units. */
interface Load {
  readonly jobs: number;
  readonly costUnits: number;
  readonly open: number;
}

function loadAt(market: TierMarket | undefined, height: number): Load {
  const open = market?.open ?? 0;
  return market?.height === height
    ? { jobs: market.jobs, costUnits: market.costUnits, open }
    : { jobs: 0, costUnits: 0, open };
}

function bounds(params: Params, priceChangeDenominator: bigint) {
  return {
    minBaseFee: inferenceParams.read(params).costUnitPrice,
    maxBaseFee: MAX_PRICE,
    targetUsage: MILLION / 2n,
    changeDenominator: priceChangeDenominator,
  };
}

function boundedPrice(market: TierMarket | undefined, params: Params): bigint {
  const { costUnitPrice, priceChangeDenominator } = inferenceParams.read(params);
  return withinBounds(market?.price ?? costUnitPrice, bounds(params, priceChangeDenominator));
}

/** What a cost unit of a tier costs in the next block, base units. */
export function unitPrice(reader: StateReader, params: Params, tier: number): bigint {
  return boundedPrice(tierMarkets.get(reader, key(tier)), params);
}

/** A tier is in use from its first job on, or if a model of it is there from the start: room is kept for it from then on. */
export function openTier(ctx: Context, tier: number): void {
  if (tierMarkets.has(ctx.store, key(tier))) return;
  const { costUnitPrice } = inferenceParams.read(ctx.block.params);
  tierMarkets.set(ctx.store, key(tier), { price: costUnitPrice, height: 0, jobs: 0, costUnits: 0, open: 0 });
}

/** How much of each bound a tier is sure of. */
function guarantees(params: Params): Load {
  const { tierGuarantee, maxJobsPerBlock, maxCostUnitsPerBlock, maxOpenJobs } = inferenceParams.read(params);
  const part = (whole: bigint): number => Number((whole * tierGuarantee) / MILLION);
  return { jobs: part(maxJobsPerBlock), costUnits: part(maxCostUnitsPerBlock), open: part(maxOpenJobs) };
}

/** Of a bound that is full for a tier: how much there is of it for all that is not others' alone. */
export interface Crowded {
  readonly bound: keyof Load;
  readonly used: number;
  readonly most: number;
}

/**
 * Whether a tier may have one more job. It may if it has less than its guarantee, or if what all have leaves every other tier in use the rest of its own.
 * @returns what stands against it.
 */
export function tierRoom(ctx: Context, tier: number, costUnits: number): Crowded | undefined {
  const { height, params } = ctx.block;
  const { maxJobsPerBlock, maxCostUnitsPerBlock, maxOpenJobs } = inferenceParams.read(params);
  const sure = guarantees(params);
  const more: Load = { jobs: 1, costUnits, open: 1 };
  const whole: Load = {
    jobs: Number(maxJobsPerBlock),
    costUnits: Number(maxCostUnitsPerBlock),
    open: Number(maxOpenJobs),
  };
  const own = loadAt(tierMarkets.get(ctx.store, key(tier)), height);
  const others = tierMarkets
    .entries(ctx.store)
    .filter(([[other]]) => other !== tier)
    .map(([, market]) => loadAt(market, height));
  for (const bound of ["jobs", "costUnits", "open"] as const) {
    if (own[bound] + more[bound] <= sure[bound]) continue;
    const most = others.reduce((left, other) => left - Math.max(other[bound], sure[bound]), whole[bound]);
    if (own[bound] + more[bound] > most) return { bound, used: own[bound], most: Math.max(0, most) };
  }
  return undefined;
}

/** A job of the tier was opened in this block. */
export function noteOpened(ctx: Context, tier: number, costUnits: number): void {
  openTier(ctx, tier);
  const market = tierMarkets.get(ctx.store, key(tier));
  if (market === undefined) throw new Error(`tier ${tier} has no market`);
  const { height } = ctx.block;
  const load = loadAt(market, height);
  tierMarkets.set(ctx.store, key(tier), {
    ...market,
    height,
    jobs: load.jobs + 1,
    costUnits: load.costUnits + costUnits,
    open: load.open + 1,
  });
}

/** An open job of the tier has been settled. */
export function noteSettled(ctx: Context, tier: number): void {
  const market = tierMarkets.get(ctx.store, key(tier));
  if (market === undefined || market.open === 0) throw new Error(`tier ${tier} has no open job`);
  tierMarkets.set(ctx.store, key(tier), { ...market, open: market.open - 1 });
}

/** How full a tier's bounds are, in millionths: the fullest counts. */
function usage({ jobs, costUnits, open }: Load, params: Params, tiers: number): bigint {
  const { maxJobsPerBlock, maxCostUnitsPerBlock, maxOpenJobs } = inferenceParams.read(params);
  const sure = guarantees(params);
  const part = (used: number, whole: bigint, kept: number): bigint => {
    const most = whole - BigInt(kept) * BigInt(Math.max(0, tiers - 1));
    return (BigInt(used) * MILLION) / (most > 0n ? most : 1n);
  };
  const parts = [
    part(jobs, maxJobsPerBlock, sure.jobs),
    part(costUnits, maxCostUnitsPerBlock, sure.costUnits),
    part(open, maxOpenJobs, sure.open),
  ];
  return parts.reduce((most, each) => (each > most ? each : most), 0n);
}

/**
 * Sets the prices of the next block: a tier that had more than half of the room it can have becomes dearer, one that had less cheaper, and none
 * cheaper than `costUnitPrice`. PERF: at most nine; an idle one at the least price writes nothing.
 */
export function settlePrices(ctx: Context): void {
  const { height, params } = ctx.block;
  const { priceChangeDenominator } = inferenceParams.read(params);
  const markets = tierMarkets.entries(ctx.store, { limit: MAX_TIERS + 1 });
  for (const [[tier = 0], market] of markets) {
    const before = boundedPrice(market, params);
    const used = usage(loadAt(market, height), params, markets.length);
    const price = nextBaseFee(before, used, MILLION, bounds(params, priceChangeDenominator));
    if (price === market.price) continue;
    tierMarkets.set(ctx.store, key(tier), { ...market, price });
    if (price !== before) {
      ctx.emit("inference_price", ["tier", String(tier)], ["before", String(before)], ["after", String(price)]);
    }
  }
}

/** A tier's market as the next block finds it. */
export interface TierPrice extends Load {
  readonly tier: number;
  readonly price: bigint;
  /** In so many blocks from the next one, if all until then are full. */
  readonly ahead: bigint;
}

/** Blocks that a price is told ahead: a request that is sent with it is as good as sure to be let in. */
const PRICE_AHEAD = 10;

/** What a price can come to within `PRICE_AHEAD` blocks. */
export function priceAhead(price: bigint, params: Params): bigint {
  const { priceChangeDenominator } = inferenceParams.read(params);
  let ahead = price;
  for (let i = 0; i < PRICE_AHEAD; i++)
    ahead = nextBaseFee(ahead, MILLION, MILLION, bounds(params, priceChangeDenominator));
  return ahead;
}

/** Of every tier that is in use, in order. `jobs` and `costUnits` are those of the block at `height`. */
export function tierPrices(reader: StateReader, params: Params, height: number): readonly TierPrice[] {
  return tierMarkets.entries(reader).map(([[tier = 0], market]) => {
    const price = boundedPrice(market, params);
    return { tier, price, ahead: priceAhead(price, params), ...loadAt(market, height) };
  });
}
