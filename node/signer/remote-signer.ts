import { connect, type Socket } from "node:net";
import { equalBytes } from "../../chain/bytes.ts";
import type { Bls } from "../../chain/crypto/bls.ts";
import { randaoRoot } from "../../chain/executor/randomness.ts";
import { PREVOTE } from "../../chain/types/vote.ts";
import { proposalRoot, voteRoot } from "../../chain/vote-signing.ts";
import type { SignedPosition } from "../../consensus/driver/ports.ts";
import { type FileSigner, SignerAwayError, SigningRefusedError } from "../../consensus/signer/signer.ts";
import { attestationRoot, commitmentRoot } from "../../modules/inference/signatures.ts";
import { createFrameReader, encodeFrame } from "../../p2p/frames.ts";
import type { Logger } from "../log.ts";
import { UserError } from "../user-error.ts";
import type { AttestationSigner } from "./attestation-signer.ts";
import {
  decodeAnswer,
  encodeRequest,
  MAX_ANSWER_BYTES,
  positionOf,
  SIGNER_PROTOCOL,
  type SignerAnswer,
  type SignerRequest,
} from "./protocol.ts";

export interface RemoteSignerOptions {
  readonly socket: string;
  readonly genesisRoot: Uint8Array;
  readonly bls: Pick<Bls, "verify">;
  /** Height of the last committed block. */
  readonly tip: () => number;
  readonly onConnected: (connected: boolean) => void;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Milliseconds to wait for the signer at the start; 15,000 if not given. */
  readonly startMs?: number;
}

/** A signer in another process. `paused` while it is away. */
export type RemoteSigner = FileSigner & AttestationSigner & { readonly paused: boolean };

const START_MS = 15_000;
/** What a signature may take. It costs a round at most once: the connection is given up with it. */
const REQUEST_MS = 1_000;
const FIRST_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 3_000;

const ORDER = { proposal: 0, prevote: 1, precommit: 2 } as const satisfies Record<SignedPosition["step"], number>;

function compare(a: SignedPosition | undefined, b: SignedPosition | undefined): number {
  if (a === undefined || b === undefined) return Number(a !== undefined) - Number(b !== undefined);
  return a.height - b.height || a.round - b.round || ORDER[a.step] - ORDER[b.step];
}

function later(a: SignedPosition | undefined, b: SignedPosition | undefined): SignedPosition | undefined {
  return compare(a, b) >= 0 ? a : b;
}

interface Waiting {
  readonly resolve: (signature: Uint8Array) => void;
  readonly reject: (error: Error) => void;
  readonly timer: NodeJS.Timeout;
}

interface Connection {
  ask(request: SignerRequest): Promise<Uint8Array>;
}

/**
 * Connects to a remote signer, and again whenever it has been away.
 * @throws UserError when it does not answer at the start, serves another node or signs for another chain.
 */
export async function connectRemoteSigner(options: RemoteSignerOptions): Promise<RemoteSigner> {
  const { socket: path, genesisRoot, bls, log } = options;
  const started = Promise.withResolvers<void>();
  let publicKey: Uint8Array | undefined;
  let lastSigned: SignedPosition | undefined;
  /** The latest that this process has asked for: the signer may have signed it, although no answer came. */
  let asked: SignedPosition | undefined;
  /** Another node had it sign here: what that one was locked on is not known to this one, which sits the height out. */
  let foreignHeight = 0;
  let connection: Connection | undefined;
  let current: Socket | undefined;
  let retry: NodeJS.Timeout | undefined;
  let backoff = FIRST_BACKOFF_MS;
  let reason = "nothing listens there";
  let said = "";
  let closed = false;

  function note(why: string): void {
    reason = why;
    if (why !== said && publicKey !== undefined)
      log.warn({ socket: path, reason: why }, "the signer is away: not voting");
    said = why;
  }

  /** @returns why it is not to be used. */
  function judge(answer: SignerAnswer): string | undefined {
    if (answer.kind === "refused") return answer.reason;
    if (answer.kind !== "welcome") return "it answers something else than was asked";
    const last = positionOf(answer.value);
    if (publicKey !== undefined) {
      if (!equalBytes(publicKey, answer.value.publicKey)) return "it has another key than before";
      if (compare(last, lastSigned) < 0)
        return "its sign state is older than what it has signed: it was lost or put back";
      if (compare(last, later(lastSigned, asked)) > 0) foreignHeight = last?.height ?? 0;
    }
    publicKey ??= answer.value.publicKey;
    lastSigned = last;
    return undefined;
  }

  function dial(): void {
    const socket = connect(path);
    current = socket;
    const reader = createFrameReader(MAX_ANSWER_BYTES);
    const waiting = new Map<number, Waiting>();
    let lastId = 0;
    let isUp = false;
    let problem = "the connection was closed";
    const hello = setTimeout(() => fail("it does not answer"), REQUEST_MS);

    function fail(why: string): void {
      problem = why;
      socket.destroy();
      gone();
    }

    /** At once and not when the socket says so: whoever is rejected must find the signer away. */
    function gone(): void {
      if (current !== socket) return;
      current = undefined;
      connection = undefined;
      clearTimeout(hello);
      if (isUp) options.onConnected(false);
      if (!closed) note(problem);
      for (const { reject, timer } of waiting.values()) {
        clearTimeout(timer);
        reject(new SignerAwayError(problem));
      }
      waiting.clear();
      if (closed) return;
      retry = setTimeout(dial, backoff);
      backoff = Math.min(2 * backoff, MAX_BACKOFF_MS);
    }

    function ask(request: SignerRequest): Promise<Uint8Array> {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => fail(`no signature within ${REQUEST_MS} ms`), REQUEST_MS);
        waiting.set(id, { resolve, reject, timer });
        socket.write(encodeFrame(encodeRequest(id, request)));
      });
    }

    function begin(answer: SignerAnswer): void {
      const why = judge(answer);
      if (why !== undefined) {
        fail(why);
        return;
      }
      isUp = true;
      clearTimeout(hello);
      connection = { ask };
      backoff = FIRST_BACKOFF_MS;
      said = "";
      options.onConnected(true);
      log.info({ socket: path, lastSigned, sitsOut: foreignHeight }, "the signer is connected");
      started.resolve();
    }

    function settle(id: number, answer: SignerAnswer): void {
      const one = waiting.get(id);
      if (one === undefined || answer.kind === "welcome") {
        fail(answer.kind === "refused" ? answer.reason : "it answers what was not asked");
        return;
      }
      waiting.delete(id);
      clearTimeout(one.timer);
      if (answer.kind === "signed") one.resolve(answer.value.signature);
      else one.reject(new SigningRefusedError(answer.reason));
    }

    function hear(bytes: Uint8Array): void {
      const heard = decodeAnswer(bytes);
      if (heard === undefined) fail("it sends what is no answer");
      else if (isUp) settle(heard.id, heard.answer);
      else begin(heard.answer);
    }

    socket.once("connect", () => {
      socket.write(encodeFrame(encodeRequest(0, { kind: "hello", value: { version: SIGNER_PROTOCOL, genesisRoot } })));
    });
    socket.on("data", (chunk: Buffer) => {
      const frames = reader.push(new Uint8Array(chunk));
      if (typeof frames === "string") {
        fail(`a frame is ${frames}`);
        return;
      }
      for (const frame of frames) if (current === socket) hear(frame);
    });
    socket.on("error", (error) => {
      problem = error.message;
    });
    socket.on("close", gone);
  }

  async function ask(request: SignerRequest, root: Uint8Array): Promise<Uint8Array> {
    if (connection === undefined || publicKey === undefined) throw new SignerAwayError(reason);
    const signature = await connection.ask(request);
    if (!bls.verify({ publicKey, message: root, signature })) {
      throw new SigningRefusedError("the signer gave a signature that is none of its key over this message");
    }
    return signature;
  }

  async function askAt(at: SignedPosition, request: SignerRequest, root: Uint8Array): Promise<Uint8Array> {
    asked = later(asked, at);
    const signature = await ask(request, root);
    lastSigned = later(lastSigned, at);
    return signature;
  }

  function close(): void {
    closed = true;
    clearTimeout(retry);
    current?.destroy();
  }

  dial();
  const limit = setTimeout(() => {
    started.reject(
      new UserError(`the signer at ${path} is not to be had: ${reason}. Start it ("assay signer start") first`),
    );
  }, options.startMs ?? START_MS);
  try {
    await started.promise;
  } catch (error) {
    close();
    throw error;
  } finally {
    clearTimeout(limit);
  }

  return {
    publicKey: publicKey ?? new Uint8Array(48),
    get lastSigned() {
      return lastSigned;
    },
    get paused() {
      return connection === undefined || foreignHeight > options.tip();
    },
    signVote(type, data) {
      const at = { height: data.height, round: data.round, step: type === PREVOTE ? "prevote" : "precommit" } as const;
      return askAt(at, { kind: "vote", value: { type, data } }, voteRoot(type, data, genesisRoot));
    },
    signProposal(data) {
      const at = { height: data.height, round: data.round, step: "proposal" } as const;
      return askAt(at, { kind: "proposal", value: data }, proposalRoot(data, genesisRoot));
    },
    randaoReveal: (height) => ask({ kind: "randao", value: { height } }, randaoRoot(height, genesisRoot)),
    signAttestation: (data, height) =>
      ask({ kind: "attestation", value: { data, height } }, attestationRoot(data, genesisRoot)),
    signCommitment: (data) => ask({ kind: "commitment", value: data }, commitmentRoot(data, genesisRoot)),
    close,
  };
}
