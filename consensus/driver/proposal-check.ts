import { bodyRootOf, headerRoot } from "../../chain/block-roots.ts";
import { equalBytes } from "../../chain/bytes.ts";
import { verifyCommit } from "../../chain/commit.ts";
import type { Bls, SignatureSet } from "../../chain/crypto/bls.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { Block, CertifiedBlock, SignedProposal } from "../../chain/types/block.ts";
import { PRECOMMIT } from "../../chain/types/vote.ts";
import { proposalRoot, voteData, voteRoot } from "../../chain/vote-signing.ts";
import type { Height } from "./height.ts";

/**
 * Whether the body is the one that the header commits to. Checked before a proposal is believed: a relay could put
 * another body under the proposer's signature, and the block would be judged invalid under its honest id.
 */
function bodyMatches({ header, body }: Block): boolean {
  return equalBytes(bodyRootOf(body), header.bodyRoot);
}

/** What executing the block will verify: its proposer's randao reveal and the last commit, as far as they are well formed. */
function claimsOf({ header, body }: Block, height: Height, spec: ChainSpec, bls: Bls): SignatureSet[] {
  const claims: SignatureSet[] = [];
  const proposer = height.validators[header.proposerIndex];
  if (proposer !== undefined) {
    const message = randaoRoot(header.height, spec.genesisRoot);
    claims.push({ publicKey: proposer.voteKey, message, signature: body.randaoReveal });
  }
  const { lastCommit } = body;
  const signers = height.parentValidators.filter(
    (_, index) => index < lastCommit.signers.bitLen && lastCommit.signers.get(index),
  );
  const publicKey = bls.aggregateKeys(signers.map(({ voteKey }) => voteKey));
  if (publicKey !== undefined) {
    const message = voteRoot(PRECOMMIT, voteData(lastCommit), spec.genesisRoot);
    claims.push({ publicKey, message, signature: lastCommit.signature });
  }
  return claims;
}

/**
 * PERF: what execution verifies soon is verified here in one batch with the proposal's signature, for less than half the
 * price; a `bls` that remembers then knows it. A wrong claim is execution's to judge, so the proposal is then verified alone.
 * @returns why no correct node would send this proposal, or undefined when its proposer did sign it.
 */
export function proposalFault(signed: SignedProposal, height: Height, spec: ChainSpec, bls: Bls): string | undefined {
  const { proposal, signature, block } = signed;
  const { header } = block;
  const index = height.config.proposer(proposal.round);
  const proposer = height.validators[index];
  if (proposer === undefined) return "the round has no proposer";
  if (header.height !== proposal.height) return `a block of height ${header.height} proposed for ${proposal.height}`;
  if (proposal.polRound > proposal.round) return `proof of lock in round ${proposal.polRound - 1}, which is not over`;
  // A block that others locked on keeps its first proposer; a fresh one is the signer's own.
  if (proposal.polRound === 0 && header.proposerIndex !== index) return "the block names another proposer";
  if (proposal.polRound === 0 && header.round !== proposal.round) return "the block was not built in this round";
  if (proposal.polRound > 0 && header.round >= proposal.polRound) return "the block was built after its proof of lock";
  if (!equalBytes(headerRoot(header), proposal.blockId)) return "the block is not the one proposed";
  const message = proposalRoot(proposal, spec.genesisRoot);
  const own = { publicKey: proposer.voteKey, message, signature };
  if (!bls.verifyBatch([own, ...claimsOf(block, height, spec, bls)]) && !bls.verify(own)) {
    return "not signed by the round's proposer";
  }
  return bodyMatches(block) ? undefined : "the body is not the one of the header";
}

/** @returns why the block is not proven to be the decided one of this height, or undefined when it is. */
export function certificateFault(
  { block, commit }: CertifiedBlock,
  height: Height,
  spec: ChainSpec,
  bls: Bls,
): string | undefined {
  const expected = height.config.height;
  if (block.header.height !== expected || commit.height !== expected) {
    return `block of height ${block.header.height}, commit of ${commit.height}, expected ${expected}`;
  }
  if (!equalBytes(headerRoot(block.header), commit.blockId)) return "the commit is of another block";
  if (!bodyMatches(block)) return "the body is not the one of the header";
  return verifyCommit(commit, height.validators, spec, bls);
}
