import { createOverlay } from "../../state/overlay.ts";
import { TxError } from "../errors.ts";
import { gasMeter } from "../gas.ts";
import type { Context, ParsedMessage } from "../module.ts";
import { createContext } from "./context.ts";
import { meteredStore } from "./metered-store.ts";

/** What messages that run after their transaction come from. */
export interface DeferredOrigin {
  readonly txHash: Uint8Array;
  readonly sequence: number;
}

/**
 * Runs messages outside of a transaction, at the begin or the end of a block: all or none, within a gas limit of their own. Every
 * access is metered, which it would not be within another overlay.
 * @param messages makes them; its TxError counts as a failure, too.
 * @returns why they failed, or undefined. Any exception that is no TxError is a fault and passes through.
 */
export function runDeferred(
  ctx: Context,
  { txHash, sequence }: DeferredOrigin,
  gasLimit: number,
  messages: () => readonly ParsedMessage[],
): string | undefined {
  const overlay = createOverlay(ctx.store);
  const gas = gasMeter(gasLimit);
  const inner = createContext(ctx.block, meteredStore(overlay, gas), ctx.bls, gas);
  let at: number | undefined;
  try {
    for (const [messageIndex, message] of messages().entries()) {
      at = messageIndex;
      message.execute({ ...inner, txHash, sequence, messageIndex });
    }
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    return at === undefined ? error.message : `message ${at}: ${error.message}`;
  }
  overlay.flush();
  for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
  return undefined;
}
