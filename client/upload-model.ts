import { sha256 } from "@noble/hashes/sha2.js";
import { toHex } from "../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob, chunkBytes, MAX_BLOB_BYTES } from "../chain/types/blob.ts";
import { NodeError, UploadRefused } from "./errors.ts";
import { readBounded, reasonOf } from "./node-rpc.ts";

export interface UploadProgress {
  /** Bytes that the node has. */
  readonly done: number;
  /** Bytes of the blob. */
  readonly total: number;
  /** Bytes that it had when the upload began: an earlier attempt left them. */
  readonly resumed: number;
}

export interface UploadOptions {
  /** Called when the node has said what it has, and after each chunk. */
  readonly onProgress?: (progress: UploadProgress) => void;
  /** Chunks under way at once; 4 if not given. */
  readonly parallel?: number;
  /** Milliseconds for one chunk; 60,000 if not given. */
  readonly timeoutMs?: number;
  /** Gives up: the upload rejects with the signal's reason, and the node keeps what it has. */
  readonly signal?: AbortSignal;
}

/** What a node answers: see node/rpc/blobs.ts. */
interface Status {
  readonly state: "open" | "stored";
  readonly missing: readonly number[];
}

const MAX_ANSWER_BYTES = 1024 * 1024;
/** Tries of one request: what is lost on the way, or refused for the moment, is sent again. */
const TRIES = 5;
const FIRST_WAIT_MS = 250;
/** Refusals that pass by themselves. */
const PASSING = new Set(["busy"]);

function isStatus(value: unknown): value is Status {
  if (typeof value !== "object" || value === null) return false;
  const { state, missing } = value as Partial<Record<keyof Status, unknown>>;
  return (state === "open" || state === "stored") && Array.isArray(missing) && missing.every(Number.isSafeInteger);
}

function parse(text: string, status: number): Status {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new NodeError(`the node answers an upload with HTTP status ${status} and no JSON`, { cause: error });
  }
  if (status === 200 && isStatus(json)) return json;
  const { code, error } = (json ?? {}) as { readonly code?: unknown; readonly error?: unknown };
  if (typeof code === "string" && typeof error === "string")
    throw new UploadRefused(code, error.slice(0, 1000), status);
  throw new NodeError(`the node answers an upload with HTTP status ${status} and nothing that this client knows`);
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    signal?.addEventListener("abort", stop, { once: true });
  });
}

async function postOnce(url: string, body: Uint8Array, { timeoutMs = 60_000, signal }: UploadOptions): Promise<Status> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body: new Uint8Array(body),
      signal: signal === undefined ? late : AbortSignal.any([late, signal]),
    });
    return parse(await readBounded(response, MAX_ANSWER_BYTES), response.status);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof NodeError || error instanceof UploadRefused) throw error;
    throw new NodeError(`no node takes an upload at ${url} (${reasonOf(error)})`, { cause: error });
  }
}

/** Sends again, after waits that double, what got no answer or a refusal that passes. */
async function post(url: string, body: Uint8Array, options: UploadOptions): Promise<Status> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await postOnce(url, body, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const passes = error instanceof UploadRefused ? PASSING.has(error.code) : error instanceof NodeError;
      if (!passes || attempt === TRIES) throw error;
      await pause(FIRST_WAIT_MS * 2 ** (attempt - 1), options.signal);
    }
  }
}

/** A blob's manifest. PERF: hashes 64 MiB in under a second, and lets others have a turn after each 16 MiB. */
export async function blobManifestOf(bytes: Uint8Array, signal?: AbortSignal): Promise<Blob> {
  if (bytes.length === 0 || bytes.length > MAX_BLOB_BYTES) {
    throw new Error(`a blob of ${bytes.length} bytes; 1 to ${MAX_BLOB_BYTES} are possible`);
  }
  const chunks: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += BLOB_CHUNK_BYTES) {
    chunks.push(sha256(bytes.subarray(at, at + BLOB_CHUNK_BYTES)));
    if (chunks.length % 64 === 0) await pause(0, signal);
  }
  return { length: bytes.length, chunks };
}

/**
 * Hands a model's bytes to a node, from where the others fetch them. It can be done before or after the registration. What an earlier attempt has
 * brought there is not sent again. Runs in browsers too.
 *
 * @param endpoint the node's RPC, `http://127.0.0.1:26657`.
 * @returns the model's root, 64 hex digits. The node then has all of it and has looked at it.
 * @throws UploadRefused with the node's reason, NodeError when it does not answer.
 * @example
 * const root = await uploadModel("http://127.0.0.1:26657", bytes, { onProgress: ({ done, total }) => console.log(done / total) });
 */
export function uploadModel(endpoint: string, bytes: Uint8Array, options: UploadOptions = {}): Promise<string> {
  return uploadBlob(endpoint, bytes, options);
}

/** The same for any blob that nodes take: a model, or serialised inputs. */
export async function uploadBlob(endpoint: string, bytes: Uint8Array, options: UploadOptions = {}): Promise<string> {
  const { onProgress = () => undefined, parallel = 4, signal } = options;
  signal?.throwIfAborted();
  const manifest = await blobManifestOf(bytes, signal);
  const root = toHex(Blob.hashTreeRoot(manifest));
  const base = `${endpoint.replace(/\/+$/, "")}/blobs/${root}`;
  const total = bytes.length;
  let status = await post(`${base}/manifest`, Blob.serialize(manifest), options);
  const queue = status.missing.filter((index) => chunkBytes(total, index) > 0);
  const resumed = total - queue.reduce((sum, index) => sum + chunkBytes(total, index), 0);
  let done = resumed;
  onProgress({ done, total, resumed });
  let failed = false;

  async function send(): Promise<void> {
    for (let index = queue.shift(); index !== undefined && !failed; index = queue.shift()) {
      const chunk = bytes.subarray(index * BLOB_CHUNK_BYTES, (index + 1) * BLOB_CHUNK_BYTES);
      try {
        const answer = await post(`${base}/chunks/${index}`, chunk, options);
        if (answer.state === "stored") status = answer;
      } catch (error) {
        failed = true;
        throw error;
      }
      done += chunk.length;
      onProgress({ done, total, resumed });
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, send));
  if (status.state !== "stored")
    throw new NodeError("the node has taken all chunks and says that it does not have the blob");
  return root;
}
