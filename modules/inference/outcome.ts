import { BitArray } from "@chainsafe/ssz";
import { equalBytes, toHex, utf8 } from "../../chain/bytes.ts";
import type { Context } from "../../chain/module.ts";
import { ZERO_32 } from "../../chain/types/primitives.ts";
import { accountText } from "../addresses.ts";
import { burn, transfer } from "../bank/keeper.ts";
import { fundCommunityPool, rewardValidator } from "../distribution/keeper.ts";
import { rewardBasis } from "../staking/keeper.ts";
import { failProbe, judgeProbe } from "./admission.ts";
import { decideAppeal, dismissAppeal } from "./appeals.ts";
import type { Committee } from "./committee.ts";
import { dropContinuation, readyContinuation } from "./continuations.ts";
import { type Attester, splitFee } from "./fees.ts";
import type { Finality } from "./finality.ts";
import { decideBlob, failBlob } from "./input-blobs.ts";
import { updateJob } from "./jobs.ts";
import { ESCROW, modelByRoot } from "./models.ts";
import { releaseStake } from "./reservation.ts";
import { seatsOfJob } from "./seats.ts";
import {
  commitments,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobOutputs,
  type RevealRecord,
  receipts,
  reveals,
} from "./store.ts";

function coins(ctx: Context, amount: bigint) {
  return [{ denom: ctx.block.spec.denom, amount }];
}

function describe(ctx: Context, jobId: Uint8Array, job: JobRecord): (readonly [string, string])[] {
  return [
    ["job_id", toHex(jobId)],
    ["model", toHex(job.fields.modelRoot)],
    ["requester", accountText(ctx.block.spec, job.fields.requester)],
  ];
}

/** Pays everyone, validators through distribution, so that their delegators have their part, and returns the rest to the requester: afterwards nothing of the job's escrow is left. */
function settleFee(
  ctx: Context,
  jobId: Uint8Array,
  job: JobRecord,
  attesters: readonly Attester[],
  royaltyPpm?: number,
): void {
  if (job.escrow === 0n) return;
  const model = modelByRoot(ctx.store, job.fields.modelRoot);
  if (model === undefined) throw new Error(`the model of job ${toHex(jobId)} is not in the state`);
  const { owner } = model.manifest;
  const royalty = BigInt(royaltyPpm ?? model.manifest.royaltyPpm);
  const { params } = ctx.block;
  const split = splitFee(job.runFee, royalty, job.costUnits, job.committeePower, attesters, params);
  for (const { operator, amount } of split.payouts) {
    rewardValidator(ctx, ESCROW, operator, amount, rewardBasis(ctx.store, operator));
  }
  fundCommunityPool(ctx, ESCROW, coins(ctx, split.community));
  transfer(ctx, ESCROW, owner, coins(ctx, split.royalty));
  burn(ctx, ESCROW, coins(ctx, split.burnt));
  const refund = job.escrow - job.runFee;
  transfer(ctx, ESCROW, job.fields.requester, coins(ctx, refund));
  ctx.emit(
    "inference_paid",
    ["job_id", toHex(jobId)],
    ["fee", String(job.runFee)],
    ["attesters", String(split.attesters)],
    ["proposers", String(split.proposers)],
    ["royalty", String(split.royalty)],
    ["community", String(split.community)],
    ["burnt", String(split.burnt)],
    ["refund", String(refund)],
  );
}

interface Signer {
  readonly index: number;
  readonly attester: Attester;
  readonly reveal: RevealRecord;
}

/** Who has attested an output so far, in the order of the committee. */
function signersOf(ctx: Context, committee: Committee, { jobId, outputRoot, job }: Finality): readonly Signer[] {
  const signers: Signer[] = [];
  for (const [[, operator], reveal] of reveals.entries(ctx.store, { within: jobId })) {
    if (!equalBytes(reveal.outputRoot, outputRoot)) continue;
    const seat = committee.seat(operator);
    // Without commitments, who put in the reveal did both.
    const commitment = job.direct ? reveal : commitments.get(ctx.store, [jobId, operator]);
    if (seat === undefined || commitment === undefined) throw new Error(`a reveal without seat of ${toHex(jobId)}`);
    const { power } = seat.member;
    const late = job.widened && !job.drawn.get(seat.index);
    const proposers = { commitProposer: commitment.proposer, revealProposer: reveal.proposer };
    signers.push({ index: seat.index, attester: { operator, power, late, ...proposers }, reveal });
  }
  return signers.sort((a, b) => a.index - b.index);
}

/**
 * Makes a job final: receipt, output, payments. Irrevocable. The reveals of the block are in the state already, so that
 * those after the deciding one count as well.
 * @param output serialised SSZ Tensors that hash to the final root; empty for EXEC_ERROR.
 */
export function finaliseJob(ctx: Context, committee: Committee, finality: Finality, output: Uint8Array): void {
  const { jobId, outputRoot } = finality;
  const { height } = ctx.block;
  const signers = signersOf(ctx, committee, finality);
  const job = updateJob(ctx, jobId, finality.job, {
    status: JOB_STATUS.final,
    finalHeight: height,
    outputRoot,
  });
  const bits = BitArray.fromBitLen(committee.members.length);
  for (const { index } of signers) bits.set(index, true);
  receipts.set(ctx.store, jobId, {
    fields: job.fields,
    outputRoot,
    committeeRoot: job.committeeRoot,
    seats: seatsOfJob(job),
    requestedHeight: job.requestedHeight,
    finalHeight: height,
    signers: bits,
    signature: ctx.bls.aggregate(signers.map(({ reveal }) => reveal.signature)),
    direct: job.direct,
    class: job.class,
  });
  jobOutputs.set(ctx.store, jobId, output);
  readyContinuation(ctx, jobId);
  const attested = signers.reduce((sum, { attester }) => sum + attester.power, 0n);
  const execError = output.length === 0;
  ctx.emit(
    "inference_final",
    ...describe(ctx, jobId, job),
    ["output_root", toHex(outputRoot)],
    ["exec_error", String(execError)],
    ["attested_power", String(attested)],
    ["committee_power", String(job.committeePower)],
  );
  const attesters = signers.map(({ attester }) => attester);
  if (job.kind === JOB_KIND.appeal) {
    const wasRight = decideAppeal(ctx, jobId, job, attested);
    // The bond of who was wrong pays for the re-run. The model's owner has no part in that.
    settleFee(ctx, jobId, wasRight ? { ...job, runFee: 0n } : job, attesters, 0);
  } else settleFee(ctx, jobId, job, attesters);
  if (job.kind === JOB_KIND.availability) decideBlob(ctx, job, !execError);
  if (job.kind === JOB_KIND.admission) judgeProbe(ctx, committee, jobId, job, execError);
}

/** Ends a job without an output: the escrow returns, the base fee does not. Nobody is punished without a quorum. */
export function failJob(ctx: Context, jobId: Uint8Array, before: JobRecord, reason: string): JobRecord {
  // Of an executor whose output found no quorum nothing stays.
  jobOutputs.delete(ctx.store, jobId);
  const change = {
    status: JOB_STATUS.failed,
    settled: true,
    failure: utf8(reason),
    reserved: 0n,
    outputRoot: ZERO_32,
  };
  releaseStake(ctx, jobId, before);
  const job = updateJob(ctx, jobId, before, change);
  transfer(ctx, ESCROW, job.fields.requester, coins(ctx, job.escrow));
  dropContinuation(ctx, jobId);
  if (job.kind === JOB_KIND.appeal) dismissAppeal(ctx, jobId);
  ctx.emit("inference_failed", ...describe(ctx, jobId, job), ["reason", reason], ["refund", String(job.escrow)]);
  if (job.kind === JOB_KIND.availability) failBlob(ctx, job, `it was not attested to be available: ${reason}`);
  if (job.kind === JOB_KIND.admission) failProbe(ctx, jobId, job, reason);
  return job;
}
