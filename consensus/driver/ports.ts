import type { ChainSpec } from "../../chain/module.ts";
import type { Params } from "../../chain/params.ts";
import type { Rotation } from "../../chain/proposer-rotation.ts";
import type { Block, CertifiedBlock, SignedProposal } from "../../chain/types/block.ts";
import type { AmnesiaChallenge } from "../../chain/types/evidence.ts";
import type { Commit, DuplicateVoteEvidence, ProposalData, Vote, VoteData } from "../../chain/types/vote.ts";
import type { Testimony } from "./testimony.ts";

/** What a proposer wants in the block that it asks the application to build. */
export interface BuildRequest {
  readonly height: number;
  readonly round: number;
  readonly proposerIndex: number;
  /** Milliseconds; already later than the parent's time. */
  readonly time: number;
  readonly lastCommit: Commit;
  readonly randaoReveal: Uint8Array;
}

/**
 * What executing a proposal gave. `inferenceDiffers`: every rule holds, but an inline output is not this node's, or it
 * has none in time; it withholds this node's prevote and nothing else.
 */
export type Execution =
  | { readonly kind: "ok" }
  | { readonly kind: "invalid"; readonly reason: string }
  | { readonly kind: "inferenceDiffers"; readonly reason: string };

/** The state machine that consensus drives. Implemented by the block executor, the mempool and the block store. */
export interface Application {
  readonly spec: ChainSpec;
  /** Height, id and time of the last committed block (0, zero bytes and the genesis time before the first). */
  readonly tip: { readonly height: number; readonly blockId: Uint8Array; readonly time: number };
  /** The certificate of the tip; the all-zero commit at height 0. */
  readonly tipCommit: Commit;
  /** The parameters in force for the next block. */
  readonly params: Params;
  /** The set (with its rotation) that votes on `height`: tip + 1, or a retained past height. */
  rotation(height: number): Rotation | undefined;
  /** Builds, executes and returns a block on the tip, all header roots filled in. */
  build(request: BuildRequest): Promise<Block>;
  /** Executes a proposed block on an overlay of the tip. The result is kept, so that committing does not run it again. */
  execute(block: Block): Promise<Execution>;
  /**
   * Commits a decided block, with what this node has seen of the votes of its height, if anything. Any
   * failure here stops the node.
   */
  commit(certified: CertifiedBlock, testimony?: Testimony): Promise<void>;
  /** Whether transactions, commitments, reveals or evidence wait for a block. */
  hasWork(): boolean;
  /** A committed block, for peers that lag behind. */
  certifiedBlock(height: number): CertifiedBlock | undefined;
  /** Two votes of one validator that contradict each other, for the next block this node proposes. */
  addEvidence(evidence: DuplicateVoteEvidence): void;
  /** A vote against an earlier precommit, of a height that is committed, for the next block this node proposes. */
  addChallenge(challenge: AmnesiaChallenge): void;
}

export interface SignedPosition {
  readonly height: number;
  readonly round: number;
  readonly step: "proposal" | "prevote" | "precommit";
}

/**
 * Signs, and remembers on disk what it signed before it lets a signature out. Rejects with a SigningRefusedError
 * (consensus/signer) when asked to contradict itself, and with a SignerAwayError when it is in another process that does
 * not answer; any other rejection stops the node.
 */
export interface ConsensusSigner {
  /** Index into a validator set is found by this key. */
  readonly publicKey: Uint8Array;
  /** Where the last signature was given: what this node remembers must not fall behind it. */
  readonly lastSigned: SignedPosition | undefined;
  /** True while this node must neither vote nor propose, because it catches up or its signer is away. */
  readonly paused?: boolean;
  signVote(type: Vote["type"], data: VoteData): Promise<Uint8Array>;
  signProposal(data: ProposalData): Promise<Uint8Array>;
  randaoReveal(height: number): Promise<Uint8Array>;
}

/** What consensus tells other nodes. Delivery is not guaranteed. */
export interface ConsensusNetwork {
  broadcastProposal(proposal: SignedProposal): void;
  broadcastVote(vote: Vote): void;
}

/** The only source of time and timers. */
export interface Clock {
  now(): number;
  /** Calls back once after `ms`; the returned function cancels. */
  after(ms: number, callback: () => void): () => void;
}

/** A structured log, as pino's. */
export interface ConsensusLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/**
 * What a message from another node is worth: `accept` passes it on, `ignore` drops it, `reject` counts against whoever
 * sent it, because no correct node sends such a thing.
 */
export type Verdict = "accept" | "ignore" | "reject";
