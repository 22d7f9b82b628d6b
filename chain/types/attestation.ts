import { BooleanType, ByteListType, ContainerType, ListCompositeType, type ValueOf } from "@chainsafe/ssz";
import { MAX_ADMISSION_NOTES, MAX_COMMITMENT_ENTRIES, MAX_INLINE_OUTPUT } from "./limits.ts";
import { portable } from "./portable.ts";
import { Bytes20, Bytes32, Bytes96, Uint8, Uint32, Uint64 } from "./primitives.ts";

/**
 * The fields a job's id is the root of: whoever knows them can recompute the id. `sequence` is that of the transaction, `messageIndex` the request's
 * place in it; runs that no message asks for have others, which no message can have (modules/inference/job-names.ts).
 */
export const JobFields = new ContainerType(
  {
    genesisRoot: Bytes32,
    modelRoot: Bytes32,
    engineId: Bytes32,
    inputsRoot: Bytes32,
    requester: Bytes20,
    sequence: Uint64,
    messageIndex: Uint32,
  },
  { typeName: "JobFields" },
);
export type JobFields = ValueOf<typeof JobFields>;

/** What a committee member signs about a job, once and for ever, under the ATTESTATION domain. */
export const AttestationData = new ContainerType(
  {
    jobId: Bytes32,
    committeeRoot: Bytes32,
    outputRoot: Bytes32,
    /** Signed without a commitment before: others may have seen this output, so a receipt can't pass for a blind one. */
    direct: new BooleanType(),
    /** Of the model (MODEL_CLASS): `tolerance` says only that the signer's own output is within the model's bound of this one. */
    class: Uint8,
  },
  { typeName: "AttestationData" },
);
export type AttestationData = ValueOf<typeof AttestationData>;

/**
 * `hash` is the SHA-256 of the attestation's signature. `bucket` is how long the run took, 2^bucket milliseconds at most: of admission jobs, zero of others. It
 * stands here, and not in the attestation, since machines differ in it and what is added up must be one message.
 */
export const CommitmentEntry = new ContainerType(
  { jobId: Bytes32, hash: Bytes32, bucket: Uint8 },
  { typeName: "CommitmentEntry" },
);
export type CommitmentEntry = ValueOf<typeof CommitmentEntry>;

/** Why a validator has not run a model under admission: `code` of modules/inference/admission-notes.ts. No vote. */
export const AdmissionNote = new ContainerType({ jobId: Bytes32, code: Uint8 }, { typeName: "AdmissionNote" });
export type AdmissionNote = ValueOf<typeof AdmissionNote>;

/** What a validator signs under the COMMITMENT domain; `validator` is its operator address. */
export const CommitmentData = new ContainerType(
  {
    validator: Bytes20,
    entries: portable(() => new ListCompositeType(CommitmentEntry, MAX_COMMITMENT_ENTRIES)),
    notes: portable(() => new ListCompositeType(AdmissionNote, MAX_ADMISSION_NOTES)),
  },
  { typeName: "CommitmentData" },
);
export type CommitmentData = ValueOf<typeof CommitmentData>;

/** One a validator and block. */
export const Commitment = new ContainerType({ data: CommitmentData, signature: Bytes96 }, { typeName: "Commitment" });
export type Commitment = ValueOf<typeof Commitment>;

/** The member's own signature over AttestationData, which must hash to what it committed. */
export const Reveal = new ContainerType(
  { jobId: Bytes32, validator: Bytes20, outputRoot: Bytes32, signature: Bytes96 },
  { typeName: "Reveal" },
);
export type Reveal = ValueOf<typeof Reveal>;

/** The bytes (SSZ `Outputs`, modules/inference) that hash to the output root a job became final on. */
export const JobOutput = new ContainerType(
  { jobId: Bytes32, output: portable(() => new ByteListType(MAX_INLINE_OUTPUT)) },
  { typeName: "JobOutput" },
);
export type JobOutput = ValueOf<typeof JobOutput>;

/** Two different attestations of one validator for one job: an objective fault, whichever of them is right. */
export const AttestationEvidence = new ContainerType(
  { validator: Bytes20, a: Reveal, b: Reveal },
  { typeName: "AttestationEvidence" },
);
export type AttestationEvidence = ValueOf<typeof AttestationEvidence>;
