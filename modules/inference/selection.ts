import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { AttestationEvidence, Commitment, JobOutput, Reveal } from "../../chain/types/attestation.ts";
import { MAX_ADMISSION_NOTES, MAX_EVIDENCE_PER_BLOCK, MAX_OUTPUTS_PER_BLOCK } from "../../chain/types/limits.ts";
import { type CheckedCommitment, examineCommitment } from "./commitments.ts";
import { type CommitteeCache, createCommitteeCache } from "./committee.ts";
import { examineEvidence } from "./equivocation.ts";
import { type Finality, newlyFinal } from "./finality.ts";
import { EXEC_ERROR_OUTPUT, EXEC_ERROR_ROOT, outputProblem } from "./output-check.ts";
import { inferenceParams } from "./params.ts";
import { isQuorum } from "./quorum.ts";
import { type CheckedReveal, examineReveal } from "./reveals.ts";
import { badSignatures } from "./signatures.ts";
import { JOB_STATUS, tallies } from "./store.ts";
import type { CheckView, InferenceView } from "./view.ts";

/** What waits for a block. Nothing in it needs to be valid, in order or free of repetition. */
export interface AttestationPool {
  readonly duplicateAttestations: Iterable<AttestationEvidence>;
  readonly commitments: Iterable<Commitment>;
  readonly reveals: Iterable<Reveal>;
  /** Serialised tensors with this root. That of EXEC_ERROR, which has none, is not asked for. */
  output(outputRoot: Uint8Array): Uint8Array | undefined;
}

/** What a block may carry, as far as this module is concerned. */
export interface SelectedAttestations {
  readonly duplicateAttestations: AttestationEvidence[];
  readonly commitments: Commitment[];
  readonly reveals: Reveal[];
  readonly outputs: JobOutput[];
}

function checkView(view: InferenceView, committees: CommitteeCache = createCommitteeCache()): CheckView {
  return { block: view.block, store: view.store, bls: view.bls, committees };
}

/** Why the next block can't carry a commitment, its signature included; undefined when it can. */
export function checkCommitment(
  view: InferenceView,
  commitment: Commitment,
  committees?: CommitteeCache,
): string | undefined {
  const checked = examineCommitment(checkView(view, committees), commitment);
  if (typeof checked === "string") return checked;
  return view.bls.verify(checked.signatureSet) ? undefined : "the signature of the commitment does not verify";
}

/** Why the next block can't carry a reveal, its signature included; undefined when it can. */
export function checkReveal(view: InferenceView, reveal: Reveal, committees?: CommitteeCache): string | undefined {
  const checked = examineReveal(checkView(view, committees), reveal);
  if (typeof checked === "string") return checked;
  return view.bls.verify(checked.signatureSet) ? undefined : "the signature of the reveal does not verify";
}

/** Why the next block can't carry evidence; undefined when it can. */
export function checkEvidence(
  view: InferenceView,
  evidence: AttestationEvidence,
  committees?: CommitteeCache,
): string | undefined {
  const proven = examineEvidence(checkView(view, committees), evidence);
  return typeof proven === "string" ? proven : undefined;
}

/**
 * The jobs that a block with these reveals makes final, in the order in which it must carry their outputs. Reveals that
 * a block can't carry are passed over; signatures are not looked at.
 */
export function jobsToFinalise(
  view: InferenceView,
  reveals: Iterable<Reveal>,
): readonly { readonly jobId: Uint8Array; readonly outputRoot: Uint8Array }[] {
  const examined = examineReveals(checkView(view), reveals, memberKey, Number.MAX_SAFE_INTEGER);
  return newlyFinal(view.store, examined)
    .filter(({ isCarried }) => isCarried)
    .map(({ jobId, outputRoot }) => ({ jobId, outputRoot }));
}

/** Those that could be taken now, in the order given, each of one key once. */
function examineReveals(
  view: CheckView,
  reveals: Iterable<Reveal>,
  keyOf: (reveal: Reveal) => string,
  limit: number,
): CheckedReveal[] {
  const seen = new Set<string>();
  const found: CheckedReveal[] = [];
  for (const reveal of reveals) {
    if (found.length >= limit) break;
    const key = keyOf(reveal);
    if (seen.has(key)) continue;
    const checked = examineReveal(view, reveal);
    if (typeof checked === "string") continue;
    seen.add(key);
    found.push(checked);
  }
  return found;
}

function memberKey({ jobId, validator }: Reveal): string {
  return toHex(jobId) + toHex(validator);
}

function selectEvidence(view: CheckView, pool: AttestationPool): AttestationEvidence[] {
  const seen = new Set<string>();
  const found: AttestationEvidence[] = [];
  for (const evidence of pool.duplicateAttestations) {
    if (found.length >= MAX_EVIDENCE_PER_BLOCK) break;
    const key = toHex(evidence.a.jobId) + toHex(evidence.validator);
    if (seen.has(key) || typeof examineEvidence(view, evidence) === "string") continue;
    seen.add(key);
    found.push(evidence);
  }
  return found;
}

/** Votes before reasons: a note is worth less than any entry. */
function weight({ entries, notes }: Pick<CheckedCommitment, "entries" | "notes">): number {
  return entries.length * (MAX_ADMISSION_NOTES + 1) + notes.length;
}

/** Of each operator's commitments the one of which most could be taken: a later one lists what an earlier one did, and more. */
function selectCommitments(view: CheckView, pool: AttestationPool): readonly CheckedCommitment[] {
  const { maxCommitmentsPerBlock } = inferenceParams.read(view.block.params);
  const best = new Map<string, CheckedCommitment>();
  for (const commitment of pool.commitments) {
    const operator = toHex(commitment.data.validator);
    const known = best.get(operator);
    if (known !== undefined && weight(known) >= weight(commitment.data)) continue;
    const checked = examineCommitment(view, commitment);
    if (typeof checked === "string" || (known !== undefined && weight(known) >= weight(checked))) continue;
    // Verified one by one here, so that a forged longer one does not push out an honest one.
    if (view.bls.verify(checked.signatureSet)) best.set(operator, checked);
  }
  let entries = 0;
  return [...best.values()].filter(({ commitment }) => {
    const more = commitment.data.entries.length + commitment.data.notes.length;
    if (entries + more > Number(maxCommitmentsPerBlock)) return false;
    entries += more;
    return true;
  });
}

/** Leaves out those with a bad signature. */
function verified(view: CheckView, reveals: readonly CheckedReveal[]): readonly CheckedReveal[] {
  const bad = new Set(
    badSignatures(
      view.bls,
      reveals.map(({ signatureSet }) => signatureSet),
    ),
  );
  return reveals.filter((_, index) => !bad.has(index));
}

/** Of a member that has signed two outputs of a job, which only commitments would have prevented, the first: a block with both is invalid. */
function oneOfEach(reveals: readonly CheckedReveal[]): readonly CheckedReveal[] {
  const first = new Map<string, CheckedReveal>();
  for (const checked of reveals) {
    const key = memberKey(checked.reveal);
    if (!first.has(key)) first.set(key, checked);
  }
  return [...first.values()];
}

/** Leaves out what would give this output of this job its quorum; of the others, all that fit below it. An executor is nothing without its output. */
function belowQuorum(
  view: CheckView,
  reveals: readonly CheckedReveal[],
  { jobId, outputRoot, job }: Finality,
): readonly CheckedReveal[] {
  let sum = tallies.get(view.store, [jobId, outputRoot]) ?? 0n;
  const executing = job.status === JOB_STATUS.executing;
  return reveals.filter(({ reveal, power }) => {
    if (executing) return !equalBytes(reveal.jobId, jobId);
    if (!equalBytes(reveal.jobId, jobId) || !equalBytes(reveal.outputRoot, outputRoot)) return true;
    if (isQuorum(sum + power, job.committeePower)) return false;
    sum += power;
    return true;
  });
}

/**
 * Leaves out reveals of outputs that are not at hand, or no longer fit, so that their jobs do not become final: a block
 * can't carry the quorum without the output.
 */
function withOutputs(
  view: CheckView,
  pool: AttestationPool,
  all: readonly CheckedReveal[],
): { readonly reveals: readonly CheckedReveal[]; readonly outputs: JobOutput[] } {
  const room = Number(inferenceParams.read(view.block.params).maxOutputBytesPerBlock);
  const outputs: JobOutput[] = [];
  let reveals = all;
  let bytes = 0;
  for (const finality of newlyFinal(view.store, all)) {
    const { jobId, outputRoot, isCarried } = finality;
    if (!isCarried) continue;
    const output = equalBytes(outputRoot, EXEC_ERROR_ROOT) ? EXEC_ERROR_OUTPUT : pool.output(outputRoot);
    const usable = output !== undefined && outputProblem(output, outputRoot) === undefined;
    if (usable && outputs.length < MAX_OUTPUTS_PER_BLOCK && bytes + output.length <= room) {
      bytes += output.length;
      outputs.push({ jobId, output });
    } else {
      reveals = belowQuorum(view, reveals, finality);
    }
  }
  return { reveals, outputs };
}

/**
 * A selection that `beginBlock` accepts, whatever is in the pool, as full as the limits allow.
 * PERF: verifies each commitment alone and the reveals in a batch. Where no output is missing that is all.
 */
export function selectForBlock(
  view: InferenceView,
  pool: AttestationPool,
  committees?: CommitteeCache,
): SelectedAttestations {
  const check = checkView(view, committees);
  const { maxRevealsPerBlock } = inferenceParams.read(view.block.params);
  const commitments = selectCommitments(check, pool).map(({ commitment }) => commitment);
  // Of one member there may be several that differ in the output root, of which strangers' don't verify.
  const keyOf = (reveal: Reveal) => memberKey(reveal) + toHex(reveal.outputRoot);
  const examined = examineReveals(check, pool.reveals, keyOf, Number(maxRevealsPerBlock));
  const candidates = oneOfEach(verified(check, examined));
  const { reveals, outputs } = withOutputs(check, pool, candidates);
  return {
    duplicateAttestations: selectEvidence(check, pool),
    commitments,
    reveals: reveals.map(({ reveal }) => reveal),
    outputs,
  };
}
