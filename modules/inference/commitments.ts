import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { SignatureSet } from "../../chain/crypto/bls.ts";
import type { Commitment, CommitmentEntry } from "../../chain/types/attestation.ts";
import { MAX_COMMITMENT_ENTRIES } from "../../chain/types/limits.ts";
import { accountText } from "../addresses.ts";
import { commitmentRoot } from "./signatures.ts";
import { commitments, JOB_STATUS, jobs } from "./store.ts";
import type { CheckView } from "./view.ts";

/** A commitment whose every entry could be taken now; its signature has still to be verified. */
export interface CheckedCommitment {
  readonly commitment: Commitment;
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
  const seat = view.committees.get(view.store, job.committeeRoot)?.seat(operator);
  if (seat === undefined) return `it is not in the committee of job ${toHex(jobId)}`;
  if (commitments.has(view.store, [jobId, operator])) return `it has already committed to job ${toHex(jobId)}`;
  return seat.member.voteKey;
}

/** Everything but the signature. Returns a reason when the commitment can't be in the next block. */
export function examineCommitment(view: CheckView, commitment: Commitment): string | CheckedCommitment {
  const { validator, entries } = commitment.data;
  const who = accountText(view.block.spec, validator);
  if (entries.length === 0) return `the commitment of ${who} is empty`;
  if (entries.length > MAX_COMMITMENT_ENTRIES) return `the commitment of ${who} has ${entries.length} entries`;
  const seen = new Set<string>();
  let voteKey: Uint8Array | undefined;
  for (const entry of entries) {
    const id = toHex(entry.jobId);
    if (seen.has(id)) return `the commitment of ${who} names job ${id} twice`;
    seen.add(id);
    const found = checkEntry(view, validator, entry);
    if (typeof found === "string") return `the commitment of ${who}: ${found}`;
    if (voteKey !== undefined && !equalBytes(voteKey, found)) {
      return `the commitment of ${who} mixes jobs of two vote keys`;
    }
    voteKey = found;
  }
  const message = commitmentRoot(commitment.data, view.block.spec.genesisRoot);
  const publicKey = voteKey ?? new Uint8Array(0);
  return { commitment, signatureSet: { publicKey, message, signature: commitment.signature } };
}
