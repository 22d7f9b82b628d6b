import type { Connection, Stream } from "@libp2p/interface";
import { encodeFrame } from "./frames.ts";
import { PeerError } from "./peer-error.ts";
import { PENALTIES } from "./penalties.ts";
import { PROTOCOLS, type ProtocolSpec, type WireProtocol } from "./protocols.ts";
import type { Reporter } from "./reporter.ts";
import { compress, decompress, maxCompressedLength } from "./snappy.ts";
import { asError, type ReadFailure, readFrame, sendAndClose } from "./stream-io.ts";
import { createTokenBuckets } from "./token-bucket.ts";

/**
 * Answers a request; undefined says that what was asked for is not here. A PeerError refuses the request and charges its
 * penalty to the peer (a request that does not parse, say). Any other exception is a fault of this node: the peer is told
 * "unavailable" and the fault is logged.
 */
export type RequestHandler = (request: Uint8Array, from: string) => Promise<Uint8Array | undefined>;

/** First byte of an answer frame; the compressed answer follows after `ok` only. */
export const ANSWER = { ok: 0, unavailable: 1, refused: 2, busy: 3 } as const;

export interface RequestServerOptions extends Reporter {
  readonly name: WireProtocol;
  readonly handler: RequestHandler;
  readonly now: () => number;
}

export interface RequestServer {
  /** Never rejects. */
  serve(stream: Stream, connection: Connection): Promise<void>;
  forget(peer: string): void;
}

/** The answering side of one protocol: bounded in size, time, rate and number, each breach charged to the peer. */
export function createRequestServer(options: RequestServerOptions): RequestServer {
  const { name, penalise } = options;
  const spec: ProtocolSpec = PROTOCOLS[name];
  const buckets = createTokenBuckets(options.now, spec.perSecond, spec.burst);
  const servedTo = new Map<string, number>();
  let served = 0;

  function outcome(value: string): void {
    options.metrics?.increment("p2p_requests_in", { protocol: name, outcome: value });
  }

  async function answer(stream: Stream, status: number, body: Uint8Array): Promise<void> {
    const frame = encodeFrame(Uint8Array.of(status), body);
    await sendAndClose(stream, frame, AbortSignal.timeout(spec.timeoutMs));
  }

  function charge(failure: ReadFailure, peer: string): void {
    outcome(failure);
    if (failure === "timeout") penalise(peer, PENALTIES.slow, `${name} request not finished in time`);
    else if (failure !== "closed") penalise(peer, PENALTIES.badRequest, `${failure} ${name} request`);
  }

  async function handle(request: Uint8Array, peer: string): Promise<{ status: number; body: Uint8Array }> {
    const nothing = new Uint8Array();
    try {
      const response = await options.handler(request, peer);
      if (response === undefined) {
        outcome("unavailable");
        return { status: ANSWER.unavailable, body: nothing };
      }
      if (response.length > spec.maxResponseBytes) {
        throw new Error(`the answer has ${response.length} bytes, more than ${spec.maxResponseBytes}`);
      }
      outcome("ok");
      return { status: ANSWER.ok, body: compress(response) };
    } catch (error) {
      if (error instanceof PeerError) {
        outcome("refused");
        penalise(peer, error.penalty, `${name} request: ${error.message}`);
        return { status: ANSWER.refused, body: nothing };
      }
      outcome("fault");
      options.log("error", `${name} request failed`, { peer, error: asError(error).message });
      return { status: ANSWER.unavailable, body: nothing };
    }
  }

  async function read(stream: Stream, peer: string): Promise<Uint8Array | undefined> {
    const signal = AbortSignal.timeout(Math.min(spec.timeoutMs, REQUEST_READ_MS));
    const frame = await readFrame(stream, maxCompressedLength(spec.maxRequestBytes), signal);
    const request = typeof frame === "string" ? frame : decompress(frame, spec.maxRequestBytes);
    if (typeof request !== "string") return request;
    charge(request, peer);
    stream.abort(new Error(`${request} ${name} request`));
    return undefined;
  }

  return {
    async serve(stream, connection) {
      const peer = connection.remotePeer.toString();
      const mine = servedTo.get(peer) ?? 0;
      served += 1;
      servedTo.set(peer, mine + 1);
      try {
        // Read before anything is answered: what arrives while the other side still negotiates is lost on it.
        const request = await read(stream, peer);
        if (request === undefined) return;
        if (!buckets.take(peer, 1)) {
          outcome("busy");
          penalise(peer, PENALTIES.requestFlood, `too many ${name} requests`);
          await answer(stream, ANSWER.busy, new Uint8Array());
        } else if (mine >= spec.concurrentPerPeer || served > spec.concurrent) {
          outcome("busy");
          await answer(stream, ANSWER.busy, new Uint8Array());
        } else {
          const { status, body } = await handle(request, peer);
          await answer(stream, status, body);
        }
      } catch (error) {
        // The peer went away, or does not read its answer.
        options.log("debug", `${name} answer not delivered`, { peer, error: asError(error).message });
        stream.abort(asError(error));
      } finally {
        served -= 1;
        const left = (servedTo.get(peer) ?? 1) - 1;
        if (left === 0) servedTo.delete(peer);
        else servedTo.set(peer, left);
      }
    },
    forget(peer) {
      buckets.forget(peer);
    },
  };
}

/** A request is small: who takes longer to send one holds a stream open on purpose. */
const REQUEST_READ_MS = 2_000;
