import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import type { Reveal } from "../../chain/types/attestation.ts";
import { accountText } from "../addresses.ts";
import { isTolerant } from "./classes.ts";
import { executorOf, seatOf } from "./seats.ts";
import { attestationOf, attestationRoot } from "./signatures.ts";
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
  // PERF: nearly all are good, or only late, and each is examined several times.
  const because = (reason: string): string =>
    `the reveal of ${accountText(view.block.spec, validator)} for job ${toHex(jobId)}: ${reason}`;
  const job = jobs.get(view.store, jobId);
  if (job === undefined) return because("there is no such job");
  const executing = job.status === JOB_STATUS.executing;
  const open = executing || job.status === JOB_STATUS.revealing || (job.status === JOB_STATUS.final && !job.settled);
  if (!open || view.block.height > (executing ? job.commitEnd : job.revealEnd))
    return because("the reveal window is not open");
  const seat = seatOf(view.committees.get(view.store, job.committeeRoot), job, validator);
  if (seat === undefined) return because("it is not in the committee");
  if (executing && seat.index !== executorOf(job)) return because("it is not the executor");
  if (!executing && isTolerant(job) && !equalBytes(outputRoot, job.outputRoot)) {
    return because("the executor has published another output");
  }
  if (!job.direct) {
    const committed = commitments.get(view.store, [jobId, validator]);
    if (committed === undefined) return because("it has not committed");
    if (!equalBytes(sha256(signature), committed.hash)) return because("its commitment was to another signature");
  }
  if (reveals.has(view.store, [jobId, validator])) return because("it has already revealed");
  const data = attestationOf(jobId, job, outputRoot);
  const { voteKey, power } = seat.member;
  let message: Uint8Array | undefined;
  return {
    reveal,
    job,
    power,
    get signatureSet() {
      message ??= attestationRoot(data, view.block.spec.genesisRoot);
      return { publicKey: voteKey, message, signature };
    },
  };
}
