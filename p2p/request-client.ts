import type { Connection, Stream } from "@libp2p/interface";
import { encodeFrame } from "./frames.ts";
import { PeerError, type PeerErrorCode } from "./peer-error.ts";
import { PENALTIES } from "./penalties.ts";
import { PROTOCOL_NAMES, PROTOCOLS, type ProtocolSpec, protocolId, type WireProtocol } from "./protocols.ts";
import { ANSWER } from "./request-server.ts";
import { compress, decompress, maxCompressedLength } from "./snappy.ts";
import { asError, type ReadFailure, readFrame, sendAndClose } from "./stream-io.ts";
import { createTokenBuckets, type TokenBuckets } from "./token-bucket.ts";

export interface RequestOptions {
  /** Instead of the protocol's own time limit, in ms. */
  readonly timeoutMs?: number | undefined;
  /** Gives up early; the error's code is then `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

export interface RequestClient {
  /** One request on a stream of its own. Throws PeerError; charging its penalty is left to the caller. */
  send(connection: Connection, name: WireProtocol, request: Uint8Array, options: RequestOptions): Promise<Uint8Array>;
  forget(peer: string): void;
}

/**
 * The asking side. Keeps within the bounds that the other side enforces, so that an honest node is never charged for its
 * haste: a request beyond them fails at once as `busy`.
 */
export function createRequestClient(genesisRoot: Uint8Array, now: () => number): RequestClient {
  const buckets = PROTOCOL_NAMES.map((name): [WireProtocol, TokenBuckets] => {
    const { perSecond, burst } = PROTOCOLS[name];
    // A little less than allowed: the two clocks differ.
    return [name, createTokenBuckets(now, perSecond * 0.9, burst)];
  });
  const bucketsOf = new Map(buckets);
  const underWay = new Map<string, number>();

  return {
    async send(connection, name, request, options) {
      const peer = connection.remotePeer.toString();
      const spec: ProtocolSpec = PROTOCOLS[name];
      if (request.length > spec.maxRequestBytes) {
        throw new Error(`a ${name} request of ${request.length} bytes; at most ${spec.maxRequestBytes} may be sent`);
      }
      const key = `${name} ${peer}`;
      const running = underWay.get(key) ?? 0;
      if (running >= spec.concurrentPerPeer || bucketsOf.get(name)?.take(peer, 1) !== true) {
        throw new PeerError(peer, "busy", 0, `no more ${name} requests may be made of it now`);
      }
      underWay.set(key, running + 1);
      try {
        return await sendRequest(connection, protocolId(genesisRoot, name), name, request, options);
      } finally {
        const left = (underWay.get(key) ?? 1) - 1;
        if (left === 0) underWay.delete(key);
        else underWay.set(key, left);
      }
    },
    forget(peer) {
      for (const [, keyed] of buckets) keyed.forget(peer);
    },
  };
}

async function sendRequest(
  connection: Connection,
  id: string,
  name: WireProtocol,
  request: Uint8Array,
  options: RequestOptions,
): Promise<Uint8Array> {
  const spec: ProtocolSpec = PROTOCOLS[name];
  const peer = connection.remotePeer.toString();
  const timeout = AbortSignal.timeout(options.timeoutMs ?? spec.timeoutMs);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);

  function fail(code: PeerErrorCode, penalty: number, message: string): PeerError {
    if (options.signal?.aborted === true) return new PeerError(peer, "aborted", 0, `${name} request given up`);
    return new PeerError(peer, code, penalty, message);
  }

  const stream = await openStream(connection, id, signal, (error) => {
    if (signal.aborted) return fail("timeout", PENALTIES.noAnswer, `no stream for ${name} in time`);
    const code = error.name === "UnsupportedProtocolError" ? "unsupported" : "disconnected";
    return fail(code, 0, `no stream for ${name}: ${error.message}`);
  });
  try {
    // Listens before it sends. An answer may overtake the end of the request, so failing to send is no verdict.
    const answer = readFrame(stream, maxCompressedLength(spec.maxResponseBytes) + 1, signal);
    await sendAndClose(stream, encodeFrame(compress(request)), signal).catch(() => undefined);
    const frame = await answer;
    if (typeof frame === "string") throw readError(frame, name, fail);
    return open(frame, spec, name, fail);
  } catch (error) {
    stream.abort(asError(error));
    throw error;
  }
}

async function openStream(
  connection: Connection,
  id: string,
  signal: AbortSignal,
  toError: (error: Error) => PeerError,
): Promise<Stream> {
  try {
    return await connection.newStream(id, { signal });
  } catch (error) {
    throw toError(asError(error));
  }
}

type Fail = (code: PeerErrorCode, penalty: number, message: string) => PeerError;

function readError(failure: ReadFailure, name: WireProtocol, fail: Fail): PeerError {
  switch (failure) {
    case "timeout":
      return fail("timeout", PENALTIES.noAnswer, `no answer to ${name} in time`);
    case "closed":
      return fail("disconnected", 0, `the stream ended before the answer to ${name}`);
    case "oversize":
      return fail("oversize", PENALTIES.badRequest, `the answer to ${name} is over its bound`);
    case "malformed":
      return fail("malformed", PENALTIES.badRequest, `the answer to ${name} is no frame`);
  }
}

function open(frame: Uint8Array, spec: ProtocolSpec, name: WireProtocol, fail: Fail): Uint8Array {
  switch (frame[0]) {
    case ANSWER.ok: {
      const answer = decompress(frame.subarray(1), spec.maxResponseBytes);
      if (typeof answer !== "string") return answer;
      throw fail(answer, PENALTIES.badRequest, `${answer} answer to ${name}`);
    }
    case ANSWER.unavailable:
      throw fail("unavailable", 0, `has no answer to ${name}`);
    case ANSWER.refused:
      throw fail("refused", 0, `refused the ${name} request`);
    case ANSWER.busy:
      throw fail("busy", 0, `has too many ${name} requests`);
    default:
      throw fail("malformed", PENALTIES.badRequest, `the answer to ${name} has no known status`);
  }
}
