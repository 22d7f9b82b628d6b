import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob } from "../../chain/types/blob.ts";
import { openBlobStore } from "../../node/blobs/blob-store.ts";
import { BLOB_REFUSALS, type BlobRefusal } from "../../node/blobs/refusals.ts";
import { createRetention } from "../../node/blobs/retention.ts";
import { openUploads, type UploadsOptions } from "../../node/blobs/uploads.ts";
import { createLog } from "../../node/log.ts";
import { clientOf } from "../../node/rpc/blobs.ts";
import { startRpc } from "../../node/rpc/server.ts";
import { createFakeNode } from "./fake-node.ts";

const BYTES = new Uint8Array(BLOB_CHUNK_BYTES + 1000).map((_, i) => i % 251);
const ROOT = toHex(blobRoot(BYTES));
const MANIFEST = Blob.serialize(blobManifest(BYTES));
const FIRST = BYTES.slice(0, BLOB_CHUNK_BYTES);
const SECOND = BYTES.slice(BLOB_CHUNK_BYTES);
const MIB = 1024 * 1024;

type Outcome = Awaited<ReturnType<Awaited<ReturnType<typeof openUploads>>["put"]>>;

interface Setup {
  readonly registered?: number;
  readonly maxBytes?: number;
  readonly fault?: string;
  readonly diskFull?: boolean;
  readonly limits?: Partial<UploadsOptions["limits"]>;
  /** Stands for what a chunk does. */
  readonly put?: () => Promise<Outcome>;
}

/** A server over real uploads in a folder of their own. */
async function server({ registered, maxBytes = 8 * MIB, fault, diskFull = false, limits, put }: Setup = {}) {
  const directory = mkdtempSync(join(tmpdir(), "assay-rpc-blobs-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const store = openBlobStore(directory, { maxBytes });
  const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  const uploads = await openUploads({
    directory,
    store: diskFull ? { ...store, adopt: () => Promise.reject(full) } : store,
    retention: createRetention({ store, references: () => () => false, keepMs: 1, now: () => 0 }),
    registered: () => registered,
    fault: async () => fault,
    limits: { blobBytes: 4 * MIB, perClient: 4 * MIB, total: 4 * MIB, expiryMs: 1000, ...limits },
    now: () => 0,
  });
  const { api } = createFakeNode(1);
  const logged: string[] = [];
  const log = createLog({ level: "error", name: "rpc", write: (line) => logged.push(line) });
  const own: typeof api = { ...api, tip: api.tip, uploads: put === undefined ? uploads : { ...uploads, put } };
  const rpc = await startRpc({ host: "127.0.0.1", port: 0, api: own, log, cors: true });
  onTestFinished(() => rpc.close());
  const base = `http://127.0.0.1:${rpc.port}/blobs`;
  const answer = async (response: Response) => ({ status: response.status, json: (await response.json()) as unknown });
  const post = async (path: string, body: Uint8Array, type = "application/octet-stream") =>
    answer(
      await fetch(`${base}/${path}`, { method: "POST", headers: { "content-type": type }, body: new Uint8Array(body) }),
    );
  const get = async (root: string) => answer(await fetch(`${base}/${root}`));
  return { post, get, port: rpc.port, logged };
}

test("a model comes in chunks, and each answer says what is missing", async () => {
  const { post, get } = await server();
  const open = (missing: number[]) => ({ status: 200, json: { state: "open", length: BYTES.length, missing } });
  const stored = { status: 200, json: { state: "stored", length: BYTES.length, missing: [] } };
  expect(await post(`${ROOT}/manifest`, MANIFEST)).toEqual(open([0, 1]));
  expect(await post(`${ROOT}/chunks/1`, SECOND)).toEqual(open([0]));
  expect(await get(ROOT)).toEqual(open([0]));
  expect(await post(`${ROOT}/chunks/0`, FIRST)).toEqual(stored);
  expect(await get(ROOT)).toEqual(stored);
});

/** One request more than the server lets one client have under way, none of which it has answered. */
async function whileBusy(): Promise<{ status: number; json: unknown }> {
  const gates: (() => void)[] = [];
  const stored = { state: "stored", length: 1, missing: [] } as const;
  const { post } = await server({ put: () => new Promise((resolve) => gates.push(() => resolve(stored))) });
  const waiting = Array.from({ length: 16 }, () => post(`${ROOT}/chunks/0`, SECOND));
  await expect.poll(() => gates.length).toBe(16);
  const refused = await post(`${ROOT}/chunks/0`, SECOND);
  for (const open of gates.splice(0)) open();
  expect((await Promise.all(waiting)).every(({ status }) => status === 200)).toBe(true);
  const again = post(`${ROOT}/chunks/0`, SECOND);
  await expect.poll(() => gates.length).toBe(1);
  for (const open of gates) open();
  expect((await again).status).toBe(200);
  return refused;
}

/** A request without a length, which `fetch` can't make. */
async function withoutLength(): Promise<{ status: number; json: unknown }> {
  const { port } = await server();
  const head = "Content-Type: application/octet-stream\r\nTransfer-Encoding: chunked";
  const text = await new Promise<string>((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`POST /blobs/${ROOT}/manifest HTTP/1.1\r\nHost: a\r\n${head}\r\n\r\n1\r\nx\r\n0\r\n\r\n`),
    );
    let got = "";
    socket.on("data", (data) => {
      got += data.toString();
    });
    socket.on("close", () => resolve(got));
    socket.on("error", reject);
  });
  const [, status] = /^HTTP\/1\.1 (\d+)/.exec(text) ?? [];
  return { status: Number(status), json: JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1)) };
}

const other = new Uint8Array(500).fill(3);
const OTHER = toHex(blobRoot(other));
const begin = async (setup: Setup, path = `${ROOT}/manifest`, body = MANIFEST, type?: string) =>
  (await server(setup)).post(path, body, type);
const afterManifest = async (setup: Setup, path: string, body: Uint8Array) => {
  const { post } = await server(setup);
  await post(`${ROOT}/manifest`, MANIFEST);
  return post(path, body);
};
const lying = { length: 9, chunks: [...blobManifest(BYTES).chunks] };

/** How each refusal of the table comes about. */
const REFUSED: Readonly<Record<BlobRefusal, () => Promise<{ status: number; json: unknown }>>> = {
  badRoot: () => begin({}, `${ROOT.toUpperCase()}/manifest`),
  badIndex: () => begin({}, `${ROOT}/chunks/01`),
  badType: () => begin({}, `${ROOT}/manifest`, MANIFEST, "text/plain"),
  noLength: withoutLength,
  bodyTooLarge: () => afterManifest({}, `${ROOT}/chunks/0`, new Uint8Array(BLOB_CHUNK_BYTES + 1)),
  emptyBody: () => begin({}, `${ROOT}/manifest`, new Uint8Array(0)),
  badManifest: () => begin({}, `${ROOT}/manifest`, Uint8Array.of(1)),
  wrongManifest: () => begin({}, `${OTHER}/manifest`),
  badLength: () => begin({}, `${toHex(Blob.hashTreeRoot(lying))}/manifest`, Blob.serialize(lying)),
  tooLarge: () => begin({ limits: { blobBytes: 1000 } }),
  otherLength: () => begin({ registered: 7 }),
  unknown: () => begin({}, `${ROOT}/chunks/0`, FIRST),
  unregistered: () => begin({ limits: { total: 0 } }),
  noSuchChunk: () => afterManifest({}, `${ROOT}/chunks/2`, FIRST),
  chunkLength: () => afterManifest({}, `${ROOT}/chunks/0`, SECOND),
  chunkHash: () => afterManifest({}, `${ROOT}/chunks/0`, new Uint8Array(BLOB_CHUNK_BYTES)),
  async refusedModel() {
    const { post } = await server({ fault: "an operator" });
    await post(`${ROOT}/manifest`, MANIFEST);
    await post(`${ROOT}/chunks/0`, FIRST);
    return post(`${ROOT}/chunks/1`, SECOND);
  },
  async tooManyUploads() {
    const { post } = await server();
    for (let i = 0; i < 8; i++) {
      const manifest = blobManifest(new Uint8Array(10).fill(i));
      await post(`${toHex(Blob.hashTreeRoot(manifest))}/manifest`, Blob.serialize(manifest));
    }
    return post(`${ROOT}/manifest`, MANIFEST);
  },
  clientQuota: () => begin({ limits: { perClient: 100_000 } }),
  nodeQuota: () => afterManifest({ limits: { total: 100_000 } }, `${ROOT}/chunks/0`, FIRST),
  busy: whileBusy,
  full: () => begin({ maxBytes: 50 }),
  async diskFull() {
    const { post } = await server({ diskFull: true });
    await post(`${ROOT}/manifest`, MANIFEST);
    await post(`${ROOT}/chunks/0`, FIRST);
    return post(`${ROOT}/chunks/1`, SECOND);
  },
};

test.each(Object.keys(REFUSED) as BlobRefusal[])("%s is refused as the table says", async (code) => {
  const { status, text } = BLOB_REFUSALS[code];
  const { status: found, json } = await REFUSED[code]();
  expect(json).toEqual({ code, error: expect.stringContaining(text) });
  expect(found).toBe(status);
});

test("a failure of the node's own is logged and not told", async () => {
  const { post, logged } = await server({ put: () => Promise.reject(new Error("the disk is on fire")) });
  const { status, json } = await post(`${ROOT}/chunks/0`, SECOND);
  expect([status, json]).toEqual([500, { code: "failed", error: "the node could not answer; its log says why" }]);
  expect(logged.join()).toContain("the disk is on fire");
});

test("a client is an IPv4 address, or an IPv6 network of 64 bits", () => {
  const same = (a: string, b: string) => clientOf(a) === clientOf(b);
  expect(same("::ffff:192.0.2.1", "192.0.2.1")).toBe(true);
  expect(same("192.0.2.1", "192.0.2.2")).toBe(false);
  expect(same("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff")).toBe(true);
  expect(same("2001:db8:1:2::1", "2001:db8:1:3::1")).toBe(false);
  expect(same("2001:db8::1", "2001:0db8:0:0::7%eth0")).toBe(true);
  expect(same("::1", "::2")).toBe(true);
});
