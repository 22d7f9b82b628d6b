import { equalBytes, toHex } from "../../chain/bytes.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import type { Block, CertifiedBlock, SignedProposal } from "../../chain/types/block.ts";
import type { Header } from "../../chain/types/header.ts";
import type { Vote } from "../../chain/types/vote.ts";
import { MAX_PROPOSAL_ROUNDS_AHEAD } from "../core/core.ts";
import type { InputVerdict, Step, TimeoutKind } from "../core/types.ts";
import { couldDecide } from "../core/vote-keeper.ts";
import type { WalRecord } from "../wal/records.ts";
import type { Wal } from "../wal/wal.ts";
import { createEngine, type Engine } from "./engine.ts";
import { createFutureQueue } from "./future-queue.ts";
import { createMailbox } from "./mailbox.ts";
import type {
  Application,
  Clock,
  ConsensusLog,
  ConsensusNetwork,
  ConsensusSigner,
  Execution,
  Verdict,
} from "./ports.ts";
import { certificateFault, proposalFault } from "./proposal-check.ts";
import { createTimers } from "./timers.ts";
import { createVoteIntake } from "./vote-intake.ts";

export interface DriverOptions {
  readonly app: Application;
  /** Undefined for a node that follows consensus without a vote. */
  readonly signer: ConsensusSigner | undefined;
  readonly network: ConsensusNetwork;
  readonly clock: Clock;
  readonly wal: Wal;
  readonly bls: Bls;
  readonly log: ConsensusLog;
  /** A disk, the application or the log failed: consensus has stopped, and so must the node. Called once. */
  readonly onFault: (error: unknown) => void;
  /** Whether to stop once this block is committed: nothing of the next height is said or signed then. */
  readonly isLast?: ((header: Header) => boolean) | undefined;
  /** The last block has been committed. Called once. */
  readonly onLast?: (() => void) | undefined;
}

export interface DriverStatus {
  readonly height: number;
  readonly round: number;
  readonly step: Step;
  /** Whether the proposal of the current round is here. */
  readonly hasProposal: boolean;
}

export interface Driver {
  /** Reads the log of the height after the application's tip and goes on from there. Throws WalError. */
  start(): Promise<void>;
  /** Stops after the message being handled and closes the log. The driver can't be started again. */
  stop(): Promise<void>;
  /** The verdict on a message for a height about to begin comes when that height has begun. */
  onProposal(signed: SignedProposal, from: string): Promise<Verdict>;
  onVote(vote: Vote, from: string): Promise<Verdict>;
  /**
   * A decided block from a peer. Resolves once it is committed; to false when it is not proven to be the next one. One
   * that is committed already is fine.
   */
  certified(block: CertifiedBlock): Promise<boolean>;
  /** Work for a block has arrived: nobody needs to wait for the time of an empty one. Cheap; call it with every arrival. */
  notifyWork(): void;
  /** What helps a peer that is stuck in `round`: its votes, those of our round, and the polka our proposal refers to. */
  votes(height: number, round: number): readonly Vote[];
  /** The proposal of `round`, or of the current round when there is none. */
  proposal(height: number, round?: number): SignedProposal | undefined;
  status(): DriverStatus;
}

type Answer<T> = (value: T) => void;

interface ProposalLetter {
  readonly kind: "proposal";
  readonly signed: SignedProposal;
  readonly from: string;
  readonly receivedAt: number;
  readonly answer: Answer<Verdict>;
}

type Letter =
  | ProposalLetter
  | { readonly kind: "start"; readonly records: readonly WalRecord[]; readonly answer: () => void }
  | { readonly kind: "votes" | "held" | "voteOwed" }
  | { readonly kind: "timeout"; readonly height: number; readonly timeout: TimeoutKind; readonly round: number }
  | { readonly kind: "executed"; readonly height: number; readonly blockId: Uint8Array; readonly execution: Execution }
  | { readonly kind: "build"; readonly height: number; readonly round: number }
  | { readonly kind: "built"; readonly height: number; readonly round: number; readonly block: Block }
  | { readonly kind: "certified"; readonly certified: CertifiedBlock; readonly answer: Answer<boolean> }
  | { readonly kind: "fault"; readonly error: unknown };

/** Messages for the heights to come: about two heights of votes of a large set, and a few proposals. */
const MAX_FUTURE_MESSAGES = 4096;
const MAX_FUTURE_BYTES = 32 * 1024 * 1024;
const VOTE_BYTES = 150;
/**
 * How long, in milliseconds, a vote that changes nothing here may wait to be verified with others before it is passed
 * on: the price in delay, paid once a hop, for a quarter of the work.
 */
const HOLD_VOTES = 20;
/** The same for a vote that comes after its quorum: it is of no use here any more, and hardly to anyone else. */
const HOLD_SETTLED = 100;
/** What a proposal weighs besides its transactions: serialising it only to find its size would cost too much. */
const PROPOSAL_OVERHEAD = 64 * 1024;
/** Proposals of the current height that wait to be verified. */
const MAX_WAITING_PROPOSALS = 16;

function weightOf({ block }: SignedProposal): number {
  return block.body.transactions.reduce((sum, tx) => sum + tx.length, PROPOSAL_OVERHEAD);
}

/** What the core's verdict on a message with a right signature says to the network. */
function networkVerdict(verdict: InputVerdict): Verdict {
  if (verdict === "accepted") return "accept";
  return verdict === "malformed" || verdict === "wrongProposer" || verdict === "unknownValidator" ? "reject" : "ignore";
}

/** Drives the consensus core of one node: verifies what comes, carries out what the core asks for. */
export function createDriver(options: DriverOptions): Driver {
  const { app, bls, clock, log, wal } = options;
  const mailbox = createMailbox<Letter>(handle, discard, (error) => {
    engine.stop();
    timers.cancelAll();
    options.onFault(error);
  });
  const future = createFutureQueue(MAX_FUTURE_MESSAGES, MAX_FUTURE_BYTES);
  const timers = createTimers<"hold">(clock);
  let heldUntil = Number.POSITIVE_INFINITY;
  let posted = false;
  const intake = createVoteIntake(bls, app.spec.genesisRoot, {
    isDecisive: (kind, round, power) => couldDecide(engine.state.votes, engine.state.round, { kind, round }, power),
    onDecisive() {
      if (!posted) mailbox.post({ kind: "votes" });
      posted = true;
    },
    onWaiting(kind, round) {
      const { votes } = engine.state;
      const isSettled = !couldDecide(votes, engine.state.round, { kind, round }, votes.total);
      hold(isSettled ? HOLD_SETTLED : HOLD_VOTES);
    },
  });
  const engine: Engine = createEngine({
    ...options,
    later: {
      timeout: (height, timeout, round) => mailbox.post({ kind: "timeout", height, timeout, round }),
      build: (height, round) => mailbox.post({ kind: "build", height, round }),
      built: (height, round, block) => mailbox.post({ kind: "built", height, round, block }),
      executed: (height, blockId, execution) => mailbox.post({ kind: "executed", height, blockId, execution }),
      voteOwed: () => mailbox.post({ kind: "voteOwed" }),
      fault: (error) => mailbox.post({ kind: "fault", error }),
    },
    onLateVote: () => hold(HOLD_VOTES),
    onLast() {
      ended = true;
      timers.cancelAll();
      options.onLast?.();
    },
    onHeight() {
      release();
      for (const { vote, answer } of intake.drain()) answer(engine.late.add(vote, false));
      future.advance(engine.height.config.height);
    },
  });
  let waitingProposals = 0;
  let started = false;
  let ended = false;

  const current = (): number => engine.height.config.height;

  function hold(ms: number): void {
    const until = clock.now() + ms;
    if (until >= heldUntil) return;
    heldUntil = until;
    timers.set("hold", ms, () => mailbox.post({ kind: "held" }));
  }

  function release(): void {
    heldUntil = Number.POSITIVE_INFINITY;
    timers.cancel("hold");
  }

  function discard(letter: Letter): void {
    if (letter.kind === "start") letter.answer();
    if (letter.kind === "proposal") letter.answer("ignore");
    if (letter.kind === "certified") letter.answer(false);
  }

  async function handle(letter: Letter): Promise<void> {
    if (ended) return discard(letter);
    switch (letter.kind) {
      case "start":
        await engine.resume(letter.records);
        return letter.answer();
      case "proposal":
        return takeProposal(letter);
      case "held":
        heldUntil = Number.POSITIVE_INFINITY;
        engine.late.verify();
        return takeVotes("all");
      case "votes":
        posted = false;
        await takeVotes("decisive");
        if (intake.size === 0 && engine.late.waiting === 0) release();
        return;
      case "timeout":
        if (letter.height === current()) engine.take({ kind: "timeout", timeout: letter.timeout, round: letter.round });
        return engine.carryOut();
      case "executed":
        return takeExecution(letter.height, letter.blockId, letter.execution);
      case "build":
        if (letter.height === current()) engine.build(letter.round);
        return;
      case "built":
        if (letter.height === current()) await engine.propose(letter.round, letter.block);
        return engine.carryOut();
      case "certified":
        return takeCertified(letter.certified, letter.answer);
      case "voteOwed":
        return engine.voteOwed();
      case "fault":
        throw letter.error;
    }
  }

  async function takeProposal({ signed, from, receivedAt, answer }: ProposalLetter): Promise<void> {
    waitingProposals--;
    const { height, state } = engine;
    const { proposal, block } = signed;
    if (proposal.height !== height.config.height) return answer("ignore");
    // Before anything else, because finding the proposer of a far round is work.
    if (proposal.round > state.round + 1 + MAX_PROPOSAL_ROUNDS_AHEAD) return answer("ignore");
    const known = height.proposal(proposal.round)?.proposal;
    if (known !== undefined && known.polRound === proposal.polRound && equalBytes(known.blockId, proposal.blockId)) {
      return answer("ignore");
    }
    const fault = proposalFault(signed, height, app.spec, bls);
    if (fault !== undefined) {
      log.debug({ from, height: proposal.height, round: proposal.round, reason: fault }, "rejected a proposal");
      return answer("reject");
    }
    const timely = height.pacing.isTimely(block.header.time, receivedAt, proposal.round);
    answer(networkVerdict(engine.take({ kind: "proposal", signed, timely })));
    await engine.carryOut();
  }

  async function takeVotes(which: "all" | "decisive"): Promise<void> {
    for (const { vote, answer } of await intake.verify(engine.height, which)) {
      // Effects of an earlier vote of this batch may have ended the height.
      if (vote.height === current()) answer(networkVerdict(engine.take({ kind: "vote", vote })));
      else answer(vote.height === current() - 1 ? engine.late.add(vote, true) : "ignore");
      await engine.carryOut();
    }
  }

  async function takeExecution(height: number, blockId: Uint8Array, execution: Execution): Promise<void> {
    if (height !== current()) return;
    if (execution.kind !== "ok")
      log.warn({ height, kind: execution.kind, reason: execution.reason }, "a proposal is not good");
    const lastCommit = engine.height.block(toHex(blockId))?.body.lastCommit;
    if (execution.kind === "ok" && lastCommit !== undefined) engine.late.included(lastCommit);
    engine.take({ kind: "executed", blockId, outcome: execution.kind });
    await engine.carryOut();
  }

  async function takeCertified(certified: CertifiedBlock, answer: Answer<boolean>): Promise<void> {
    if (certified.block.header.height < current()) return answer(true);
    const fault = certificateFault(certified, engine.height, app.spec, bls);
    if (fault !== undefined) {
      log.debug({ height: certified.block.header.height, reason: fault }, "refused a certified block");
      return answer(false);
    }
    await engine.commit(certified);
    answer(true);
  }

  function postProposal(letter: Omit<ProposalLetter, "kind">): void {
    if (waitingProposals >= MAX_WAITING_PROPOSALS) {
      letter.answer("ignore");
      return;
    }
    waitingProposals++;
    mailbox.post({ kind: "proposal", ...letter });
  }

  return {
    async start() {
      engine.reopen();
      const records = wal.open(current());
      started = true;
      await new Promise<void>((resolve) => mailbox.post({ kind: "start", records, answer: resolve }));
    },
    async stop() {
      started = false;
      await mailbox.close();
      engine.stop();
      timers.cancelAll();
      for (const { answer } of intake.drain()) answer("ignore");
      future.clear();
      await wal.close();
    },
    onProposal(signed, from) {
      const receivedAt = clock.now();
      const { height } = signed.proposal;
      if (!started || height < current()) return Promise.resolve("ignore");
      return new Promise((answer) => {
        const release = (): void => postProposal({ signed, from, receivedAt, answer });
        if (height === current()) release();
        else future.add({ height, bytes: weightOf(signed), release, drop: answer }, current());
      });
    },
    onVote(vote) {
      const { height } = vote;
      if (!started || height < current() - 1) return Promise.resolve("ignore");
      if (height === current() - 1) return Promise.resolve(engine.late.add(vote, false));
      return new Promise((resolve) => {
        const release = (): void => resolve(intake.add(vote, engine.height));
        if (height === current()) release();
        else future.add({ height, bytes: VOTE_BYTES, release, drop: resolve }, current());
      });
    },
    certified: (certified) =>
      new Promise((answer) => {
        if (started) mailbox.post({ kind: "certified", certified, answer });
        else answer(false);
      }),
    notifyWork() {
      if (started && !ended) engine.workArrived();
    },
    votes(height, round) {
      if (height !== current()) return [];
      const { state } = engine;
      const polRound = (engine.height.proposal(state.round)?.proposal.polRound ?? 0) - 1;
      const rounds = new Set([round, state.round, polRound]);
      return [...rounds].flatMap((number) => engine.height.votes(number));
    },
    proposal(height, round) {
      if (height !== current()) return undefined;
      const asked = round === undefined ? undefined : engine.height.proposal(round);
      return asked ?? engine.height.proposal(engine.state.round);
    },
    status() {
      const { round, step, proposals } = engine.state;
      return { height: current(), round, step, hasProposal: proposals.has(round) };
    },
  };
}
