import { compareBytes, equalBytes, toHex } from "../../chain/bytes.ts";
import { consensusParams } from "../../chain/consensus-params.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import { expiry } from "../../chain/evidence-age.ts";
import { readHeight } from "../../chain/executor/chain-state.ts";
import type { Context } from "../../chain/module.ts";
import type { AttestationEvidence, Reveal } from "../../chain/types/attestation.ts";
import type { Validator } from "../../chain/types/validator.ts";
import { accountText } from "../addresses.ts";
import { punishEquivocation } from "../slashing/keeper.ts";
import { attestationOf, attestationRoot } from "./signatures.ts";
import { equivocations, type JobRecord, jobs } from "./store.ts";
import type { CheckView } from "./view.ts";

interface Proven {
  readonly job: JobRecord;
  readonly member: Validator;
}

interface Attestation extends Proven {
  /** Has still to be verified. */
  readonly signatureSet: SignatureSet;
}

/**
 * What a member attested about a job, whether a block could take it or not.
 * @returns a reason why it is no attestation of a job that is known here.
 */
export function examineAttestation(view: CheckView, reveal: Reveal): string | Attestation {
  const { jobId, validator, outputRoot, signature } = reveal;
  const job = jobs.get(view.store, jobId);
  if (job === undefined) return "there is no such job, or no longer";
  const seat = view.committees.get(view.store, job.committeeRoot)?.seat(validator);
  if (seat === undefined) return "it is not in the committee";
  const message = attestationRoot(attestationOf(jobId, job, outputRoot), view.block.spec.genesisRoot);
  return { job, member: seat.member, signatureSet: { publicKey: seat.member.voteKey, message, signature } };
}

/** The chain keeps a height's time for as long as evidence of it counts. */
function expiryOf({ block, store }: CheckView, { requestedHeight }: JobRecord): string | undefined {
  const maxAge = Number(consensusParams.read(block.params).evidenceMaxAgeBlocks);
  if (block.height - requestedHeight <= maxAge) return undefined;
  const time = readHeight(store, requestedHeight)?.time;
  if (time === undefined) return `older than ${maxAge} blocks, and its height is not retained`;
  return expiry(block.params, { height: requestedHeight, time }, block);
}

/**
 * Whether two attestations prove that a member contradicted itself about a job. It does not matter whether either was
 * committed, revealed or right, nor whether the job is still open.
 * @returns a reason against, or who is guilty.
 */
export function examineEvidence(view: CheckView, evidence: AttestationEvidence): string | Proven {
  const { validator, a, b } = evidence;
  const { spec } = view.block;
  const of = `evidence against ${accountText(spec, validator)} about job ${toHex(a.jobId)}`;
  if (!equalBytes(a.jobId, b.jobId)) return `${of}: the other attestation is about job ${toHex(b.jobId)}`;
  if (!equalBytes(a.validator, validator) || !equalBytes(b.validator, validator)) return `${of}: two validators`;
  // One order only, so that one fault has one form.
  if (compareBytes(a.outputRoot, b.outputRoot) >= 0) return `${of}: output roots are not in ascending order`;
  const [one, two] = [examineAttestation(view, a), examineAttestation(view, b)];
  if (typeof one === "string") return `${of}: ${one}`;
  if (typeof two === "string") return `${of}: ${two}`;
  const { job, member } = one;
  const expired = expiryOf(view, job);
  if (expired !== undefined) return `${of}: it is ${expired}`;
  if (equivocations.has(view.store, [a.jobId, validator])) return `${of}: it has been punished already`;
  if (!view.bls.verifyBatch([one.signatureSet, two.signatureSet])) return `${of}: a signature does not verify`;
  return { job, member };
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
