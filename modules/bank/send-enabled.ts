import type { BlockInfo, Context } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import type { StateReader } from "../../state/store.ts";
import { bankError } from "./errors.ts";
import { bankParams } from "./params.ts";
import { sendEnabled } from "./store.ts";

export function isSendEnabled(reader: StateReader, params: BlockInfo["params"], denom: string): boolean {
  return sendEnabled.get(reader, denom) ?? bankParams.read(params).defaultSendEnabled === 1n;
}

/** For what users send each other; fees, stake and modules are not held up. @throws TxError bank 5 */
export function requireSendEnabled(ctx: Context, coins: readonly Coin[]): void {
  for (const { denom } of coins) {
    if (isSendEnabled(ctx.store, ctx.block.params, denom)) continue;
    throw bankError("sendDisabled", `${denom} transfers are currently disabled`);
  }
}
