import type { Params } from "../../chain/params.ts";
import { inferenceParams } from "./params.ts";

/**
 * How long a run took, as validators say it: bucket b is at most 2^b milliseconds, so that machines which differ a little say the same. The last one is
 * for everything longer, and longer than any tier allows.
 */
export const MAX_BUCKET = 15;

/** Of a tier, the slowest bucket in which a model is admitted: a slot of a committee's machine is no place for a model that takes minutes. */
export const TIER_MAX_BUCKET = [11, 12, 13, 13, 13, 13, 13, 13] as const;

/** Milliseconds that a bucket stands for, at most. */
export function bucketMs(bucket: number): number {
  return 2 ** bucket;
}

/** The bucket of a measured time, which only a node can measure. */
export function bucketOf(ms: number): number {
  let bucket = 0;
  while (bucket < MAX_BUCKET && bucketMs(bucket) < ms) bucket++;
  return bucket;
}

/** What a run of a bucket costs, in units: 1 for everything up to `msPerCostUnit`, and as much more as it takes longer. */
export function bucketUnits(bucket: number, params: Params): number {
  return Math.ceil(bucketMs(bucket) / Number(inferenceParams.read(params).msPerCostUnit));
}

/**
 * Stake-weighted median: the least bucket that more than half of the power stays within. As long as those who lie have at most half of it, what they say moves
 * it no further than to what some correct member says. Undefined where nobody said anything.
 */
export function medianBucket(said: readonly { readonly bucket: number; readonly power: bigint }[]): number | undefined {
  const all = said.reduce((sum, { power }) => sum + power, 0n);
  let within = 0n;
  for (const { bucket, power } of [...said].sort((a, b) => a.bucket - b.bucket)) {
    within += power;
    if (2n * within > all) return bucket;
  }
  return undefined;
}
