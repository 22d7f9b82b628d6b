import { toHex } from "./bytes.ts";
import { DOMAIN, signingRoot } from "./domain.ts";
import { PRECOMMIT, PREVOTE, ProposalData, VoteData } from "./types/vote.ts";

/** Kept by all that goes into it, so that none can be another's. */
const voteRoots = new Map<string, Uint8Array>();
const MAX_VOTE_ROOTS = 256;

/**
 * The 32 bytes that a vote signs. Throws for a type that is no vote's, which callers have checked.
 * PERF: all votes of a round for one block sign the same, so that the last ones are kept.
 */
export function voteRoot(type: number, data: VoteData, genesisRoot: Uint8Array): Uint8Array {
  if (type !== PREVOTE && type !== PRECOMMIT) throw new Error(`vote type ${type}`);
  const key = `${type}/${data.height}/${data.round}/${toHex(data.blockId)}/${toHex(genesisRoot)}`;
  const known = voteRoots.get(key);
  if (known !== undefined) return known.slice();
  const domain = type === PREVOTE ? DOMAIN.PREVOTE : DOMAIN.PRECOMMIT;
  const root = signingRoot(VoteData.hashTreeRoot(data), domain, genesisRoot);
  if (voteRoots.size >= MAX_VOTE_ROOTS) voteRoots.clear();
  voteRoots.set(key, root);
  return root.slice();
}

/** The 32 bytes that a proposal signs. */
export function proposalRoot(data: ProposalData, genesisRoot: Uint8Array): Uint8Array {
  return signingRoot(ProposalData.hashTreeRoot(data), DOMAIN.PROPOSAL, genesisRoot);
}

/** The part of a vote that is signed; a certificate has the same. */
export function voteData({ height, round, blockId }: VoteData): VoteData {
  return { height, round, blockId };
}
