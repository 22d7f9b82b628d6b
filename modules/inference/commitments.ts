import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import type { Commitment, CommitmentEntry } from "../../chain/types/attestation.ts";
import { MAX_COMMITMENT_ENTRIES } from "../../chain/types/limits.ts";
import { accountText } from "../addresses.ts";
import { seatOf } from "./seats.ts";
import { commitmentRoot } from "./signatures.ts";
import { commitments, JOB_STATUS, jobs } from "./store.ts";
import type { CheckView } from "./view.ts";

/** A commitment of which something could be taken now; its signature has still to be verified. */
export interface CheckedCommitment {
  readonly commitment: Commitment;
  /** The entries that could be; at least one. */
  readonly entries: readonly CommitmentEntry[];
  readonly signatureSet: SignatureSet;
}

/** What is wrong with one entry, or the vote key that has to sign for it. */
function checkEntry(view: CheckView, operator: Uint8Array, entry: CommitmentEntry): string | Uint8Array {
  const { jobId } = entry;
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

/**
 * Everything but the signature. Entries that can't be taken, because the job is not there yet, or its window is over, or a list before this one
 * had them, are passed over: a list that fell as a whole would be of no use a block later, which under load is when it is there.
 * @returns a reason when the commitment can't be in the next block, which is that nothing of it can be taken.
 */
export function examineCommitment(view: CheckView, commitment: Commitment): string | CheckedCommitment {
  const { validator, entries } = commitment.data;
  const who = (): string => accountText(view.block.spec, validator);
  if (entries.length === 0) return `the commitment of ${who()} is empty`;
  if (entries.length > MAX_COMMITMENT_ENTRIES) return `the commitment of ${who()} has ${entries.length} entries`;
  const seen = new Set<string>();
  const taken: CommitmentEntry[] = [];
  let voteKey: Uint8Array | undefined;
  let reason = "";
  for (const entry of entries) {
    const id = toHex(entry.jobId);
    if (seen.has(id)) return `the commitment of ${who()} names job ${id} twice`;
    seen.add(id);
    const found = checkEntry(view, validator, entry);
    if (typeof found === "string") {
      reason = found;
      continue;
    }
    if (voteKey !== undefined && !equalBytes(voteKey, found)) {
      return `the commitment of ${who()} mixes jobs of two vote keys`;
    }
    voteKey = found;
    taken.push(entry);
  }
  if (voteKey === undefined) return `the commitment of ${who()}: ${reason}`;
  const { signature } = commitment;
  const publicKey = voteKey;
  let message: Uint8Array | undefined;
  return {
    commitment,
    entries: taken,
    get signatureSet() {
      message ??= commitmentRoot(commitment.data, view.block.spec.genesisRoot);
      return { publicKey, message, signature };
    },
  };
}
