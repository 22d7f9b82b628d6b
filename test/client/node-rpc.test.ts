import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { blockBell } from "../../client/block-bell.ts";
import { NodeError, RpcCallError, TooLate } from "../../client/errors.ts";
import { nodeRpc } from "../../client/node-rpc.ts";

type Answer = (body: string, response: ServerResponse, request: IncomingMessage) => void;

/** A node that answers as a test wants it to. */
async function lyingNode(answer: Answer): Promise<string> {
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => answer(body, response, request));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const request = { jsonrpc: "2.0", id: 7, method: "status", params: {} } as const;
const text =
  (body: string, status = 200): Answer =>
  (_, response) =>
    void response.writeHead(status).end(body);

test("a call is posted as JSON-RPC and its result returned", async () => {
  const seen: string[] = [];
  const node = await lyingNode((body, response) => {
    seen.push(body);
    response.end('{"jsonrpc":"2.0","id":7,"result":{"a":1}}');
  });
  expect(await nodeRpc(node).execute(request)).toEqual({ jsonrpc: "2.0", id: 7, result: { a: 1 } });
  expect(seen.map((body) => JSON.parse(body))).toEqual([request]);
});

test("an error of the node's is passed on with its code", async () => {
  const node = await lyingNode(
    text('{"jsonrpc":"2.0","id":7,"error":{"code":-32603,"message":"no","data":"height 9"}}'),
  );
  const failure = nodeRpc(node).execute(request);
  await expect(failure).rejects.toThrow(RpcCallError);
  await expect(failure).rejects.toMatchObject({ code: -32603, message: "no: height 9" });
});

test.each<[string, string, number, string]>([
  ["no JSON", "<html>", 200, "the node's answer is no JSON"],
  ["nothing", "", 200, "the node's answer is no JSON"],
  ["a number", "5", 200, "the node's answer is no JSON-RPC"],
  ["another id", '{"id":8,"result":{}}', 200, "not the one to the question"],
  ["no result", '{"id":7}', 200, "not the one to the question"],
  ["a result that is none", '{"id":7,"result":5}', 200, "not the one to the question"],
  ["a status", "gone", 502, "HTTP status 502"],
])("an answer that is %s is an error", async (_, body, status, reason) => {
  const failure = nodeRpc(await lyingNode(text(body, status))).execute(request);
  await expect(failure).rejects.toThrow(NodeError);
  await expect(failure).rejects.toThrow(reason);
});

test("an answer without end is cut off", async () => {
  const node = await lyingNode((_, response) => {
    const more = (): void => {
      if (!response.destroyed) response.write("x".repeat(10_000), more);
    };
    more();
  });
  await expect(nodeRpc(node, { maxBytes: 100_000 }).execute(request)).rejects.toThrow("larger than 100000 bytes");
});

test("a node that never answers is given up", async () => {
  const node = await lyingNode(() => undefined);
  await expect(nodeRpc(node, { timeoutMs: 50 }).execute(request)).rejects.toThrow("no answer in time");
});

test("a node that is not there is named with the system's reason", async () => {
  const node = await lyingNode(() => undefined);
  const gone = node.replace(/\d+$/, "9");
  await expect(nodeRpc(gone).execute(request)).rejects.toThrow(`no node answers at ${gone} (`);
});

test("the bell asks at once, and again where no websocket is to be had", async () => {
  const node = await lyingNode(text("no websockets here", 404));
  const bell = blockBell(node);
  onTestFinished(() => bell.close());
  let asked = 0;
  expect(await bell.until("it", 5000, () => Promise.resolve(++asked < 2 ? undefined : asked))).toBe(2);
  const never = bell.until("the other", 5, () => Promise.resolve(undefined));
  await expect(never).rejects.toThrow(TooLate);
  await expect(never).rejects.toThrow("the other took more than 5 ms");
  await expect(bell.until("it", 5000, () => Promise.reject(new Error("down")))).rejects.toThrow("down");
});
