import { compareBytes, equalBytes, toHex } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import type { Context } from "../../chain/module.ts";
import type { AttestationEvidence } from "../../chain/types/attestation.ts";
import type { Validator } from "../../chain/types/validator.ts";
import { accountText } from "../addresses.ts";
import { punishEquivocation } from "../slashing/keeper.ts";
import { attestationRoot } from "./signatures.ts";
import { equivocations, type JobRecord, jobs } from "./store.ts";
import type { CheckView } from "./view.ts";

interface Proven {
  readonly job: JobRecord;
  readonly member: Validator;
}

/**
 * Whether two attestations prove that a member contradicted itself about a job. It does not matter whether either was
 * committed, revealed or right, nor whether the job is still open.
 * @returns a reason against, or who is guilty.
 */
export function examineEvidence(view: CheckView, evidence: AttestationEvidence): string | Proven {
  const { validator, a, b } = evidence;
  const { spec, params, height } = view.block;
  const of = `evidence against ${accountText(spec, validator)} about job ${toHex(a.jobId)}`;
  if (!equalBytes(a.jobId, b.jobId)) return `${of}: the other attestation is about job ${toHex(b.jobId)}`;
  if (!equalBytes(a.validator, validator) || !equalBytes(b.validator, validator)) return `${of}: two validators`;
  // One order only, so that one fault has one form.
  if (compareBytes(a.outputRoot, b.outputRoot) >= 0) return `${of}: output roots are not in ascending order`;
  const job = jobs.get(view.store, a.jobId);
  if (job === undefined) return `${of}: there is no such job, or no longer`;
  const maxAge = Number(consensusParams.read(params).evidenceMaxAgeBlocks);
  if (height - job.requestedHeight > maxAge) return `${of}: it is older than ${maxAge} blocks`;
  const seat = view.committees.get(view.store, job.committeeRoot)?.seat(validator);
  if (seat === undefined) return `${of}: it is not in the committee`;
  if (equivocations.has(view.store, [a.jobId, validator])) return `${of}: it has been punished already`;
  const { jobId } = a;
  const { committeeRoot } = job;
  const sets = [a, b].map(({ outputRoot, signature }) => ({
    publicKey: seat.member.voteKey,
    message: attestationRoot({ jobId, committeeRoot, outputRoot }, spec.genesisRoot),
    signature,
  }));
  if (!view.bls.verifyBatch(sets)) return `${of}: a signature does not verify`;
  return { job, member: seat.member };
}

/** Punishes at once, and once for each job and operator. */
export function punish(ctx: Context, evidence: AttestationEvidence, { job, member }: Proven): void {
  const { jobId } = evidence.a;
  equivocations.set(ctx.store, [jobId, evidence.validator], ctx.block.height);
  ctx.emit(
    "inference_equivocation",
    ["job_id", toHex(jobId)],
    ["operator", accountText(ctx.block.spec, evidence.validator)],
  );
  punishEquivocation(ctx, evidence.validator, job.requestedHeight, member.power);
}
