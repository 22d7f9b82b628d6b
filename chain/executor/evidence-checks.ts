import type { StateReader } from "../../state/store.ts";
import { verifyPolka } from "../aggregate-vote.ts";
import { checkAmnesiaChallenge } from "../amnesia.ts";
import { checkDuplicateVote } from "../duplicate-vote.ts";
import { InvalidBlockError } from "../errors.ts";
import { expiry } from "../evidence-age.ts";
import { checkLightClientAttack } from "../light-client-attack.ts";
import type { BlockInput, PolkaDemand, VerifiedAttack, VerifiedFault, VerifiedPolka } from "../module.ts";
import type { AggregateVote, AmnesiaChallenge, BlockEvidence, LightClientAttackEvidence } from "../types/evidence.ts";
import {
  MAX_ATTACKS_PER_BLOCK,
  MAX_CHALLENGES_PER_BLOCK,
  MAX_EVIDENCE_PER_BLOCK,
  MAX_POLKAS_PER_BLOCK,
} from "../types/limits.ts";
import { ZERO_32 } from "../types/primitives.ts";
import type { ValidatorSet } from "../types/validator.ts";
import type { DuplicateVoteEvidence } from "../types/vote.ts";
import { type HeightRecord, readDecision, readHeight, readParams, readTip, readValidators } from "./chain-state.ts";
import type { Runtime } from "./runtime.ts";

/** Evidence as modules are handed it. */
export type VerifiedEvidence = Pick<BlockInput, "duplicateVotes" | "lightClientAttacks" | "demands" | "polkas">;

/** What evidence is judged by: the state of the tip, and the time of the block that is to carry it. */
export interface EvidenceView {
  readonly runtime: Pick<Runtime, "spec" | "bls">;
  readonly base: StateReader;
  readonly time: number;
}

interface KnownHeight extends HeightRecord {
  readonly validators: ValidatorSet;
}

/** The set and time of a height that evidence may be of. */
function knownHeight({ base, time }: EvidenceView, height: number, canExpire = true): KnownHeight | string {
  const tip = readTip(base);
  if (height > tip.height) return "that height has no block yet";
  const validators = readValidators(base, height);
  const record = readHeight(base, height);
  if (validators === undefined || record === undefined) return "that height is not retained";
  const expired = expiry(readParams(base), { height, time: record.time }, { height: tip.height + 1, time });
  return canExpire && expired !== undefined ? expired : { ...record, validators };
}

function faultsOf(known: KnownHeight, height: number, indices: readonly number[]): VerifiedFault[] {
  return indices.map((index) => {
    const validator = known.validators[index];
    if (validator === undefined) throw new Error("evidence was verified for a validator that is not in the set");
    const { operator, identityKey, power } = validator;
    return { operator, identityKey, power, height, time: known.time };
  });
}

/**
 * Whether the next block may carry this evidence. Costs two signature checks.
 * @returns what is proven, or why it may not.
 */
export function examineDuplicateVote(view: EvidenceView, evidence: DuplicateVoteEvidence): VerifiedFault | string {
  const { height } = evidence.voteA;
  const of = `evidence of height ${height}`;
  const known = knownHeight(view, height);
  if (typeof known === "string") return `${of}: ${known}`;
  const { spec, bls } = view.runtime;
  const found = checkDuplicateVote(evidence, known.validators, spec, bls);
  if (typeof found === "string") return `${of}: ${found}`;
  const [fault] = faultsOf(known, height, [found.validatorIndex]);
  return fault ?? `${of}: nobody is guilty`;
}

/** The chain's own block of a height is known once the next one holds the precommits for it. */
export function examineLightClientAttack(
  view: EvidenceView,
  evidence: LightClientAttackEvidence,
): VerifiedAttack | string {
  const { height } = evidence.header;
  const of = `light-client attack at height ${height}`;
  const known = knownHeight(view, height);
  if (typeof known === "string") return `${of}: ${known}`;
  const decision = readDecision(view.base, height);
  if (decision === undefined) return `${of}: the precommits of that height are not in a block yet`;
  const parentId = height === 1 ? ZERO_32 : readDecision(view.base, height - 1)?.blockId;
  const parentTime = height === 1 ? 0 : readHeight(view.base, height - 1)?.time;
  if (parentId === undefined || parentTime === undefined) return `${of}: the parent of that height is not retained`;
  const signers = known.validators.flatMap((_, index) => (decision.signers.get(index) ? [index] : []));
  const chain = { ...known, ...decision, signers, parentId, parentTime };
  const found = checkLightClientAttack(evidence, chain, view.runtime.spec, view.runtime.bls);
  if (typeof found === "string") return `${of}: ${found}`;
  return { kind: found.kind, faults: faultsOf(known, height, found.guilty), demands: found.demands };
}

export function examineAmnesiaChallenge(view: EvidenceView, challenge: AmnesiaChallenge): PolkaDemand | string {
  const { height } = challenge.later;
  const of = `amnesia challenge of height ${height}`;
  const known = knownHeight(view, height);
  if (typeof known === "string") return `${of}: ${known}`;
  const found = checkAmnesiaChallenge(challenge, known.validators, view.runtime.spec, view.runtime.bls);
  return typeof found === "string" ? `${of}: ${found}` : found;
}

/** A polka never expires: who was challenged in time may answer as long as the challenge is open. */
export function examinePolka(view: EvidenceView, polka: AggregateVote): VerifiedPolka | string {
  const { height, round, blockId } = polka;
  const of = `polka of height ${height}`;
  const known = knownHeight(view, height, false);
  if (typeof known === "string") return `${of}: ${known}`;
  const signers = verifyPolka(polka, known.validators, view.runtime.spec, view.runtime.bls);
  return typeof signers === "string" ? `${of}: ${signers}` : { height, round, blockId, signers: signers.indices };
}

/** One fault is one validator at one height: a second pair of it says nothing more. */
export function faultOf({ voteA }: DuplicateVoteEvidence): string {
  return `${voteA.height}/${voteA.validatorIndex}`;
}

function valid<T>(found: T | string): T {
  if (typeof found === "string") throw new InvalidBlockError(found);
  return found;
}

/** @throws InvalidBlockError for evidence that does not hold, is too old, or stands twice. */
export function checkEvidence(view: EvidenceView, evidence: BlockEvidence): VerifiedEvidence {
  const seen = new Set<string>();
  return {
    duplicateVotes: evidence.duplicateVotes.map((pair) => {
      const fault = faultOf(pair);
      if (seen.has(fault)) throw new InvalidBlockError(`evidence against validator ${fault} stands twice`);
      seen.add(fault);
      return valid(examineDuplicateVote(view, pair));
    }),
    lightClientAttacks: evidence.lightClientAttacks.map((attack) => valid(examineLightClientAttack(view, attack))),
    demands: evidence.amnesiaChallenges.map((challenge) => valid(examineAmnesiaChallenge(view, challenge))),
    polkas: evidence.polkas.map((polka) => valid(examinePolka(view, polka))),
  };
}

function firstOf<T>(waiting: readonly T[], most: number, isUsable: (one: T) => boolean): T[] {
  const usable: T[] = [];
  for (const one of waiting) {
    if (usable.length >= most) break;
    if (isUsable(one)) usable.push(one);
  }
  return usable;
}

/** Judged by the rules that every validator will judge it by, so that a stale or early piece can't spoil the block. */
export function usableEvidence(view: EvidenceView, waiting: BlockEvidence): BlockEvidence {
  const faults = new Set<string>();
  const holds = (found: object | string): boolean => typeof found !== "string";
  return {
    duplicateVotes: firstOf(waiting.duplicateVotes, MAX_EVIDENCE_PER_BLOCK, (pair) => {
      if (faults.has(faultOf(pair)) || !holds(examineDuplicateVote(view, pair))) return false;
      faults.add(faultOf(pair));
      return true;
    }),
    lightClientAttacks: firstOf(waiting.lightClientAttacks, MAX_ATTACKS_PER_BLOCK, (attack) =>
      holds(examineLightClientAttack(view, attack)),
    ),
    amnesiaChallenges: firstOf(waiting.amnesiaChallenges, MAX_CHALLENGES_PER_BLOCK, (challenge) =>
      holds(examineAmnesiaChallenge(view, challenge)),
    ),
    polkas: firstOf(waiting.polkas, MAX_POLKAS_PER_BLOCK, (polka) => holds(examinePolka(view, polka))),
  };
}
