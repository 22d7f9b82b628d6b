import { BitArray } from "@chainsafe/ssz";
import type { BlockInfo, Context } from "../../chain/module.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { StateReader } from "../../state/store.ts";
import { accountText } from "../addresses.ts";
import { inferenceError } from "./errors.ts";
import { inferenceParams } from "./params.ts";
import { countSeats, seatedPower } from "./seats.ts";
import { tierServices } from "./store.ts";
import { suspendedUntil } from "./suspension.ts";

/** Served by who says nothing, so that a small network needs no configuration. Bit i is tier i. */
const TIER_0 = 0b1;
const MILLION = 1_000_000n;

/** The tiers that a validator serves in the block of this height, as bits. */
export function tiersServed(reader: StateReader, operator: Uint8Array, height: number): number {
  const service = tierServices.get(reader, operator);
  if (service === undefined) return TIER_0;
  return height >= service.from ? service.next : service.current;
}

/** Whether a validator serves a tier in the block of this height. */
export function servesTier(reader: StateReader, operator: Uint8Array, tier: number, height: number): boolean {
  return ((tiersServed(reader, operator, height) >> tier) & 1) === 1;
}

/** Takes effect with the next block, so that within a block a tier is one set, whatever the order of its transactions. */
export function setTiers(ctx: Context, operator: Uint8Array, tiers: readonly number[]): void {
  const { height, spec } = ctx.block;
  const current = tiersServed(ctx.store, operator, height);
  const next = tiers.reduce((mask, tier) => mask | (1 << tier), 0);
  tierServices.set(ctx.store, operator, { current, next, from: height + 1 });
  ctx.emit(
    "inference_tiers",
    ["operator", accountText(spec, operator)],
    ["tiers", [...tiers].sort((a, b) => a - b).join(",")],
  );
}

/** Of a block, which is one object while it is executed. */
const known = new WeakMap<BlockInfo, Map<number, BitArray>>();

/**
 * Who of the set that votes on this block serves a tier and is not suspended from it, as bits over that set.
 * PERF: two reads for each validator, once a block and tier.
 */
export function tierMembers({ block, store }: Pick<Context, "block" | "store">, tier: number): BitArray {
  const tiers = known.get(block) ?? new Map<number, BitArray>();
  known.set(block, tiers);
  const found = tiers.get(tier);
  if (found !== undefined) return found;
  const members = BitArray.fromBitLen(block.validators.length);
  for (const [index, { operator }] of block.validators.entries()) {
    if (suspendedUntil(store, operator, tier) >= block.height) continue;
    if (servesTier(store, operator, tier, block.height)) members.set(index, true);
  }
  tiers.set(tier, members);
  return members;
}

/** Power that serves a tier, and all there is. */
export function servingPower(
  validators: ValidatorSet,
  members: BitArray,
): { readonly serving: bigint; readonly all: bigint } {
  return { serving: seatedPower(validators, members), all: validators.reduce((sum, { power }) => sum + power, 0n) };
}

/** Whether so much power serves a tier that its models may run inline: who does not run them can't vote for the block. */
export function servedByEnough(ctx: Pick<Context, "block" | "store">, tier: number): boolean {
  const { validators, params } = ctx.block;
  const { serving, all } = servingPower(validators, tierMembers(ctx, tier));
  return serving * MILLION >= all * inferenceParams.read(params).inlineMinServing;
}

/**
 * Those that serve a tier, if they are enough for an answer to mean something.
 * @throws TxError inference 18 below the shares of power and of validators that the parameters ask for.
 */
export function requireTier(ctx: Pick<Context, "block" | "store">, tier: number): BitArray {
  const { validators, params } = ctx.block;
  const { tierMinPower, tierMinValidators } = inferenceParams.read(params);
  const members = tierMembers(ctx, tier);
  const { serving, all } = servingPower(validators, members);
  const count = countSeats(members);
  const enough =
    count > 0 &&
    serving * MILLION >= all * tierMinPower &&
    BigInt(count) * MILLION >= BigInt(validators.length) * tierMinValidators;
  if (enough) return members;
  throw inferenceError(
    "tierTooSmall",
    `tier ${tier} is served by ${count} of ${validators.length} validators with ${serving} of ${all} power; ` +
      `${tierMinValidators} and ${tierMinPower} ppm are needed`,
  );
}
