import { equalBytes, toHex } from "../../chain/bytes.ts";
import { sha256 } from "../../chain/crypto/hash.ts";
import { BLOB_CHUNK_BYTES, Blob, chunkBytes, isConsistentBlob } from "../../chain/types/blob.ts";
import { BLOB_REQUEST_KIND, BlobRequest, MAX_BLOB_RESPONSE } from "./messages.ts";

/** Sends a request of the protocol `blob` to a peer. An empty answer means that the peer does not have it. */
export type BlobRequester = (peerId: string, request: Uint8Array) => Promise<Uint8Array>;

export interface FetchBlobOptions {
  /** Larger blobs are refused once their manifest is known. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Requests under way at once. Default 4. */
  readonly parallel?: number;
  /** After which a request counts as failed. Default 10,000. */
  readonly timeoutMs?: number;
  /** After which another peer is asked as well, so that one that stalls holds up nothing but itself. Default 1,000. */
  readonly hedgeMs?: number;
  /** A peer answered with bytes that are not what was asked for. It is not asked again. */
  readonly onLie?: (peerId: string, reason: string) => void;
  readonly signal?: AbortSignal;
}

/** No peer gave what is needed, the blob is too large, or the fetch was cancelled. */
export class BlobFetchError extends Error {}

/** Failed requests after which a peer is not asked again. */
const MAX_FAILURES = 3;
/** A peer that has failed once is asked when the others have so many requests more under way. */
const LOAD_OF_FAILURE = 8;
const NO_REQUESTS = { underWay: 0, all: 0 } as const;

interface Fetch {
  readonly root: Uint8Array;
  readonly request: BlobRequester;
  readonly timeoutMs: number;
  readonly hedgeMs: number;
  readonly onLie: (peerId: string, reason: string) => void;
  readonly signal: AbortSignal | undefined;
  /** Failures of each peer that may still be asked. */
  readonly failures: Map<string, number>;
  /** Requests to each peer: the next one goes to who has fewest under way, then to who has had fewest. */
  readonly requests: Map<string, { underWay: number; all: number }>;
}

/**
 * Fetches a blob from any of `peers`: the manifest first, verified against the root, then the chunks, each verified against the
 * manifest. Makes at most (chunks + 1) × peers requests and holds the blob once in memory. Throws BlobFetchError.
 */
export async function fetchBlob(
  root: Uint8Array,
  peers: readonly string[],
  request: BlobRequester,
  options: FetchBlobOptions = {},
): Promise<Uint8Array> {
  const { maxBytes = 64 * 1024 * 1024, parallel = 4, timeoutMs = 10_000, hedgeMs = 1000, signal } = options;
  const { onLie = () => undefined } = options;
  const fetch: Fetch = {
    root,
    request,
    timeoutMs,
    hedgeMs,
    onLie,
    signal,
    failures: new Map(peers.map((peer) => [peer, 0])),
    requests: new Map(peers.map((peer) => [peer, { underWay: 0, all: 0 }])),
  };
  const manifest = await ask(fetch, BLOB_REQUEST_KIND.manifest, 0, (answer) => readManifest(answer, root));
  const { length, chunks } = manifest;
  if (!isConsistentBlob(manifest)) throw new BlobFetchError(`${toHex(root)} is the root of no blob`);
  if (length > maxBytes) throw new BlobFetchError(`blob ${toHex(root)} of ${length} bytes, at most ${maxBytes}`);
  const bytes = new Uint8Array(length);
  let next = 0;
  let failed = false;
  async function fetchChunks(): Promise<void> {
    while (next < chunks.length && !failed) {
      const index = next++;
      try {
        const chunk = await ask(fetch, BLOB_REQUEST_KIND.chunk, index, (answer) =>
          readChunk(answer, chunks[index], chunkBytes(length, index)),
        );
        bytes.set(chunk, index * BLOB_CHUNK_BYTES);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, parallel) }, fetchChunks));
  return bytes;
}

/** Why an answer is not what was asked for. */
interface Lie {
  readonly lie: string;
}

function readManifest(answer: Uint8Array, root: Uint8Array): Blob | Lie {
  let manifest: Blob;
  try {
    manifest = Blob.deserialize(answer);
  } catch (error) {
    return { lie: `a manifest that is none: ${error instanceof Error ? error.message : String(error)}` };
  }
  return equalBytes(Blob.hashTreeRoot(manifest), root) ? manifest : { lie: "a manifest of another root" };
}

function readChunk(answer: Uint8Array, hash: Uint8Array | undefined, length: number): Uint8Array | Lie {
  if (answer.length !== length) return { lie: `a chunk of ${answer.length} bytes instead of ${length}` };
  return hash !== undefined && equalBytes(sha256(answer), hash) ? answer : { lie: "a chunk with another hash" };
}

/** The peer to ask next: one that fails seldom, and has little to do. */
function nextPeer({ failures, requests }: Fetch, asked: ReadonlySet<string>): string | undefined {
  const candidates = [...failures]
    .filter(([peer]) => !asked.has(peer))
    .map(([peer, failed]) => {
      const { underWay, all } = requests.get(peer) ?? NO_REQUESTS;
      return { peer, load: failed * LOAD_OF_FAILURE + underWay, all };
    });
  return candidates.sort((a, b) => a.load - b.load || a.all - b.all)[0]?.peer;
}

/**
 * Asks one peer after the other until one gives a true answer; each is asked at most once. The next one's turn comes when one has failed, or
 * has kept the fetch waiting for `hedgeMs`: the first true answer counts.
 */
async function ask<T extends object>(
  fetch: Fetch,
  kind: number,
  index: number,
  read: (answer: Uint8Array) => T | Lie,
): Promise<T> {
  const request = BlobRequest.serialize({ root: fetch.root, kind, index });
  const asked = new Set<string>();
  const pending = new Set<Promise<T | undefined>>();
  for (;;) {
    if (fetch.signal?.aborted === true) throw new BlobFetchError(`fetch of ${toHex(fetch.root)} cancelled`);
    const peer = nextPeer(fetch, asked);
    if (peer !== undefined) {
      asked.add(peer);
      const attempt: Promise<T | undefined> = askOne(fetch, peer, request, read).finally(() => pending.delete(attempt));
      pending.add(attempt);
    } else if (pending.size === 0) {
      const what = kind === BLOB_REQUEST_KIND.manifest ? "the manifest" : `chunk ${index}`;
      throw new BlobFetchError(`no peer has ${what} of blob ${toHex(fetch.root)} (${asked.size} asked)`);
    }
    const value = await firstOf(pending, peer === undefined ? undefined : fetch.hedgeMs);
    if (value !== undefined) return value;
  }
}

/** What one of the promises gives; undefined when that is nothing, or none has given anything in time. */
async function firstOf<T>(
  pending: ReadonlySet<Promise<T | undefined>>,
  ms: number | undefined,
): Promise<T | undefined> {
  if (ms === undefined) return Promise.race(pending);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([...pending, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A peer's true answer. Undefined when it has none; then it may count against the peer. */
async function askOne<T extends object>(
  fetch: Fetch,
  peer: string,
  request: Uint8Array,
  read: (answer: Uint8Array) => T | Lie,
): Promise<T | undefined> {
  const answer = await answerOf(fetch, peer, request);
  if (answer === undefined) return undefined;
  const value = answer.length > MAX_BLOB_RESPONSE ? { lie: `${answer.length} bytes` } : read(answer);
  if (!("lie" in value)) return value;
  // One that lies to several requests at once has lied once.
  if (fetch.failures.delete(peer)) fetch.onLie(peer, value.lie);
  return undefined;
}

/** The answer, or undefined when the peer failed or has nothing: neither proves anything against it. */
async function answerOf(fetch: Fetch, peer: string, request: Uint8Array): Promise<Uint8Array | undefined> {
  const count = fetch.requests.get(peer) ?? { ...NO_REQUESTS };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${fetch.timeoutMs} ms`)), fetch.timeoutMs);
  });
  count.underWay++;
  count.all++;
  try {
    const answer = await Promise.race([fetch.request(peer, request), late]);
    return answer.length === 0 ? undefined : answer;
  } catch {
    // Whatever went wrong, another peer is asked; one that keeps failing is left alone.
    const failures = (fetch.failures.get(peer) ?? MAX_FAILURES) + 1;
    if (failures >= MAX_FAILURES) fetch.failures.delete(peer);
    else fetch.failures.set(peer, failures);
    return undefined;
  } finally {
    count.underWay--;
    clearTimeout(timer);
  }
}
