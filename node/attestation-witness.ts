import { compareBytes, equalBytes, toHex } from "../chain/bytes.ts";
import type { AttestationEvidence, Reveal } from "../chain/types/attestation.ts";
import { examineAttestation } from "../modules/inference/equivocation.ts";
import { commitments, equivocations, reveals } from "../modules/inference/store.ts";
import type { CheckView } from "../modules/inference/view.ts";
import type { Judgement } from "./pending.ts";

/** Remembers what each member attested about a job, so that whoever attests two things is found out by everyone it told. */
export interface AttestationWitness {
  /** An attestation whose signature has been verified. */
  note(reveal: Reveal): void;
  /**
   * One that no block can take now, if it contradicts what its author has committed to or attested: only then is its signature worth
   * a verification. `wrong` when that signature is forged, `early` otherwise.
   */
  judge(reveal: Reveal): Judgement;
}

export interface WitnessOptions {
  readonly view: () => CheckView;
  /** Both signatures have been verified. Called with every contradiction that is seen. */
  readonly onContradiction: (evidence: AttestationEvidence) => void;
}

/** Attestations remembered, at about half a KiB each: those of 16 jobs with a committee of 256. */
const MAX_SEEN = 4096;

export function createAttestationWitness({ view, onContradiction }: WitnessOptions): AttestationWitness {
  const seen = new Map<string, Reveal>();
  const keyOf = ({ jobId, validator }: Reveal): string => toHex(jobId) + toHex(validator);

  function known(reveal: Reveal, { store }: CheckView): Reveal | undefined {
    const { jobId, validator } = reveal;
    const recorded = reveals.get(store, [jobId, validator]);
    if (recorded === undefined) return seen.get(keyOf(reveal));
    return { jobId, validator, outputRoot: recorded.outputRoot, signature: recorded.signature };
  }

  function note(reveal: Reveal): void {
    const first = known(reveal, view());
    if (first === undefined) {
      seen.set(keyOf(reveal), reveal);
      if (seen.size > MAX_SEEN) for (const oldest of seen.keys()) if (seen.delete(oldest)) break;
      return;
    }
    const order = compareBytes(first.outputRoot, reveal.outputRoot);
    if (order === 0) return;
    const [a, b] = order < 0 ? [first, reveal] : [reveal, first];
    onContradiction({ validator: reveal.validator, a, b });
  }

  function isSuspect(reveal: Reveal, current: CheckView): boolean {
    const key = [reveal.jobId, reveal.validator] as const;
    if (equivocations.has(current.store, key)) return false;
    const first = known(reveal, current);
    // Of two that differ in the signature alone one is forged, but a message that is a block late is no reason to look.
    if (first !== undefined) return !equalBytes(first.outputRoot, reveal.outputRoot);
    return commitments.has(current.store, key);
  }

  return {
    note,
    judge(reveal) {
      const current = view();
      if (!isSuspect(reveal, current)) return "early";
      const attestation = examineAttestation(current, reveal);
      if (typeof attestation === "string") return "early";
      if (!current.bls.verify(attestation.signatureSet)) return "wrong";
      note(reveal);
      return "early";
    },
  };
}
