import { verifyAggregateVote } from "./aggregate-vote.ts";
import { excusingRounds, inBoth } from "./amnesia.ts";
import { equalBytes } from "./bytes.ts";
import type { Bls } from "./crypto/bls.ts";
import type { ChainSpec, PolkaDemand, VerifiedAttack } from "./module.ts";
import type { LightClientAttackEvidence } from "./types/evidence.ts";
import { Header } from "./types/header.ts";
import type { ValidatorSet } from "./types/validator.ts";
import { PRECOMMIT } from "./types/vote.ts";

/** What the chain knows of the height that is attacked. */
export interface AttackedHeight {
  readonly validators: ValidatorSet;
  readonly validatorsRoot: Uint8Array;
  readonly paramsRoot: Uint8Array;
  readonly parentId: Uint8Array;
  readonly parentTime: number;
  /** The chain's own block: its id, and the precommits that the next block holds of it. */
  readonly blockId: Uint8Array;
  readonly round: number;
  /** Indices, ascending. */
  readonly signers: readonly number[];
}

/**
 * What no correct validator signs, because it follows from the parent: such a header claims the chain's own parent and
 * denies what comes of it. Nothing can be said of a header with another parent: where the chain has forked before, the
 * correct validators of the other branch sign such ones.
 */
function isLunatic(header: Header, chain: AttackedHeight): boolean {
  if (!equalBytes(header.parentId, chain.parentId)) return false;
  return (
    !equalBytes(header.validatorsRoot, chain.validatorsRoot) ||
    !equalBytes(header.paramsRoot, chain.paramsRoot) ||
    header.time <= chain.parentTime ||
    header.proposerIndex >= chain.validators.length
  );
}

/** What the signers of a conflicting header have to show when theirs is another round than the chain's. */
function demands(
  evidence: LightClientAttackEvidence,
  signers: readonly number[],
  chain: AttackedHeight,
): PolkaDemand[] {
  const { height, round, blockId } = evidence.commit;
  const own = { ...excusingRounds(PRECOMMIT, round, 0), height, blockId, accused: signers };
  const chains = { round: chain.round, blockId: chain.blockId, signers: chain.signers };
  if (round > chain.round) return [{ ...own, lock: chains }];
  const both = inBoth(signers, chain.signers);
  const theirs = { round, blockId, signers };
  const moved = { ...excusingRounds(PRECOMMIT, chain.round, round), height, blockId: chain.blockId, accused: both };
  return both.length === 0
    ? [{ ...own, lock: undefined }]
    : [
        { ...own, lock: undefined },
        { ...moved, lock: theirs },
      ];
}

/**
 * Whether this is an attack on light clients: a header other than the chain's, precommitted by more than a third of the
 * power. Costs one pairing and an addition for each signer.
 * @returns who is guilty and who has to explain himself, or why this is none.
 */
export function checkLightClientAttack(
  evidence: LightClientAttackEvidence,
  chain: AttackedHeight,
  spec: Pick<ChainSpec, "genesisRoot">,
  bls: Pick<Bls, "verifyAggregate">,
): (Omit<VerifiedAttack, "faults"> & { readonly guilty: readonly number[] }) | string {
  const { header, commit } = evidence;
  if (commit.height !== header.height) return `a header of height ${header.height}, a commit of ${commit.height}`;
  if (!equalBytes(Header.hashTreeRoot(header), commit.blockId)) return "the commit is of another header";
  if (equalBytes(commit.blockId, chain.blockId)) return "it is the chain's own block";
  const signed = verifyAggregateVote({ type: PRECOMMIT, ...commit }, chain.validators, spec, bls);
  if (typeof signed === "string") return signed;
  const { power, total, indices } = signed;
  if (power * 3n <= total) return `power ${power} signed, more than a third of ${total} is an attack`;
  if (isLunatic(header, chain)) return { kind: "lunatic", guilty: indices, demands: [] };
  if (commit.round === chain.round) {
    return { kind: "equivocation", guilty: inBoth(indices, chain.signers), demands: [] };
  }
  return { kind: "amnesia", guilty: [], demands: demands(evidence, indices, chain) };
}
