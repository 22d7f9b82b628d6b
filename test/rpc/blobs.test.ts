import { expect, onTestFinished, test } from "vitest";
import { toHex } from "../../chain/bytes.ts";
import { GRPC, QueryError } from "../../chain/errors.ts";
import type { PutBlobOutcome } from "../../node/api.ts";
import { createLog } from "../../node/log.ts";
import { startRpc } from "../../node/rpc/server.ts";
import { QueryModelRequest, QueryModelResponse } from "../../proto/inference-query.ts";
import { createFakeNode } from "./fake-node.ts";

const ROOT = "ab".repeat(32);
const MODEL = new Uint8Array(1000).fill(7);

/** A server whose node knows one model of 1,000 bytes. */
async function server(put: () => Promise<PutBlobOutcome>) {
  const { api } = createFakeNode(1);
  const kept: string[] = [];
  const own: typeof api = {
    ...api,
    tip: api.tip,
    query(path, request) {
      expect(path).toBe("/assay.inference.v1.Query/Model");
      const { model } = QueryModelRequest.decode(request);
      if (model !== ROOT) throw new QueryError(GRPC.notFound, "none");
      const value = QueryModelResponse.fromPartial({ model: { modelBytes: BigInt(MODEL.length) } });
      return { value: QueryModelResponse.encode(value).finish(), height: 1 };
    },
    putBlob(root, bytes) {
      kept.push(`${toHex(root)} ${bytes.length}`);
      return put();
    },
  };
  const log = createLog({ level: "error", name: "rpc", write: () => undefined });
  const rpc = await startRpc({ host: "127.0.0.1", port: 0, api: own, log, cors: true });
  onTestFinished(() => rpc.close());
  const post = async (root: string, body: Uint8Array<ArrayBuffer> = MODEL, type = "application/octet-stream") => {
    const url = `http://127.0.0.1:${rpc.port}/blobs/${root}`;
    const response = await fetch(url, { method: "POST", headers: { "content-type": type }, body });
    return { status: response.status, json: (await response.json()) as unknown };
  };
  return { post, kept };
}

test.each<[PutBlobOutcome, number, string]>([
  ["stored", 200, "stored"],
  ["mismatch", 400, "the bytes do not hash to this root"],
  ["full", 507, "the blob store of this node is full"],
  [{ refused: "operator set 17, not 18" }, 400, "operator set 17, not 18"],
])("a model is handed to the node, which answers %s", async (outcome, status, text) => {
  const { post, kept } = await server(() => Promise.resolve(outcome));
  const field = outcome === "stored" ? "result" : "error";
  expect(await post(ROOT)).toEqual({ status, json: { [field]: text } });
  expect(kept).toEqual([`${ROOT} 1000`]);
});

test("what is no registered model of this length is refused before it is read", async () => {
  const { post, kept } = await server(() => Promise.resolve("stored"));
  expect(await post("cd".repeat(32))).toEqual({
    status: 404,
    json: { error: "no model with this root is registered; register it first" },
  });
  expect(await post("AB".repeat(32))).toEqual({ status: 400, json: { error: "a root is 64 lower-case hex digits" } });
  expect(await post(ROOT, new Uint8Array(999))).toEqual({
    status: 400,
    json: { error: "the model has 1000 bytes, not 999" },
  });
  expect((await post(ROOT, MODEL, "text/plain")).status).toBe(415);
  expect(kept).toEqual([]);
});

test("four uploads are taken at once, and places come free", async () => {
  const gates: (() => void)[] = [];
  const { post } = await server(() => new Promise((resolve) => gates.push(() => resolve("stored"))));
  const first = Array.from({ length: 4 }, () => post(ROOT));
  await expect.poll(() => gates.length).toBe(4);
  expect(await post(ROOT)).toEqual({ status: 503, json: { error: "4 uploads are going on; try again later" } });
  for (const open of gates.splice(0)) open();
  expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  const again = post(ROOT);
  await expect.poll(() => gates.length).toBe(1);
  for (const open of gates) open();
  expect((await again).status).toBe(200);
});
