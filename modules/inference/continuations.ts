import { equalBytes, fromUtf8, toHex, utf8 } from "../../chain/bytes.ts";
import { sdkError } from "../../chain/errors.ts";
import { runDeferred } from "../../chain/executor/deferred-messages.ts";
import { parseNested } from "../../chain/executor/nested-messages.ts";
import type { Context, MessageContext, ParsedMessage } from "../../chain/module.ts";
import type { Coin } from "../../chain/tx.ts";
import { MsgInferThen } from "../../proto/inference.ts";
import type { StateReader } from "../../state/store.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { transfer } from "../bank/keeper.ts";
import { requiredFee } from "../feemarket/keeper.ts";
import { areMet } from "./conditions.ts";
import { modelByRoot } from "./models.ts";
import { inferenceParams } from "./params.ts";
import {
  type Continuation,
  continuations,
  JOB_STATUS,
  jobOutputs,
  jobs,
  MAX_HELD_COINS,
  readyContinuations,
} from "./store.ts";
import { Tensors } from "./tensors.ts";

/** Where coins of continuations are held: apart from fees and deposits, and of any denomination. */
export const HELD = moduleAddress("inference_held");
const FEE_COLLECTOR = moduleAddress("fee_collector");

/** Looked at in one block, whatever little gas they take: testing conditions takes time, too. */
const MAX_RUN = 64;

/** One that carried its own kind could nest without end. */
const BARRED: ReadonlySet<string> = new Set([MsgInferThen.typeUrl]);

/** The carried messages. @throws TxError sdk 4 for one that another must sign, and what their own validation throws */
export function carriedMessages(
  block: Context["block"],
  message: MsgInferThen,
  requester: Uint8Array,
): readonly ParsedMessage[] {
  return message.messages.map((carried, at) => {
    const parsed = parseNested(block, carried, BARRED);
    const [signer, ...others] = parsed.signers;
    if (signer === undefined || others.length > 0 || !equalBytes(signer, requester)) {
      throw sdkError("unauthorized", `message ${at} must have the requester as its only signer`);
    }
    return parsed;
  });
}

/** @throws TxError sdk 18 */
function checkedGas(ctx: Context, gasLimit: bigint): number {
  const { thenGasPerBlock } = inferenceParams.read(ctx.block.params);
  if (gasLimit === 0n) throw sdkError("invalidRequest", "gas_limit is 0: the messages run later, in the attested lane");
  if (gasLimit > thenGasPerBlock) {
    throw sdkError("invalidRequest", `gas_limit is ${gasLimit}, at most ${thenGasPerBlock} is possible`);
  }
  return Number(gasLimit);
}

/**
 * Keeps messages until a job is final. Their gas is paid for now at the present price and goes where fees go; the coins are held.
 * @throws TxError sdk 5 and 18
 */
export function keepContinuation(
  ctx: MessageContext,
  jobId: Uint8Array,
  requester: Uint8Array,
  message: MsgInferThen,
  escrow: readonly Coin[],
): void {
  const gasLimit = checkedGas(ctx, message.gasLimit);
  if (escrow.length > MAX_HELD_COINS)
    throw sdkError("invalidCoins", `${escrow.length} coins, at most ${MAX_HELD_COINS}`);
  const fee = requiredFee(ctx, gasLimit);
  transfer(ctx, requester, FEE_COLLECTOR, [{ denom: ctx.block.spec.denom, amount: fee }]);
  transfer(ctx, requester, HELD, escrow);
  continuations.set(ctx.store, jobId, {
    requester,
    message: MsgInferThen.encode(message).finish(),
    gasLimit,
    escrow: escrow.map(({ denom, amount }) => ({ denom: utf8(denom), amount })),
  });
}

function release(ctx: Context, jobId: Uint8Array, { requester, escrow }: Continuation): void {
  continuations.delete(ctx.store, jobId);
  transfer(
    ctx,
    HELD,
    requester,
    escrow.map(({ denom, amount }) => ({ denom: fromUtf8(denom), amount })),
  );
}

/** The job has become final: its messages are to run. */
export function readyContinuation(ctx: Context, jobId: Uint8Array): void {
  if (continuations.has(ctx.store, jobId)) readyContinuations.set(ctx.store, [ctx.block.height, jobId], 1);
}

/** The job has failed, or is given up: what was held returns. */
export function dropContinuation(ctx: Context, jobId: Uint8Array): void {
  const continuation = continuations.get(ctx.store, jobId);
  if (continuation === undefined) return;
  release(ctx, jobId, continuation);
  ctx.emit("infer_then", ["job_id", toHex(jobId)], ["outcome", "failed"], ["reason", "the job failed"]);
}

function conclude(ctx: Context, jobId: Uint8Array, continuation: Continuation): void {
  const job = jobs.get(ctx.store, jobId);
  const output = jobOutputs.get(ctx.store, jobId);
  const model = job && modelByRoot(ctx.store, job.fields.modelRoot);
  if (job?.status !== JOB_STATUS.final || output === undefined || model === undefined) {
    throw new Error(`the output of job ${toHex(jobId)} is gone before its messages ran`);
  }
  const message = MsgInferThen.decode(continuation.message);
  release(ctx, jobId, continuation);
  const met = areMet(message.conditions, model.manifest.outputs, Tensors.deserialize(output));
  const origin = { txHash: job.txHash, sequence: job.fields.sequence };
  const failure = met
    ? runDeferred(ctx, origin, continuation.gasLimit, () => carriedMessages(ctx.block, message, continuation.requester))
    : undefined;
  const outcome = !met ? "unmet" : failure === undefined ? "run" : "failed";
  ctx.emit("infer_then", ["job_id", toHex(jobId)], ["outcome", outcome], ["reason", failure ?? ""]);
}

/** Runs what outputs have set free, oldest first, within `inference.thenGasPerBlock`: before the block's own transactions. */
export function runContinuations(ctx: Context): void {
  const most = Number(inferenceParams.read(ctx.block.params).thenGasPerBlock);
  let used = 0;
  for (const [key] of readyContinuations.entries(ctx.store, { limit: MAX_RUN })) {
    const [, jobId] = key;
    const continuation = continuations.get(ctx.store, jobId);
    if (continuation === undefined) throw new Error(`nothing is kept to run for job ${toHex(jobId)}`);
    // Governance may have lowered the bound meanwhile: the first runs in any case.
    if (used > 0 && used + continuation.gasLimit > most) return;
    used += continuation.gasLimit;
    readyContinuations.delete(ctx.store, key);
    conclude(ctx, jobId, continuation);
  }
}

/** What is held, as coins. */
export function heldCoins(reader: StateReader): readonly Coin[] {
  return continuations
    .entries(reader)
    .flatMap(([, { escrow }]) => escrow.map(({ denom, amount }) => ({ denom: fromUtf8(denom), amount })));
}
