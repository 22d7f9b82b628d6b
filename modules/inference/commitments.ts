import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import type { AdmissionNote, Commitment, CommitmentEntry } from "../../chain/types/attestation.ts";
import { MAX_ADMISSION_NOTES, MAX_COMMITMENT_ENTRIES } from "../../chain/types/limits.ts";
import { accountText } from "../addresses.ts";
import { MAX_NOTE_CODE } from "./admission-notes.ts";
import { seatOf } from "./seats.ts";
import { commitmentRoot } from "./signatures.ts";
import { admissionNotes, commitments, JOB_KIND, JOB_STATUS, jobs } from "./store.ts";
import { MAX_BUCKET } from "./time-buckets.ts";
import type { CheckView } from "./view.ts";

/** A commitment of which something could be taken now; its signature has still to be verified. */
export interface CheckedCommitment {
  readonly commitment: Commitment;
  /** The entries and notes that could be; at least one. */
  readonly entries: readonly CommitmentEntry[];
  readonly notes: readonly AdmissionNote[];
  readonly signatureSet: SignatureSet;
}

/** What is wrong with one entry, or the vote key that has to sign for it. */
function checkEntry(
  view: CheckView,
  operator: Uint8Array,
  { jobId }: { readonly jobId: Uint8Array },
): string | Uint8Array {
  const job = jobs.get(view.store, jobId);
  if (job === undefined) return `there is no job ${toHex(jobId)}`;
  if (job.status !== JOB_STATUS.committing || view.block.height > job.commitEnd) {
    return `the commit window of job ${toHex(jobId)} is closed`;
  }
  if (view.block.height <= job.requestedHeight) return `job ${toHex(jobId)} was only just requested`;
  const seat = seatOf(view.committees.get(view.store, job.committeeRoot), job, operator);
  if (seat === undefined) return `it is not in the committee of job ${toHex(jobId)}`;
  if (commitments.has(view.store, [jobId, operator])) return `it has already committed to job ${toHex(jobId)}`;
  return seat.member.voteKey;
}

/** The same of a note. Who has committed has nothing to excuse any more. */
function checkNote(view: CheckView, operator: Uint8Array, note: AdmissionNote): string | Uint8Array {
  const { jobId } = note;
  if (jobs.get(view.store, jobId)?.kind !== JOB_KIND.admission) return `job ${toHex(jobId)} is no admission`;
  if (admissionNotes.has(view.store, [jobId, operator])) return `it has given a reason for job ${toHex(jobId)}`;
  return checkEntry(view, operator, note);
}

/**
 * Everything but the signature. Entries that can't be taken, because the job is not there yet, or its window is over, or a list before this one
 * had them, are passed over: a list that fell as a whole would be of no use a block later, which under load is when it is there.
 * @returns a reason when the commitment can't be in the next block, which is that nothing of it can be taken.
 */
export function examineCommitment(view: CheckView, commitment: Commitment): string | CheckedCommitment {
  const { validator, entries, notes } = commitment.data;
  const who = (): string => accountText(view.block.spec, validator);
  if (entries.length + notes.length === 0) return `the commitment of ${who()} is empty`;
  if (entries.length > MAX_COMMITMENT_ENTRIES) return `the commitment of ${who()} has ${entries.length} entries`;
  if (notes.length > MAX_ADMISSION_NOTES) return `the commitment of ${who()} has ${notes.length} notes`;
  const bad = entries.find(({ bucket }) => bucket > MAX_BUCKET);
  if (bad !== undefined) return `the commitment of ${who()} has the time bucket ${bad.bucket}, at most ${MAX_BUCKET}`;
  const odd = notes.find(({ code }) => code === 0 || code > MAX_NOTE_CODE);
  if (odd !== undefined) return `the commitment of ${who()} has a note ${odd.code}, 1 to ${MAX_NOTE_CODE} are possible`;
  const seen = new Set<string>();
  const taken: CommitmentEntry[] = [];
  const takenNotes: AdmissionNote[] = [];
  let voteKey: Uint8Array | undefined;
  let reason = "";
  const all = [
    ...entries.map((entry) => ({ jobId: entry.jobId, entry, note: undefined })),
    ...notes.map((note) => ({ jobId: note.jobId, entry: undefined, note })),
  ];
  for (const { jobId, entry, note } of all) {
    const id = toHex(jobId);
    if (seen.has(id)) return `the commitment of ${who()} names job ${id} twice`;
    seen.add(id);
    const found = entry === undefined ? checkNote(view, validator, note) : checkEntry(view, validator, entry);
    if (typeof found === "string") {
      reason = found;
      continue;
    }
    if (voteKey !== undefined && !equalBytes(voteKey, found)) {
      return `the commitment of ${who()} mixes jobs of two vote keys`;
    }
    voteKey = found;
    if (entry === undefined) takenNotes.push(note);
    else taken.push(entry);
  }
  if (voteKey === undefined) return `the commitment of ${who()}: ${reason}`;
  const { signature } = commitment;
  const publicKey = voteKey;
  let message: Uint8Array | undefined;
  return {
    commitment,
    entries: taken,
    notes: takenNotes,
    get signatureSet() {
      message ??= commitmentRoot(commitment.data, view.block.spec.genesisRoot);
      return { publicKey, message, signature };
    },
  };
}
