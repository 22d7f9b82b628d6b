import { equalBytes } from "../../../chain/bytes.ts";
import { consensusAddress } from "../../../chain/crypto/hash.ts";
import type { Body } from "../../../chain/types/block.ts";
import { BlockEvidence } from "../../../chain/types/evidence.ts";
import { ZERO_32 } from "../../../chain/types/primitives.ts";
import { Commit, type Vote } from "../../../chain/types/vote.ts";
import type { NodeApi, StoredBlock } from "../../api.ts";
import { base64, int64, rfc3339, upperHex } from "../encoding.ts";
import { validatorAddress } from "./validator.ts";

/** CometBFT's block protocol, which clients of 0.38 expect; our own version stands in `app`. */
export const BLOCK_PROTOCOL = "11";

const NO_BLOCK_ID = { hash: "", parts: { total: 0, hash: "" } };

/** A block is one part here: it travels whole. */
export function renderBlockId(blockId: Uint8Array) {
  const hash = upperHex(blockId);
  return { hash, parts: { total: 1, hash } };
}

/**
 * Our header in CometBFT's words. The roots are ours (SSZ), so no client can recompute them from the JSON; `app_hash` is the
 * state after this block, not before. A proposer of a pruned set is all zero.
 */
export function renderHeader(api: NodeApi, { header, body }: StoredBlock["block"]) {
  const proposer = api.rotation(header.height)?.validators[header.proposerIndex];
  return {
    version: { block: BLOCK_PROTOCOL, app: int64(header.version) },
    chain_id: api.spec.chainId,
    height: int64(header.height),
    time: rfc3339(header.time),
    last_block_id: equalBytes(header.parentId, ZERO_32) ? NO_BLOCK_ID : renderBlockId(header.parentId),
    last_commit_hash: upperHex(Commit.hashTreeRoot(body.lastCommit)),
    data_hash: upperHex(header.bodyRoot),
    validators_hash: upperHex(header.validatorsRoot),
    next_validators_hash: upperHex(header.nextValidatorsRoot),
    consensus_hash: upperHex(header.paramsRoot),
    app_hash: upperHex(header.stateRoot),
    last_results_hash: upperHex(header.receiptsRoot),
    evidence_hash: upperHex(BlockEvidence.hashTreeRoot(body.evidence)),
    proposer_address: upperHex(proposer === undefined ? new Uint8Array(20) : consensusAddress(proposer.identityKey)),
  };
}

/** BlockIDFlag of CometBFT: the validator did not sign, or signed this block. */
const ABSENT = 1;
const SIGNED = 2;

/**
 * One entry for each validator of the set, in its order, because clients count and look up entries. The one aggregate
 * signature stands in the entry of every signer. Empty when the set of that height is pruned.
 * @param time of the block that the commit is for, in milliseconds: our votes carry none.
 */
export function renderCommit(api: NodeApi, commit: Commit, time: number) {
  if (commit.height === 0) return { height: "0", round: 0, block_id: NO_BLOCK_ID, signatures: [] };
  const signature = base64(commit.signature);
  const timestamp = rfc3339(time);
  return {
    height: int64(commit.height),
    round: commit.round,
    block_id: renderBlockId(commit.blockId),
    signatures: (api.rotation(commit.height)?.validators ?? []).map((validator, index) => {
      const signed = index < commit.signers.bitLen && commit.signers.get(index);
      return {
        block_id_flag: signed ? SIGNED : ABSENT,
        validator_address: validatorAddress(validator),
        timestamp,
        signature: signed ? signature : null,
      };
    }),
  };
}

function renderVote(vote: Vote, address: string) {
  return {
    type: vote.type,
    height: int64(vote.height),
    round: vote.round,
    block_id: renderBlockId(vote.blockId),
    validator_address: address,
    validator_index: vote.validatorIndex,
    signature: base64(vote.signature),
  };
}

/** Of evidence, what CometBFT knows in this form. The rest is shown by its events alone. */
function renderEvidence(api: NodeApi, body: Body) {
  return body.evidence.duplicateVotes.map(({ voteA, voteB }) => {
    const guilty = api.rotation(voteA.height)?.validators[voteA.validatorIndex];
    const address = guilty === undefined ? "" : validatorAddress(guilty);
    return {
      type: "tendermint/DuplicateVoteEvidence",
      value: { vote_a: renderVote(voteA, address), vote_b: renderVote(voteB, address) },
    };
  });
}

/** `block`, as the methods and the NewBlock event carry it. */
export function renderBlock(api: NodeApi, stored: StoredBlock) {
  const { block } = stored;
  const { body, header } = block;
  const parentTime = api.block(header.height - 1)?.block.header.time ?? header.time;
  return {
    header: renderHeader(api, block),
    data: { txs: body.transactions.map(base64) },
    evidence: { evidence: renderEvidence(api, body) },
    last_commit: renderCommit(api, body.lastCommit, parentTime),
  };
}

/** A block with its id. */
export function renderBlockResult(api: NodeApi, stored: StoredBlock) {
  return { block_id: renderBlockId(stored.blockId), block: renderBlock(api, stored) };
}
