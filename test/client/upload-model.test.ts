import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { blobManifest, blobRoot } from "../../chain/blob-root.ts";
import { toHex } from "../../chain/bytes.ts";
import { BLOB_CHUNK_BYTES, Blob } from "../../chain/types/blob.ts";
import { NodeError, UploadRefused } from "../../client/errors.ts";
import { type UploadProgress, uploadModel } from "../../client/upload-model.ts";

const BYTES = new Uint8Array(3 * BLOB_CHUNK_BYTES + 10).map((_, i) => i % 251);
const ROOT = toHex(blobRoot(BYTES));

interface Answer {
  readonly status: number;
  readonly json: unknown;
}

/** A node that keeps what it is given. @param fault decides before it does; `lost` breaks the connection. */
async function fakeNode(
  fault: (path: string, count: number) => Answer | "lost" | "html" | undefined = () => undefined,
) {
  const there = new Map<number, number>();
  const asked: string[] = [];
  const missing = () => [0, 1, 2, 3].filter((index) => !there.has(index));
  const server = createServer((request, response) => {
    const body: Buffer[] = [];
    request.on("data", (data: Buffer) => body.push(data));
    request.on("end", () => {
      const path = request.url ?? "";
      asked.push(path.replace(`/blobs/${ROOT}/`, ""));
      const wrong = fault(path, asked.length);
      if (wrong === "lost") return void request.socket.destroy();
      if (wrong === "html") return void response.end("<html>");
      if (wrong !== undefined) return void response.writeHead(wrong.status).end(JSON.stringify(wrong.json));
      const [, index] = /chunks\/(\d+)$/.exec(path) ?? [];
      const bytes = Buffer.concat(body);
      if (index !== undefined) there.set(Number(index), bytes.length);
      else expect(bytes.equals(Blob.serialize(blobManifest(BYTES)))).toBe(true);
      const state = missing().length === 0 ? "stored" : "open";
      response.end(JSON.stringify({ state, length: BYTES.length, missing: missing() }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, there, asked };
}

test("all chunks are sent and progress is told", async () => {
  const { url, there } = await fakeNode();
  const seen: UploadProgress[] = [];
  expect(await uploadModel(`${url}/`, BYTES, { onProgress: (progress) => seen.push(progress) })).toBe(ROOT);
  expect([...there.values()].reduce((sum, length) => sum + length, 0)).toBe(BYTES.length);
  expect(seen[0]).toEqual({ done: 0, total: BYTES.length, resumed: 0 });
  expect(seen.at(-1)).toEqual({ done: BYTES.length, total: BYTES.length, resumed: 0 });
  expect(seen.map(({ done }) => done)).toEqual(seen.map(({ done }) => done).toSorted((a, b) => a - b));
});

test("what was broken off goes on where it was", async () => {
  const { url, asked } = await fakeNode();
  const stop = new AbortController();
  const cut = uploadModel(url, BYTES, {
    parallel: 1,
    signal: stop.signal,
    onProgress: ({ done }) => done >= 2 * BLOB_CHUNK_BYTES && stop.abort(new Error("enough")),
  });
  await expect(cut).rejects.toThrow("enough");
  const before = asked.length;
  const onProgress = vi.fn();
  await uploadModel(url, BYTES, { parallel: 1, onProgress });
  expect(onProgress.mock.calls[0]).toEqual([
    { done: 2 * BLOB_CHUNK_BYTES, total: BYTES.length, resumed: 2 * BLOB_CHUNK_BYTES },
  ]);
  expect(asked.slice(before)).toEqual(["manifest", "chunks/2", "chunks/3"]);
});

test("what is lost on the way, or refused for the moment, is sent again", async () => {
  const busy = { status: 503, json: { code: "busy", error: "later" } };
  const { url, there } = await fakeNode((_, count) => (count === 2 ? "lost" : count === 3 ? busy : undefined));
  expect(await uploadModel(url, BYTES, { parallel: 1 })).toBe(ROOT);
  expect(there.size).toBe(4);
});

test("a refusal ends it with the node's code and text", async () => {
  const json = { code: "clientQuota", error: "too much" };
  const { url, asked } = await fakeNode((path) => (path.endsWith("chunks/1") ? { status: 429, json } : undefined));
  const error = await uploadModel(url, BYTES, { parallel: 1 }).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(UploadRefused);
  expect(error).toMatchObject({ code: "clientQuota", message: "too much", status: 429 });
  expect(asked).toEqual(["manifest", "chunks/0", "chunks/1"]);
});

test("a node that answers with anything else is no node", async () => {
  const stored = { status: 200, json: { state: "open", length: 1, missing: [] } };
  const { url } = await fakeNode(() => stored);
  await expect(uploadModel(url, BYTES)).rejects.toThrow(NodeError);
  const odd = await fakeNode(() => ({ status: 418, json: { teapot: true } }));
  const stop = AbortSignal.timeout(300);
  await expect(uploadModel(odd.url, BYTES, { signal: stop })).rejects.toThrow();
  await expect(uploadModel(url, new Uint8Array(0))).rejects.toThrow(/1 to \d+ are possible/);
});
