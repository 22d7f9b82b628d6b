import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { AttestationEvidence, Commitment, JobOutput, Reveal } from "./attestation.ts";
import {
  MAX_EVIDENCE_PER_BLOCK,
  MAX_OUTPUTS_PER_BLOCK,
  MAX_REVEALS_PER_BLOCK,
  MAX_TX_BYTES,
  MAX_TXS_PER_BLOCK,
  MAX_VALIDATORS,
} from "./limits.ts";
import { Bytes32, Bytes96, Uint32, Uint64 } from "./primitives.ts";
import { Commit, DuplicateVoteEvidence, ProposalData } from "./vote.ts";

/** The version of the block format and of the state transition. */
export const BLOCK_VERSION = 1;

/** Block id = hash_tree_root(header). `time` is milliseconds since the Unix epoch. */
export const Header = new ContainerType(
  {
    version: Uint32,
    height: Uint64,
    time: Uint64,
    parentId: Bytes32,
    proposerIndex: Uint32,
    bodyRoot: Bytes32,
    /** After this block. */
    stateRoot: Bytes32,
    receiptsRoot: Bytes32,
    /** The set that votes on this block. */
    validatorsRoot: Bytes32,
    nextValidatorsRoot: Bytes32,
    /** The parameters in force for this block. */
    paramsRoot: Bytes32,
    beacon: Bytes32,
  },
  { typeName: "Header" },
);
export type Header = ValueOf<typeof Header>;

export const Body = new ContainerType(
  {
    transactions: new ListCompositeType(new ByteListType(MAX_TX_BYTES), MAX_TXS_PER_BLOCK),
    /** The precommits for the parent; all zero in block 1. */
    lastCommit: Commit,
    duplicateVotes: new ListCompositeType(DuplicateVoteEvidence, MAX_EVIDENCE_PER_BLOCK),
    duplicateAttestations: new ListCompositeType(AttestationEvidence, MAX_EVIDENCE_PER_BLOCK),
    commitments: new ListCompositeType(Commitment, MAX_VALIDATORS),
    reveals: new ListCompositeType(Reveal, MAX_REVEALS_PER_BLOCK),
    /** The outputs of exactly the jobs that this block's reveals make final, in the order they do. */
    outputs: new ListCompositeType(JobOutput, MAX_OUTPUTS_PER_BLOCK),
    randaoReveal: Bytes96,
  },
  { typeName: "Body" },
);
export type Body = ValueOf<typeof Body>;

export const Block = new ContainerType({ header: Header, body: Body }, { typeName: "Block" });
export type Block = ValueOf<typeof Block>;

/** A proposal on the wire, the block with it. `proposal.blockId` must be the block's id. */
export const SignedProposal = new ContainerType(
  { proposal: ProposalData, signature: Bytes96, block: Block },
  { typeName: "SignedProposal" },
);
export type SignedProposal = ValueOf<typeof SignedProposal>;

/** A decided block with the certificate that proves it: the unit of block sync. */
export const CertifiedBlock = new ContainerType({ block: Block, commit: Commit }, { typeName: "CertifiedBlock" });
export type CertifiedBlock = ValueOf<typeof CertifiedBlock>;
