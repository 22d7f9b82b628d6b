import { equalBytes, toHex } from "../../chain/bytes.ts";
import { InvalidBlockError } from "../../chain/errors.ts";
import type { BlockInput, Context } from "../../chain/module.ts";
import type { Commitment, JobOutput, Reveal } from "../../chain/types/attestation.ts";
import { accountText } from "../addresses.ts";
import { generateProbes } from "./admission.ts";
import { type CheckedCommitment, examineCommitment } from "./commitments.ts";
import { createCommitteeCache } from "./committee.ts";
import { examineEvidence, punish } from "./equivocation.ts";
import { publishOutput } from "./executors.ts";
import { type Finality, newlyFinal } from "./finality.ts";
import { updateJob } from "./jobs.ts";
import { noteProposer } from "./later-beacon.ts";
import { finaliseJob } from "./outcome.ts";
import { outputProblem } from "./output-check.ts";
import { inferenceParams } from "./params.ts";
import { type CheckedReveal, examineReveal } from "./reveals.ts";
import { seatOf } from "./seats.ts";
import { badSignatures } from "./signatures.ts";
import {
  admissionNotes,
  commitments as commitmentRecords,
  JOB_STATUS,
  jobOutputs,
  jobs,
  reveals as revealRecords,
  tallies,
} from "./store.ts";
import type { CheckView } from "./view.ts";

function invalid(reason: string): never {
  throw new InvalidBlockError(reason);
}

function checkCommitments(view: CheckView, commitments: readonly Commitment[]): readonly CheckedCommitment[] {
  const { maxCommitmentsPerBlock } = inferenceParams.read(view.block.params);
  const operators = new Set<string>();
  let entries = 0;
  return commitments.map((commitment) => {
    const operator = toHex(commitment.data.validator);
    if (operators.has(operator)) invalid(`two commitments of operator ${operator}`);
    operators.add(operator);
    entries += commitment.data.entries.length + commitment.data.notes.length;
    if (entries > Number(maxCommitmentsPerBlock)) invalid(`more than ${maxCommitmentsPerBlock} commitment entries`);
    const checked = examineCommitment(view, commitment);
    return typeof checked === "string" ? invalid(checked) : checked;
  });
}

function checkReveals(view: CheckView, reveals: readonly Reveal[]): readonly CheckedReveal[] {
  const { maxRevealsPerBlock } = inferenceParams.read(view.block.params);
  if (reveals.length > Number(maxRevealsPerBlock)) invalid(`${reveals.length} reveals, at most ${maxRevealsPerBlock}`);
  const seen = new Set<string>();
  return reveals.map((reveal) => {
    const key = toHex(reveal.jobId) + toHex(reveal.validator);
    if (seen.has(key)) invalid(`operator ${toHex(reveal.validator)} reveals job ${toHex(reveal.jobId)} twice`);
    seen.add(key);
    const checked = examineReveal(view, reveal);
    return typeof checked === "string" ? invalid(checked) : checked;
  });
}

/** All signatures of the block in one batch. */
function checkSignatures(
  view: CheckView,
  commitments: readonly CheckedCommitment[],
  reveals: readonly CheckedReveal[],
): void {
  const sets = [...commitments, ...reveals].map(({ signatureSet }) => signatureSet);
  const [bad] = badSignatures(view.bls, sets, 1);
  if (bad === undefined) return;
  if (bad < commitments.length) invalid(`the signature of commitment ${bad} does not verify`);
  invalid(`the signature of reveal ${bad - commitments.length} does not verify`);
}

function checkOutputs(view: CheckView, decided: readonly Finality[], outputs: readonly JobOutput[]): void {
  const final = decided.filter(({ isCarried }) => isCarried);
  const { maxOutputBytesPerBlock } = inferenceParams.read(view.block.params);
  if (outputs.length !== final.length) {
    invalid(`${outputs.length} outputs for the ${final.length} jobs that the reveals make final`);
  }
  let bytes = 0;
  for (const [index, { jobId, outputRoot }] of final.entries()) {
    const output = outputs[index];
    if (output === undefined || !equalBytes(output.jobId, jobId)) {
      throw new InvalidBlockError(`output ${index} is not of job ${toHex(jobId)}, which becomes final there`);
    }
    bytes += output.output.length;
    if (bytes > Number(maxOutputBytesPerBlock)) invalid(`outputs of more than ${maxOutputBytesPerBlock} bytes`);
    const problem = outputProblem(output.output, outputRoot);
    if (problem !== undefined) invalid(`output of job ${toHex(jobId)}: ${problem}`);
  }
}

function applyCommitment(ctx: Context, view: CheckView, { commitment, entries, notes }: CheckedCommitment): void {
  const { validator } = commitment.data;
  const { height, params, spec, proposer } = ctx.block;
  for (const { jobId, code } of notes) admissionNotes.set(ctx.store, [jobId, validator], code);
  for (const { jobId, hash, bucket } of entries) {
    const job = jobs.get(ctx.store, jobId);
    const seat = job && seatOf(view.committees.get(ctx.store, job.committeeRoot), job, validator);
    if (job === undefined || seat === undefined) throw new Error(`a checked commitment to job ${toHex(jobId)} is void`);
    commitmentRecords.set(ctx.store, [jobId, validator], { hash, height, proposer, bucket });
    const committedCount = job.committedCount + 1;
    const committedPower = job.committedPower + seat.member.power;
    if (committedCount < job.committeeSize) {
      updateJob(ctx, jobId, job, { committedCount, committedPower });
      continue;
    }
    const revealEnd = height + Number(inferenceParams.read(params).revealWindow);
    updateJob(ctx, jobId, job, {
      committedCount,
      committedPower,
      status: JOB_STATUS.revealing,
      commitEnd: height,
      revealEnd,
    });
    ctx.emit("inference_reveals", ["job_id", toHex(jobId)], ["reason", "complete"]);
  }
  ctx.emit("inference_committed", ["operator", accountText(spec, validator)], ["jobs", String(entries.length)]);
}

function applyReveal(ctx: Context, { reveal, power }: CheckedReveal): void {
  const { jobId, validator, outputRoot, signature } = reveal;
  const { height, proposer } = ctx.block;
  revealRecords.set(ctx.store, [jobId, validator], { outputRoot, signature, height, proposer });
  tallies.set(ctx.store, [jobId, outputRoot], (tallies.get(ctx.store, [jobId, outputRoot]) ?? 0n) + power);
}

/**
 * Takes what the block says about jobs. Commitments and reveals are both judged by the state before the block: a job
 * whose last commitment is in this block takes its first reveal in the next one.
 * @throws InvalidBlockError for anything that a proposer must not include.
 */
export function beginBlock(ctx: Context, input: BlockInput): void {
  const view: CheckView = { block: ctx.block, store: ctx.store, bls: ctx.bls, committees: createCommitteeCache() };
  const commitments = checkCommitments(view, input.commitments);
  const reveals = checkReveals(view, input.reveals);
  checkSignatures(view, commitments, reveals);
  const final = newlyFinal(ctx.store, reveals);
  checkOutputs(view, final, input.outputs);
  for (const evidence of input.duplicateAttestations) {
    const proven = examineEvidence(view, evidence);
    if (typeof proven === "string") invalid(proven);
    else punish(ctx, evidence, proven);
  }
  noteProposer(ctx);
  for (const checked of commitments) applyCommitment(ctx, view, checked);
  for (const reveal of reveals) applyReveal(ctx, reveal);
  const outputs = input.outputs.values();
  for (const finality of final) {
    const { jobId, job, outputRoot, isCarried, isFinal } = finality;
    const committee = view.committees.get(ctx.store, job.committeeRoot);
    const output = isCarried ? outputs.next().value?.output : jobOutputs.get(ctx.store, jobId);
    if (committee === undefined || output === undefined) throw new Error("a job became final without committee");
    const executing = job.status === JOB_STATUS.executing;
    const after = executing ? publishOutput(ctx, jobId, job, committee, outputRoot, output) : job;
    if (isFinal) finaliseJob(ctx, committee, { ...finality, job: after }, output);
  }
  generateProbes(ctx);
}
