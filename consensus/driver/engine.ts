import { headerRoot } from "../../chain/block-roots.ts";
import { toHex } from "../../chain/bytes.ts";
import { makeCommit } from "../../chain/commit.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import { duplicateVoteEvidence } from "../../chain/duplicate-vote.ts";
import type { Block, CertifiedBlock } from "../../chain/types/block.ts";
import type { Header } from "../../chain/types/header.ts";
import type { ProposalData, Vote } from "../../chain/types/vote.ts";
import { startHeight, transition } from "../core/core.ts";
import type { State } from "../core/state.ts";
import type { CoreVote, Effect, InputVerdict, Outcome, TimeoutKind, ValueId } from "../core/types.ts";
import { checkOwnMessage, checkOwnPrecommit } from "../signer/known-signatures.ts";
import { SignerAwayError, SigningRefusedError } from "../signer/signer.ts";
import type { InputRecord, WalRecord } from "../wal/records.ts";
import type { Wal } from "../wal/wal.ts";
import { canCompact, checkpointRecords } from "./checkpoint.ts";
import { blockIdOf, type Height, openHeight, typeOf } from "./height.ts";
import { createLateVotes, type LateVotes } from "./late-votes.ts";
import { createLateWitness, type LateWitness, NO_WITNESS } from "./late-witness.ts";
import type { Application, Clock, ConsensusLog, ConsensusNetwork, ConsensusSigner, Execution } from "./ports.ts";
import { inputOf, isBehind, replay } from "./replay.ts";
import { testimonyOf } from "./testimony.ts";
import { createTimers } from "./timers.ts";

export interface EnginePorts {
  readonly app: Application;
  readonly signer: ConsensusSigner | undefined;
  readonly network: ConsensusNetwork;
  readonly clock: Clock;
  readonly wal: Wal;
  readonly bls: Bls;
  readonly log: ConsensusLog;
  /** What happens later comes back through the driver's mailbox. */
  readonly later: {
    timeout(height: number, timeout: TimeoutKind, round: number): void;
    build(height: number, round: number): void;
    built(height: number, round: number, block: Block): void;
    executed(height: number, blockId: Uint8Array, execution: Execution): void;
    /** The signer is not paused any more, and owes votes. */
    voteOwed(): void;
    fault(error: unknown): void;
  };
  /** A late precommit waits to be verified. */
  readonly onLateVote: () => void;
  /** A height has begun. */
  readonly onHeight: () => void;
  /** Whether nothing comes after this block; no height is begun then, and `onLast` is called instead. */
  readonly isLast?: ((header: Header) => boolean) | undefined;
  readonly onLast: () => void;
}

/** The core's state with the messages behind it, and the hands that carry out its effects. Called by one letter at a time. */
export interface Engine {
  readonly height: Height;
  readonly state: State;
  readonly late: LateVotes;
  /** Looks at the application's tip again: it may have moved since the engine was made. To be followed by `resume`. */
  reopen(): void;
  /** Goes on from what the log holds for the height after the application's tip. */
  resume(records: readonly WalRecord[]): Promise<void>;
  /** Hands one input to the core and, when it counts, logs it and queues its effects. */
  take(record: InputRecord): InputVerdict;
  /** Carries out queued effects and those that they lead to. */
  carryOut(): Promise<void>;
  /** Asks the application for a block, if one is still wanted for this round. */
  build(round: number): void;
  propose(round: number, block: Block): Promise<void>;
  /** Commits a proven block of this height, wherever consensus stands, and begins the next height. */
  commit(certified: CertifiedBlock): Promise<void>;
  /** Casts the votes that were due while the signer was paused; the signer refuses those that it has gone beyond. */
  voteOwed(): Promise<void>;
  /** Nobody has to wait for the time of an empty block any more. */
  workArrived(): void;
  stop(): void;
}

export function createEngine(ports: EnginePorts): Engine {
  const { app, signer, network, clock, wal, bls, log, later } = ports;
  const timers = createTimers<TimeoutKind | "build" | "repeat">(clock);
  let height = openHeight(app, signer?.publicKey, isNeeded);
  let { state, effects } = begun(height);
  let witness: LateWitness = NO_WITNESS;
  let late = createLateVotes(app, bls, ports.onLateVote, witness);
  /** The application does one thing at a time: nothing executes on a tip that is being replaced. */
  let inApp: Promise<unknown> = Promise.resolve();
  let workSeen = false;
  let abstaining = false;
  /** Votes of this height that were due while the signer was paused. Were they lost with a third of the power, no round would end. */
  let withheld: Effect[] = [];
  let seenAt = "";

  function begun(opened: Height): { state: State; effects: Effect[] } {
    const start = startHeight(opened.config);
    return { state: start.state, effects: [...start.effects] };
  }

  function isNeeded(valueId: ValueId): boolean {
    if (valueId === state.valid?.valueId || valueId === state.locked?.valueId) return true;
    const near = [...(state.proposals.get(state.round) ?? []), ...(state.proposals.get(state.round + 1) ?? [])];
    return near.some((proposal) => proposal.valueId === valueId);
  }

  function useApp<T>(work: () => Promise<T>): Promise<T> {
    const result = inApp.then(work);
    inApp = result.catch(() => undefined); // Whoever asked handles it; the next one is not concerned.
    return result;
  }

  function isOwn(record: InputRecord): boolean {
    const { self, proposer } = height.config;
    if (self === undefined) return false;
    if (record.kind === "vote") return record.vote.validatorIndex === self;
    return record.kind === "proposal" && proposer(record.signed.proposal.round) === self;
  }

  function remember(record: InputRecord): void {
    if (isOwn(record)) checkOwnMessage(record, signer?.lastSigned);
    if (record.kind === "proposal") height.addProposal(record.signed);
    if (record.kind !== "vote") return;
    height.addVote(record.vote);
    // The core forgets a validator's far rounds when later ones come; so do we, now and then.
    const bound = 4 * height.validators.length * (state.round + 4);
    if (height.voteCount() > bound) {
      height.forgetVotes((kind, round, index) => state.votes.rounds.get(round)?.[kind].first[index] !== undefined);
    }
  }

  function abstain(): void {
    abstaining = true;
    wal.append({ kind: "abstain" });
    const { height: number } = height.config;
    log.error(
      { height: number, lastSigned: signer?.lastSigned },
      "the write-ahead log does not reach the last signature: not voting until the next height",
    );
  }

  function take(record: InputRecord): InputVerdict {
    const moved = transition(state, inputOf(record, height.config));
    if (moved.verdict !== "accepted") return moved.verdict;
    wal.append(record);
    state = moved.state;
    remember(record);
    effects.push(...moved.effects);
    return moved.verdict;
  }

  async function carryOut(): Promise<void> {
    for (let effect = effects.shift(); effect !== undefined; effect = effects.shift()) await perform(effect);
    if (wal.isLarge() && canCompact(state)) await wal.compact(checkpointRecords(state, height, abstaining));
  }

  async function perform(effect: Effect): Promise<void> {
    switch (effect.kind) {
      case "schedule":
        return schedule(effect.timeout, effect.round);
      case "execute":
        return execute(effect.valueId);
      case "build":
        return scheduleBuild(effect.round);
      case "repropose": {
        const block = height.block(effect.valueId);
        if (block !== undefined) await send(effect.round, effect.polRound, block);
        return;
      }
      case "vote":
        return cast(effect.vote);
      case "decide":
        return decide(effect.round, effect.valueId, effect.outcome);
      case "conflict":
        return accuse(effect.first, effect.second);
    }
  }

  function schedule(timeout: TimeoutKind, round: number): void {
    const { pacing, config } = height;
    const start = timeout === "propose" ? Math.max(0, pacing.proposeAt(round, workSeen) - clock.now()) : 0;
    timers.set(timeout, start + pacing.timeout(timeout, round), () => later.timeout(config.height, timeout, round));
  }

  function scheduleBuild(round: number): void {
    const wait = height.pacing.proposeAt(round, workSeen) - clock.now();
    const { height: number } = height.config;
    if (wait <= 0) later.build(number, round);
    else timers.set("build", wait, () => later.build(number, round));
  }

  function isProposing(round: number): boolean {
    return state.round === round && state.step === "propose" && !state.proposals.has(round);
  }

  function build(round: number): void {
    const { config, parentTime } = height;
    if (
      signer === undefined ||
      signer.paused === true ||
      config.self === undefined ||
      abstaining ||
      !isProposing(round)
    )
      return;
    const { height: number, self } = config;
    const lastCommit = late.commit();
    const buildWith = async (randaoReveal: Uint8Array): Promise<Block | undefined> => {
      // The height may have been committed while the signer was asked.
      if (app.tip.height + 1 !== number) return undefined;
      const time = Math.max(clock.now(), parentTime + 1);
      return app.build({ height: number, round, proposerIndex: self, time, lastCommit, randaoReveal });
    };
    // Nothing else waits for the application meanwhile: a signer in another process may take its time.
    const reveal = signer.randaoReveal(number);
    reveal
      .then((randaoReveal) => useApp(() => buildWith(randaoReveal)))
      .then((block) => block !== undefined && later.built(number, round, block))
      .catch((error: unknown) => {
        if (error instanceof SignerAwayError) log.warn({ reason: error.message, height: number, round }, "no proposal");
        else log.error({ err: error, height: number, round }, "building a block failed");
      });
  }

  /**
   * The log is flushed first, then the signer's memory, and only then does the message leave. So whatever a crash cuts
   * off, the log leads at least to where the last signature was given: replay comes to the same message, for which the
   * signer has the same signature (docs/adr/014). The other way round, a power cut between the two would leave a
   * signature without its reasons, and the node would have to abstain; a third of the power at once, and none could decide.
   */
  async function signed(sign: (signer: ConsensusSigner) => Promise<Uint8Array>): Promise<Uint8Array | undefined> {
    if (signer === undefined) throw new Error("a node without a signer was asked to sign");
    if (abstaining || signer.paused === true) return undefined;
    await wal.sync();
    return sign(signer).catch(refusal);
  }

  function refusal(error: unknown): undefined {
    const at = { height: height.config.height, round: state.round };
    if (error instanceof SignerAwayError) {
      log.warn({ ...at, reason: error.message }, "no signature");
      return undefined;
    }
    if (!(error instanceof SigningRefusedError)) throw error;
    log.error({ ...at, reason: error.message }, "the signer refused");
    return undefined;
  }

  async function send(round: number, polRound: number, block: Block): Promise<void> {
    const blockId = headerRoot(block.header);
    const proposal: ProposalData = { height: height.config.height, round, polRound: polRound + 1, blockId };
    const signature = await signed((key) => key.signProposal(proposal));
    if (signature === undefined) return;
    const message = { proposal, signature, block };
    if (polRound < 0) take({ kind: "executed", blockId, outcome: "ok" });
    take({ kind: "proposal", signed: message, timely: true });
    network.broadcastProposal(message);
  }

  const isPaused = (): boolean => signer?.paused === true;

  async function cast(vote: CoreVote): Promise<void> {
    if (isPaused()) {
      withheld.push({ kind: "vote", vote });
      return;
    }
    const data = { height: height.config.height, round: vote.round, blockId: blockIdOf(vote.value) };
    const type = typeOf(vote.kind);
    const signature = await signed((key) => key.signVote(type, data));
    if (signature === undefined) {
      // The same vote and no other is asked for again: the signer may have signed it before it went.
      if (isPaused()) withheld.push({ kind: "vote", vote });
      return;
    }
    const message: Vote = { type, ...data, validatorIndex: vote.validator, signature };
    take({ kind: "vote", vote: message });
    network.broadcastVote(message);
  }

  function execute(valueId: ValueId): void {
    const block = height.block(valueId);
    if (block === undefined) return; // Dropped for want of space: it comes again with its certificate.
    const { height: number } = height.config;
    useApp(() => app.execute(block)).then(
      (execution) => later.executed(number, blockIdOf(valueId), execution),
      (error: unknown) => later.fault(error),
    );
  }

  async function decide(round: number, valueId: ValueId, outcome: Outcome): Promise<void> {
    const { config, validators } = height;
    const block = height.block(valueId);
    if (block === undefined) {
      log.warn(
        { height: config.height, block: valueId },
        "decided a block that is no longer here: waiting for a peer's",
      );
      return;
    }
    if (outcome === "inferenceDiffers") {
      log.error(
        { height: config.height, block: valueId },
        "decided a block whose inference this node does not agree with",
      );
    }
    const votes = height.votes(round, { kind: "precommit", value: valueId });
    await commit({ block, commit: makeCommit(votes, validators, bls) });
  }

  async function commit(certified: CertifiedBlock): Promise<void> {
    timers.cancelAll();
    effects = [];
    withheld = [];
    const testimony = testimonyOf(state, height, certified.commit, bls);
    await useApp(() => app.commit(certified, testimony));
    witness = createLateWitness(app, bls, height, state);
    const { self } = height.config;
    const { round, signers } = certified.commit;
    if (self !== undefined && signers.get(self)) checkOwnPrecommit(height.config.height, signer?.lastSigned);
    log.debug({ height: height.config.height, round, block: toHex(certified.commit.blockId) }, "committed a block");
    if (ports.isLast?.(certified.block.header) === true) return ports.onLast();
    height = openHeight(app, signer?.publicKey, isNeeded);
    wal.startHeight(height.config.height);
    ({ state, effects } = begun(height));
    abstaining = false;
    enter();
    await carryOut();
  }

  function enter(): void {
    late.drop();
    late = createLateVotes(app, bls, ports.onLateVote, witness);
    workSeen = app.hasWork();
    repeat();
    ports.onHeight();
  }

  function accuse(first: CoreVote, second: CoreVote): void {
    const [a, b] = height.votesOf(first.kind, first.round, first.validator);
    if (a === undefined || b === undefined) return;
    log.warn({ height: a.height, round: a.round, validator: second.validator }, "a validator contradicted itself");
    app.addEvidence(duplicateVoteEvidence(a, b));
  }

  /** Gossip may lose a message: while nothing moves, what we said last is said again. */
  function repeat(): void {
    timers.set("repeat", height.pacing.repeatEvery, repeat);
    if (withheld.length > 0 && signer?.paused !== true) later.voteOwed();
    const { config } = height;
    const at = `${config.height}/${state.round}/${state.step}`;
    const isStuck = at === seenAt;
    seenAt = at;
    if (!isStuck || config.self === undefined) return;
    const proposal = height.proposal(state.round);
    if (proposal !== undefined && config.proposer(state.round) === config.self) network.broadcastProposal(proposal);
    for (const round of [state.round - 1, state.round]) {
      for (const kind of ["prevote", "precommit"] as const) {
        for (const vote of height.votesOf(kind, round, config.self)) network.broadcastVote(vote);
      }
    }
  }

  return {
    get height() {
      return height;
    },
    get state() {
      return state;
    },
    get late() {
      return late;
    },
    reopen() {
      height = openHeight(app, signer?.publicKey, isNeeded);
    },
    async resume(records) {
      const opened = startHeight(height.config);
      ({ state } = opened);
      const inputs = records.filter((record) => record.kind !== "abstain");
      const replayed = replay(opened, inputs, remember);
      state = replayed.state;
      abstaining = inputs.length < records.length;
      if (!abstaining && isBehind(state, signer?.lastSigned)) abstain();
      effects = [...replayed.effects];
      enter();
      await carryOut();
    },
    take,
    carryOut,
    build,
    propose: (round, block) => (isProposing(round) ? send(round, -1, block) : Promise.resolve()),
    commit,
    voteOwed() {
      effects.push(...withheld.splice(0));
      return carryOut();
    },
    workArrived() {
      if (workSeen || state.round !== 0 || state.step !== "propose" || state.proposals.has(0)) return;
      workSeen = true;
      schedule("propose", 0);
      if (height.config.self !== undefined && height.config.proposer(0) === height.config.self) scheduleBuild(0);
    },
    stop() {
      timers.cancelAll();
      late.drop();
    },
  };
}
