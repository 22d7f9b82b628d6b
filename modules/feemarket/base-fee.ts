import type { FeemarketParams } from "./params.ts";

/** The gas that a base fee is the price of. */
export const PRICE_UNIT = 1_000_000n;
const PPM = 1_000_000n;

/** How a price follows its demand; its amounts are those of what it is the price of. */
export type PriceRules = Pick<FeemarketParams, "minBaseFee" | "maxBaseFee" | "targetUsage" | "changeDenominator">;

/** What is in force never leaves the bounds, also in the block after they have changed. */
export function withinBounds(
  fee: bigint,
  { minBaseFee, maxBaseFee }: Pick<PriceRules, "minBaseFee" | "maxBaseFee">,
): bigint {
  const most = maxBaseFee > minBaseFee ? maxBaseFee : minBaseFee;
  if (fee > most) return most;
  return fee < minBaseFee ? minBaseFee : fee;
}

/** The gas of a block at which the base fee stays; at least one. */
export function targetGas(maxBlockGas: bigint, { targetUsage }: Pick<PriceRules, "targetUsage">): bigint {
  const target = (maxBlockGas * targetUsage) / PPM;
  return target > 0n ? target : 1n;
}

/**
 * The base fee after a block, as EIP-1559 has it: it changes in proportion to the distance from the target, by
 * `1 / changeDenominator` at most. It changes by one at least, so that a small one does not stick.
 * @param fee base units for a million gas, within the bounds.
 * @param gas of the block, by the limits of its transactions.
 */
export function nextBaseFee(fee: bigint, gas: bigint, maxBlockGas: bigint, params: PriceRules): bigint {
  const target = targetGas(maxBlockGas, params);
  if (gas === target) return withinBounds(fee, params);
  const distance = gas > target ? gas - target : target - gas;
  const most = fee / params.changeDenominator;
  let step = (fee * distance) / (target * params.changeDenominator);
  if (step > most) step = most;
  if (step === 0n) step = 1n;
  return withinBounds(gas > target ? fee + step : fee - step, params);
}

/** The greatest base fee that can be in force `blocks` blocks after the next one: if all until then are full. */
export function greatestBaseFee(fee: bigint, blocks: number, maxBlockGas: bigint, params: FeemarketParams): bigint {
  let greatest = withinBounds(fee, params);
  for (let i = 0; i < blocks; i++) {
    const next = nextBaseFee(greatest, maxBlockGas, maxBlockGas, params);
    if (next <= greatest) break;
    greatest = next;
  }
  return greatest;
}

/** The least fee for a gas limit, rounded up. */
export function feeFor(gasLimit: number, baseFee: bigint): bigint {
  return (BigInt(gasLimit) * baseFee + PRICE_UNIT - 1n) / PRICE_UNIT;
}

/** What of the fees for this much gas is burnt, rounded down: never more than transactions have paid for it. */
export function burntPart(gas: bigint, baseFee: bigint, { burnShare }: FeemarketParams): bigint {
  return (gas * baseFee * burnShare) / (PRICE_UNIT * PPM);
}
