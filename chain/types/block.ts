import { ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { AttestationEvidence, Commitment, JobOutput, Reveal } from "./attestation.ts";
import { BlockEvidence } from "./evidence.ts";
import { Header } from "./header.ts";
import {
  MAX_EVIDENCE_PER_BLOCK,
  MAX_INLINE_RESULTS_PER_BLOCK,
  MAX_OUTPUTS_PER_BLOCK,
  MAX_REVEALS_PER_BLOCK,
  MAX_TX_BYTES,
  MAX_TXS_PER_BLOCK,
  MAX_VALIDATORS,
} from "./limits.ts";
import { Bytes96 } from "./primitives.ts";
import { Commit, ProposalData } from "./vote.ts";

export const Body = new ContainerType(
  {
    transactions: new ListCompositeType(new ByteListType(MAX_TX_BYTES), MAX_TXS_PER_BLOCK),
    /** The precommits for the parent; all zero in block 1. */
    lastCommit: Commit,
    evidence: BlockEvidence,
    duplicateAttestations: new ListCompositeType(AttestationEvidence, MAX_EVIDENCE_PER_BLOCK),
    commitments: new ListCompositeType(Commitment, MAX_VALIDATORS),
    reveals: new ListCompositeType(Reveal, MAX_REVEALS_PER_BLOCK),
    /** The outputs of exactly the jobs that this block's reveals make final, in the order they do. */
    outputs: new ListCompositeType(JobOutput, MAX_OUTPUTS_PER_BLOCK),
    randaoReveal: Bytes96,
    /** The outputs of the models that the transactions ran, in the order they did; none unless the block was built in round 0. */
    inlineResults: new ListCompositeType(JobOutput, MAX_INLINE_RESULTS_PER_BLOCK),
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
