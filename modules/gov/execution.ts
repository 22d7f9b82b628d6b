import { TxError } from "../../chain/errors.ts";
import { createContext } from "../../chain/executor/context.ts";
import { meteredStore } from "../../chain/executor/metered-store.ts";
import { gasMeter } from "../../chain/gas.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { createOverlay } from "../../state/overlay.ts";
import { govParams } from "./params.ts";
import { messagesOf, parseProposalMessages } from "./proposals.ts";
import type { Proposal } from "./store.ts";

/**
 * Runs what a passed proposal says, all or nothing, within `gov.maxExecutionGas`. It is no transaction: its hash is zero, its sequence the
 * proposal's number. Every access is metered, which it would not be within another overlay.
 * @returns why it failed, or undefined. Any exception that is no TxError is a fault and passes through.
 */
export function runProposal(ctx: Context, id: number, proposal: Proposal): string | undefined {
  const overlay = createOverlay(ctx.store);
  const gas = gasMeter(Number(govParams.read(ctx.block.params).maxExecutionGas));
  const inner = createContext(ctx.block, meteredStore(overlay, gas), ctx.bls, gas);
  let at: number | undefined;
  try {
    const messages = parseProposalMessages(ctx.block, messagesOf(proposal));
    for (const [messageIndex, message] of messages.entries()) {
      at = messageIndex;
      message.execute({ ...inner, txHash: ZERO_32, sequence: id, messageIndex });
    }
  } catch (error) {
    if (!(error instanceof TxError)) throw error;
    return at === undefined ? error.message : `message ${at}: ${error.message}`;
  }
  overlay.flush();
  for (const { type, attributes } of inner.events) ctx.emit(type, ...attributes);
  return undefined;
}
