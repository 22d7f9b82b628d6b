import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Reveal } from "../../chain/types/attestation.ts";
import { accountText } from "../addresses.ts";
import { seatOf } from "./seats.ts";
import { attestationRoot } from "./signatures.ts";
import { commitments, JOB_STATUS, type JobRecord, jobs, reveals } from "./store.ts";
import type { CheckView } from "./view.ts";

/** A reveal that could be taken now; its signature has still to be verified. */
export interface CheckedReveal {
  readonly reveal: Reveal;
  readonly job: JobRecord;
  readonly power: bigint;
  readonly signatureSet: SignatureSet;
}

/** Everything but the signature. Returns a reason when the reveal can't be in the next block. */
export function examineReveal(view: CheckView, reveal: Reveal): string | CheckedReveal {
  const { jobId, validator, outputRoot, signature } = reveal;
  const of = `the reveal of ${accountText(view.block.spec, validator)} for job ${toHex(jobId)}`;
  const job = jobs.get(view.store, jobId);
  if (job === undefined) return `${of}: there is no such job`;
  const open = job.status === JOB_STATUS.revealing || (job.status === JOB_STATUS.final && !job.settled);
  if (!open || view.block.height > job.revealEnd) return `${of}: the reveal window is not open`;
  const seat = seatOf(view.committees.get(view.store, job.committeeRoot), job, validator);
  if (seat === undefined) return `${of}: it is not in the committee`;
  const committed = commitments.get(view.store, [jobId, validator]);
  if (committed === undefined) return `${of}: it has not committed`;
  if (!equalBytes(sha256(signature), committed.hash)) return `${of}: its commitment was to another signature`;
  if (reveals.has(view.store, [jobId, validator])) return `${of}: it has already revealed`;
  const data = { jobId, committeeRoot: job.committeeRoot, outputRoot };
  const message = attestationRoot(data, view.block.spec.genesisRoot);
  const { voteKey, power } = seat.member;
  return { reveal, job, power, signatureSet: { publicKey: voteKey, message, signature } };
}
