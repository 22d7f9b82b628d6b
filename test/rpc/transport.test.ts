import { request } from "node:http";
import { describe, expect, test } from "vitest";
import { createLog } from "../../node/log.ts";
import { PortInUseError } from "../../node/rpc/listen.ts";
import { startRpc } from "../../node/rpc/server.ts";
import { createFakeNode, makeTx, okResult, txHash } from "./fake-node.ts";
import { call, callError, post, start } from "./start.ts";

const heightOf = (result: unknown) => (result as { block: { header: { height: string } } }).block.header.height;

async function get(url: string): Promise<{ id: unknown; result?: unknown; error?: { data: string } }> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as { id: unknown; result?: unknown; error?: { data: string } };
}

describe("parameters", () => {
  test("by name and by position; unknown names are ignored", async () => {
    const { http } = await start(3);
    expect(heightOf(await call(http, "block", { height: "2", page: 1 }))).toBe("2");
    expect(heightOf(await call(http, "block", ["2"]))).toBe("2");
    expect(heightOf(await call(http, "block", [2]))).toBe("2");
    expect(heightOf(await call(http, "block", [null]))).toBe("3");
    expect(heightOf(await call(http, "block", []))).toBe("3");
    expect(heightOf(await call(http, "block", null))).toBe("3");
  });

  test.each([
    ["block", { height: "1.5" }, "height must be an integer below 2^53"],
    ["block", { height: "99999999999999999" }, "height must be an integer below 2^53"],
    ["block", { height: true }, "height must be an integer below 2^53"],
    ["block", { height: {} }, "height must be an integer below 2^53"],
    ["block", [1, 2], "2 params, at most 1 are expected"],
    ["block", 5, "params must be an object or an array"],
    ["tx", {}, "hash is missing"],
    ["tx", { hash: "zz" }, "hash must be base64 with padding"],
    ["tx", { hash: "_-8=" }, "hash must be base64 with padding"],
    ["tx", { hash: 5 }, "hash must be base64 with padding"],
    ["tx", { hash: "", prove: "yes" }, "prove must be true or false"],
    ["abci_query", { path: 1, data: "" }, "path must be a string"],
    ["abci_query", { path: "/a", data: "abc" }, "data must be hexadecimal, two digits a byte"],
    ["abci_query", { path: "/a", data: "zz" }, "data must be hexadecimal, two digits a byte"],
    ["broadcast_tx_sync", { tx: null }, "tx is missing"],
    ["tx_search", JSON.parse('{"__proto__":{"query":"tx.height=1"}}'), "query is missing"],
  ])("%s %j is refused", async (method, params, data) => {
    const { http } = await start(1);
    expect(await callError(http, method, params)).toEqual({ code: -32602, message: "Invalid params", data });
  });
});

describe("GET", () => {
  test("numbers, quoted and bare strings, bytes as 0x or quoted text", async () => {
    const { http, node } = await start(2);
    const tx = makeTx("got");
    node.commit([{ tx, result: okResult() }]);
    expect(heightOf((await get(`${http}/block?height=2`)).result)).toBe("2");
    expect(heightOf((await get(`${http}/block?height="2"`)).result)).toBe("2");
    expect(heightOf((await get(`${http}/block?height=`)).result)).toBe("3");
    expect((await get(`${http}/tx?hash=0x${txHash(tx)}`)).result).toMatchObject({ height: "3" });
    for (const query of [`"tx.height=3"`, "tx.height=3", `"tm.event='Tx' AND tx.height=3"`]) {
      const found = await get(`${http}/tx_search?query=${encodeURIComponent(query)}&prove=false&per_page=1`);
      expect(found.result, query).toMatchObject({ total_count: "1" });
    }
    const { result } = await get(`${http}/abci_query?path="/assay.test.Query/Echo"&data=0x6869`);
    expect(result).toMatchObject({ response: { code: 0, value: "aGk=" } });
    const sent = await get(`${http}/broadcast_tx_sync?tx="hi"`);
    expect(sent).toMatchObject({ id: -1, result: { hash: txHash(new TextEncoder().encode("hi")) } });
  });

  test("failures are JSON-RPC errors with status 200", async () => {
    const { http } = await start(1);
    const errors = async (path: string) => (await get(`${http}${path}`)).error?.data;
    expect(await errors("/block?height=x")).toBe("height must be an integer below 2^53");
    expect(await errors("/tx?hash=ABCD")).toBe("hash must be 0x and hexadecimal digits, or a text in double quotes");
    expect(await errors(`/tx_search?query="a`)).toContain("failed to parse query");
    expect(await errors(`/abci_query?path="\\x"`)).toBe("path must be a JSON string where it is quoted");
    expect(await errors("/nothing")).toBe('there is no method "nothing"');
    expect(await errors("/toString")).toBe('there is no method "toString"');
    expect(await errors(`/subscribe?query="tm.event='Tx'"`)).toBe("events are sent over a websocket only: /websocket");
  });

  test("the root lists what can be called", async () => {
    const { http } = await start(0);
    const text = await (await fetch(http)).text();
    expect(text).toContain("/abci_query?path&data&height&prove\n");
  });
});

describe("hostile requests", () => {
  const health = { jsonrpc: "2.0", id: 1, method: "health" };

  test.each([
    ["no JSON", "{", -32700],
    ["nothing", "", -32700],
    ["a number", "5", -32600],
    ["null", "null", -32600],
    ["an empty batch", "[]", -32600],
    ["a batch of 101", JSON.stringify(Array.from({ length: 101 }, () => health)), -32600],
    ["no method", '{"id":1}', -32600],
    ["an object for an id", '{"id":{},"method":"health"}', -32600],
    ["a very long id", JSON.stringify({ id: "x".repeat(300), method: "health" }), -32600],
    ["an unknown method", '{"id":1,"method":"constructor"}', -32601],
    ["deep arrays", `{"id":1,"method":"block","params":${"[".repeat(500_000)}${"]".repeat(500_000)}}`, -32602],
    ["deep objects", `${'{"a":'.repeat(200_000)}1${"}".repeat(200_000)}`, -32600],
  ])("%s", async (_, body, code) => {
    const { http } = await start(1);
    const { status, json } = await post(http, body);
    expect(status).toBe(200);
    expect(json).toMatchObject({ jsonrpc: "2.0", error: { code } });
  });

  test("a batch answers its good calls and its bad ones, and skips notifications", async () => {
    const { http } = await start(1);
    const batch = [health, { jsonrpc: "2.0", method: "health" }, 5, { id: "b", method: "nothing" }];
    expect((await post(http, batch)).json).toMatchObject([
      { id: 1, result: {} },
      { id: null, error: { code: -32600 } },
      { id: "b", error: { code: -32601 } },
    ]);
    expect(await post(http, { jsonrpc: "2.0", method: "health" })).toEqual({ status: 200, json: undefined });
  });

  test("answers that grow too large end a batch", async () => {
    const { http } = await start(1, { answerBytes: 500 });
    const batch = [1, 2, 3].map((id) => ({ id, method: "block" }));
    const answers = (await post(http, batch)).json as { id: number; error?: { code: number } }[];
    expect(answers.map(({ id, error }) => [id, error?.code])).toEqual([
      [1, undefined],
      [2, -32000],
      [3, -32000],
    ]);
  });

  test("a body over the bound is refused, and the server lives on", async () => {
    const { http } = await start(1);
    const { status, json } = await post(http, `"${"x".repeat(2 * 1024 * 1024)}"`);
    expect(status).toBe(413);
    expect(json).toMatchObject({ error: { data: "Request body is too large" } });
    expect(await call(http, "health")).toEqual({});
  });

  test("a body without a content type is read as JSON; other verbs are not served", async () => {
    const { http } = await start(1);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const sent = request(http, { method: "POST" }, (response) => resolve(response.resume().statusCode));
      sent.on("error", reject);
      sent.end(JSON.stringify(health));
    });
    expect(status).toBe(200);
    expect((await fetch(http, { method: "PUT", body: "{}" })).status).toBe(404);
    expect((await fetch(`${http}/block`, { method: "POST", body: "{}" })).status).toBe(404);
    expect((await fetch(`${http}/${"x".repeat(1000)}`)).status).toBe(414);
  });
});

test("a browser's preflight is answered, each header once", async () => {
  const { http } = await start(1);
  const preflight = await fetch(http, {
    method: "OPTIONS",
    headers: {
      origin: "https://dapp.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "content-type",
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  expect(preflight.headers.get("access-control-allow-methods")).toBe("HEAD, GET, POST, OPTIONS");
  expect(preflight.headers.get("access-control-allow-headers")).toContain("Content-Type");
  const answer = await fetch(`${http}/health`, { headers: { origin: "https://dapp.example" } });
  expect(answer.headers.get("access-control-allow-origin")).toBe("*");
});

test("a port in use is one line", async () => {
  const node = createFakeNode(0);
  const log = createLog({ level: "silent", name: "rpc" });
  const first = await startRpc({ host: "127.0.0.1", port: 0, api: node.api, log, cors: false });
  try {
    const second = startRpc({ host: "127.0.0.1", port: first.port, api: node.api, log, cors: false });
    await expect(second).rejects.toThrow(PortInUseError);
    await expect(second).rejects.toMatchObject({ message: `port ${first.port} is in use`, code: "EADDRINUSE" });
    expect(node.listeners).toBe(1);
  } finally {
    await first.close();
  }
  expect(node.listeners).toBe(0);
  const again = await startRpc({ host: "127.0.0.1", port: first.port, api: node.api, log, cors: false });
  await again.close();
});
