import type { Stream } from "@libp2p/interface";
import { createFrameReader, type FrameFailure } from "./frames.ts";

/** `closed`: the stream ended before the frame did. `timeout`: the signal fired first. */
export type ReadFailure = FrameFailure | "closed" | "timeout";

/**
 * Reads the one frame that a side of a request stream sends. Never throws. Attaches its listeners at once, so that
 * nothing already received is lost; holds at most `maxBytes`. More bytes after the frame make it malformed.
 */
export function readFrame(stream: Stream, maxBytes: number, signal: AbortSignal): Promise<Uint8Array | ReadFailure> {
  return new Promise((resolve) => {
    const reader = createFrameReader(maxBytes);
    const listeners = new AbortController();
    const options = { signal: listeners.signal };

    function settle(result: Uint8Array | ReadFailure): void {
      listeners.abort();
      signal.removeEventListener("abort", onAbort);
      resolve(result);
    }
    function onAbort(): void {
      settle("timeout");
    }
    function onEnd(): void {
      settle("closed");
    }

    if (signal.aborted) {
      resolve("timeout");
      return;
    }
    signal.addEventListener("abort", onAbort);
    stream.addEventListener("end", onEnd, options);
    stream.addEventListener("close", onEnd, options);
    stream.addEventListener(
      "message",
      (event) => {
        const frames = reader.push(event.data);
        if (typeof frames === "string") settle(frames);
        else if (frames.length > 1 || (frames.length === 1 && reader.partial)) settle("malformed");
        else if (frames[0] !== undefined) settle(frames[0]);
      },
      options,
    );
    if (stream.readableEnded || stream.status === "aborted" || stream.status === "reset") onEnd();
  });
}

/**
 * Sends everything that this side has to send and closes its half. Resolves when the bytes have left the stream's
 * buffer; rejects when the signal fires first (a peer that does not read) or the stream breaks.
 */
export async function sendAndClose(stream: Stream, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  stream.send(bytes);
  await stream.close({ signal });
}

/** An error as an Error, for abort(). */
export function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
