import * as fc from "fast-check";
import { expect, test, vi } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { equalBytes } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob, chunkBytes } from "../../chain/types/blob.ts";
import { BlobFetchError, type BlobRequester, fetchBlob } from "../../node/blobs/fetch.ts";
import { BLOB_REQUEST_KIND, BlobRequest } from "../../node/blobs/messages.ts";

const BYTES = new Uint8Array(5 * BLOB_CHUNK_BYTES + 1).map((_, i) => (i * 13 + (i >> 11)) % 256);
const MANIFEST = blobManifest(BYTES);
const ROOT = blobRoot(BYTES);
const NOTHING = new Uint8Array(0);

/** As `toEqual`, which takes a second for each MiB of bytes. */
function expectBytes(actual: Uint8Array | undefined, expected: Uint8Array): void {
  expect(actual !== undefined && equalBytes(actual, expected)).toBe(true);
}

/** What an honest peer answers. */
function truth(request: Uint8Array): Uint8Array {
  const { kind, index } = BlobRequest.deserialize(request);
  if (kind === BLOB_REQUEST_KIND.manifest) return Blob.serialize(MANIFEST);
  return BYTES.slice(index * BLOB_CHUNK_BYTES, index * BLOB_CHUNK_BYTES + chunkBytes(BYTES.length, index));
}

type Behaviour = (request: Uint8Array) => Promise<Uint8Array>;
const honest: Behaviour = async (request) => truth(request);
const empty: Behaviour = async () => NOTHING;
const broken: Behaviour = () => Promise.reject(new Error("stream reset"));
const silent: Behaviour = () => new Promise(() => undefined);
const isManifest = (request: Uint8Array): boolean =>
  BlobRequest.deserialize(request).kind === BLOB_REQUEST_KIND.manifest;
/** Lies about chunks only. */
const liar: Behaviour = async (request) => {
  const answer = truth(request);
  if (!isManifest(request)) answer[answer.length - 1] = (answer.at(-1) ?? 0) ^ 1;
  return answer;
};

function network(peers: Readonly<Record<string, Behaviour>>): {
  names: string[];
  request: BlobRequester;
  asked: Map<string, number>;
} {
  const asked = new Map<string, number>();
  const request: BlobRequester = (peer, bytes) => {
    asked.set(peer, (asked.get(peer) ?? 0) + 1);
    return peers[peer]?.(bytes) ?? Promise.reject(new Error("unknown peer"));
  };
  return { names: Object.keys(peers), request, asked };
}

test("one honest peer is enough, several share the work", async () => {
  const one = network({ a: honest });
  expectBytes(await fetchBlob(ROOT, one.names, one.request), BYTES);
  expect(one.asked.get("a")).toBe(7);
  const three = network({ a: honest, b: honest, c: honest });
  expectBytes(await fetchBlob(ROOT, three.names, three.request), BYTES);
  expect([...three.asked.values()].every((count) => count >= 2)).toBe(true);
});

const otherManifest = Blob.serialize({ ...MANIFEST, length: MANIFEST.length - 1 });
test.each<[string, Behaviour, RegExp]>([
  ["a wrong chunk", liar, /chunk with another hash/],
  [
    "a chunk that is too long",
    async (request) => (isManifest(request) ? truth(request) : new Uint8Array(BLOB_CHUNK_BYTES + 1)),
    /chunk of 262145 bytes/,
  ],
  ["far too much", async () => new Uint8Array(400_000), /400000 bytes/],
  ["another manifest", async () => otherManifest, /manifest of another root/],
  ["no manifest at all", async () => Uint8Array.of(1, 2, 3), /manifest that is none/],
])("a peer that sends %s is reported once and not asked again", async (_name, lie, reason) => {
  const { names, request, asked } = network({ liar: lie, b: honest });
  const onLie = vi.fn();
  expectBytes(await fetchBlob(ROOT, names, request, { parallel: 1, onLie }), BYTES);
  expect(onLie).toHaveBeenCalledExactlyOnceWith("liar", expect.stringMatching(reason));
  expect(asked.get("liar")).toBeLessThanOrEqual(2);
});

test("peers that fail, have nothing or say nothing are passed over without blame", async () => {
  const { names, request, asked } = network({ broken, empty, silent, d: honest });
  const onLie = vi.fn();
  expectBytes(await fetchBlob(ROOT, names, request, { onLie, timeoutMs: 20, parallel: 2 }), BYTES);
  expect(onLie).not.toHaveBeenCalled();
  expect(asked.get("broken")).toBeLessThanOrEqual(5);
});

test("without an honest peer it fails and says what is missing", async () => {
  const { names, request } = network({ liar, empty });
  await expect(fetchBlob(ROOT, names, request)).rejects.toThrow(/no peer has chunk \d/);
  await expect(fetchBlob(ROOT, [], request)).rejects.toThrow(/no peer has the manifest/);
});

test("a blob over the limit is refused before any chunk is asked for", async () => {
  const { names, request, asked } = network({ a: honest });
  await expect(fetchBlob(ROOT, names, request, { maxBytes: 1000 })).rejects.toThrow(/at most 1000/);
  expect(asked.get("a")).toBe(1);
});

test("a root made over a manifest that contradicts itself names no blob", async () => {
  const evil = { length: 2 ** 40, chunks: MANIFEST.chunks };
  const request: BlobRequester = async () => Blob.serialize(evil);
  await expect(fetchBlob(Blob.hashTreeRoot(evil), ["a"], request)).rejects.toThrow(/root of no blob/);
});

test("a cancelled fetch stops asking", async () => {
  const stop = new AbortController();
  const { names, request, asked } = network({
    a: async (bytes) => {
      stop.abort();
      return truth(bytes);
    },
  });
  await expect(fetchBlob(ROOT, names, request, { signal: stop.signal })).rejects.toThrow(BlobFetchError);
  expect(asked.get("a")).toBe(1);
});

test("any mixture with one honest peer gives the blob; requests stay bounded", async () => {
  const behaviours = fc.array(fc.constantFrom(liar, empty, broken, honest), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(behaviours, fc.integer({ min: 1, max: 8 }), async (others, parallel) => {
      const peers = Object.fromEntries([...others, honest].map((behaviour, i) => [`p${i}`, behaviour]));
      const { names, request, asked } = network(peers);
      expectBytes(await fetchBlob(ROOT, names, request, { parallel }), BYTES);
      const total = [...asked.values()].reduce((sum, count) => sum + count, 0);
      expect(total).toBeLessThanOrEqual(7 * names.length);
    }),
    { numRuns: 40 },
  );
});

test("a peer that stalls holds up nothing: another is asked meanwhile, and its late answer changes nothing", async () => {
  const gates: (() => void)[] = [];
  const stalled: Behaviour = (request) => new Promise((resolve) => gates.push(() => resolve(truth(request))));
  const { names, request, asked } = network({ stalled, b: honest });
  // Far below the time-out: without the second request this would not end.
  expectBytes(await fetchBlob(ROOT, names, request, { hedgeMs: 5, timeoutMs: 3_600_000, parallel: 2 }), BYTES);
  expect(asked.get("stalled")).toBeGreaterThan(0);
  expect(asked.get("b")).toBe(7);
  for (const open of gates) open();
});

test("a liar that is asked for several chunks at once is reported once", async () => {
  const { names, request } = network({ liar, b: honest });
  const onLie = vi.fn();
  expectBytes(await fetchBlob(ROOT, names, request, { parallel: 6, onLie }), BYTES);
  expect(onLie).toHaveBeenCalledTimes(1);
});
