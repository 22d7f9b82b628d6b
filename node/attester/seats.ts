import { equalBytes } from "../../chain/bytes.ts";
import { isTolerant } from "../../modules/inference/classes.ts";
import type { CommitteeCache } from "../../modules/inference/committee.ts";
import { readOpenJobs } from "../../modules/inference/jobs.ts";
import { modelByRoot } from "../../modules/inference/models.ts";
import { executorOf, seatOf, seatsOfJob } from "../../modules/inference/seats.ts";
import {
  admissionNotes,
  commitments,
  inputBlobs,
  JOB_KIND,
  JOB_STATUS,
  type JobRecord,
  jobBlobs,
  jobInputs,
  reveals,
} from "../../modules/inference/store.ts";
import type { StateReader } from "../../state/store.ts";
import type { Computation } from "./runs.ts";

/** An open job that a vote key has a seat in, and how far it has got there, as of a committed state. */
export interface Seat {
  readonly jobId: Uint8Array;
  readonly job: JobRecord;
  readonly operator: Uint8Array;
  /** Its place in the set that the committee is part of. */
  readonly index: number;
  /** The commitment in the chain. */
  readonly committed: Uint8Array | undefined;
  /** Whether the next block could take a commitment, or a reveal. */
  readonly mayCommit: boolean;
  readonly mayReveal: boolean;
  /** Of the class tolerance: whether it could take this member's output, as the executor's. */
  readonly mayExecute: boolean;
  /** Of the same: whether an output of its own will be needed, to publish or to compare. */
  readonly mayPrepare: boolean;
  /** Whether it could take a reason why the model was not run: of an admission, and none is there. */
  readonly mayNote: boolean;
}

/**
 * All seats of a vote key. Its operator is found in each committee, since keys and operators may change from one to the next.
 * PERF: reads every open job, at most inference.maxOpenJobs.
 * @param height of the state: the next block's is one more.
 */
export function seatsOf(
  state: StateReader,
  height: number,
  voteKey: Uint8Array,
  committees: CommitteeCache,
): readonly Seat[] {
  const seats: Seat[] = [];
  for (const { jobId, job } of readOpenJobs(state)) {
    const committee = committees.get(state, job.committeeRoot);
    const operator = committee?.members.find((member) => equalBytes(member.voteKey, voteKey))?.operator;
    const place = operator && seatOf(committee, job, operator);
    if (operator === undefined || place === undefined) continue;
    const committed = commitments.get(state, [jobId, operator])?.hash;
    const committing = job.status === JOB_STATUS.committing && height < Math.min(job.commitEnd, job.deadline);
    const revealing =
      (job.status === JOB_STATUS.revealing || job.status === JOB_STATUS.final) && height < job.revealEnd;
    const executing =
      job.status === JOB_STATUS.executing &&
      executorOf(job) === place.index &&
      height < Math.min(job.commitEnd, job.deadline);
    const hasRevealed = reveals.has(state, [jobId, operator]);
    seats.push({
      jobId,
      job,
      operator,
      index: place.index,
      committed,
      mayCommit: committing && committed === undefined,
      mayNote:
        job.kind === JOB_KIND.admission &&
        committing &&
        committed === undefined &&
        !admissionNotes.has(state, [jobId, operator]),
      mayReveal: revealing && (job.direct || committed !== undefined) && !hasRevealed,
      mayExecute: executing && !hasRevealed,
      mayPrepare: isTolerant(job) && (job.status === JOB_STATUS.drawing || job.status === JOB_STATUS.executing),
    });
  }
  return seats;
}

/** Of a committee so many send the output with their reveals: each who proposes has it, unless its own run failed. */
const OUTPUT_SENDERS = 2;

/** Whether it is this member's turn to send the output to all: another's with each job, so that none sends more than others. */
export function sendsOutput({ jobId, job, index }: Seat): boolean {
  const seats = seatsOfJob(job).getTrueBitIndexes();
  const first = new DataView(jobId.buffer, jobId.byteOffset).getUint32(0) % seats.length;
  return (seats.indexOf(index) - first + seats.length) % seats.length < OUTPUT_SENDERS;
}

/** What has to be computed for a job. */
export function runOf(state: StateReader, { jobId, job }: Seat): Computation | undefined {
  const blobRoot = jobBlobs.get(state, jobId);
  if (job.kind === JOB_KIND.availability) {
    const declared = blobRoot && inputBlobs.get(state, blobRoot);
    return declared && { custody: { jobId, blobRoot, declared } };
  }
  const model = modelByRoot(state, job.fields.modelRoot);
  const inputs = blobRoot === undefined ? jobInputs.get(state, jobId) : { blob: blobRoot };
  if (model === undefined || inputs === undefined) return undefined;
  const isTrial = job.kind === JOB_KIND.admission;
  return { manifest: model.manifest, inputsRoot: job.fields.inputsRoot, inputs, isTrial };
}
