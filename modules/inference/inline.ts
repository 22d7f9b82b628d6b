import { BitArray } from "@chainsafe/ssz";
import { toHex, utf8 } from "../../chain/bytes.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import type { InlineRun, MessageContext } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { accountText } from "../addresses.ts";
import { moduleAddress } from "../auth/keeper.ts";
import { transfer } from "../bank/keeper.ts";
import { fundCommunityPool } from "../distribution/keeper.ts";
import { splitInlineFee } from "./fees.ts";
import { type NewJob, newJobId } from "./jobs.ts";
import { outputRootOf } from "./output-check.ts";
import { inferenceParams } from "./params.ts";
import { JOB_KIND, JOB_STATUS, jobOutputs, jobs, jobsByHeight, type ModelRecord } from "./store.ts";
import { tensorsProblem, zerosOf } from "./tensor-check.ts";
import { Tensors } from "./tensors.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

export interface InlineResult {
  readonly jobId: Uint8Array;
  readonly outputRoot: Uint8Array;
  /** Serialised SSZ Tensors; empty for EXEC_ERROR. */
  readonly output: Uint8Array;
}

/** What a block carries as an output. @throws InvalidBlockError for what no run of the model gives */
function outputRoot(model: ModelRecord, jobId: Uint8Array, output: Uint8Array): Uint8Array {
  const root = outputRootOf(output);
  if (root === undefined)
    throw new InvalidBlockError(`the inline output of job ${toHex(jobId)} is no serialised tensors`);
  const problem = output.length === 0 ? undefined : tensorsProblem(model.manifest.outputs, Tensors.deserialize(output));
  if (problem !== undefined) throw new InvalidBlockError(`the inline output of job ${toHex(jobId)}: ${problem}`);
  return root;
}

/** All who stake have run it, so all get the fee, as they do a transaction's; less the royalty and the community's part. */
function pay(ctx: MessageContext, model: ModelRecord, { requester, costUnits, baseFee, runFee }: NewJob): void {
  const { denom } = ctx.block.spec;
  const coins = (amount: bigint) => [{ denom, amount }];
  const { manifest } = model;
  const split = splitInlineFee(runFee, BigInt(manifest.royaltyPpm), costUnits, ctx.block.params);
  transfer(ctx, requester, FEE_COLLECTOR, coins(baseFee + split.stakers));
  transfer(ctx, requester, manifest.owner, coins(split.royalty));
  fundCommunityPool(ctx, requester, coins(split.community));
}

/**
 * Runs a model within the transaction. The job is final at once; it has no committee and no receipt: what shows its output is the block.
 * @throws TxError out of gas, funds, or the job's id taken; what the lane throws.
 */
export function runInline(
  ctx: MessageContext,
  model: ModelRecord,
  request: NewJob & { readonly inputs: Uint8Array },
): InlineResult {
  const { height, params, spec, inline } = ctx.block;
  const { inlineUnitsPerBlock, inlineGasPerUnit } = inferenceParams.read(params);
  ctx.gas.consume(request.costUnits * Number(inlineGasPerUnit), "inline inference");
  const { jobId, fields } = newJobId(ctx, request);
  pay(ctx, model, request);
  const run: InlineRun = {
    jobId,
    modelRoot: request.modelRoot,
    engineId: request.engineId,
    inputsRoot: request.inputsRoot,
    inputs: request.inputs,
    units: request.costUnits,
    blank: () => Tensors.serialize(zerosOf(model.manifest.outputs)),
  };
  const output = inline.run(run, Number(inlineUnitsPerBlock));
  const root = outputRoot(model, jobId, output);
  jobs.set(ctx.store, jobId, {
    fields,
    txHash: ctx.txHash,
    kind: JOB_KIND.inline,
    status: JOB_STATUS.final,
    settled: true,
    requestedHeight: height,
    deadline: height,
    commitEnd: 0,
    revealEnd: 0,
    committeeRoot: ZERO_32,
    eligible: BitArray.fromBitLen(0),
    drawn: BitArray.fromBitLen(0),
    drawHeight: 0,
    widened: false,
    tier: model.manifest.tier,
    committeeSize: 0,
    committeePower: 0n,
    bondedPower: 0n,
    committedCount: 0,
    committedPower: 0n,
    finalHeight: height,
    appealEnd: 0,
    overturned: false,
    outputRoot: root,
    costUnits: request.costUnits,
    baseFee: request.baseFee,
    runFee: request.runFee,
    escrow: 0n,
    valueAtRisk: 0n,
    reserved: 0n,
    failure: utf8(""),
    direct: false,
    class: model.manifest.class,
    executors: [],
  });
  jobOutputs.set(ctx.store, jobId, output);
  jobsByHeight.set(ctx.store, [height, jobId], 1);
  ctx.emit(
    "inference_inline",
    ["job_id", toHex(jobId)],
    ["model", toHex(request.modelRoot)],
    ["requester", accountText(spec, request.requester)],
    ["output_root", toHex(root)],
    ["exec_error", String(output.length === 0)],
  );
  return { jobId, outputRoot: root, output };
}
