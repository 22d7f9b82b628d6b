import { bodyRootOf, headerRoot } from "../chain/block-roots.ts";
import { equalBytes } from "../chain/bytes.ts";
import { verifyCommit } from "../chain/commit.ts";
import type { RememberingBls } from "../chain/crypto/remembering-bls.ts";
import { randaoRoot } from "../chain/executor/randomness.ts";
import type { ChainSpec } from "../chain/module.ts";
import type { CertifiedBlock } from "../chain/types/block.ts";
import type { ValidatorSet } from "../chain/types/validator.ts";
import { type Commit, PRECOMMIT } from "../chain/types/vote.ts";
import { setRoot } from "../chain/validator-set-root.ts";
import { voteData, voteRoot } from "../chain/vote-signing.ts";

export interface CertificatePorts {
  /** What it is told to trust costs the driver and the executor nothing more. */
  readonly bls: Pick<RememberingBls, "verifyAggregate" | "aggregateKeys" | "trust">;
  readonly spec: Pick<ChainSpec, "genesisRoot">;
  /** The set that votes on the next block. */
  readonly validators: () => ValidatorSet | undefined;
}

/** Blocks from the first on that are made by one set, each the parent of the next, with the bodies that their headers name. */
function linked(blocks: readonly CertifiedBlock[], validatorsRoot: Uint8Array): readonly CertifiedBlock[] {
  let parentId: Uint8Array | undefined;
  const end = blocks.findIndex(({ block: { header, body } }) => {
    const follows = parentId === undefined || equalBytes(header.parentId, parentId);
    parentId = headerRoot(header);
    return (
      !follows || !equalBytes(header.validatorsRoot, validatorsRoot) || !equalBytes(header.bodyRoot, bodyRootOf(body))
    );
  });
  return end < 0 ? blocks : blocks.slice(0, end);
}

/**
 * Verifies consecutive blocks by the certificate of the last one: more than two thirds of the set that votes on all of them signed it, and
 * by hashes it names every block before it, its transactions, randao reveal and last commit, all of which its signers had verified. So
 * those signatures are taken for right. The certificate of each earlier block becomes the last commit of the next, which is part of that
 * chain, while what the peer gave beside it is not.
 * It refuses nothing: where the set changes, or anything is not as it should be, blocks are verified one by one when their turn comes.
 * PERF: one pairing for a batch of blocks in place of three for each of them.
 * @returns the blocks to commit in place of those given.
 */
export function proveTogether(
  blocks: readonly CertifiedBlock[],
  { bls, spec, validators }: CertificatePorts,
): readonly CertifiedBlock[] {
  const set = validators();
  if (set === undefined || blocks.length < 2) return blocks;
  const chain = linked(blocks, setRoot(set));
  const last = chain.at(-1);
  if (last === undefined || chain.length < 2) return blocks;
  const { commit } = last;
  const isOfLast = equalBytes(commit.blockId, headerRoot(last.block.header));
  if (!isOfLast || verifyCommit(commit, set, spec, bls) !== undefined) return blocks;

  const trust = (publicKey: Uint8Array | undefined, message: Uint8Array, signature: Uint8Array): void => {
    if (publicKey !== undefined) bls.trust({ publicKey, message, signature });
  };
  const trustCommit = (of: Commit): void => {
    const keys = set.flatMap(({ voteKey }, index) => (of.signers.get(index) ? [voteKey] : []));
    trust(bls.aggregateKeys(keys), voteRoot(PRECOMMIT, voteData(of), spec.genesisRoot), of.signature);
  };
  const proven = chain.map((certified, index): CertifiedBlock => {
    const { header, body } = certified.block;
    trust(set[header.proposerIndex]?.voteKey, randaoRoot(header.height, spec.genesisRoot), body.randaoReveal);
    const own = chain[index + 1]?.block.body.lastCommit ?? commit;
    if (own.signers.bitLen === set.length) trustCommit(own);
    return { ...certified, commit: own };
  });
  return [...proven, ...blocks.slice(chain.length)];
}
