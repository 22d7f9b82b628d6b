import { type ClientRequest, Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { createSecureContext } from "node:tls";
import type { Clock } from "../../../consensus/driver/ports.ts";
import { shorten } from "../messages.ts";
import { readBody } from "./read-body.ts";

export interface HttpClientOptions {
  /** PEM certificates that the server's must be signed by; undefined for those that Node.js trusts. */
  readonly ca?: string;
  /** Sockets at most, and kept alive at most. */
  readonly connections: number;
  /** For the name, the connection and the handshake. */
  readonly connectMs: number;
  /** From then to the end of the answer's headers. */
  readonly firstByteMs: number;
  readonly clock: Clock;
}

export interface HttpQuestion {
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** With one it is a POST, without one a GET. */
  readonly body?: Uint8Array;
  /** Of the answer. */
  readonly maxBytes: number;
  /** For all of it, the body included. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * `answer` has status 200. `refused` another one: the server is there, and gives its reason. `unreachable` is the connection, `broken` an
 * answer that was late, too large or cut off.
 */
export type HttpAnswer =
  | { readonly kind: "answer"; readonly headers: IncomingHttpHeaders; readonly body: Uint8Array }
  | { readonly kind: "refused"; readonly status: number; readonly body: Uint8Array }
  | { readonly kind: "unreachable" | "broken" | "cancelled"; readonly reason: string };

export interface HttpClient {
  /** Never rejects. Redirects are answers like any other: not followed. */
  ask(question: HttpQuestion): Promise<HttpAnswer>;
  /** Ends all connections. */
  close(): void;
}

const MAX_HEADER_BYTES = 16 * 1024;
/** Kept alive without a request for so long. */
const IDLE_MS = 30_000;

/** @throws Error for certificates that can not be read. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  if (options.ca !== undefined) checkCertificates(options.ca);
  const keepAlive = { keepAlive: true, maxSockets: options.connections, timeout: IDLE_MS };
  const http = new HttpAgent(keepAlive);
  const https = new HttpsAgent({
    ...keepAlive,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED can not say otherwise.
    rejectUnauthorized: true,
    minVersion: "TLSv1.2",
    ...(options.ca === undefined ? {} : { ca: options.ca }),
  });

  function open(question: HttpQuestion): ClientRequest {
    const { url, body, headers } = question;
    const length = body === undefined ? {} : { "content-length": String(body.length) };
    const call = {
      method: body === undefined ? "GET" : "POST",
      headers: { ...headers, ...length, accept: "*/*", "accept-encoding": "identity" },
      maxHeaderSize: MAX_HEADER_BYTES,
    };
    return url.protocol === "https:"
      ? httpsRequest(url, { ...call, agent: https })
      : httpRequest(url, { ...call, agent: http });
  }

  async function ask(question: HttpQuestion): Promise<HttpAnswer> {
    const first = await exchange(open(question), question, options);
    // The server may close a connection that was kept alive just as it is used again. Asking twice changes nothing there.
    return first === "stale" ? settled(await exchange(open(question), question, options)) : first;
  }

  return {
    ask,
    close() {
      http.destroy();
      https.destroy();
    },
  };
}

function settled(answer: HttpAnswer | "stale"): HttpAnswer {
  return answer === "stale" ? { kind: "broken", reason: "the server closed the connection without an answer" } : answer;
}

/** Here and not at the first connection, which would throw. */
function checkCertificates(ca: string): void {
  if (!ca.includes("-----BEGIN CERTIFICATE-----")) throw new Error("the certificates of the server are not PEM");
  try {
    createSecureContext({ ca });
  } catch (error) {
    throw new Error("the certificates of the server can not be read", { cause: error });
  }
}

/** One request on one connection. Whatever it ends with, its timers are gone, and its socket is either idle or destroyed. */
function exchange(
  call: ClientRequest,
  { url, body, maxBytes, timeoutMs, signal }: HttpQuestion,
  { connectMs, firstByteMs, clock }: HttpClientOptions,
): Promise<HttpAnswer | "stale"> {
  const { promise, resolve } = Promise.withResolvers<HttpAnswer | "stale">();
  const cancels = new Set<() => void>();
  let connected = false;
  let ended = false;
  let stopPhase = (): void => {};

  /** @param whole whether the answer has been read to its end, so that the connection can serve again. */
  function end(answer: HttpAnswer | "stale", whole = false): void {
    ended = true;
    stopPhase();
    for (const cancel of cancels) cancel();
    if (!whole) call.destroy();
    resolve(answer);
  }

  /** The phase before is over. */
  function phase(ms: number, late: HttpAnswer): void {
    stopPhase();
    // A socket may still come for a request that has been given up.
    if (!ended) stopPhase = clock.after(ms, () => end(late));
  }

  function onConnected(): void {
    connected = true;
    phase(firstByteMs, { kind: "broken", reason: `no answer within ${firstByteMs} ms` });
  }

  const onAbort = (): void => end({ kind: "cancelled", reason: "cancelled" });
  signal?.addEventListener("abort", onAbort, { once: true });
  cancels.add(() => signal?.removeEventListener("abort", onAbort));
  cancels.add(clock.after(timeoutMs, () => end({ kind: "broken", reason: `no whole answer within ${timeoutMs} ms` })));
  phase(connectMs, { kind: "unreachable", reason: `no connection within ${connectMs} ms` });

  call.on("socket", (socket) => {
    if (call.reusedSocket) onConnected();
    else socket.once(url.protocol === "https:" ? "secureConnect" : "connect", onConnected);
  });
  // Stays for good: a destroyed request may still have an error to tell, which nobody waits for any more.
  call.on("error", (error: NodeJS.ErrnoException) => {
    const lost = error.code === "ECONNRESET" || error.code === "EPIPE";
    if (call.reusedSocket && lost) end("stale");
    else end({ kind: connected ? "broken" : "unreachable", reason: shorten(textOf(error)) });
  });
  // Without a listener the connection would stay open until the time is over.
  call.on("upgrade", (_response, socket) => {
    socket.destroy();
    end({ kind: "broken", reason: "the server changed to another protocol" });
  });
  call.on("response", (response) => {
    stopPhase();
    void readBody(response, maxBytes).then((read) => {
      const { statusCode: status = 0, headers } = response;
      const whole = read.fault === undefined;
      if (status !== 200) end({ kind: "refused", status, body: read.bytes }, whole);
      else if (read.fault !== undefined) end({ kind: "broken", reason: read.fault });
      else end({ kind: "answer", headers, body: read.bytes }, whole);
    });
  });
  call.end(body);
  if (signal?.aborted === true) onAbort();
  return promise;
}

/** Several addresses that all failed have no message of their own. */
function textOf(error: NodeJS.ErrnoException): string {
  const parts = error instanceof AggregateError ? error.errors.map(String).join("; ") : error.message;
  return parts === "" ? (error.code ?? error.name) : parts;
}
