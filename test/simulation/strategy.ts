import type { Commitment, CommitmentEntry, Reveal } from "../../chain/types/attestation.ts";
import type { Block, SignedProposal } from "../../chain/types/block.ts";
import type { Vote, VoteType } from "../../chain/types/vote.ts";
import type { Tensors } from "../../modules/inference/tensors.ts";
import type { RevealMessage } from "../../node/wire.ts";
import type { ProtocolName } from "../../p2p/protocols.ts";
import type { TopicName } from "../../p2p/topics.ts";
import type { Random } from "./random.ts";

/** What one node may say to another, about consensus and about the runs of models. */
export type Message =
  | { readonly proposal: SignedProposal }
  | { readonly vote: Vote }
  | { readonly commitment: Commitment }
  | { readonly reveal: RevealMessage };

export interface Position {
  readonly height: number;
  readonly round: number;
  /** Id of a block; zero bytes for nil. */
  readonly blockId: Uint8Array;
}

/** A faulty validator's hands: its own key, and no one else's. */
export interface Actor {
  readonly index: number;
  readonly nodes: number;
  readonly random: Random;
  readonly height: number;
  readonly round: number;
  /** Proposals of the height under way that it has seen, its own included. */
  readonly proposals: readonly SignedProposal[];
  /** Signs any vote. Undefined where it is no validator of that height. */
  vote(type: VoteType, position: Position): Vote | undefined;
  /** Signs any proposal: `polRound` is -1 for none. */
  propose(block: Block, round: number, polRound: number): SignedProposal;
  /** What others have committed to of late. */
  readonly commitments: readonly Commitment[];
  /** Its attestation of any output for a job that it knows. */
  attest(jobId: Uint8Array, outputRoot: Uint8Array): Reveal | undefined;
  /** Commits to anything for jobs. */
  commit(entries: readonly CommitmentEntry[]): Commitment;
  /** Says something at once, past the other strategies; to everybody unless told whom. */
  say(message: Message, to?: readonly number[]): void;
}

/**
 * One way of being faulty. A node may have several: each gets what the one before it says. Only what is there is
 * changed; the rest is what an honest node would do.
 */
export interface Strategy {
  readonly name: string;
  /** What it says to node `to` where its honest code says `message`: nothing, that, or anything else. */
  instead?(actor: Actor, message: Message, to: number): readonly Message[];
  /** Now and then, without a reason. */
  act?(actor: Actor): void;
  /** What it takes for the outputs of a run. */
  compute?(actor: Actor, honest: Tensors): Tensors;
  /** Its engine takes so many times as long. */
  readonly slowness?: number;
  /** What it takes for unsaid when others say it. */
  readonly ignores?: readonly TopicName[];
  /** What it answers to a request in place of the honest answer. */
  answer?(actor: Actor, protocol: ProtocolName, honest: Uint8Array): Uint8Array;
}
