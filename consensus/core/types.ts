/** Opaque name of a value (a block); equal names mean equal values. */
export type ValueId = string;

/** What a vote is for; null is nil. */
export type VoteValue = ValueId | null;

export type VoteKind = "prevote" | "precommit";
export type TimeoutKind = "propose" | "prevote" | "precommit";
/** The paper's three steps, and `commit` once the height is decided. */
export type Step = "propose" | "prevote" | "precommit" | "commit";

/** A vote whose signature has been verified. `validator` is an index into the height's set. */
export interface CoreVote {
  readonly kind: VoteKind;
  readonly round: number;
  readonly value: VoteValue;
  readonly validator: number;
}

/** A proposal whose signature has been verified; `polRound` is −1 for none. */
export interface CoreProposal {
  readonly round: number;
  readonly polRound: number;
  readonly valueId: ValueId;
  /** Index of the signer. */
  readonly proposer: number;
  /** Whether its time stamp suited the time it came. Counts only where `polRound` is −1. */
  readonly timely: boolean;
}

/**
 * What executing a value gave. `invalid` makes valid(v) false wherever the paper asks for it; `inferenceDiffers` only
 * withholds the prevote of a proposal without a proof of lock.
 */
export type Outcome = "ok" | "invalid" | "inferenceDiffers";

/** What is fixed for a height. */
export interface HeightConfig {
  readonly height: number;
  /** Voting power by validator index; all positive. */
  readonly powers: readonly bigint[];
  /** This node's index, or undefined when it does not vote at this height. */
  readonly self: number | undefined;
  /** Index of a round's proposer. Pure. */
  readonly proposer: (round: number) => number;
}

export type Input =
  | { readonly kind: "proposal"; readonly proposal: CoreProposal }
  | { readonly kind: "executed"; readonly valueId: ValueId; readonly outcome: Outcome }
  | { readonly kind: "vote"; readonly vote: CoreVote }
  | { readonly kind: "timeout"; readonly timeout: TimeoutKind; readonly round: number };

/** What the outside has to do. Carried out in order. */
export type Effect =
  /** This node proposes in `round`: a new value, which comes back as a proposal and its outcome. */
  | { readonly kind: "build"; readonly round: number }
  /** This node proposes in `round` a value that it knows to be valid, unchanged. */
  | { readonly kind: "repropose"; readonly round: number; readonly polRound: number; readonly valueId: ValueId }
  /** Sign and broadcast; the vote comes back as an input. */
  | { readonly kind: "vote"; readonly vote: CoreVote }
  /** One timeout input for this round, after a while that the outside chooses. */
  | { readonly kind: "schedule"; readonly timeout: TimeoutKind; readonly round: number }
  /** One `executed` input for this value. */
  | { readonly kind: "execute"; readonly valueId: ValueId }
  /** The height is over: more than two thirds precommitted `valueId` in `round`. */
  | { readonly kind: "decide"; readonly round: number; readonly valueId: ValueId; readonly outcome: Outcome }
  /** A validator contradicted itself. */
  | { readonly kind: "conflict"; readonly first: CoreVote; readonly second: CoreVote };

/** What became of an input. Everything but `accepted` left the state as it was; none of them is a fault of this node. */
export type InputVerdict =
  | "accepted"
  /** Counted before. */
  | "duplicate"
  /** Contradicts what its sender said before; kept as evidence once, and of no further use. */
  | "conflicting"
  /** Of a round or step that is over, or never asked for. */
  | "stale"
  /** Too many rounds ahead to keep. */
  | "tooFar"
  | "unknownValidator"
  | "wrongProposer"
  /** Numbers that no correct sender uses. */
  | "malformed";

/** A value and the round of its polka. */
export interface ValueRound {
  readonly valueId: ValueId;
  readonly round: number;
}
