import { equalBytes, toHex } from "../chain/bytes.ts";
import type { BlockAttestations } from "../chain/executor/block-run.ts";
import type { RecordingContext } from "../chain/executor/context.ts";
import { AttestationEvidence, Commitment, Reveal } from "../chain/types/attestation.ts";
import type { Clock } from "../consensus/driver/ports.ts";
import { examineCommitment } from "../modules/inference/commitments.ts";
import { createCommitteeCache } from "../modules/inference/committee.ts";
import { examineEvidence } from "../modules/inference/equivocation.ts";
import { outputProblem } from "../modules/inference/output-check.ts";
import { examineReveal } from "../modules/inference/reveals.ts";
import { type AttestationPool, selectForBlock } from "../modules/inference/selection.ts";
import { badSignatures } from "../modules/inference/signatures.ts";
import type { CheckView, InferenceView } from "../modules/inference/view.ts";
import type { Verdict } from "../p2p/topics.ts";
import { createAttestationWitness } from "./attestation-witness.ts";
import type { Logger } from "./log.ts";
import { createOutputCache } from "./output-cache.ts";
import { createPending, type Judgement, type Pending } from "./pending.ts";
import { signatureBatches } from "./signature-batches.ts";
import type { RevealMessage } from "./wire.ts";

/** What waits for a block besides transactions: commitments, reveals with their outputs, evidence. */
export interface NodeAttestationPool {
  /**
   * Verifies the signature of what a peer has sent together with others', as far as it can be judged now: adding it then costs little.
   * Never rejects.
   */
  prepareCommitment(commitment: Commitment): Promise<void>;
  prepareReveals(messages: readonly RevealMessage[]): Promise<void>;
  /** @param from the peer that sent it; this node itself where it is left out. */
  addCommitment(commitment: Commitment, from?: string): Verdict;
  addReveal(message: RevealMessage, from?: string): Verdict;
  addEvidence(evidence: AttestationEvidence): Verdict;
  readonly hasWork: boolean;
  select(context: RecordingContext): BlockAttestations;
  /** After a commit: looks at everything again, and forgets what can't be used any more. Never throws. */
  committed(): void;
}

export interface AttestationPoolOptions {
  /** The state at the tip, as the next block will find it. */
  readonly view: () => InferenceView;
  /** What came too early and has become good: those who sent it have not passed it on further. */
  readonly onLateCommitment?: (commitment: Commitment) => void;
  readonly onLateReveal?: (message: RevealMessage) => void;
  /** A member of a committee has contradicted itself, and this node is the first to know: the evidence is in the pool. */
  readonly onEvidence?: (evidence: AttestationEvidence) => void;
  readonly clock: Pick<Clock, "after">;
  readonly log: Pick<Logger, "error">;
}

/** Bytes of outputs that wait for their block; at 16 KiB each, a thousand of them. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024;
const MAX_EVIDENCE = 64;
/** A later commitment lists what the earlier ones did, and more; building a block verifies each. */
const MAX_COMMITMENTS = 4;
/** Wrong signatures that are looked for among those that waited together; the rest is verified one by one. */
const MAX_SEARCHED = 4;
const MAX_REVEALS = 1024;
/** Members reveal at about the same time, and what they sign about a job is one message: together that costs half. */
const REVEALS_GATHER_MS = 12;
const SELF = "";
const NO_OUTPUT = new Uint8Array(0);

const isJudged = (found: unknown): boolean => typeof found !== "string";

export function createAttestationPool(options: AttestationPoolOptions): NodeAttestationPool {
  const { log } = options;
  const outputs = createOutputCache(MAX_OUTPUT_BYTES);
  const committees = createCommitteeCache();
  const evidence = new Map<string, AttestationEvidence>();

  const view = (): CheckView => ({ ...options.view(), committees });
  const onFault = (error: unknown): void => log.error({ err: error }, "judging a waiting attestation failed");

  /** Everything about evidence but its signatures: cheap, and what has to hold before those can be held against anyone. */
  function fits(found: AttestationEvidence): boolean {
    const current = view();
    return isJudged(examineEvidence({ ...current, bls: { ...current.bls, verifyBatch: () => true } }, found));
  }

  function take(found: AttestationEvidence): Verdict {
    const id = toHex(AttestationEvidence.hashTreeRoot(found));
    if (evidence.has(id) || evidence.size >= MAX_EVIDENCE) return "ignore";
    if (!fits(found)) return "ignore";
    if (!isJudged(examineEvidence(view(), found))) return "reject";
    evidence.set(id, found);
    return "accept";
  }

  const witness = createAttestationWitness({
    view,
    onContradiction(found) {
      if (take(found) === "accept") options.onEvidence?.(found);
    },
  });

  function judged(found: ReturnType<typeof examineCommitment> | ReturnType<typeof examineReveal>): Judgement {
    if (typeof found === "string") return "early";
    return options.view().bls.verify(found.signatureSet) ? "good" : "wrong";
  }

  const batches = signatureBatches(() => options.view().bls, options.clock);

  function settled(
    found: ReturnType<typeof examineCommitment> | ReturnType<typeof examineReveal>,
    gatherMs?: number,
  ): Promise<void> {
    return typeof found === "string" ? Promise.resolve() : batches.settle(found.signatureSet, gatherMs);
  }

  /** PERF: what came before its block is looked at after it, all at once: one by one each would be a pairing of its own. */
  function verifyWaiting(): void {
    const current = view();
    const found = [
      ...commitments.waiting().map((commitment) => examineCommitment(current, commitment)),
      ...reveals.waiting().map(({ reveal }) => examineReveal(current, reveal)),
    ];
    const sets = found.flatMap((one) => (typeof one === "string" ? [] : [one.signatureSet]));
    if (sets.length > 1) badSignatures(current.bls, sets, MAX_SEARCHED);
  }

  const commitments: Pending<Commitment> = createPending({
    judge: (commitment) => judged(examineCommitment(view(), commitment)),
    isUsable: (commitment) => isJudged(examineCommitment(view(), commitment)),
    sizeOf: (commitment) => Commitment.value_serializedSize(commitment),
    onLate: (commitment) => options.onLateCommitment?.(commitment),
    onFault,
    maxGood: MAX_COMMITMENTS,
  });

  const reveals: Pending<RevealMessage> = createPending({
    judge({ reveal }) {
      const judgement = judged(examineReveal(view(), reveal));
      return judgement === "early" ? witness.judge(reveal) : judgement;
    },
    isUsable: ({ reveal }) => isJudged(examineReveal(view(), reveal)),
    sizeOf: ({ output }) => 256 + output.length,
    // An output is kept only for a reveal that has been verified, so that no stranger can push others out.
    onGood({ reveal, output }) {
      witness.note(reveal);
      outputs.add(reveal.outputRoot, output);
      return { reveal, output: NO_OUTPUT };
    },
    onLate: (message) => options.onLateReveal?.(message),
    onFault,
    maxGood: MAX_REVEALS,
  });

  /** PERF: every member sends the same output, and hashing it costs more than all else about its reveal. */
  function isOutput(output: Uint8Array, root: Uint8Array): boolean {
    const known = outputs.get(root);
    return known === undefined ? outputProblem(output, root) === undefined : equalBytes(known, output);
  }

  const pool: AttestationPool = {
    get duplicateAttestations() {
      return evidence.values();
    },
    get commitments() {
      return commitments.good();
    },
    get reveals() {
      return reveals.good().map(({ reveal }) => reveal);
    },
    output: (root) => outputs.get(root),
  };

  return {
    prepareCommitment: (commitment) => settled(examineCommitment(view(), commitment)),
    async prepareReveals(messages) {
      const current = view();
      await Promise.all(messages.map(({ reveal }) => settled(examineReveal(current, reveal), REVEALS_GATHER_MS)));
    },
    addCommitment(commitment, from = SELF) {
      const id = toHex(Commitment.hashTreeRoot(commitment));
      return commitments.add(id, toHex(commitment.data.validator), from, commitment);
    },
    addReveal(message, from = SELF) {
      const { reveal, output } = message;
      if (output.length > 0 && !isOutput(output, reveal.outputRoot)) return "reject";
      // With its output it is another message than without: whoever has the one may still need the other.
      const id = toHex(Reveal.hashTreeRoot(reveal)) + (output.length > 0 ? "+" : "");
      return reveals.add(id, toHex(reveal.validator), from, message);
    },
    addEvidence: take,
    get hasWork() {
      return commitments.count > 0 || reveals.count > 0 || evidence.size > 0;
    },
    select: (context) => selectForBlock(context, pool, committees),
    committed() {
      try {
        verifyWaiting();
        commitments.review();
        reveals.review();
        for (const [id, found] of evidence) if (!fits(found)) evidence.delete(id);
      } catch (error) {
        evidence.clear();
        onFault(error);
      }
    },
  };
}
