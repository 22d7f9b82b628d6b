import { equalBytes, toHex } from "../../../chain/bytes.ts";
import { parseCoins } from "../../../chain/decode-tx.ts";
import { sdkError } from "../../../chain/errors.ts";
import { type MessageContext, type MessageType, messageType } from "../../../chain/module.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import { MsgOpenAppeal, MsgOpenAppealResponse } from "../../../proto/inference.ts";
import { parseAccount } from "../../addresses.ts";
import { moduleAddress } from "../../auth/keeper.ts";
import { transfer } from "../../bank/keeper.ts";
import { extendWindow } from "../appeals.ts";
import { isTolerant } from "../classes.ts";
import { inferenceError } from "../errors.ts";
import { baseFee } from "../fees.ts";
import { openJob } from "../jobs.ts";
import { ESCROW } from "../models.ts";
import { inferenceParams } from "../params.ts";
import { inputsRootOf } from "../request.ts";
import {
  APPEAL_STATUS,
  appealedJobs,
  appeals,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobBlobs,
  jobs,
} from "../store.ts";
import { EVERYONE, unitPrice } from "../tier-market.ts";

const FEE_COLLECTOR = moduleAddress("fee_collector");

/** Models are asked for anew; what ran inline is in a block that two thirds have voted for; and a verdict is the last word. */
const NOT_APPEALED: ReadonlySet<number> = new Set([
  JOB_KIND.admission,
  JOB_KIND.inline,
  JOB_KIND.appeal,
  JOB_KIND.availability,
]);

/** The final job that an appeal is about. @throws TxError inference 23 and 24 */
function appealable(ctx: MessageContext, jobId: Uint8Array): JobRecord {
  const job = jobs.get(ctx.store, jobId);
  const no = (why: string): Error => inferenceError("notAppealable", `job ${toHex(jobId)} ${why}`);
  if (job === undefined) throw no("is not known, or no longer");
  if (NOT_APPEALED.has(job.kind)) throw no("is no request that was attested");
  if (job.status !== JOB_STATUS.final || !job.settled) throw no("is not final, or its reveals have not ended");
  if (isTolerant(job)) throw no("is of the class tolerance, in which nobody can be shown to be wrong");
  if (ctx.block.height >= job.appealEnd) throw no(`could be appealed before block ${job.appealEnd}`);
  const known = appeals.get(ctx.store, jobId);
  if (known !== undefined) throw inferenceError("appealed", `in job ${toHex(known.appealJob)}`);
  return job;
}

/** Takes the base fee of the re-run, and the bond. @returns the bond. */
function charge(ctx: MessageContext, message: MsgOpenAppeal, appellant: Uint8Array, base: bigint): bigint {
  const { params, spec } = ctx.block;
  const { appealBond } = inferenceParams.read(params);
  const [bond] = parseCoins(message.bond === undefined ? [] : [message.bond]);
  if (bond === undefined || bond.denom !== spec.denom || bond.amount < appealBond) {
    const named = bond === undefined ? "none" : `${bond.amount}${bond.denom}`;
    throw inferenceError("bondTooLow", `bond is ${named}, required: ${appealBond}${spec.denom}`);
  }
  transfer(ctx, appellant, FEE_COLLECTOR, [{ denom: spec.denom, amount: base }]);
  transfer(ctx, appellant, ESCROW, [{ denom: spec.denom, amount: bond.amount }]);
  return bond.amount;
}

/** Has everyone bonded run a final job again. There is one appeal of a job, whatever comes of it. */
const openAppeal: MessageType<MsgOpenAppeal, MsgOpenAppealResponse> = {
  typeUrl: MsgOpenAppeal.typeUrl,
  responseTypeUrl: MsgOpenAppealResponse.typeUrl,
  decode: (reader) => MsgOpenAppeal.decode(reader),
  encodeResponse: (response) => MsgOpenAppealResponse.encode(response).finish(),
  signers: (message, spec) => [parseAccount(spec, message.appellant, "appellant")],
  validate(message) {
    if (message.jobId.length !== 32)
      throw sdkError("invalidRequest", `job_id has ${message.jobId.length} bytes, expected 32`);
    if (message.claim.length !== 0 && message.claim.length !== 32) {
      throw sdkError("invalidRequest", `claim has ${message.claim.length} bytes, expected 32 or none`);
    }
    if (message.bond === undefined) throw sdkError("invalidCoins", "bond is missing");
    parseCoins([message.bond]);
  },
  execute(ctx, message) {
    const { params, spec } = ctx.block;
    const { jobId } = message;
    const appellant = parseAccount(spec, message.appellant, "appellant");
    const job = appealable(ctx, jobId);
    const { modelRoot, engineId, inputsRoot } = job.fields;
    // Nodes keep a blob for as long as what ran on it can be appealed.
    const blob = message.inputs.length === 0 ? jobBlobs.get(ctx.store, jobId) : undefined;
    if (blob === undefined && !equalBytes(inputsRootOf(message.inputs, params), inputsRoot)) {
      throw inferenceError("invalidInputs", `these are not the inputs of job ${toHex(jobId)}`);
    }
    const base = baseFee(job.costUnits, unitPrice(ctx.store, params, EVERYONE));
    const bond = charge(ctx, message, appellant, base);
    const appealJob = openJob(ctx, {
      kind: JOB_KIND.appeal,
      modelRoot,
      engineId,
      tier: undefined,
      inputsRoot,
      inputs: blob === undefined ? message.inputs : { blob },
      requester: appellant,
      costUnits: job.costUnits,
      baseFee: base,
      runFee: bond,
      escrow: bond,
      valueAtRisk: 0n,
      deadline: undefined,
      direct: false,
    });
    const claim = message.claim.length === 0 ? ZERO_32 : message.claim;
    appeals.set(ctx.store, jobId, { appealJob, appellant, bond, claim, status: APPEAL_STATUS.open, verdict: ZERO_32 });
    appealedJobs.set(ctx.store, appealJob, jobId);
    extendWindow(ctx, jobId, job, (jobs.get(ctx.store, appealJob)?.deadline ?? 0) + 1);
    ctx.emit(
      "inference_appeal_opened",
      ["job_id", toHex(jobId)],
      ["appeal", toHex(appealJob)],
      ["appellant", message.appellant],
      ["bond", String(bond)],
    );
    return { appealJob };
  },
};

export const openAppealMessage = messageType(openAppeal);
