import type { Type } from "@chainsafe/ssz";
import { AttestationEvidence } from "../chain/types/attestation.ts";
import { AggregateVote, AmnesiaChallenge, LightClientAttackEvidence } from "../chain/types/evidence.ts";
import { DuplicateVoteEvidence } from "../chain/types/vote.ts";
import { decodeWire } from "./wire.ts";

/** Evidence against votes: what of a block's BlockEvidence one message adds to. */
export type VoteEvidence =
  | { readonly kind: "duplicateVote"; readonly evidence: DuplicateVoteEvidence }
  | { readonly kind: "lightClientAttack"; readonly evidence: LightClientAttackEvidence }
  | { readonly kind: "amnesiaChallenge"; readonly evidence: AmnesiaChallenge }
  /** What excuses from challenges. */
  | { readonly kind: "polka"; readonly evidence: AggregateVote };

/** What travels on the evidence topic. */
export type EvidenceMessage = VoteEvidence | { readonly kind: "attestation"; readonly evidence: AttestationEvidence };

/** The first byte of a message; the rest is SSZ. */
const KINDS = ["attestation", "duplicateVote", "lightClientAttack", "amnesiaChallenge", "polka"] as const;

function tagged<T>(kind: EvidenceMessage["kind"], type: Type<T>, value: T): Uint8Array {
  const bytes = type.serialize(value);
  const message = new Uint8Array(1 + bytes.length);
  message[0] = KINDS.indexOf(kind);
  message.set(bytes, 1);
  return message;
}

export function encodeEvidence(message: EvidenceMessage): Uint8Array {
  switch (message.kind) {
    case "attestation":
      return tagged(message.kind, AttestationEvidence, message.evidence);
    case "duplicateVote":
      return tagged(message.kind, DuplicateVoteEvidence, message.evidence);
    case "lightClientAttack":
      return tagged(message.kind, LightClientAttackEvidence, message.evidence);
    case "amnesiaChallenge":
      return tagged(message.kind, AmnesiaChallenge, message.evidence);
    case "polka":
      return tagged(message.kind, AggregateVote, message.evidence);
  }
}

/** @returns undefined for bytes that are no evidence. */
export function decodeEvidence(bytes: Uint8Array): EvidenceMessage | undefined {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  const rest = bytes.subarray(1);
  if (kind === "attestation") {
    const evidence = decodeWire(AttestationEvidence, rest);
    return evidence === undefined ? undefined : { kind, evidence };
  }
  if (kind === "duplicateVote") {
    const evidence = decodeWire(DuplicateVoteEvidence, rest);
    return evidence === undefined ? undefined : { kind, evidence };
  }
  if (kind === "lightClientAttack") {
    const evidence = decodeWire(LightClientAttackEvidence, rest);
    return evidence === undefined ? undefined : { kind, evidence };
  }
  if (kind === "amnesiaChallenge") {
    const evidence = decodeWire(AmnesiaChallenge, rest);
    return evidence === undefined ? undefined : { kind, evidence };
  }
  if (kind === "polka") {
    const evidence = decodeWire(AggregateVote, rest);
    return evidence === undefined ? undefined : { kind, evidence };
  }
  return undefined;
}
