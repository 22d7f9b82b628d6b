import { parseCoins } from "../../chain/decode-tx.ts";
import { sdkError } from "../../chain/errors.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";

/** What a response says was paid: no coin for nothing. */
export function paidCoins({ denom }: Pick<ChainSpec, "denom">, amount: bigint): { denom: string; amount: string }[] {
  return amount === 0n ? [] : [{ denom, amount: amount.toString() }];
}

/** At least one coin. @throws TxError sdk 10 */
export function givenCoins(coins: readonly { denom: string; amount: string }[]): readonly Coin[] {
  const parsed = parseCoins(coins);
  if (parsed.length === 0) throw sdkError("invalidCoins", "no coins were named");
  return parsed;
}
