import { compareBytes, equalBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { readTip } from "../../chain/executor/chain-state.ts";
import type { ChainSpec } from "../../chain/module.ts";
import type { AdmissionNote, Commitment, CommitmentData, CommitmentEntry } from "../../chain/types/attestation.ts";
import { MAX_ADMISSION_NOTES, MAX_COMMITMENT_ENTRIES } from "../../chain/types/limits.ts";
import type { Clock } from "../../consensus/driver/ports.ts";
import { SignerAwayError } from "../../consensus/signer/signer.ts";
import { NOTES } from "../../modules/inference/admission-notes.ts";
import { isTolerant } from "../../modules/inference/classes.ts";
import { createCommitteeCache } from "../../modules/inference/committee.ts";
import { attestationOf } from "../../modules/inference/signatures.ts";
import { JOB_KIND, JOB_STATUS } from "../../modules/inference/store.ts";
import { bucketOf } from "../../modules/inference/time-buckets.ts";
import type { StateReader } from "../../state/store.ts";
import type { Logger } from "../log.ts";
import type { AttestationSigner } from "../signer/attestation-signer.ts";
import type { RevealMessage } from "../wire.ts";
import { mayNote } from "./admission-note.ts";
import type { AttestationStore } from "./attestation-store.ts";
import { opinionOf } from "./opinion.ts";
import { type Computation, createRuns, keyOf, type Runs, type RunsOptions } from "./runs.ts";
import { runOf, type Seat, seatsOf, sendsOutput } from "./seats.ts";
import { createLookahead, type PendingMessage, speculativeRun, tiersAsked } from "./speculation.ts";

export interface AttesterOptions extends Pick<RunsOptions, "engine" | "loadModel" | "onRun"> {
  readonly signer: AttestationSigner;
  readonly spec: ChainSpec;
  /** Closed with the attester. */
  readonly store: AttestationStore;
  readonly publishCommitment: (commitment: Commitment) => void;
  /** `output` is empty for EXEC_ERROR, and where it is not at hand: others have it. It is `bare` where only the own blocks need it. */
  readonly publishReveal: (message: RevealMessage, bare: boolean) => void;
  /** Of one run. Default 10,000. */
  readonly timeoutMs?: number;
  readonly clock: Pick<Clock, "after">;
  readonly log: Logger;
}

/**
 * A validator's part in the attested lane, off the consensus path: no method waits for a model, none throws, and nothing
 * that happens here can stop a block. Without an engine it attests nothing and the node votes as before.
 */
export interface Attester {
  /** What it computes with, for whoever needs outputs at once. */
  readonly runs: Pick<Runs, "cached" | "start">;
  /**
   * After each commit, and once at the start, with the state at the tip: takes up open jobs, commits to what is
   * computed, reveals what is due, and says again what the chain has not taken.
   */
  onCommit(state: StateReader): void;
  /** A transaction waits in the mempool: its runs are begun at low priority, if its sender could pay for them and not too many wait before it. */
  onPendingTx(messages: readonly PendingMessage[]): void;
  /** Resolves when nothing more is written. */
  close(): Promise<void>;
}

/** Runs asked of the engine at once; it does them one by one. */
const MAX_WORKING = 32;
const MAX_SPECULATIVE = 8;
/** Of one run, milliseconds, unless it is said otherwise. */
export const RUN_TIMEOUT_MS = 10_000;
/** Runs that end within this time of each other share one commitment message. */
const GATHER_MS = 5;
/** The same while more runs are under way: each message is signed, and verified by everybody. */
const BUSY_GATHER_MS = 40;
/** Both double with each message of a block, since the last one lists what those before it did; the next block has everything said at once. */
const MAX_DOUBLINGS = 5;
const NO_OUTPUT = new Uint8Array(0);
/** Of a job in hex. */
const ID_DIGITS = 64;

export function createAttester(options: AttesterOptions): Attester {
  const { signer, spec, store, clock, log, engine, loadModel, onRun } = options;
  const timeoutMs = options.timeoutMs ?? RUN_TIMEOUT_MS;
  const runs = createRuns({ engine, loadModel, onRun, timeoutMs, clock, log });
  const committees = createCommitteeCache();
  const lookahead = createLookahead();
  /** By job, from the start of the run until its attestation is on the disk. */
  const working = new Map<string, Promise<void>>();
  /** Of each open job: runs begun, and the height before which there is no other. */
  const tries = new Map<string, { readonly count: number; readonly next: number }>();
  /** What has been said since the last block. Each run that ends would else have everything said again. */
  const said = new Set<string>();
  /** Ends the wait for more runs that end. */
  let gathering: (() => void) | undefined;
  let tip: StateReader | undefined;
  /** Of the next block. */
  let asked: ReadonlySet<number> | undefined;
  /** As of the tip. */
  let seats: readonly Seat[] | undefined;
  /** Of open jobs. */
  const requests = new Map<string, Computation>();
  /** Jobs with outputs of executors that are not within the bound of the own one. */
  const outside = new Set<string>();
  /** The height after which a reveal was first said. */
  const revealed = new Map<string, number>();
  /** Commitment messages since the last block. */
  let lists = 0;
  let closed = false;

  /** Nothing signed here leaves the process: that takes a second step, which reads what is on the disk. */
  async function persist({ jobId, job }: Seat, root: Uint8Array): Promise<void> {
    const data = attestationOf(jobId, job, root);
    const signature = await signer.signAttestation(data, job.requestedHeight);
    // A signer in this process has done so already; one in another has a memory of its own.
    await store.add({ ...data, height: job.requestedHeight, signature });
  }

  async function attest(seat: Seat, request: Computation): Promise<void> {
    try {
      const output = await runs.start(request, "high");
      if (output === undefined || closed || tip === undefined) return;
      // It may be another's turn by now.
      const current = seats?.find(({ jobId }) => equalBytes(jobId, seat.jobId)) ?? seat;
      const opinion = opinionOf(tip, current, output);
      if (opinion.kind === "outside") {
        outside.add(toHex(seat.jobId) + toHex(current.job.outputRoot));
        log.info({ job: seat.jobId, reason: opinion.reason }, "an executor's output is not within the model's bound");
      }
      if (opinion.kind !== "sign") return;
      await persist(current, opinion.root);
      publishSoon();
    } catch (error) {
      if (error instanceof SignerAwayError) log.debug({ job: seat.jobId }, "a job waits for the signer");
      else log.error({ err: error, job: seat.jobId }, "a job was not attested");
    } finally {
      working.delete(toHex(seat.jobId));
    }
  }

  function requestOf(state: StateReader, seat: Seat): Computation | undefined {
    const id = toHex(seat.jobId);
    const known = requests.get(id);
    if (known !== undefined) return known;
    const request = runOf(state, seat);
    if (request === undefined) return undefined;
    requests.set(id, request);
    lookahead.opened(keyOf(request));
    return request;
  }

  /** Whether nothing is to be computed, or compared, at the moment. */
  function isDone({ jobId, job, mayExecute, mayReveal }: Seat, request: Computation): boolean {
    const isStored = store.get(jobId) !== undefined;
    const isKnown = runs.cached(request) !== undefined;
    if (!isTolerant(job) || mayExecute) return isStored && isKnown;
    return mayReveal ? isStored || outside.has(toHex(jobId) + toHex(job.outputRoot)) : isKnown;
  }

  /** Computes what is missing: the attestation, or the output of one that is to be revealed. */
  function work(state: StateReader, height: number, seat: Seat): void {
    const id = toHex(seat.jobId);
    if (working.has(id) || working.size >= MAX_WORKING) return;
    const request = requestOf(state, seat);
    if (request === undefined) return;
    if (isDone(seat, request)) return;
    // What did not work is tried again: after one block, then after two more, then after three.
    const before = tries.get(id) ?? { count: 0, next: 0 };
    if (height < before.next) return;
    tries.set(id, { count: before.count + 1, next: height + before.count + 1 });
    working.set(id, attest(seat, request));
  }

  function isNews(text: string): boolean {
    const is = !said.has(text);
    said.add(text);
    return is;
  }

  async function signAndPublish(data: CommitmentData): Promise<void> {
    try {
      const signature = await signer.signCommitment(data);
      if (!closed) options.publishCommitment({ data, signature });
    } catch (error) {
      if (error instanceof SignerAwayError) log.debug({}, "a commitment waits for the signer");
      else log.error({ err: error }, "a commitment was not signed");
    }
  }

  /** With the time that the run took, which after a restart only another run tells. */
  function entryOf(state: StateReader, seat: Seat): CommitmentEntry | undefined {
    const { jobId, job } = seat;
    const stored = store.get(jobId);
    if (stored === undefined) return undefined;
    const hash = sha256(stored.signature);
    if (job.kind !== JOB_KIND.admission) return { jobId, hash, bucket: 0 };
    const request = requestOf(state, seat);
    const ms = request && runs.took(request);
    return ms === undefined ? undefined : { jobId, hash, bucket: bucketOf(ms) };
  }

  /** Why nothing is committed, where the owner of a model is to be told. */
  function noteFor(state: StateReader, height: number, seat: Seat): AdmissionNote | undefined {
    if (!seat.mayNote) return undefined;
    const request = requestOf(state, seat);
    const why = request && runs.failure(request);
    const { jobId, job } = seat;
    const { count = 0 } = tries.get(toHex(jobId)) ?? {};
    if (why === undefined || !mayNote(why, count, Math.min(job.commitEnd, job.deadline) - height)) return undefined;
    return { jobId, code: NOTES[why][0] };
  }

  /** One message for each operator lists everything that is attested and not in the chain yet. */
  function commit(state: StateReader, height: number, seats: readonly Seat[]): void {
    const messages = new Map<string, { validator: Uint8Array; entries: CommitmentEntry[]; notes: AdmissionNote[] }>();
    for (const seat of seats) {
      if (!seat.mayCommit) continue;
      const { operator: validator } = seat;
      const entry = entryOf(state, seat);
      const note = entry === undefined ? noteFor(state, height, seat) : undefined;
      if (entry === undefined && note === undefined) continue;
      const message = messages.get(toHex(validator)) ?? { validator, entries: [], notes: [] };
      if (entry !== undefined && message.entries.length < MAX_COMMITMENT_ENTRIES) message.entries.push(entry);
      if (note !== undefined && message.notes.length < MAX_ADMISSION_NOTES) message.notes.push(note);
      messages.set(toHex(validator), message);
    }
    for (const data of messages.values()) {
      // In one order, so that the same commitments are the same bytes however often they are said.
      for (const list of [data.entries, data.notes]) list.sort((a, b) => compareBytes(a.jobId, b.jobId));
      const ids = [data.entries, data.notes].map((list) => list.map(({ jobId }) => toHex(jobId)).join());
      if (isNews(`commitment ${toHex(data.validator)} ${ids.join(" ")}`)) {
        lists++;
        void signAndPublish(data);
      }
    }
  }

  function reveal(state: StateReader, height: number, seat: Seat): void {
    const { jobId, job, operator, committed, mayExecute } = seat;
    const stored = store.get(jobId);
    // What was attested may be an earlier executor's output.
    if (isTolerant(job) && !mayExecute && stored !== undefined && !equalBytes(stored.outputRoot, job.outputRoot))
      return;
    if (stored === undefined || (committed === undefined && !job.direct)) return;
    if (committed !== undefined && !equalBytes(sha256(stored.signature), committed)) {
      log.error({ job: jobId }, "the chain holds a commitment of this validator that this node did not make");
      return;
    }
    const { outputRoot, signature } = stored;
    const request = requestOf(state, seat);
    const known = request && runs.cached(request);
    // The executor's is in the chain when others attest it.
    const hasOutput = known !== undefined && equalBytes(known.root, outputRoot) && (mayExecute || !isTolerant(job));
    const output = hasOutput ? known.bytes : NO_OUTPUT;
    // With its output it is worth more than without.
    if (!isNews(`reveal ${toHex(jobId)} ${output.length > 0}`)) return;
    const id = toHex(jobId);
    const first = revealed.get(id) ?? height;
    revealed.set(id, first);
    // A proposer that lacked the output has not made the job final: then everyone sends it.
    const isWanted = mayExecute || (job.status === JOB_STATUS.revealing && (height > first || sendsOutput(seat)));
    options.publishReveal({ reveal: { jobId, validator: operator, outputRoot, signature }, output }, !isWanted);
  }

  function advance(state: StateReader): void {
    const { height } = readTip(state);
    seats ??= seatsOf(state, height, signer.publicKey, committees);
    commit(state, height, seats);
    for (const seat of seats) {
      const { mayCommit, mayReveal, mayExecute, mayPrepare } = seat;
      if (mayReveal || mayExecute) reveal(state, height, seat);
      if (mayCommit || mayReveal || mayExecute || mayPrepare) work(state, height, seat);
    }
    const open = new Set(seats.map(({ jobId }) => toHex(jobId)));
    for (const kept of [tries, requests, revealed, outside]) {
      for (const id of kept.keys()) if (!open.has(id.slice(0, ID_DIGITS))) kept.delete(id);
    }
  }

  function guardedAdvance(): void {
    if (closed || tip === undefined) return;
    try {
      advance(tip);
    } catch (error) {
      log.error({ err: error }, "attesting failed in this node");
    }
  }

  function publishSoon(): void {
    // The run that has just ended is still among those.
    const ms = (working.size > 1 ? BUSY_GATHER_MS : GATHER_MS) << Math.min(lists, MAX_DOUBLINGS);
    gathering ??= clock.after(ms, () => {
      gathering = undefined;
      guardedAdvance();
    });
  }

  return {
    runs,
    onCommit(state) {
      tip = state;
      asked = undefined;
      seats = undefined;
      lists = 0;
      said.clear();
      lookahead.committed(readTip(state).height);
      guardedAdvance();
    },
    onPendingTx(messages) {
      if (closed || tip === undefined) return;
      try {
        for (const message of messages) {
          if (runs.speculative >= MAX_SPECULATIVE) return;
          asked ??= tiersAsked(tip, signer.publicKey);
          const found = speculativeRun(tip, spec, message, asked);
          // Inline the block itself waits for what has not been begun.
          if (found === undefined || (!found.isInline && lookahead.isFull)) continue;
          void runs.start(found.run, "low");
          if (!found.isInline) lookahead.begun(found.run, readTip(tip).height);
        }
      } catch (error) {
        log.error({ err: error }, "speculation failed in this node");
      }
    },
    async close() {
      closed = true;
      gathering?.();
      runs.close();
      await Promise.allSettled(working.values());
      await store.close();
    },
  };
}
