import { connect } from "node:net";
import { afterEach, describe, expect, test, vi } from "vitest";
import { MAX_OUTPUT_TENSOR_BYTES, type Tensor } from "../../../modules/inference/tensors.ts";
import type { EngineResult, RunRequest } from "../../../node/engine/engine.ts";
import { toleranceEngineId } from "../../../node/engine/engine-id.ts";
import type { RemoteEngine } from "../../../node/engine/remote/remote-engine.ts";
import { conformingServer, type ServedDatatype } from "./conforming-server.ts";
import { float32, ROOT_HEX, reasonOf, remoteEngine, request, spec } from "./engine-fixture.ts";
import { CERTIFICATE } from "./self-signed.ts";
import { startTestServer, type TestServer } from "./test-server.ts";

let engine: RemoteEngine | undefined;
let server: TestServer | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  await engine?.close();
  await server?.allClosed();
  await server?.close();
  engine = undefined;
  server = undefined;
});

async function serve(datatype: ServedDatatype = "FP32", name = ROOT_HEX): Promise<TestServer> {
  server = await startTestServer(conformingServer({ models: { [name]: datatype } }));
  return server;
}

function run(changes: Partial<RunRequest> = {}): Promise<EngineResult> {
  return engine?.run(request(changes)) ?? Promise.reject(new Error("no engine"));
}

const tensor = (dtype: number, values: ArrayBufferView, length: number): Tensor => ({
  dtype,
  shape: [length],
  data: new Uint8Array(values.buffer as ArrayBuffer),
});
const BIG = 2n ** 61n + 1n;

describe.each(["binary", "json"] as const)("as %s", (format) => {
  test.each<[ServedDatatype, number, Tensor, Tensor]>([
    ["FP32", 1, float32(1, -2.5, 0.1), float32(2, -5, 0.2)],
    ["UINT8", 2, tensor(2, Uint8Array.of(0, 127), 2), tensor(2, Uint8Array.of(0, 254), 2)],
    ["INT8", 3, tensor(3, Int8Array.of(-64, 63), 2), tensor(3, Int8Array.of(-128, 126), 2)],
    ["INT32", 6, tensor(6, Int32Array.of(-(2 ** 30), 7), 2), tensor(6, Int32Array.of(-(2 ** 31), 14), 2)],
    ["BOOL", 9, tensor(9, Uint8Array.of(1, 0), 2), tensor(9, Uint8Array.of(1, 0), 2)],
    ["FP64", 11, tensor(11, Float64Array.of(0.1, 1e300), 2), tensor(11, Float64Array.of(0.2, 2e300), 2)],
  ])("%s is run, and comes back as declared", async (datatype, dtype, x, y) => {
    engine = remoteEngine((await serve(datatype)).url, { format });
    expect(await run({ spec: spec(dtype), inputs: [x] })).toEqual({ kind: "ok", outputs: [y] });
  });

  test("no values at all", async () => {
    engine = remoteEngine((await serve()).url, { format });
    expect(await run({ inputs: [float32()] })).toEqual({ kind: "ok", outputs: [float32()] });
  });
});

test("INT64 as bytes keeps every bit", async () => {
  engine = remoteEngine((await serve("INT64")).url);
  const inputs = [tensor(7, BigInt64Array.of(BIG, -BIG), 2)];
  const outputs = [tensor(7, BigInt64Array.of(2n * BIG, -2n * BIG), 2)];
  expect(await run({ spec: spec(7), inputs })).toEqual({ kind: "ok", outputs });
});

test("NaN comes back as the canonical one", async () => {
  engine = remoteEngine((await serve()).url);
  const x = { dtype: 1, shape: [1], data: Uint8Array.of(0x01, 0x02, 0xc0, 0xff) };
  const y = { dtype: 1, shape: [1], data: Uint8Array.of(0x00, 0x00, 0xc0, 0x7f) };
  expect(await run({ inputs: [x] })).toEqual({ kind: "ok", outputs: [y] });
});

test("JSON has no NaN: nothing is sent", async () => {
  const { url, asked } = await serve();
  engine = remoteEngine(url, { format: "json" });
  expect(reasonOf(await run({ inputs: [float32(Number.NaN)] }))).toContain("JSON has no number for a value of it");
  expect(asked.filter((path) => path.startsWith("POST"))).toEqual([]);
});

test("the largest tensor", async () => {
  engine = remoteEngine((await serve()).url, { maxResponseBytes: 2 * MAX_OUTPUT_TENSOR_BYTES });
  const values = new Float32Array(MAX_OUTPUT_TENSOR_BYTES / 4).fill(1.5);
  const result = await run({ inputs: [tensor(1, values, values.length)] });
  expect(result).toEqual({ kind: "ok", outputs: [tensor(1, values.fill(3), values.length)] });
});

test("a model is looked at once, and all runs share a connection", async () => {
  const { url, asked } = await serve();
  engine = remoteEngine(url);
  for (let i = 0; i < 3; i++) expect((await run()).kind).toBe("ok");
  const model = `/v2/models/${ROOT_HEX}`;
  expect(asked).toEqual([
    "GET /v2/health/live",
    `GET ${model}/ready`,
    `GET ${model}`,
    ...Array(3).fill(`POST ${model}/infer`),
  ]);
  expect(server?.made).toBe(1);
});

test("a table says what the server calls a model; paths are below the URL's own", async () => {
  const { url, asked } = await serve("FP32", "digits");
  engine = remoteEngine(url, { models: new Map([[ROOT_HEX, { name: "digits", version: "3" }]]) });
  expect((await run()).kind).toBe("ok");
  expect(asked.at(-1)).toBe("POST /v2/models/digits/versions/3/infer");
  const below = remoteEngine(`${url}/prefix`);
  expect(await below.health()).toEqual({ kind: "absent", reason: "v2/health/live: status 404: no such path" });
  expect(asked.at(-1)).toBe("GET /prefix/v2/health/live");
  await below.close();
});

test("a model that the server does not have, or has with another interface", async () => {
  const { url } = await serve("FP64");
  engine = remoteEngine(url);
  expect(reasonOf(await run())).toBe("input x of the server's model has another datatype");
  expect(reasonOf(await run({ modelRoot: new Uint8Array(32) }))).toContain(`status 404: no model ${"00".repeat(32)}`);
});

test("inputs that are not as declared are absent without a word to the server", async () => {
  const { url, asked } = await serve();
  engine = remoteEngine(url);
  expect(reasonOf(await run({ inputs: [] }))).toBe("inputs: 0 tensors, 1 declared");
  expect(asked).toEqual([]);
});

test("cancelled before, in the queue and under way", async () => {
  server = await startTestServer(() => {}); // Never answers.
  engine = remoteEngine(server.url, { concurrency: 1 });
  expect(reasonOf(await run({ signal: AbortSignal.abort() }))).toBe("cancelled");
  const under = new AbortController();
  const queued = new AbortController();
  const first = run({ signal: under.signal });
  const second = run({ signal: queued.signal });
  queued.abort();
  expect(reasonOf(await second)).toBe("cancelled");
  await vi.waitUntil(() => server?.asked.length === 1);
  expect(engine.status()).toMatchObject({ state: "ready", busy: true, queued: 0 });
  under.abort();
  expect(reasonOf(await first)).toBe("cancelled");
  await server.allClosed();
});

test("a full queue refuses, and makes way for what a vote waits for; closing ends everything", async () => {
  server = await startTestServer(() => {});
  engine = remoteEngine(server.url, { concurrency: 1, maxQueue: 1 });
  const running = run();
  const speculative = run({ priority: "low" });
  expect(reasonOf(await run({ priority: "low" }))).toBe("1 requests wait already");
  const urgent = run();
  expect(reasonOf(await speculative)).toBe("displaced by a request of higher priority");
  await engine.close();
  expect([reasonOf(await running), reasonOf(await urgent)]).toEqual(["cancelled", "the engine is closed"]);
  expect(reasonOf(await run())).toBe("the engine is closed");
  expect(engine.status().state).toBe("closed");
  expect(await engine.health()).toEqual({ kind: "absent", reason: "cancelled" });
});

test("health, identity, and no look at bytes", async () => {
  const remote = remoteEngine((await serve()).url);
  engine = remote;
  expect(await remote.health()).toEqual({ kind: "ok" });
  expect(remote.id).toEqual(toleranceEngineId());
  expect(remote.id).toHaveLength(32);
  expect((await remote.inspect(new Uint8Array(3))).kind).toBe("absent");
});

describe("TLS", () => {
  const tls = async (): Promise<TestServer> => {
    server = await startTestServer(conformingServer({ models: { [ROOT_HEX]: "FP32" } }), { tls: true });
    return server;
  };

  test("a certificate that nobody known signed is refused, whatever the environment says", async () => {
    vi.stubEnv("NODE_TLS_REJECT_UNAUTHORIZED", "0");
    const { url, asked } = await tls();
    engine = remoteEngine(url);
    expect(reasonOf(await run())).toContain("the server can not be reached: self-signed certificate");
    expect(asked).toEqual([]);
  });

  test("one that the operator named is taken, for the host that it names alone", async () => {
    const { url } = await tls();
    engine = remoteEngine(url.replace("127.0.0.1", "localhost"), { ca: CERTIFICATE });
    expect((await run()).kind).toBe("ok");
    const other = remoteEngine(url, { ca: CERTIFICATE });
    expect(reasonOf(await other.run(request()))).toContain("does not match certificate");
    await other.close();
  });

  test("certificates that are none are said at once", () => {
    expect(() => remoteEngine("https://localhost", { ca: "no PEM" })).toThrow("certificates");
  });
});

test("no more requests at once than allowed", async () => {
  const conform = conformingServer({ models: { [ROOT_HEX]: "FP32" } });
  let under = 0;
  let most = 0;
  server = await startTestServer((asked, response) => {
    most = Math.max(most, ++under);
    response.on("finish", () => under--);
    setTimeout(() => conform(asked, response), 5);
  });
  engine = remoteEngine(server.url, { concurrency: 2 });
  const results = await Promise.all(Array.from({ length: 6 }, () => run()));
  expect(results.map(({ kind }) => kind)).toEqual(Array(6).fill("ok"));
  expect([most, server.made]).toEqual([2, 2]);
});

test("planted: a connection that stays open is seen", async () => {
  const { url } = await serve();
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  await vi.waitUntil(() => server?.open === 1);
  const closed = server?.allClosed().then(() => "closed");
  expect(await Promise.race([closed, new Promise((resolve) => setTimeout(resolve, 20, "open"))])).toBe("open");
  socket.destroy();
  expect(await closed).toBe("closed");
});

test.each(["ftp://host", "http://me:secret@host", "http://host/?a=1", "host:80"])(
  "refused as an address: %s",
  (url) => {
    expect(() => remoteEngine(url)).toThrow("the URL of the remote engine must");
  },
);
