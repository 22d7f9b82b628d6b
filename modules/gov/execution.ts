import { runDeferred } from "../../chain/executor/deferred-messages.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { govParams } from "./params.ts";
import { messagesOf, parseProposalMessages } from "./proposals.ts";
import type { Proposal } from "./store.ts";

/**
 * Runs what a passed proposal says, all or nothing, within `gov.maxExecutionGas`. It is no transaction: its hash is zero, its sequence the
 * proposal's number.
 * @returns why it failed, or undefined. Any exception that is no TxError is a fault and passes through.
 */
export function runProposal(ctx: Context, id: number, proposal: Proposal): string | undefined {
  const gasLimit = Number(govParams.read(ctx.block.params).maxExecutionGas);
  return runDeferred(ctx, { txHash: ZERO_32, sequence: id }, gasLimit, () =>
    parseProposalMessages(ctx.block, messagesOf(proposal)),
  );
}
