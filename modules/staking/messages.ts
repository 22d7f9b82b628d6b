import { parseAmount } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec } from "../../chain/module.ts";

/** The amount of a stake in base units: positive, in the base denomination. @throws TxError sdk 10 and 18 */
export function stakeAmount(coin: { denom: string; amount: string }, spec: ChainSpec): bigint {
  const amount = parseAmount(coin.amount);
  if (amount === undefined || amount === 0n) {
    throw sdkError("invalidCoins", `"${coin.amount.slice(0, 50)}" is not a positive amount of stake`);
  }
  if (coin.denom !== spec.denom) {
    throw sdkError(
      "invalidRequest",
      `invalid coin denomination: got ${coin.denom.slice(0, 130)}, expected ${spec.denom}`,
    );
  }
  return amount;
}

/** @throws TxError sdk 18 */
export function positiveInteger(text: string, what: string): bigint {
  const value = parseAmount(text);
  if (value !== undefined && value > 0n) return value;
  throw sdkError("invalidRequest", `the ${what} must be a positive integer, got "${text.slice(0, 50)}"`);
}
