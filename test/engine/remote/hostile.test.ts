import type { ServerResponse } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { afterEach, expect, test } from "vitest";
import type { RemoteEngine, RemoteEngineOptions } from "../../../node/engine/remote/remote-engine.ts";
import { conformingServer } from "./conforming-server.ts";
import { float32, ROOT_HEX, reasonOf, remoteEngine, request } from "./engine-fixture.ts";
import { bodyOf, sendJson, startTestServer, type TestServer } from "./test-server.ts";

/** Conforms until it is asked to infer. */
let server: TestServer | undefined;
let engine: RemoteEngine | undefined;
afterEach(async () => {
  await engine?.close();
  await server?.allClosed(); // Nothing may be left open, whatever the server does.
  await server?.close();
  engine = undefined;
  server = undefined;
});

type Misbehaviour = (response: ServerResponse, socket: Socket) => void;

async function confront(misbehave: Misbehaviour, changes: Partial<RemoteEngineOptions> = {}): Promise<string> {
  const conform = conformingServer({ models: { [ROOT_HEX]: "FP32" } });
  server = await startTestServer((asked, response) => {
    if (asked.url?.endsWith("/infer") !== true) conform(asked, response);
    else void bodyOf(asked).then(() => misbehave(response, response.socket as Socket));
  });
  engine = remoteEngine(server.url, changes);
  return reasonOf(await engine.run(request()));
}

const OUTPUT = { name: "y", shape: [2], datatype: "FP32" };
const BINARY = { parameters: { binary_data_size: 8 } };
const EIGHT = Buffer.alloc(8);

/** A JSON answer. */
const json =
  (value: unknown, status = 200): Misbehaviour =>
  (response) =>
    response.writeHead(status).end(typeof value === "string" ? value : JSON.stringify(value));
const output = (changes: object): Misbehaviour => json({ outputs: [{ ...OUTPUT, data: [2, 4], ...changes }] });
/** An answer with bytes behind the JSON. @param length what the header claims instead of the truth. */
const binary =
  (outputs: readonly object[], tail: Buffer, length?: string | readonly string[]): Misbehaviour =>
  (response) => {
    const head = Buffer.from(JSON.stringify({ outputs }));
    response.setHeader("inference-header-content-length", length ?? String(head.length));
    response.writeHead(200).end(Buffer.concat([head, tail]));
  };

/** Writes again and again until the other end hangs up. */
function drip(socket: Socket, write: () => void): void {
  const timer = setInterval(() => (socket.destroyed ? clearInterval(timer) : write()), 5);
  socket.on("close", () => clearInterval(timer));
}

test("planted: the same apparatus takes a right answer", async () => {
  expect(await confront(output({}))).toBe("not absent but ok");
  expect(await engine?.run(request())).toEqual({ kind: "ok", outputs: [float32(2, 4)] });
});

test("planted: and one as bytes", async () => {
  expect(await confront(binary([{ ...OUTPUT, ...BINARY }], EIGHT))).toBe("not absent but ok");
});

test.each<[string, Misbehaviour, string]>([
  ["no JSON", json("<html>"), "not JSON"],
  ["half of JSON", json('{"outputs": ['), "not JSON"],
  ["NaN in JSON", json('{"outputs":[{"name":"y","shape":[1],"datatype":"FP32","data":[NaN]}]}'), "not JSON"],
  ["no UTF-8", (response) => response.end(Buffer.from([0x22, 0xff, 0x22])), "not JSON"],
  ["an empty body", json(""), "not JSON"],
  ["deep JSON", json("[".repeat(60_000)), "nested more than 16 deep"],
  ["many values", json(`[${"0,".repeat(30_000)}0]`), "the answer is not an object"],
  ["null", json(null), "the answer is not an object"],
  ["no outputs", json({}), "the answer has no outputs"],
  ["outputs that are none", json({ outputs: [7] }), "an output is not an object"],
  ["no output at all", json({ outputs: [] }), "output y is missing"],
  ["an output twice", json({ outputs: Array(2).fill({ ...OUTPUT, data: [2, 4] }) }), "output y twice"],
  ["seventeen outputs", json({ outputs: Array(17).fill({ ...OUTPUT, data: [2, 4] }) }), "17 outputs, at most 16"],
  ["another name", output({ name: "z" }), 'undeclared name "z"'],
  ["a name of every object", output({ name: "__proto__" }), "undeclared name"],
  ["a name that is none", output({ name: { toString: 1 } }), "undeclared name"],
  ["another request's answer", json({ id: "77", outputs: [] }), "the answer is for another request"],
  ["another model's answer", json({ model_name: "other", outputs: [] }), "the answer is of another model"],
  ["another datatype", output({ datatype: "FP64" }), 'datatype "FP64" is not the declared one'],
  ["text", output({ datatype: "BYTES", data: ["a", "b"] }), 'datatype "BYTES"'],
  ["half floats", output({ datatype: "FP16" }), 'datatype "FP16"'],
  ["a datatype that is none", output({ datatype: ["FP32"] }), "datatype"],
  ["another rank", output({ shape: [1, 2] }), "rank 2, declared 1"],
  ["another length", output({ shape: [3] }), "2 elements, 3 in the shape"],
  ["a negative length", output({ shape: [-1] }), "the shape [-1] is none"],
  ["half a length", output({ shape: [1.5] }), "the shape [1.5] is none"],
  ["no shape", output({ shape: undefined }), "the shape undefined is none"],
  ["nine axes", output({ shape: Array(9).fill(1) }), "is none"],
  ["a shape of terabytes", output({ shape: [2 ** 40] }), "at most 1048576 are read"],
  ["a shape beyond numbers", output({ shape: Array(8).fill(2 ** 52) }), "at most 1048576 are read"],
  ["values that are none", output({ data: [2, "4"] }), "element 1 is no FP32"],
  ["values beyond the type", output({ data: [2, 1e39] }), "element 1 is no FP32"],
  ["nesting that is not the shape's", output({ data: [[2, 4]] }), "not nested as its shape"],
  ["data that is no list", output({ data: { length: 2 } }), "no data"],
  ["bytes without their header", output({ data: undefined, ...BINARY }), "without the header"],
  ["bytes and data", binary([{ ...OUTPUT, ...BINARY, data: [2, 4] }], EIGHT), "data both in JSON and behind it"],
  ["fewer bytes", binary([{ ...OUTPUT, ...BINARY }], EIGHT.subarray(1)), "8 bytes announced, 7 are there"],
  ["more bytes", binary([{ ...OUTPUT, ...BINARY }], Buffer.alloc(9)), "1 bytes behind the last tensor"],
  [
    "a size that is not the shape's",
    binary([{ ...OUTPUT, parameters: { binary_data_size: 4 } }], EIGHT),
    "binary_data_size is 4, the shape has 8 bytes",
  ],
  ["a size that is none", binary([{ ...OUTPUT, parameters: { binary_data_size: "8" } }], EIGHT), "binary_data_size is"],
  ["a header beyond the body", binary([{ ...OUTPUT, ...BINARY }], EIGHT, "999"), "in a body of"],
  ["a header that is negative", binary([{ ...OUTPUT, ...BINARY }], EIGHT, "-1"), 'Content-Length is "-1"'],
  ["a header too small", binary([{ ...OUTPUT, ...BINARY }], EIGHT, "5"), "not JSON"],
  ["a header of the whole body", binary([{ ...OUTPUT, ...BINARY }], EIGHT, "94"), "not JSON"],
  ["a header twice", binary([{ ...OUTPUT, ...BINARY }], EIGHT, ["86", "86"]), 'Content-Length is "86, 86"'],
  ["an empty header", binary([{ ...OUTPUT, ...BINARY }], EIGHT, ""), 'Content-Length is ""'],
  ["500", json({ error: "backend is gone" }, 500), "status 500: backend is gone"],
  ["503 without a reason", json("", 503), "status 503"],
  ["404", json({ error: "unknown model" }, 404), "status 404: unknown model"],
  ["204", json("", 204), "status 204"],
  ["a long reason", json({ error: "x".repeat(10_000) }, 500), `status 500: ${"x".repeat(20)}`],
  ["compression", (response) => response.writeHead(200, { "content-encoding": "gzip" }).end("x"), "encoded as gzip"],
  [
    "an announced flood",
    (response) => response.writeHead(200, { "content-length": 10 ** 12 }).write("{"),
    "an answer of 1000000000000 bytes, at most 65536 are read",
  ],
  [
    "a flood",
    (response, socket) => drip(socket, () => response.write(" ".repeat(20_000))),
    "an answer of more than 65536 bytes",
  ],
  [
    "a flood of a refusal",
    (response, socket) => {
      response.writeHead(500);
      drip(socket, () => response.write("x".repeat(20_000)));
    },
    "status 500",
  ],
  [
    "a flood of headers",
    (_response, socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      drip(socket, () => socket.write(`a: ${"x".repeat(4000)}\r\n`));
    },
    "Header overflow",
  ],
  ["no HTTP", (_response, socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"), "Parse Error"],
  [
    "an upgrade",
    (_response, socket) => socket.write("HTTP/1.1 101 No\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n"),
    "changed to another protocol",
  ],
  ["hanging up", (_response, socket) => socket.destroy(), "socket hang up"],
  ["a reset", (_response, socket) => socket.resetAndDestroy(), "ECONNRESET"],
  [
    "hanging up inside the headers",
    (_response, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Le"),
    "socket hang up",
  ],
  [
    "hanging up inside the body",
    (_response, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"),
    "ended inside the answer",
  ],
  [
    "hanging up inside a chunk",
    (_response, socket) => socket.end("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"),
    "ended inside the answer",
  ],
  [
    "two lengths",
    (_response, socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}"),
    "Parse Error",
  ],
])("absent after %s", async (_name, misbehave, reason) => {
  expect(await confront(misbehave)).toContain(reason);
});

test.each([301, 302, 307, 308])("a redirect (%i) is not followed", async (status) => {
  const elsewhere = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }));
  const location = `${elsewhere.url}/v2/models/${ROOT_HEX}/infer`;
  const reason = await confront((response) => response.writeHead(status, { location }).end());
  expect(reason).toContain("redirects are not followed");
  expect(elsewhere.made).toBe(0);
  await elsewhere.close();
});

test.each([
  ["/v2/health/live", { live: false }],
  [`/v2/models/${ROOT_HEX}/ready`, { name: ROOT_HEX, ready: false }],
])("nothing is sent to a model when %s says no", async (path, answer) => {
  const conform = conformingServer({ models: { [ROOT_HEX]: "FP32" } });
  server = await startTestServer((asked, response) =>
    asked.url === path ? sendJson(response, answer) : conform(asked, response),
  );
  engine = remoteEngine(server.url);
  expect(reasonOf(await engine.run(request()))).toBe(`${path.slice(1)}: the server says no`);
  expect(server.asked.at(-1)).toBe(`GET ${path}`);
});

/** The limit that the case is not about is far away, so that a slow machine meets the same one. */
const HASTY = { firstByteMs: 150 };
const SHORT = { totalMs: 400 };
test.each<[string, Misbehaviour, Partial<RemoteEngineOptions>, string]>([
  ["silence", () => {}, HASTY, "no answer within 150 ms"],
  [
    "headers byte by byte",
    (_response, socket) => {
      socket.write("HTTP/1.1 200 OK\r\nx: ");
      drip(socket, () => socket.write("x"));
    },
    HASTY,
    "no answer within 150 ms",
  ],
  [
    "an endless row of provisional answers",
    (_response, socket) => drip(socket, () => socket.write("HTTP/1.1 102 Processing\r\n\r\n")),
    HASTY,
    "no answer within 150 ms",
  ],
  [
    "a body byte by byte",
    (response, socket) => drip(socket, () => response.write(" ")),
    SHORT,
    "no whole answer within",
  ],
  ["a body that stops", (response) => response.write("{"), SHORT, "no whole answer within"],
])("absent in time after %s", async (_name, misbehave, limits, reason) => {
  expect(await confront(misbehave, limits)).toContain(reason);
});

test("a server that accepts connections and never speaks TLS", async () => {
  const sockets = new Set<Socket>();
  const silent = createServer((socket) => void sockets.add(socket.on("error", () => {}))).listen(0, "127.0.0.1");
  await new Promise((resolve) => silent.once("listening", resolve));
  engine = remoteEngine(`https://127.0.0.1:${(silent.address() as AddressInfo).port}`, { connectMs: 100 });
  expect(reasonOf(await engine.run(request()))).toBe("the server can not be reached: no connection within 100 ms");
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test("nobody there", async () => {
  const gone = await startTestServer(() => {});
  await gone.close();
  engine = remoteEngine(gone.url);
  expect(reasonOf(await engine.run(request()))).toContain("the server can not be reached: connect ECONNREFUSED");
  expect(await engine.health()).toMatchObject({ kind: "absent" });
});

test("a connection that was closed while idle is made anew", async () => {
  const conform = conformingServer({ models: { [ROOT_HEX]: "FP32" } });
  let drop = false;
  server = await startTestServer((asked, response) => {
    if (drop) response.socket?.destroy();
    else conform(asked, response);
    drop = false;
  });
  engine = remoteEngine(server.url);
  expect((await engine.run(request())).kind).toBe("ok");
  drop = true;
  expect((await engine.run(request())).kind).toBe("ok");
  expect(server.made).toBe(2);
});
