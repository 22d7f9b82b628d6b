import type { Module } from "../../chain/module.ts";
import type { SignedProposal } from "../../chain/types/block.ts";
import type { ValidatorSet } from "../../chain/types/validator.ts";
import type { DuplicateVoteEvidence, Vote } from "../../chain/types/vote.ts";
import type { ConsensusNetwork, ConsensusSigner } from "../../consensus/driver/ports.ts";
import type { SignStateFile } from "../../consensus/signer/sign-state.ts";
import type { Wal } from "../../consensus/wal/wal.ts";
import type { StoredBlock } from "../../node/api.ts";
import type { Engine } from "../../node/engine/engine.ts";
import type { Outlet } from "../../node/outlet.ts";
import type { ProtocolName } from "../../p2p/protocols.ts";
import type { TopicName, Verdict } from "../../p2p/topics.ts";
import type { StateStore } from "../../state/store.ts";
import type { Disk } from "./disk.ts";
import type { Timeline } from "./timeline.ts";
import type { World } from "./world.ts";

/** What a node asks of its engine. */
export type NodeEngine = Pick<Engine, "id" | "run">;

/** Faults of a node's own code, for tests that the checks see them. */
export interface Plant {
  modules?(honest: readonly Module[]): readonly Module[];
  store?(honest: StateStore): StateStore;
  signer?(honest: ConsensusSigner): ConsensusSigner;
  signState?(honest: SignStateFile): SignStateFile;
  wal?(honest: Wal): Wal;
  network?(honest: ConsensusNetwork): ConsensusNetwork;
  engine?(honest: NodeEngine): NodeEngine;
}

/** What a node's clock shows and how it goes. */
export interface ClockFault {
  /** Milliseconds ahead of true time, at the start. */
  readonly skew: number;
  /** Parts by which it goes fast, or slow where it is negative. */
  readonly drift: number;
}

/** What is seen of a node from outside. None of them may throw. */
export interface Watch {
  onVote(vote: Vote): void;
  onProposal(proposal: SignedProposal): void;
  onEvidence(evidence: DuplicateVoteEvidence, validators: ValidatorSet | undefined): void;
  onCommitted(block: StoredBlock, store: StateStore): void;
  onVerdict(from: number, topic: TopicName, verdict: Verdict): void;
  onPenalty(peer: number, reason: string): void;
  onFault(error: unknown): void;
  /** The process ended after this effect. */
  onCrash(effect: string): void;
}

export interface NodeOptions {
  readonly index: number;
  readonly world: World;
  readonly timeline: Timeline;
  readonly disk: Disk;
  readonly clock: ClockFault;
  /** How long building or executing a block takes this time, milliseconds. */
  readonly executionTime: () => number;
  readonly peers: readonly number[];
  readonly plant: Plant;
  readonly watch: Watch;
  publish(topic: TopicName, bytes: Uint8Array): void;
  /** Resolves with the answer, or never. */
  request(peer: number, protocol: ProtocolName, bytes: Uint8Array): Promise<Uint8Array>;
  /** What a faulty node does in place of what its code would. */
  readonly outlet?: (honest: Outlet) => Outlet;
  readonly signer?: (honest: ConsensusSigner) => ConsensusSigner;
  readonly engine?: (honest: NodeEngine) => NodeEngine;
}
