import { DOMAIN, signingRoot } from "./domain.ts";
import { PRECOMMIT, PREVOTE, ProposalData, VoteData } from "./types/vote.ts";

/** The 32 bytes that a vote signs. Throws for a type that is no vote's, which callers have checked. */
export function voteRoot(type: number, data: VoteData, genesisRoot: Uint8Array): Uint8Array {
  if (type !== PREVOTE && type !== PRECOMMIT) throw new Error(`vote type ${type}`);
  const domain = type === PREVOTE ? DOMAIN.PREVOTE : DOMAIN.PRECOMMIT;
  return signingRoot(VoteData.hashTreeRoot(data), domain, genesisRoot);
}

/** The 32 bytes that a proposal signs. */
export function proposalRoot(data: ProposalData, genesisRoot: Uint8Array): Uint8Array {
  return signingRoot(ProposalData.hashTreeRoot(data), DOMAIN.PROPOSAL, genesisRoot);
}

/** The part of a vote that is signed; a certificate has the same. */
export function voteData({ height, round, blockId }: VoteData): VoteData {
  return { height, round, blockId };
}
