import type { Bls, SignatureSet } from "../../chain/crypto/bls.ts";
import { DOMAIN, signingRoot } from "../../chain/domain.ts";
import { AttestationData, CommitmentData } from "../../chain/types/attestation.ts";
import type { JobRecord } from "./store.ts";

/** What a member signs about a job: its output, among whom, and what that claims. */
export function attestationOf(
  jobId: Uint8Array,
  { committeeRoot, direct, class: modelClass }: Pick<JobRecord, "committeeRoot" | "direct" | "class">,
  outputRoot: Uint8Array,
): AttestationData {
  return { jobId, committeeRoot, outputRoot, direct, class: modelClass };
}

/** The 32 bytes a member signs about a job. */
export function attestationRoot(data: AttestationData, genesisRoot: Uint8Array): Uint8Array {
  return signingRoot(AttestationData.hashTreeRoot(data), DOMAIN.ATTESTATION, genesisRoot);
}

/** The 32 bytes a validator signs around its commitments of a block. */
export function commitmentRoot(data: CommitmentData, genesisRoot: Uint8Array): Uint8Array {
  return signingRoot(CommitmentData.hashTreeRoot(data), DOMAIN.COMMITMENT, genesisRoot);
}

/**
 * Indexes of the signatures that do not verify, in order. Each signature is checked as its signer's own: an unweighted
 * sum would let two members swap a difference between theirs, and neither could be held to it later.
 * PERF: one batch when all are good; a bad one costs about two more, as the batch is halved until it is found.
 * @param limit how many bad ones to look for; a hostile list can't cost more than that many searches.
 */
export function badSignatures(
  bls: Pick<Bls, "verifyBatch">,
  sets: readonly SignatureSet[],
  limit = Number.MAX_SAFE_INTEGER,
): number[] {
  const bad: number[] = [];
  const search = (start: number, end: number): void => {
    if (start === end || bad.length >= limit || bls.verifyBatch(sets.slice(start, end))) return;
    if (end - start === 1) {
      bad.push(start);
      return;
    }
    const middle = (start + end) >> 1;
    search(start, middle);
    search(middle, end);
  };
  search(0, sets.length);
  return bad;
}
