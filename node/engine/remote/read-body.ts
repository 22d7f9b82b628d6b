import type { IncomingMessage } from "node:http";
import { concatBytes } from "../../../chain/bytes.ts";

/** What explains a refusal is short. */
const MAX_REFUSAL_BYTES = 16 * 1024;

export interface ReadBody {
  readonly bytes: Uint8Array;
  /** Why these are not all bytes. */
  readonly fault?: string;
}

/**
 * Reads the body of an answer up to a bound. Never rejects; leaves a stream that it does not read to the end to whoever destroys the
 * request.
 */
export function readBody(response: IncomingMessage, maxBytes: number): Promise<ReadBody> {
  const { promise, resolve } = Promise.withResolvers<ReadBody>();
  const limit = response.statusCode === 200 ? maxBytes : Math.min(maxBytes, MAX_REFUSAL_BYTES);
  const chunks: Uint8Array[] = [];
  let size = 0;

  function end(fault?: string): void {
    response.pause();
    resolve({ bytes: concatBytes(...chunks), ...(fault === undefined ? {} : { fault }) });
  }

  // Stays for good, as destroying a request tells of it here.
  response.on("error", (error) => end(`the connection ended inside the answer: ${error.message}`));
  const { "content-length": announced, "content-encoding": encoding = "identity" } = response.headers;
  if (encoding !== "identity") end(`the answer is encoded as ${encoding.slice(0, 40)}, which was not asked for`);
  else if (Number(announced ?? 0) > limit) end(`an answer of ${announced} bytes, at most ${limit} are read`);
  else {
    response.on("data", (chunk: Uint8Array) => {
      if (size + chunk.length > limit) return end(`an answer of more than ${limit} bytes`);
      size += chunk.length;
      chunks.push(chunk);
    });
    response.on("end", () => end(response.complete ? undefined : "the connection ended inside the answer"));
    response.on("close", () => end("the connection ended inside the answer"));
  }
  return promise;
}
